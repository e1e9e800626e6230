//! Faults that the load has to detect. A load that detects none would rate a server highly that
//! loses messages.

/// Messages relayed correctly before the fault.
pub(super) const MESSAGES_BEFORE: u64 = 1000;

/// The connection that gets the fault, in the order of accepting.
pub(super) const VICTIM: usize = 7;

/// A fault of the server: it happens once, to one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A message is dropped.
    Drops,
    /// A message is sent twice.
    Doubles,
    /// Two messages are sent in reverse order.
    Swaps,
    /// A byte of a message is changed.
    Corrupts,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::Drops, Self::Doubles, Self::Swaps, Self::Corrupts];

    /// What the victim gets instead of `batch`, whose frames begin at `starts`, the last of which is
    /// the end of the batch; `None` when the batch has too few frames.
    pub(super) fn apply(self, batch: &[u8], starts: &[usize]) -> Option<Vec<u8>> {
        let &[start, middle, end, ..] = starts else { return None };
        let (one, two, rest) = (&batch[start..middle], &batch[middle..end], &batch[end..]);
        Some(match self {
            Self::Drops => [two, rest].concat(),
            Self::Doubles => [one, one, two, rest].concat(),
            Self::Swaps => [two, one, rest].concat(),
            Self::Corrupts => {
                let mut corrupted = batch.to_vec();
                // In the padding at the end of the first message.
                corrupted[middle - 10] ^= 1;
                corrupted
            }
        })
    }
}
