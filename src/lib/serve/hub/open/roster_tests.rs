//! The roster beside the room that it mirrors, in any order of joins, leaves and returns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::roster::Roster;
use crate::chat::{Admitted, Entropy, Joining, Newcomer, Nickname, Room, RoomEvent, Rules};
use crate::rate_limit::RateLimit;
use crate::token::{Secret, Token};
use crate::wire;

#[derive(Clone, Copy, Debug)]
enum Step {
    Join,
    /// The index of a participant, modulo how many joined so far.
    Leave(usize),
    Disconnect(usize),
    Resume(usize),
    Expire,
    Read(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Join),
        1 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::Disconnect),
        1 => any::<usize>().prop_map(Step::Resume),
        1 => Just(Step::Expire),
        3 => any::<usize>().prop_map(Step::Read),
    ]
}

fn room(max_participants: usize) -> Room {
    let retention = Duration::from_secs(600);
    let rules = Rules { max_participants, rate_limit: RateLimit::Unlimited, retention };
    Room::new(rules, ticket(), Instant::now())
}

fn join(room: &mut Room, name: &str, now: Instant) -> (u32, Vec<RoomEvent>) {
    let entropy = Entropy { token: Token::generate().unwrap(), tag: 0 };
    let newcomer = Newcomer { name: Nickname::parse(name).unwrap(), ticket: ticket(), entropy };
    match room.join(newcomer, now).unwrap() {
        Joining::Admitted(Admitted { number, events, .. }) => (number, events),
        Joining::Waits(_) => panic!("there is no lobby"),
    }
}

fn ticket() -> Token {
    Token::copy_from(&[7; 16])
}

/// A room, and a roster that gets all of its events.
struct Mirror {
    room: Room,
    roster: Roster,
    seats: Vec<(u32, Secret)>,
    now: Instant,
}

impl Mirror {
    fn apply(&mut self, events: impl IntoIterator<Item = RoomEvent>) {
        for event in events {
            match event {
                RoomEvent::Joined(identity) => self.roster.add(&identity),
                RoomEvent::Left(identity) => self.roster.remove(identity.number),
                RoomEvent::Message { .. } | RoomEvent::Moved { .. } => {}
            }
        }
    }

    fn seat(&self, index: usize) -> Option<&(u32, Secret)> {
        self.seats.get(index.checked_rem(self.seats.len())?)
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Join => {
                let name = format!("G{}", self.seats.len());
                let (number, events) = join(&mut self.room, &name, self.now);
                self.seats.push((number, self.room.seat(number).unwrap().resume_token()));
                self.apply(events);
            }
            Step::Leave(index) => {
                let number = self.seat(index).map(|(number, _)| *number);
                let event = number.and_then(|number| self.room.leave(number, self.now));
                self.apply(event);
            }
            Step::Disconnect(index) => {
                if let Some((number, _)) = self.seat(index) {
                    let transport = self.room.transport(*number).unwrap_or_default();
                    self.room.detach(*number, transport, self.now);
                }
            }
            Step::Resume(index) => {
                let token = self.seat(index).map(|(_, token)| token.to_string());
                let resumed = token.and_then(|token| self.room.resume(&token, self.now).ok());
                self.apply(resumed.into_iter().flat_map(|(_, events)| events));
            }
            Step::Expire => {
                self.now += Duration::from_secs(31);
                let events = self.room.expire(self.now);
                self.apply(events);
            }
            Step::Read(index) => {
                let number = self.seat(index).map_or(0, |(number, _)| *number);
                let others = self.room.roster().filter(|other| other.number != number);
                let expected: Vec<String> = others.map(wire::participant_json).collect();
                let others = self.roster.others(&self.room, number);
                assert_eq!(others.concat(), expected.join(","));
            }
        }
    }
}

proptest! {
    #[test]
    fn the_roster_always_lists_all_others(steps in prop::collection::vec(step(), 0..300)) {
        let (room, roster, now) = (room(1000), Roster::default(), Instant::now());
        let mut mirror = Mirror { room, roster, seats: Vec::new(), now };
        steps.into_iter().for_each(|step| mirror.run(step));
    }
}

#[test]
fn the_name_of_a_participant_who_left_is_nowhere_in_the_roster() {
    let (mut room, mut roster) = (room(1), Roster::default());
    let (number, events) = join(&mut room, "Ana", Instant::now());
    let [RoomEvent::Joined(identity)] = events.as_slice() else { panic!("{events:?}") };
    roster.add(identity);
    assert!(roster.texts().next().unwrap().contains("Ana"));
    room.leave(number, Instant::now());
    roster.remove(number);
    assert_eq!(roster.texts().count(), 0);
}

/// So that a stalled welcome costs pointers only.
#[test]
fn readers_share_the_text_of_earlier_participants() {
    let (mut room, mut roster) = (room(1000), Roster::default());
    let mut last = (0, Vec::new());
    for number in 0..100 {
        let (number, events) = join(&mut room, &format!("G{number}"), Instant::now());
        let Some(RoomEvent::Joined(identity)) = events.last() else { panic!("{events:?}") };
        roster.add(identity);
        last = (number, roster.others(&room, number));
    }
    let other = roster.others(&room, last.0);
    assert_eq!(other.len(), 4);
    assert!((1..3).all(|piece| Arc::ptr_eq(&other[piece], &last.1[piece])));
}
