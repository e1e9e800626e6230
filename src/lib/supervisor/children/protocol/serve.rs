//! The room's process: greeting, readiness, joins and leaves, goodbye.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rules::{GREETING_TIMEOUT, Protocol, Violation, check_version};
use crate::control::{FromServe, Participant};
use crate::rate_limit::RateLimit;

/// The most that `room.max_participants` can be set to.
const MAX_PARTICIPANTS: usize = 10_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ServeStage {
    #[default]
    Greeting,
    Starting,
    Serving,
    /// Every participant was sent the goodbye; leaves may still follow.
    Drained,
}

/// The conversation of the room's process, and who is in the room according to it.
#[derive(Debug, Default)]
pub(in crate::supervisor::children) struct ServeProtocol {
    stage: ServeStage,
    /// The participants whose join was read and whose leave was not, by number. The room drops
    /// notices while the supervisor is busy, so this may hold too many: beyond
    /// [`MAX_PARTICIPANTS`], the oldest is forgotten.
    present: BTreeMap<u64, Participant>,
}

impl ServeProtocol {
    /// A join and the leave after it must give one number the same name and tag.
    fn check_identity(&self, participant: &Participant) -> Result<(), Violation> {
        match self.present.get(&participant.number) {
            Some(known) if known != participant => {
                Err(Violation::Hostile("gave one number to two participants".to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn joined(&mut self, participant: &Participant, count: usize) -> Result<(), Violation> {
        self.check_identity(participant)?;
        if !(1..=MAX_PARTICIPANTS).contains(&count) {
            return Err(Violation::Hostile(format!("sent a join with a count of {count}")));
        }
        self.present.insert(participant.number, participant.clone());
        if self.present.len() > MAX_PARTICIPANTS {
            self.present.pop_first();
        }
        Ok(())
    }

    fn left(&mut self, participant: &Participant, count: usize) -> Result<(), Violation> {
        self.check_identity(participant)?;
        if count >= MAX_PARTICIPANTS {
            return Err(Violation::Hostile(format!("sent a leave with a count of {count}")));
        }
        self.present.remove(&participant.number);
        Ok(())
    }
}

impl Protocol<FromServe> for ServeProtocol {
    /// The largest room may fill, empty and fill again at once: 10 000 joins, 10 000 leaves, 10 000
    /// joins. The room itself admits fewer than 1 000 participants in a second.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { per_second: 1_000, burst: 32_768 };

    fn check(&mut self, message: &FromServe, answer_permitted: bool) -> Result<(), Violation> {
        match (message, self.stage) {
            (FromServe::Hello { version }, ServeStage::Greeting) => {
                self.stage = ServeStage::Starting;
                check_version(version)
            }
            (_, ServeStage::Greeting) => Err(Violation::no_greeting()),
            (FromServe::Ready { .. }, ServeStage::Starting) => {
                self.stage = ServeStage::Serving;
                Ok(())
            }
            (FromServe::Joined { participant, present }, ServeStage::Serving) => {
                self.joined(participant, *present)
            }
            (
                FromServe::Left { participant, present },
                ServeStage::Serving | ServeStage::Drained,
            ) => self.left(participant, *present),
            (FromServe::Drained, ServeStage::Serving) if answer_permitted => {
                self.stage = ServeStage::Drained;
                Ok(())
            }
            (FromServe::Hello { .. }, _) => Err(Violation::out_of_order("hello")),
            (FromServe::Ready { .. }, _) => Err(Violation::out_of_order("ready")),
            (FromServe::Joined { .. }, _) => Err(Violation::out_of_order("joined")),
            (FromServe::Left { .. }, _) => Err(Violation::out_of_order("left")),
            (FromServe::Sealed(_), _) => Err(Violation::out_of_order("sealed")),
            (FromServe::Drained, _) => Err(Violation::out_of_order("drained")),
        }
    }

    fn has_greeted(&self) -> bool {
        self.stage != ServeStage::Greeting
    }

    /// The session itself bounds the wait for readiness and the one for the goodbye.
    fn silence_timeout(&self, _: bool) -> Option<Duration> {
        (self.stage == ServeStage::Greeting).then_some(GREETING_TIMEOUT)
    }
}
