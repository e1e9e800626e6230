//! The room's process: greeting, readiness, joins and leaves, goodbye.

use std::collections::BTreeMap;
use std::time::Duration;

use super::relay::RelayProtocol;
use super::rules::{GREETING_TIMEOUT, Protocol, Violation, check_version};
use crate::config::Mode;
use crate::control::{FromServe, MAX_WAITING, Participant, RoomReport};
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

/// The conversation of the room's process.
#[derive(Debug)]
pub(in crate::supervisor::children) struct ServeProtocol {
    stage: ServeStage,
    pub(super) room: RoomProtocol,
}

/// What the room's process reports about the participants.
#[derive(Debug)]
pub(super) enum RoomProtocol {
    Open(OpenProtocol),
    Sealed(RelayProtocol),
}

/// Who is in an open room according to its process.
#[derive(Debug, Default)]
pub(super) struct OpenProtocol {
    /// The participants whose join was read and whose leave was not, by number. The room drops
    /// notices while the supervisor is busy, so this may hold too many: beyond
    /// [`MAX_PARTICIPANTS`], the oldest is forgotten.
    present: BTreeMap<u64, Participant>,
    /// The people who wait in the lobby, by number. The same holds here: beyond twice [`MAX_WAITING`], the
    /// oldest is forgotten.
    pub(super) waiting: BTreeMap<u64, Participant>,
}

impl ServeProtocol {
    /// The conversation before the greeting, about a room in `mode`.
    pub(in crate::supervisor::children) fn new(mode: Mode) -> Self {
        let room = match mode {
            Mode::Open => RoomProtocol::Open(OpenProtocol::default()),
            Mode::Sealed => RoomProtocol::Sealed(RelayProtocol::default()),
        };
        Self { stage: ServeStage::Greeting, room }
    }
}

impl RoomProtocol {
    /// Whether requests and links that a report is about exist is for the one who gives them to judge.
    fn check_report(&mut self, report: &RoomReport) -> Result<(), Violation> {
        match (report, self) {
            (RoomReport::Waits { participant }, Self::Open(room)) => room.waits(participant),
            (RoomReport::WaitEnded { number }, Self::Open(room)) => {
                room.waiting.remove(&u64::from(*number));
                Ok(())
            }
            (RoomReport::LinkUsed { .. }, Self::Open(_)) | (RoomReport::Connections { .. }, _) => {
                Ok(())
            }
            // Its host knows who waits, and which link was used.
            (RoomReport::Waits { .. }, Self::Sealed(_)) => Err(Violation::out_of_order("waits")),
            (RoomReport::WaitEnded { .. }, Self::Sealed(_)) => {
                Err(Violation::out_of_order("wait_ended"))
            }
            (RoomReport::LinkUsed { .. }, Self::Sealed(_)) => {
                Err(Violation::out_of_order("link_used"))
            }
        }
    }
}

impl OpenProtocol {
    /// Waiting, a join and the leave after it must give one number the same name and tag.
    fn check_identity(&self, participant: &Participant) -> Result<(), Violation> {
        let number = &participant.number;
        let known = [self.present.get(number), self.waiting.get(number)];
        if known.into_iter().flatten().all(|known| known == participant) {
            Ok(())
        } else {
            Err(Violation::Hostile("gave one number to two participants".to_owned()))
        }
    }

    fn waits(&mut self, participant: &Participant) -> Result<(), Violation> {
        self.check_identity(participant)?;
        if self.present.contains_key(&participant.number) {
            return Err(Violation::Hostile("reported that a participant waits".to_owned()));
        }
        self.waiting.insert(participant.number, participant.clone());
        if self.waiting.len() > 2 * MAX_WAITING {
            self.waiting.pop_first();
        }
        Ok(())
    }

    fn joined(&mut self, participant: &Participant, count: usize) -> Result<(), Violation> {
        self.check_identity(participant)?;
        if !(1..=MAX_PARTICIPANTS).contains(&count) {
            return Err(Violation::Hostile(format!("sent a join with a count of {count}")));
        }
        self.waiting.remove(&participant.number);
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
    /// joins. The room itself admits fewer than 1 000 participants in a second. Of a sealed room, each of
    /// 1 000 people takes three messages to join and to leave.
    const RATE_LIMIT: RateLimit = RateLimit::Limited { per_second: 1_000, burst: 32_768 };

    fn check(&mut self, message: &FromServe, answer_permitted: bool) -> Result<(), Violation> {
        use ServeStage::{Drained, Greeting, Serving, Starting};
        match (message, self.stage, &mut self.room) {
            (FromServe::Hello { version }, Greeting, _) => {
                self.stage = Starting;
                check_version(version)
            }
            (_, Greeting, _) => Err(Violation::no_greeting()),
            (FromServe::Ready { .. }, Starting, _) => {
                self.stage = Serving;
                Ok(())
            }
            (FromServe::Joined { participant, present }, Serving, RoomProtocol::Open(room)) => {
                room.joined(participant, *present)
            }
            (
                FromServe::Left { participant, present },
                Serving | Drained,
                RoomProtocol::Open(room),
            ) => room.left(participant, *present),
            (FromServe::Sealed(message), Serving | Drained, RoomProtocol::Sealed(relay)) => {
                relay.check(message)
            }
            (FromServe::Operator(report), Serving | Drained, room) => room.check_report(report),
            (FromServe::Drained, Serving, _) if answer_permitted => {
                self.stage = Drained;
                Ok(())
            }
            (FromServe::Hello { .. }, ..) => Err(Violation::out_of_order("hello")),
            (FromServe::Ready { .. }, ..) => Err(Violation::out_of_order("ready")),
            (FromServe::Joined { .. }, ..) => Err(Violation::out_of_order("joined")),
            (FromServe::Left { .. }, ..) => Err(Violation::out_of_order("left")),
            (FromServe::Operator(_), ..) => Err(Violation::out_of_order("operator")),
            (FromServe::Sealed(_), ..) => Err(Violation::out_of_order("sealed")),
            (FromServe::Drained, ..) => Err(Violation::out_of_order("drained")),
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
