//! A room, and beside it what must be true of it, step by step: who is in, who waits, which link admits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::room_tests::ticket;
use super::*;
use crate::control::{LinkNumber, RoomRules};
use crate::rate_limit::RateLimit;
use crate::token::{Secret, Token};

pub(super) const RULES: Rules = Rules {
    max_participants: 4,
    rate_limit: RateLimit::Unlimited,
    retention: Duration::from_secs(600),
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standing {
    Waits { link: usize, since: Instant },
    In,
    NotAdmitted,
    LeftForGood,
    Removed,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) token: Secret,
    pub(super) standing: Standing,
    /// Until when.
    pub(super) muted: Option<Option<Instant>>,
    /// While slow mode is on.
    pub(super) posted_at: Option<Instant>,
}

/// A link as the rules describe it. Those that are over stay in the list.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: LinkNumber,
    pub(super) secret: Token,
    pub(super) uses_left: Option<u32>,
    pub(super) expires_at: Option<Instant>,
    pub(super) is_ended: bool,
}

impl Link {
    pub(super) fn admits(&self, now: Instant) -> bool {
        let is_over = self.expires_at.is_some_and(|end| now >= end);
        !self.is_ended && !is_over && self.uses_left != Some(0)
    }
}

/// The room, and beside it what must be true of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) room: Room,
    pub(super) ring: Ring,
    pub(super) now: Instant,
    pub(super) rules: RoomRules,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<Link>,
    /// Who has read what, up to which event.
    pub(super) cursors: BTreeMap<u32, u64>,
}

pub(super) type Checked = Result<(), TestCaseError>;

impl World {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let age = Duration::from_secs(600);
        let bounds =
            RingBounds { messages: 100, bytes: 10_000, presence: 100, presence_bytes: 10_000, age };
        let own = Link {
            number: 0,
            secret: ticket(),
            uses_left: None,
            expires_at: None,
            is_ended: false,
        };
        Self {
            room: Room::new(RULES, ticket(), now),
            ring: Ring::new(bounds),
            now,
            rules: RoomRules::default(),
            people: Vec::new(),
            links: vec![own],
            cursors: BTreeMap::new(),
        }
    }

    pub(super) fn number_of(&self, who: usize) -> Option<(u32, usize)> {
        let index = who.checked_rem(self.people.len())?;
        Some((index as u32 + 1, index))
    }

    pub(super) fn join(&mut self, link: usize) -> Checked {
        let name = Nickname::parse(&format!("Guest {}", self.people.len())).unwrap();
        let token = Token::generate().unwrap();
        let ticket = self.links[link].secret.clone();
        let newcomer = Newcomer { name, ticket, entropy: Entropy { token: token.clone(), tag: 0 } };
        let number = self.people.len() as u32 + 1;
        let resume = Secret::new(format!("{number}.{}", &*token.expose_secret()));
        let standing = match self.room.join(newcomer, self.now) {
            Err(error) => {
                let expected = match (self.rules.locked, self.links[link].admits(self.now)) {
                    (true, _) => RoomError::Locked,
                    (false, false) => RoomError::DeadLink,
                    (false, true) => RoomError::Full,
                };
                prop_assert_eq!(error, expected);
                return Ok(());
            }
            Ok(Joining::Waits(waiter)) => {
                prop_assert!(self.rules.lobby && !self.rules.locked && waiter == number);
                prop_assert_eq!(&*self.room.waiting_token(number).unwrap(), &*resume);
                Standing::Waits { link, since: self.now }
            }
            Ok(Joining::Admitted(Admitted { number: admitted, link: used, events })) => {
                prop_assert!(!self.rules.lobby && !self.rules.locked && admitted == number);
                prop_assert_eq!(used, self.links[link].number);
                self.use_up(link)?;
                self.publish(events);
                self.grant(number);
                Standing::In
            }
        };
        self.people.push(Person { token: resume, standing, muted: None, posted_at: None });
        Ok(())
    }

    pub(super) fn admit(&mut self, number: u32, index: usize) -> Checked {
        let standing = self.people[index].standing;
        match (self.room.admit(number, self.now), standing) {
            (
                Ok(Admitted { number: admitted, link: used, events }),
                Standing::Waits { link, .. },
            ) => {
                prop_assert_eq!((admitted, used), (number, self.links[link].number));
                self.use_up(link)?;
                self.people[index].standing = Standing::In;
                self.publish(events);
                self.grant(number);
            }
            (Ok(_), _) => prop_assert!(false, "{number} did not wait: {standing:?}"),
            (Err(RoomError::DeadLink), Standing::Waits { link, .. }) => {
                prop_assert!(!self.links[link].admits(self.now));
            }
            (Err(error), Standing::Waits { .. }) => prop_assert_eq!(error, RoomError::Full),
            (Err(error), _) => prop_assert_eq!(error, RoomError::NoSeat),
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, number: u32, index: usize) -> Checked {
        let Person { token, standing, .. } = &self.people[index];
        match (self.room.resume(token, self.now), standing) {
            (Ok((resumed, events)), Standing::In) => {
                prop_assert_eq!(resumed, number);
                self.publish(events);
            }
            // The seat has expired, or another participant has the place.
            (Err(RoomError::NoSeat | RoomError::Full), Standing::In) => {}
            (result, Standing::Removed) => {
                // One who was removed from the lobby, or after the seat had expired, has none.
                let is_void = matches!(result, Err(RoomError::Removed | RoomError::NoSeat));
                prop_assert!(is_void, "{result:?}");
            }
            (result, _) => prop_assert_eq!(result, Err(RoomError::NoSeat)),
        }
        Ok(())
    }

    pub(super) fn set_rules(&mut self, rules: RoomRules) -> Checked {
        let before = self.present();
        prop_assert_eq!(self.room.set_rules(rules), rules != self.rules);
        prop_assert_eq!(self.present(), before, "a rule admits no one");
        self.rules = rules;
        if rules.slow == 0 {
            self.people.iter_mut().for_each(|person| person.posted_at = None);
        }
        Ok(())
    }

    pub(super) fn expire(&mut self) -> Checked {
        let events = self.room.expire(self.now);
        self.publish(events);
        for number in self.room.expire_mutes(self.now) {
            let end = self.people[number as usize - 1].muted.take().flatten();
            prop_assert!(end.is_some_and(|end| self.now >= end));
        }
        Ok(())
    }

    pub(super) fn grant(&mut self, number: u32) {
        let joined_seq = self.ring.latest_seq();
        self.room.grant_history(number, joined_seq, joined_seq);
    }

    pub(super) fn present(&self) -> BTreeSet<u32> {
        self.room.roster().map(|identity| identity.number).collect()
    }

    pub(super) fn check(&self) -> Checked {
        prop_assert!(self.room.present_count() <= RULES.max_participants);
        for number in self.present() {
            let standing = self.people[number as usize - 1].standing;
            prop_assert_eq!(standing, Standing::In, "{} is on the roster", number);
        }
        for (number, person) in (1..).zip(&self.people) {
            let waits = matches!(person.standing, Standing::Waits { .. });
            prop_assert_eq!(self.room.waits(number), waits);
            let found = self.room.find_waiting(&person.token);
            prop_assert_eq!(found == Some(Waiting::Undecided(number)), waits);
        }
        for link in &self.links {
            let found = self.room.accepts_ticket(&link.secret, self.now);
            prop_assert_eq!(found, link.admits(self.now));
        }
        Ok(())
    }
}
