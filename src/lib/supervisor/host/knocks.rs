//! Handshakes that were answered, and whose request has not come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::links::LinkId;
use crate::seal::HostSession;

/// Most handshakes without a request. The relay ends the oldest of 65, and so does the host, which does
/// not rely on it.
const MAX_KNOCKS: usize = 64;

/// How long a session waits for its request. The relay ends a knock after 10 s and says so; this is for
/// one that does not, so that no key lies here for ever.
const KNOCK_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Knock {
    number: u64,
    link: LinkId,
    answered_at: Instant,
    session: HostSession,
}

/// All of them, the oldest in front.
#[derive(Debug, Default)]
pub(super) struct Knocks(VecDeque<Knock>);

impl Knocks {
    /// Adds one that was answered at `now`. Of more than [`MAX_KNOCKS`], the oldest is forgotten.
    pub(super) fn add(&mut self, number: u64, link: LinkId, session: HostSession, now: Instant) {
        if self.0.len() == MAX_KNOCKS {
            self.0.pop_front();
        }
        self.0.push_back(Knock { number, link, answered_at: now, session });
    }

    /// The link and the session of a knock, which is none any more.
    pub(super) fn take(&mut self, number: u64) -> Option<(LinkId, HostSession)> {
        let at = self.0.iter().position(|knock| knock.number == number)?;
        self.0.remove(at).map(|knock| (knock.link, knock.session))
    }

    /// Forgets those that have waited too long.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.0.pop_front();
        }
    }

    /// When the oldest has waited too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.front().map(|knock| knock.answered_at + KNOCK_TIMEOUT)
    }
}
