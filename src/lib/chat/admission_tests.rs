//! No order of what newcomers, participants and the operator do lets anyone in who was not admitted, or who
//! was removed; no link admits more people than it may; and no message gets past a mute or slow mode.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::room_tests::{entropy, text, ticket};
use super::*;
use crate::control::{LinkNumber, RoomLink, RoomRules};
use crate::rate_limit::RateLimit;
use crate::token::{Secret, Token};

const RULES: Rules = Rules {
    max_participants: 4,
    rate_limit: RateLimit::Unlimited,
    retention: Duration::from_secs(600),
};

/// People by the order of their numbers, and links by the order in which they were made: modulo how many
/// there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Rules(RoomRules),
    Admit(usize),
    Reject(usize),
    Remove(usize),
    Mute(usize, Option<u64>),
    Unmute(usize),
    Post(usize),
    Leave(usize),
    Detach(usize),
    Resume(usize),
    AddLink { uses: Option<u32>, seconds: Option<u64> },
    EndLink(usize),
    Relink,
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    let who = any::<usize>;
    let rules = (any::<bool>(), any::<bool>(), 0_u32..3).prop_map(|(locked, lobby, slow)| {
        Step::Rules(RoomRules {
            locked: locked && lobby,
            lobby,
            slow: 40 * slow,
            ..RoomRules::default()
        })
    });
    prop_oneof![
        8 => who().prop_map(Step::Join),
        2 => rules,
        5 => who().prop_map(Step::Admit),
        1 => who().prop_map(Step::Reject),
        1 => who().prop_map(Step::Remove),
        2 => (who(), proptest::option::of(1_u64..200)).prop_map(|(who, span)| Step::Mute(who, span)),
        1 => who().prop_map(Step::Unmute),
        6 => who().prop_map(Step::Post),
        2 => who().prop_map(Step::Leave),
        3 => who().prop_map(Step::Detach),
        4 => who().prop_map(Step::Resume),
        2 => (proptest::option::of(0_u32..3), proptest::option::of(0_u64..200))
            .prop_map(|(uses, seconds)| Step::AddLink { uses, seconds }),
        1 => who().prop_map(Step::EndLink),
        1 => Just(Step::Relink),
        3 => Just(Step::Expire),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    Waits { link: usize, since: Instant },
    In,
    NotAdmitted,
    LeftForGood,
    Removed,
}

#[derive(Debug)]
struct Person {
    token: Secret,
    standing: Standing,
    /// Until when.
    muted: Option<Option<Instant>>,
    /// While slow mode is on.
    posted_at: Option<Instant>,
}

/// A link as the rules describe it. Those that are over stay in the list.
#[derive(Debug)]
struct Link {
    number: LinkNumber,
    secret: Token,
    uses_left: Option<u32>,
    expires_at: Option<Instant>,
    is_ended: bool,
}

impl Link {
    fn admits(&self, now: Instant) -> bool {
        let is_over = self.expires_at.is_some_and(|end| now >= end);
        !self.is_ended && !is_over && self.uses_left != Some(0)
    }
}

/// The room, and beside it what must be true of it.
#[derive(Debug)]
struct World {
    room: Room,
    ring: Ring,
    now: Instant,
    rules: RoomRules,
    people: Vec<Person>,
    links: Vec<Link>,
    /// Who has read what, up to which event.
    cursors: BTreeMap<u32, u64>,
}

type Checked = Result<(), TestCaseError>;

impl World {
    fn new() -> Self {
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

    fn number_of(&self, who: usize) -> Option<(u32, usize)> {
        let index = who.checked_rem(self.people.len())?;
        Some((index as u32 + 1, index))
    }

    fn run(&mut self, step: Step) -> Checked {
        match step {
            Step::Join(link) => self.join(link % self.links.len())?,
            Step::Rules(rules) => self.set_rules(rules)?,
            Step::AddLink { uses, seconds } => self.add_link(uses, seconds)?,
            Step::EndLink(link) => {
                let link = link % self.links.len();
                let link = &mut self.links[link];
                prop_assert!(self.room.end_link(link.number) || !link.admits(self.now));
                link.is_ended = true;
                // The number of the room's own link may have been that of an earlier one.
                let number = link.number;
                self.links
                    .iter_mut()
                    .filter(|it| it.number == number)
                    .for_each(|it| it.is_ended = true);
            }
            Step::Relink => self.relink()?,
            Step::Expire => self.expire()?,
            Step::Admit(who)
            | Step::Reject(who)
            | Step::Remove(who)
            | Step::Mute(who, _)
            | Step::Unmute(who)
            | Step::Post(who)
            | Step::Leave(who)
            | Step::Detach(who)
            | Step::Resume(who) => {
                if let Some((number, index)) = self.number_of(who) {
                    self.run_for(step, number, index)?;
                }
            }
        }
        self.end_waits()?;
        self.check()
    }

    fn run_for(&mut self, step: Step, number: u32, index: usize) -> Checked {
        let now = self.now;
        match step {
            Step::Admit(_) => self.admit(number, index)?,
            Step::Reject(_) => {
                let waited = matches!(self.people[index].standing, Standing::Waits { .. });
                prop_assert_eq!(self.room.stop_waiting(number, WaitEnd::Rejected), waited);
                if waited {
                    self.people[index].standing = Standing::NotAdmitted;
                }
            }
            Step::Remove(_) => {
                let event = self.room.remove(number, now);
                self.publish(event);
                let is_new =
                    matches!(self.people[index].standing, Standing::Waits { .. } | Standing::In);
                if is_new {
                    self.people[index].standing = Standing::Removed;
                }
            }
            Step::Mute(_, span) => {
                if self.room.mute(number, span.map(Duration::from_secs), now) {
                    self.people[index].muted =
                        Some(span.map(|span| now + Duration::from_secs(span)));
                }
            }
            Step::Unmute(_) => {
                self.room.unmute(number);
                self.people[index].muted = None;
            }
            Step::Post(_) => self.post(number, index)?,
            Step::Leave(_) => {
                let event = self.room.leave(number, now);
                self.publish(event);
                if self.people[index].standing == Standing::In {
                    self.people[index].standing = Standing::LeftForGood;
                }
            }
            Step::Detach(_) => {
                self.room.detach(number, self.room.transport(number).unwrap_or_default(), now);
            }
            Step::Resume(_) => self.resume(number, index)?,
            _ => {}
        }
        Ok(())
    }

    fn join(&mut self, link: usize) -> Checked {
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

    fn admit(&mut self, number: u32, index: usize) -> Checked {
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

    /// Counts one who was let in.
    fn use_up(&mut self, link: usize) -> Checked {
        prop_assert!(self.links[link].admits(self.now));
        if let Some(uses) = &mut self.links[link].uses_left {
            *uses -= 1;
        }
        Ok(())
    }

    fn resume(&mut self, number: u32, index: usize) -> Checked {
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

    fn post(&mut self, number: u32, index: usize) -> Checked {
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

    fn set_rules(&mut self, rules: RoomRules) -> Checked {
        let before = self.present();
        let event = self.room.set_rules(rules);
        prop_assert_eq!(event, (rules != self.rules).then_some(RoomEvent::Rules(rules)));
        prop_assert_eq!(self.present(), before, "a rule admits no one");
        self.rules = rules;
        if rules.slow == 0 {
            self.people.iter_mut().for_each(|person| person.posted_at = None);
        }
        Ok(())
    }

    fn add_link(&mut self, uses: Option<u32>, seconds: Option<u64>) -> Checked {
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

    fn relink(&mut self) -> Checked {
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

    fn expire(&mut self) -> Checked {
        let events = self.room.expire(self.now);
        self.publish(events);
        for number in self.room.expire_mutes(self.now) {
            let end = self.people[number as usize - 1].muted.take().flatten();
            prop_assert!(end.is_some_and(|end| self.now >= end));
        }
        Ok(())
    }

    fn end_waits(&mut self) -> Checked {
        for (number, end) in self.room.end_waits(self.now) {
            let person = &mut self.people[number as usize - 1];
            let Standing::Waits { link, since } = person.standing else {
                return Err(TestCaseError::fail(format!("{number} did not wait")));
            };
            match end {
                WaitEnd::TimedOut => prop_assert!(self.now - since >= WAITING_TIMEOUT),
                WaitEnd::LinkEnded => prop_assert!(!self.links[link].admits(self.now)),
                other => prop_assert!(false, "{other:?}"),
            }
            person.standing = Standing::NotAdmitted;
        }
        Ok(())
    }

    /// Puts events into the ring. Those who are present read messages at once.
    fn publish(&mut self, events: impl IntoIterator<Item = RoomEvent>) {
        for event in events {
            let (kind, line) = match &event {
                RoomEvent::Message { number, .. } => (EntryKind::Message(*number), "message"),
                RoomEvent::Joined(who) | RoomEvent::Left(who) => {
                    (EntryKind::Presence(who.number), "presence")
                }
                other => panic!("{other:?}"),
            };
            self.ring.push(EventLine::Shared(line.into()), kind, self.now);
            if line == "message" {
                self.check_receivers();
            }
        }
    }

    /// The last event is a message: exactly those on the roster read it.
    fn check_receivers(&mut self) {
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

    fn grant(&mut self, number: u32) {
        let joined_seq = self.ring.latest_seq();
        self.room.grant_history(number, joined_seq, joined_seq);
    }

    fn present(&self) -> BTreeSet<u32> {
        self.room.roster().map(|identity| identity.number).collect()
    }

    fn check(&self) -> Checked {
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

proptest! {
    #[test]
    fn only_those_who_were_admitted_are_in_and_no_rule_is_evaded(
        steps in proptest::collection::vec((step(), 0_u64..40_000), 1..150),
    ) {
        let mut world = World::new();
        for (step, milliseconds) in steps {
            world.now += Duration::from_millis(milliseconds);
            world.run(step)?;
        }
    }
}

/// What comes at once is in some order: whichever it is, the first N are let in.
#[test]
fn a_hundred_people_at_one_invite_do_not_use_it_more_often_than_it_may_be() {
    for (uses, lobby) in [(1, false), (3, false), (1, true), (3, true)] {
        let now = Instant::now();
        let mut room = Room::new(Rules { max_participants: 200, ..RULES }, ticket(), now);
        let secret = Token::generate().unwrap();
        let link =
            RoomLink { number: 1, secret: secret.clone(), uses: Some(uses), seconds: Some(60) };
        assert!(room.add_link(link, now));
        room.set_rules(RoomRules { lobby, ..RoomRules::default() });
        for number in 0..100 {
            // A preview, a scanner, a page that is opened: none of them burns anything.
            assert_eq!(room.accepts_ticket(&secret, now), lobby || number < uses);
            let name = Nickname::parse(&format!("Guest {number}")).unwrap();
            let newcomer = Newcomer { name, ticket: secret.clone(), entropy: entropy(number) };
            match room.join(newcomer, now) {
                Ok(Joining::Admitted(admitted)) => assert!(!lobby && admitted.link == 1),
                Ok(Joining::Waits(_)) => assert!(lobby && number < 32),
                Err(RoomError::DeadLink) => assert!(!lobby && number >= uses),
                Err(error) => assert!(lobby && number >= 32 && error == RoomError::Full),
            }
        }
        let waiting: Vec<u32> = room.waiting().collect();
        let admitted = waiting.iter().filter(|number| room.admit(**number, now).is_ok()).count();
        assert_eq!(admitted, if lobby { uses as usize } else { 0 });
        assert_eq!(room.present_count(), uses as usize);
        let ended = room.end_waits(now);
        assert_eq!(ended.len(), waiting.len() - admitted);
        assert!(ended.iter().all(|(_, end)| *end == WaitEnd::LinkEnded));
    }
}
