//! Mistakes that the load must find: it could otherwise praise a server that loses messages.

/// Messages that are relayed well before the mistake.
pub(super) const AFTER: u64 = 1000;

/// The connection to which it happens, by the order in which they came.
pub(super) const VICTIM: usize = 7;

/// One mistake, made once, for one receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// A message does not come.
    Drops,
    /// A message comes twice.
    Doubles,
    /// Two messages come in the other order.
    Swaps,
    /// A byte of a message is another.
    Corrupts,
}

impl Lie {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Drops, Self::Doubles, Self::Swaps, Self::Corrupts];

    /// What the victim is told instead of a batch, of which each frame begins where the one before
    /// ends; `None` when it has too few frames for that.
    pub(super) fn of(self, batch: &[u8], ends: &[usize]) -> Option<Vec<u8>> {
        let &[start, middle, end, ..] = ends else { return None };
        let (one, two, rest) = (&batch[start..middle], &batch[middle..end], &batch[end..]);
        Some(match self {
            Self::Drops => [two, rest].concat(),
            Self::Doubles => [one, one, two, rest].concat(),
            Self::Swaps => [two, one, rest].concat(),
            Self::Corrupts => {
                let mut told = batch.to_vec();
                // In the padding of the first.
                told[middle - 10] ^= 1;
                told
            }
        })
    }
}
