//! The two halves in two processes, as in a sealed room, beside an open room: the same steps have the same
//! outcome.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::room_tests::{admit, ticket};
use super::*;
use crate::rate_limit::RateLimit;
use crate::token::Token;

const RULES: Rules = Rules {
    max_participants: 4,
    rate_limit: RateLimit::Limited { per_second: 2, burst: 3 },
    retention: Duration::from_secs(300),
};

/// Names at a host and seats at a relay, which hear of each other without delay.
struct SealedRoom {
    names: NameRegistry,
    seats: Seats,
}

impl SealedRoom {
    /// What the host learns from the relay.
    fn report(&mut self, events: Vec<SeatEvent>, now: Instant) -> Vec<u32> {
        let mut left = Vec::new();
        for event in events {
            match event {
                SeatEvent::Left(number) => {
                    assert!(self.names.leave(number, now).is_some());
                    left.push(number);
                }
                SeatEvent::GivenUp { number, .. } => self.names.forget(number, now),
            }
        }
        left
    }

    /// The relay makes a place, the host judges the name, the relay seats the newcomer.
    fn join(&mut self, name: &Nickname, entropy: Entropy, now: Instant) -> Outcome {
        let displaced = self.seats.make_places(1, now);
        let left = self.report(displaced, now);
        let identity = self.names.admit(name.clone(), entropy.tag, now)?;
        assert!(self.seats.admit(identity.number, entropy.token, now).is_some());
        Ok((left, Some(identity)))
    }

    /// The relay knows the token, the host agrees, the relay readmits.
    fn resume(&mut self, token: &str, now: Instant) -> Outcome {
        let number = match self.seats.resume(token)? {
            Returning::Present(_) => return Ok((Vec::new(), None)),
            Returning::Left(number) => number,
        };
        let displaced = self.seats.make_places(1, now);
        let left = self.report(displaced, now);
        let identity = self.names.readmit(number)?.clone();
        assert!(self.seats.readmit(number).is_some());
        Ok((left, Some(identity)))
    }
}

/// Who left, and who came for it.
type Outcome = Result<(Vec<u32>, Option<Identity>), RoomError>;

/// The same of an open room.
fn outcome(events: Result<(u32, Vec<RoomEvent>), RoomError>) -> Outcome {
    let (mut left, mut came) = (Vec::new(), None);
    for event in events?.1 {
        match event {
            RoomEvent::Joined(identity) => came = Some(identity),
            RoomEvent::Left(identity) => left.push(identity.number),
            RoomEvent::Message { .. } | RoomEvent::Moved { .. } => {}
        }
    }
    Ok((left, came))
}

proptest! {
    /// Who may join under which name and tag, who is displaced, who returns, who may post. One difference is
    /// meant, and left out here: a relay makes a place before the host has judged the name.
    #[test]
    fn a_sealed_room_decides_as_an_open_one(
        steps in proptest::collection::vec((0_u8..12, 0_usize..24, 0_u64..20_000), 1..250),
    ) {
        const NAMES: [&str; 6] = ["Ana", "ANA", "Jose", "José", "paypal", "paypaI"];
        let mut now = Instant::now();
        let mut open = Room::new(RULES, ticket(), now);
        let names = NameRegistry::new(RULES.max_participants, RULES.retention, now);
        let mut sealed = SealedRoom { names, seats: Seats::new(RULES) };
        let mut tokens = Vec::new();
        for (step, (kind, which, milliseconds)) in steps.into_iter().enumerate() {
            now += Duration::from_millis(milliseconds);
            let number = which as u32 + 1;
            match kind {
                0..4 => {
                    let is_full = open.present_count() == RULES.max_participants;
                    let taken = NAMES.get(which).filter(|_| !is_full);
                    let fresh = format!("Guest {step}");
                    let name = Nickname::parse(taken.map_or(fresh.as_str(), |name| name)).unwrap();
                    let token = Token::generate().unwrap();
                    let entropy = || Entropy { token: token.clone(), tag: which as u32 };
                    let joined = admit(&mut open, name.clone(), entropy(), now);
                    if let Ok((number, _)) = &joined {
                        tokens.push(open.seat(*number).unwrap().resume_token());
                    }
                    prop_assert_eq!(sealed.join(&name, entropy(), now), outcome(joined));
                }
                4 | 5 => {
                    let token = tokens.get(which).map_or("", |token| token);
                    prop_assert_eq!(sealed.resume(token, now), outcome(open.resume(token, now)));
                }
                6 | 7 => {
                    let transport = open.transport(number).unwrap_or_default();
                    open.detach(number, transport, now);
                    sealed.seats.detach(number, transport, now);
                }
                8 | 9 => {
                    let text = MessageText::parse("x", 8).unwrap();
                    let reference = (which % 2 == 0).then(|| step.to_string());
                    let posted = open.post_message(number, reference.clone(), text, now);
                    let relayed = sealed.seats.post(number, reference.as_deref(), now);
                    prop_assert_eq!(relayed.map(|_| ()), posted.map(|_| ()));
                }
                10 if sealed.seats.is_present(number) => {
                    let events = sealed.seats.leave(number, now);
                    sealed.report(events, now);
                    prop_assert!(open.leave(number, now).is_some());
                }
                _ => {
                    sealed.names.expire(now);
                    let events = sealed.seats.expire(now);
                    let left = sealed.report(events, now);
                    prop_assert_eq!(Ok((left, None)), outcome(Ok((0, open.expire(now)))));
                }
            }
            prop_assert!(open.roster().map(|who| who.number).eq(sealed.seats.present()));
            prop_assert_eq!(sealed.names.present_count(), open.present_count());
        }
    }
}
