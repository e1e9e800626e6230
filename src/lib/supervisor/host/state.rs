//! The host's state, and when it has to act.

use std::time::{Duration, Instant};

use super::knocks::Knocks;
use super::links::HostLinks;
use super::output::{HostError, HostOutput};
use super::pace::{Pace, REKEY_INTERVAL};
use super::people::{AdmittedBy, People, Standing};
use crate::chat::NameRegistry;
use crate::control::RoomRules;
use crate::seal::{Generation, HostKeys, LinkKeys, SecretBytes};
use crate::token::Token;

/// How much longer than the relay the host remembers those who left: the relay counts from the moment at
/// which it reports them, the host from when it reads that.
const EXTRA_RETENTION: Duration = Duration::from_secs(60);

/// How often those who can no longer return are forgotten.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(10);

/// Draws random bytes for one key; `None` when the kernel has none.
pub(in crate::supervisor) type Draw = fn() -> Option<SecretBytes<32>>;

/// What the operator configured.
#[derive(Clone, Copy, Debug)]
pub(in crate::supervisor) struct HostRules {
    /// In the room at the same time.
    pub(in crate::supervisor) max_participants: usize,
    /// How long the relay keeps the seat of one who left.
    pub(in crate::supervisor) ring_age: Duration,
}

/// The host of one sealed room, from the start of the session to the goodbye. Dropping it overwrites its
/// keys.
pub(in crate::supervisor) struct Host {
    pub(super) keys: HostKeys,
    pub(super) links: HostLinks,
    /// Those that hold now.
    pub(super) rules: RoomRules,
    pub(super) draw: Draw,
    pub(super) started: Instant,
    pub(super) names: NameRegistry,
    pub(super) knocks: Knocks,
    pub(super) people: People,
    /// `None` before the first newcomer.
    pub(super) generation: Option<Generation>,
    pub(super) pace: Pace,
    /// When those who left were looked through last.
    expired_at: Instant,
}

/// Names are for the people in the room.
impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Host {
    /// Draws the keys of a new room, in which there is no one.
    ///
    /// # Errors
    /// [`HostError::Randomness`].
    pub(in crate::supervisor) fn new(
        rules: HostRules,
        draw: Draw,
        now: Instant,
    ) -> Result<Self, HostError> {
        let key = || draw().ok_or(HostError::Randomness);
        let retention = rules.ring_age + EXTRA_RETENTION;
        Ok(Self {
            links: HostLinks::new(LinkKeys::new(key()?)),
            keys: HostKeys::new(&key()?),
            rules: RoomRules::default(),
            draw,
            started: now,
            names: NameRegistry::new(rules.max_participants, retention, now),
            knocks: Knocks::default(),
            people: People::default(),
            generation: None,
            pace: Pace::new(now),
            expired_at: now,
        })
    }

    /// What the relay compares knocks with, of the room's own link.
    pub(in crate::supervisor) fn door(&self) -> Token {
        self.links.own().ticket().door()
    }

    /// When [`Host::advance`] has something to do, if no message comes before.
    pub(in crate::supervisor) fn deadline(&self) -> Option<Instant> {
        let change = self.people.is_changing().then(|| self.next_change());
        let rekey = self.pace.last_change().filter(|_| self.people.circle().next().is_some());
        let expiry = self.people.has_departed().then(|| self.expired_at + EXPIRY_INTERVAL);
        let rekey = rekey.map(|last| last + REKEY_INTERVAL);
        let waits = self.people.with(Standing::is_waiting).filter_map(|person| {
            let Standing::Waiting { until, .. } = person.standing else { return None };
            Some(until)
        });
        let deadlines =
            [change, rekey, expiry, self.knocks.deadline(), self.links.deadline(), waits.min()];
        deadlines.into_iter().flatten().min()
    }

    /// Does what is due at `now`.
    ///
    /// # Errors
    /// [`HostError::Randomness`] and [`HostError::Exhausted`].
    pub(in crate::supervisor) fn advance(&mut self, now: Instant) -> Result<HostOutput, HostError> {
        let mut output = HostOutput::default();
        self.expire(now, &mut output);
        if self.is_change_due(now) {
            self.begin_generation(now, &mut output)?;
        }
        Ok(output)
    }

    fn expire(&mut self, now: Instant, output: &mut HostOutput) {
        self.knocks.expire(now);
        self.links.expire(now);
        self.end_waits(now, output);
        if now >= self.expired_at + EXPIRY_INTERVAL {
            self.expired_at = now;
            self.names.expire(now);
            let names = &self.names;
            self.people.forget_departed(|number| names.get(number).is_some());
        }
    }

    fn is_change_due(&self, now: Instant) -> bool {
        if self.people.is_changing() {
            return now >= self.next_change();
        }
        let is_old = |last: Instant| now >= last + REKEY_INTERVAL;
        self.pace.last_change().is_some_and(is_old) && self.people.circle().next().is_some()
    }

    /// When the circle may change at the earliest; may be in the past. Those whom the operator has admitted
    /// do not wait for the pace: the operator sets it.
    fn next_change(&self) -> Instant {
        let by_operator = Standing::Joining { by: AdmittedBy::Operator };
        if self.people.with(|it| it == by_operator).next().is_some() {
            return self.pace.last_change().unwrap_or(self.started);
        }
        self.pace.next_change(self.people.next_circle().count())
    }
}
