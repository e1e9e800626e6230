//! What links, time and messages do to the room of [`World`].

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::admission_world::{Checked, Link, Standing, World};
use super::room_tests::text;
use super::*;
use crate::control::RoomLink;
use crate::token::Token;

impl World {
    pub(super) fn add_link(&mut self, uses: Option<u32>, seconds: Option<u64>) -> Checked {
        let number = self.links.iter().map(|link| link.number).max().unwrap() + 1;
        let secret = Token::generate().unwrap();
        let added = RoomLink { number, secret: secret.clone(), uses, seconds };
        let is_added = self.room.add_link(added, self.now);
        prop_assert!(is_added || uses == Some(0) || seconds == Some(0) || self.links.len() >= 64);
        let expires_at = seconds.map(|seconds| self.now + Duration::from_secs(seconds));
        let is_ended = !is_added;
        self.links.push(Link { number, secret, uses_left: uses, expires_at, is_ended });
        Ok(())
    }

    pub(super) fn relink(&mut self) -> Checked {
        let secret = Token::generate().unwrap();
        let link = RoomLink { number: 0, secret: secret.clone(), uses: None, seconds: None };
        let before = self.present();
        let (event, ended) = self.room.relink(link, self.now);
        let url = format!("/t/{}", &*secret.expose_secret());
        prop_assert_eq!(event, RoomEvent::Moved { url });
        prop_assert_eq!(self.present(), before, "those who are inside stay");
        for number in ended {
            let person = &mut self.people[number as usize - 1];
            let waited = matches!(person.standing, Standing::Waits { .. });
            prop_assert!(waited);
            person.standing = Standing::NotAdmitted;
        }
        prop_assert_eq!(self.room.waiting().count(), 0);
        self.links.iter_mut().for_each(|link| link.is_ended = true);
        let (uses_left, expires_at) = (None, None);
        self.links.push(Link { number: 0, secret, uses_left, expires_at, is_ended: false });
        Ok(())
    }

    /// Counts one who was let in.
    pub(super) fn use_up(&mut self, link: usize) -> Checked {
        prop_assert!(self.links[link].admits(self.now));
        if let Some(uses) = &mut self.links[link].uses_left {
            *uses -= 1;
        }
        Ok(())
    }

    pub(super) fn end_waits(&mut self) -> Checked {
        for (number, end) in self.room.end_waits(self.now) {
            let person = &mut self.people[number as usize - 1];
            let Standing::Waits { link, since } = person.standing else {
                return Err(TestCaseError::fail(format!("{number} did not wait")));
            };
            match end {
                WaitEnd::TimedOut => prop_assert!(self.now - since >= WAITING_TIMEOUT),
                WaitEnd::LinkEnded => prop_assert!(!self.links[link].admits(self.now)),
                WaitEnd::Rejected | WaitEnd::Removed | WaitEnd::Gone => {
                    prop_assert!(false, "{end:?} without a request");
                }
            }
            person.standing = Standing::NotAdmitted;
        }
        Ok(())
    }

    pub(super) fn post(&mut self, number: u32, index: usize) -> Checked {
        let was_present = self.present().contains(&number);
        let posted = self.room.post_message(number, None, text("x"), self.now);
        let (now, slow) = (self.now, Duration::from_secs(self.rules.slow.into()));
        let person = &mut self.people[index];
        let is_muted = person.muted.is_some_and(|until| until.is_none_or(|end| now < end));
        let has_to_wait = person.posted_at.is_some_and(|at| now - at < slow);
        match &posted {
            Ok(_) => {
                prop_assert!(was_present && !is_muted && !has_to_wait);
                person.posted_at = (!slow.is_zero()).then_some(now);
            }
            Err(RoomError::Muted(left)) => {
                let until = person.muted.flatten();
                prop_assert!(was_present && is_muted && *left == until.map(|end| end - now));
            }
            Err(RoomError::Slow(left)) => {
                let next = person.posted_at.map(|at| at + slow);
                prop_assert!(was_present && has_to_wait && Some(now + *left) == next);
            }
            Err(error) => prop_assert!(*error == RoomError::NoSeat && !was_present, "{error:?}"),
        }
        self.publish(posted.ok().flatten());
        Ok(())
    }

    /// Puts events into the ring. Those who are present read messages at once.
    pub(super) fn publish(&mut self, events: impl IntoIterator<Item = RoomEvent>) {
        for event in events {
            let (kind, line) = match &event {
                RoomEvent::Message { number, .. } => (EntryKind::Message(*number), "message"),
                RoomEvent::Joined(who) | RoomEvent::Left(who) => {
                    (EntryKind::Presence(who.number), "presence")
                }
                RoomEvent::Moved { .. } => panic!("moved without a request"),
            };
            self.ring.push(EventLine::Shared(line.into()), kind, self.now);
            if line == "message" {
                self.check_receivers();
            }
        }
    }

    /// The last event is a message: exactly those on the roster read it.
    pub(super) fn check_receivers(&mut self) {
        let seq = self.ring.latest_seq();
        let mut receivers = BTreeSet::new();
        for (number, person) in (1..).zip(&self.people) {
            // As the readers in the server: by a seat that is present.
            let Some(transport) = self.room.transport(number) else { continue };
            if !self.room.seat(number).is_some_and(Seat::is_present) || transport == 0 {
                continue;
            }
            assert_eq!(person.standing, Standing::In);
            let cursor = self.cursors.insert(number, seq);
            let cursor = self.room.seat(number).unwrap().resume_cursor(cursor, seq - 1);
            if self.ring.read_after(cursor, usize::MAX, self.now).cursor == seq {
                receivers.insert(number);
            }
        }
        assert_eq!(receivers, self.present());
    }
}
