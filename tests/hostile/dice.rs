//! Numbers that only look random: an input is a function of the seed, the surface and a number.

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): ten
/// lines, one multiplication a byte where a hundred million inputs are made, and the same on every
/// machine for ever, which no crate promises.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of the batch `number` of the surface `surface`, for this seed.
    pub(crate) fn of(seed: u64, surface: u64, number: u64) -> Self {
        let mut dice = Self(seed);
        for word in [surface, number] {
            dice.0 = dice.next() ^ word.wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        dice
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0. The bias is below `bound` in 2^64.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next()) * (bound as u128);
        usize::try_from(product >> 64).expect("it is below a usize")
    }

    /// True once in `odds` times.
    pub(crate) fn once_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// Any byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// So many bytes, appended.
    pub(crate) fn fill(&mut self, to: &mut Vec<u8>, count: usize) {
        let end = to.len() + count;
        while to.len() < end {
            to.extend(self.next().to_le_bytes());
        }
        to.truncate(end);
    }
}
