//! Seats without names, as the relay of a sealed room keeps them: the host says who is admitted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::seat_retention::SILENT_RETURN_TIMEOUT;
use super::*;
use crate::rate_limit::RateLimit;
use crate::token::{Secret, Token};

const RETENTION: Duration = Duration::from_secs(600);

fn seats(max_participants: usize) -> (Seats, Instant) {
    let rate_limit = RateLimit::Limited { per_second: 2, burst: 10 };
    (Seats::new(Rules { max_participants, rate_limit, retention: RETENTION }), Instant::now())
}

/// Seats a newcomer; the token is what a welcome would contain.
fn admit(seats: &mut Seats, number: u32, now: Instant) -> Option<Secret> {
    seats.admit(number, Token::generate().unwrap(), now).map(Seat::resume_token)
}

fn given_up(number: u32, activity: Activity) -> SeatEvent {
    SeatEvent::GivenUp { number, activity }
}

#[test]
fn no_number_is_seated_twice() {
    let (mut seats, now) = seats(10);
    let token = admit(&mut seats, 5, now).unwrap();
    for number in [5, 4, 1, 0] {
        assert_eq!(admit(&mut seats, number, now), None, "{number}");
    }
    assert_eq!(seats.leave(5, now), [SeatEvent::Left(5), given_up(5, Activity::JoinedOnly)]);
    assert_eq!(admit(&mut seats, 5, now), None);
    assert_eq!(seats.resume(&token), Err(RoomError::NoSeat));
    assert!(admit(&mut seats, 9, now).is_some());
    assert!(seats.present().eq([9]));
}

/// The return of one whom the others were told of needs the host's word; nothing changes before.
#[test]
fn one_who_had_left_is_present_again_only_when_readmitted() {
    let (mut seats, now) = seats(10);
    let token = admit(&mut seats, 1, now).unwrap();
    assert_eq!(seats.readmit(1).map(|_| ()), None, "has not left");
    seats.detach(1, 1, now);
    assert_eq!(seats.expire(now + SILENT_RETURN_TIMEOUT), [SeatEvent::Left(1)]);
    assert_eq!(seats.resume(&token), Ok(Returning::Left(1)));
    assert_eq!(seats.resume(&token), Ok(Returning::Left(1)));
    assert_eq!((seats.present_count(), seats.transport(1)), (0, Some(1)));
    assert!(seats.readmit(1).is_some());
    assert_eq!((seats.present_count(), seats.transport(1)), (1, Some(2)));
    assert_eq!(seats.readmit(1).map(|_| ()), None, "is back");
    assert_eq!(seats.resume(&token), Ok(Returning::Present(1)));
}

/// The host answers after the retention, or never.
#[test]
fn a_seat_that_expired_while_the_host_decided_is_gone() {
    let (mut seats, now) = seats(10);
    let token = admit(&mut seats, 1, now).unwrap();
    seats.detach(1, 1, now);
    seats.expire(now + SILENT_RETURN_TIMEOUT);
    assert_eq!(seats.resume(&token), Ok(Returning::Left(1)));
    let end = now + SILENT_RETURN_TIMEOUT + RETENTION;
    assert_eq!(seats.expire(end), []);
    assert_eq!(seats.readmit(1).map(|_| ()), None);
    assert_eq!(seats.resume(&token), Err(RoomError::NoSeat));
}

/// For a request of a newcomer: as many places as there are requests, from those who are disconnected, the
/// least active first.
#[test]
fn places_are_made_for_newcomers_from_those_who_are_disconnected() {
    let (mut seats, now) = seats(4);
    let tokens: Vec<Secret> =
        (1..=4).map(|number| admit(&mut seats, number, now).unwrap()).collect();
    seats.mark_active(1);
    assert_eq!(seats.make_places(1, now), [], "all are connected");
    for number in 1..=3 {
        seats.detach(number, 1, now + Duration::from_secs(number.into()));
    }
    let soon = now + Duration::from_secs(5);
    let silent = |number| [SeatEvent::Left(number), given_up(number, Activity::JoinedOnly)];
    assert_eq!(seats.make_places(1, soon), silent(2));
    assert_eq!(seats.make_places(1, soon), [], "there is a place");
    assert_eq!(seats.make_places(9, soon), silent(3), "1 was active, and is away for 4 s");
    let later = now + Duration::from_secs(11);
    assert_eq!(seats.make_places(9, later), [SeatEvent::Left(1)]);
    assert_eq!(seats.resume(&tokens[1]), Err(RoomError::NoSeat));
    assert_eq!(seats.resume(&tokens[0]), Ok(Returning::Left(1)));
    assert_eq!(seats.find_place(later), Ok(None));
    assert!(seats.present().eq([4]));
}

/// The relay tells the host which seats it gives up, so that both know who may return.
#[test]
fn retained_seats_are_bounded_and_each_that_goes_is_reported() {
    let (mut seats, mut now) = seats(10);
    let mut tokens = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for number in 1..=3000 {
        now += Duration::from_millis(10);
        tokens.insert(number, admit(&mut seats, number, now).unwrap());
        if number == 1 {
            seats.post(1, None, now).unwrap();
        }
        seats.detach(number, 1, now - SILENT_RETURN_TIMEOUT);
        for event in seats.expire(now) {
            if let SeatEvent::GivenUp { number, .. } = event {
                assert!(reported.insert(number));
            }
        }
    }
    let retained = |number: &u32| seats.get(*number).is_some();
    assert_eq!(tokens.keys().filter(|number| retained(number)).count(), MAX_RETAINED_SEATS);
    assert!(tokens.keys().all(|number| retained(number) != reported.contains(number)));
    assert!(!reported.contains(&1), "seats of those who posted go last");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit(u32),
    Resume(usize),
    Forge(usize),
    Readmit(u32),
    Detach(u32),
    Leave(u32),
    Post(u32),
    MakePlaces(usize),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (1_u32..3).prop_map(Step::Admit),
        3 => any::<usize>().prop_map(Step::Resume),
        1 => any::<usize>().prop_map(Step::Forge),
        3 => (1_u32..20).prop_map(Step::Readmit),
        4 => (1_u32..20).prop_map(Step::Detach),
        1 => (1_u32..20).prop_map(Step::Leave),
        2 => (1_u32..20).prop_map(Step::Post),
        1 => (1_usize..4).prop_map(Step::MakePlaces),
        2 => Just(Step::Expire),
    ]
}

/// What the host knows from the relay's reports.
#[derive(Debug, Default)]
struct Host {
    present: BTreeSet<u32>,
    left: BTreeMap<u32, Instant>,
    given_up: BTreeSet<u32>,
}

impl Host {
    fn hear(&mut self, events: Vec<SeatEvent>, now: Instant) -> Result<(), TestCaseError> {
        for event in events {
            match event {
                SeatEvent::Left(number) => {
                    prop_assert!(self.present.remove(&number));
                    self.left.insert(number, now);
                }
                SeatEvent::GivenUp { number, .. } => {
                    prop_assert!(self.left.remove(&number).is_some());
                    self.given_up.insert(number);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    /// In any order of steps: present are those admitted and readmitted, without those reported as gone;
    /// a token brings back its own participant, and none whose seat is given up.
    #[test]
    fn the_reports_describe_the_seats(
        steps in proptest::collection::vec((step(), 0_u64..90), 1..200),
    ) {
        let (mut seats, mut now) = seats(6);
        let mut host = Host::default();
        let mut tokens: Vec<(u32, Secret)> = Vec::new();
        let mut last_number = 0;
        for (step, seconds) in steps {
            now += Duration::from_secs(seconds);
            let token = |which: usize| tokens.get(which % tokens.len().max(1));
            match step {
                Step::Admit(skip) if host.present.len() < 6 => {
                    last_number += skip;
                    tokens.push((last_number, admit(&mut seats, last_number, now).unwrap()));
                    host.present.insert(last_number);
                    prop_assert_eq!(admit(&mut seats, last_number, now), None);
                }
                Step::Admit(_) => {}
                Step::Resume(which) => {
                    let Some((number, token)) = token(which) else { continue };
                    let transport = seats.transport(*number);
                    match seats.resume(token) {
                        Ok(Returning::Present(found)) => {
                            prop_assert!(found == *number && host.present.contains(number));
                            prop_assert_eq!(seats.transport(*number), transport.map(|it| it + 1));
                        }
                        Ok(Returning::Left(found)) => {
                            prop_assert!(found == *number && host.left.contains_key(number));
                            prop_assert_eq!(seats.transport(*number), transport);
                        }
                        Err(error) => {
                            prop_assert_eq!(error, RoomError::NoSeat);
                            prop_assert!(!host.present.contains(number));
                            prop_assert!(!host.left.contains_key(number));
                        }
                    }
                }
                Step::Forge(which) => {
                    let (Some((number, _)), Some((_, other))) = (token(which), token(which / 7)) else {
                        continue;
                    };
                    let (owner, secret) = other.split_once('.').unwrap();
                    let forged = format!("{number}.{secret}");
                    let is_own = owner == number.to_string();
                    let resumed = seats.resume(&forged);
                    prop_assert!(is_own || resumed == Err(RoomError::NoSeat));
                }
                Step::Readmit(number) if host.present.len() < 6 => {
                    let may_return = host.left.remove(&number).is_some();
                    prop_assert_eq!(seats.readmit(number).is_some(), may_return);
                    host.present.extend(may_return.then_some(number));
                }
                Step::Readmit(_) => {}
                Step::Detach(number) => {
                    seats.detach(number, seats.transport(number).unwrap_or_default(), now);
                }
                Step::Leave(number) => host.hear(seats.leave(number, now), now)?,
                Step::Post(number) => {
                    let posted = seats.post(number, None, now);
                    prop_assert_eq!(posted.is_ok(), host.present.contains(&number));
                }
                Step::MakePlaces(newcomers) => host.hear(seats.make_places(newcomers, now), now)?,
                Step::Expire => {
                    host.hear(seats.expire(now), now)?;
                    // The host counts the retention for itself.
                    host.left.retain(|_, at| now < *at + RETENTION);
                }
            }
            prop_assert!(seats.present().eq(host.present.iter().copied()));
            prop_assert_eq!(seats.present_count(), host.present.len());
            for (number, _) in &tokens {
                let known = host.present.contains(number) || host.left.contains_key(number);
                prop_assert_eq!(seats.get(*number).is_some(), known);
                prop_assert!(!known || !host.given_up.contains(number));
            }
        }
    }
}
