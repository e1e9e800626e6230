//! The sending side of boxes: one author's counters.

use std::collections::BTreeSet;

use super::derivation::RoomKey;
use super::sealed_box::{self, Content, Kind, MAX_TEXT_BYTES};
use super::signing::SigningSecret;
use crate::box_head::BoxHead;

/// Most boxes whose refusal can still come. Of more, the oldest counts as not refused; then a receiver may
/// be shown that a message is missing which was refused.
const MAX_PENDING: usize = 64;

/// Why a box was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A generation is missing: return to the present, then seal.
    #[error("the keys of the room have changed; wait until this client has the new ones")]
    Behind,
    /// The newest generation that this client knows began more than 15 minutes ago, so that one is missing:
    /// return to the present, then seal.
    #[error("the keys of the room are too old; wait until this client has new ones")]
    TooOld,
    /// The text has more than [`MAX_TEXT_BYTES`] bytes.
    #[error("a message has at most {MAX_TEXT_BYTES} bytes; shorten it")]
    TooLong,
    /// All counters of 32 bits are used.
    #[error("too many messages in one session; join again")]
    Exhausted,
}

/// One author of boxes. Signs, and uses no counter twice.
#[derive(Debug)]
pub(super) struct Author {
    secret: SigningSecret,
    last: u32,
    /// The highest counter that will not be refused any more.
    settled: u32,
    pending: BTreeSet<u32>,
}

impl Author {
    pub(super) fn new(secret: SigningSecret) -> Self {
        Self { secret, last: 0, settled: 0, pending: BTreeSet::new() }
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.secret.public()
    }

    /// Signs and seals under `key`. A counter is used up only if a box was made.
    pub(super) fn seal(
        &mut self,
        key: &RoomKey,
        host: &[u8; 32],
        (generation, number): (u32, u32),
        (kind, text): (Kind, &str),
    ) -> Result<Vec<u8>, SealError> {
        let counter = self.last.checked_add(1).ok_or(SealError::Exhausted)?;
        let previous = self.pending.last().copied().unwrap_or(0).max(self.settled);
        let head = BoxHead { generation, number, counter };
        let content = Content { kind, previous, text: text.to_owned() };
        let sealed = sealed_box::seal(key, &self.secret, host, head, &content);
        let sealed = sealed.map_err(|_| SealError::TooLong)?;
        self.last = counter;
        self.pending.insert(counter);
        if self.pending.len() > MAX_PENDING {
            let oldest = self.pending.pop_first().unwrap_or(0);
            self.settled = self.settled.max(oldest);
        }
        Ok(sealed)
    }

    /// The box with this counter was refused: no later one follows it.
    pub(super) fn refused(&mut self, counter: u32) {
        self.pending.remove(&counter);
    }

    /// The box with this counter is in the room. What was sent before it was answered before.
    pub(super) fn delivered(&mut self, counter: u32) {
        self.settled = self.settled.max(counter.min(self.last));
        self.pending = self.pending.split_off(&counter.saturating_add(1));
    }
}
