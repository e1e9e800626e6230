//! A generator of pseudo-random numbers with reproducible streams: each is a function of a seed, a
//! stream and a number.

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Ten lines,
/// and one multiplication per byte where a hundred million inputs are made. No crate promises the same
/// numbers in its next version, and a failure is reproduced by its seed.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The generator for input or trial `number` of `stream`.
    pub(crate) fn new(seed: u64, stream: u64, number: u64) -> Self {
        let mut rng = Self(seed);
        for word in [stream, number] {
            rng.0 = rng.next_u64() ^ word.wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        rng
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0. The bias is below `bound` in 2^64.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.next_u64()) * (bound as u128);
        usize::try_from(product >> 64).expect("it is below a usize")
    }

    /// True with a probability of 1 in `odds`.
    pub(crate) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next_u64().to_le_bytes()[0]
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Appends `count` random bytes.
    pub(crate) fn fill(&mut self, to: &mut Vec<u8>, count: usize) {
        let end = to.len() + count;
        while to.len() < end {
            to.extend(self.next_u64().to_le_bytes());
        }
        to.truncate(end);
    }
}
