//! What is kept of participants who disconnect or leave, and for how long.

use std::time::{Duration, Instant};

use super::room_tests::{RETENTION, join, names, room, text, ticket};
use super::seat_retention::SILENT_RETURN_TIMEOUT;
use super::*;
use crate::rate_limit::RateLimit;
use crate::token::Token;

/// A message may outlive its sender's seat, and then needs the name.
#[test]
fn a_participant_who_left_is_known_until_the_retention_is_over() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    room.leave(ana, now);
    let known: Vec<&str> = room.departed().map(|identity| identity.name.as_str()).collect();
    assert_eq!(known, ["Ana"]);
    room.expire(now + RETENTION);
    assert_eq!(room.departed().count(), 0);
}

/// The newcomers wait instead.
#[test]
fn a_flood_of_joins_and_leaves_frees_no_reserved_name() {
    let start = Instant::now();
    let mut room = room(10);
    let alice = join(&mut room, "Alice", start).unwrap();
    room.post_message(alice, None, text("I am Alice"), start).unwrap();
    room.leave(alice, start);
    let (mut joins, mut refusals) = (0_u64, 0);
    let mut now = start;
    while now.saturating_duration_since(start) < Duration::from_secs(60) {
        now += Duration::from_millis(10);
        match join(&mut room, &format!("Guest {joins}"), now) {
            Ok(number) => {
                joins += 1;
                room.leave(number, now);
            }
            Err(RoomError::Crowded(wait)) => {
                assert!(wait > Duration::ZERO);
                refusals += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // A burst, and 50 per second.
    assert!((3_900..4_100).contains(&joins), "{joins}");
    assert!(refusals > 1_900, "{refusals}");
    assert!(matches!(join(&mut room, "Alice", now), Err(RoomError::NameTaken(_))));
    let known: Vec<&str> = room.departed().map(|identity| identity.name.as_str()).collect();
    assert!(known.contains(&"Alice") && known.len() <= 1024, "{}", known.len());
    room.expire(start + RETENTION);
    assert!(join(&mut room, "Alice", start + RETENTION + Duration::from_secs(1)).is_ok());
}

/// With a retention of one day the bound is reached.
#[test]
fn at_the_bound_of_reservations_newcomers_wait_for_the_oldest() {
    let retention = Duration::from_secs(86_400);
    let mut now = Instant::now();
    let mut room = Room::new(
        Rules { max_participants: 10, rate_limit: RateLimit::Unlimited, retention },
        ticket(),
        now,
    );
    for number in 0..MAX_RESERVATIONS {
        now += Duration::from_millis(20);
        let number = join(&mut room, &format!("Guest {number}"), now).unwrap();
        room.leave(number, now);
    }
    let Err(RoomError::Crowded(wait)) = join(&mut room, "Ana", now) else { panic!("admitted") };
    assert!(wait > Duration::from_secs(80_000) && wait < retention);
    room.expire(now + wait);
    assert!(join(&mut room, "Ana", now + wait).is_ok());
}

/// V-17: a return within half a minute is not announced; a later one is, under the same number.
#[test]
fn a_return_keeps_the_seat_until_the_retention_is_over() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let (resume, identity) = {
        let seat = room.seat(ana).unwrap();
        (seat.resume_token(), room.identity(ana).unwrap().clone())
    };
    room.detach(ana, 1, now);
    assert!(room.expire(now + SILENT_RETURN_TIMEOUT - Duration::from_millis(1)).is_empty());
    assert_eq!(room.resume(&resume, now), Ok((ana, vec![])));
    room.detach(ana, 2, now);
    assert_eq!(room.expire(now + SILENT_RETURN_TIMEOUT).len(), 1);
    assert_eq!((room.present_count(), names(&room).len()), (0, 0));
    assert_eq!(room.resume(&resume, now), Ok((ana, vec![RoomEvent::Joined(identity)])));
    assert_eq!(names(&room), ["Ana"]);
    // After the retention, the seat is gone.
    room.detach(ana, 3, now);
    room.expire(now + SILENT_RETURN_TIMEOUT);
    room.expire(now + SILENT_RETURN_TIMEOUT + RETENTION);
    assert_eq!(room.resume(&resume, now), Err(RoomError::NoSeat));
}

#[test]
fn losing_a_replaced_transport_changes_nothing() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let resume = room.seat(ana).unwrap().resume_token();
    room.resume(&resume, now).unwrap();
    assert_eq!(room.transport(ana), Some(2));
    room.detach(ana, 1, now);
    assert!(room.expire(now + SILENT_RETURN_TIMEOUT).is_empty());
}

#[test]
fn an_invalid_resume_token_is_refused() {
    let mut room = room(10);
    join(&mut room, "Ana", Instant::now()).unwrap();
    let foreign = format!("1.{}", &*Token::generate().unwrap().expose_secret());
    for resume in [foreign.as_str(), "", "1", "1.", "x.y", "99.AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(room.resume(resume, Instant::now()), Err(RoomError::NoSeat), "{resume}");
    }
}

#[test]
fn joining_and_leaving_in_a_loop_does_not_grow_the_room() {
    let mut now = Instant::now();
    let mut room = room(5);
    for round in 0..3000 {
        now += Duration::from_millis(20);
        let number = join(&mut room, &format!("P{round}"), now).unwrap();
        let resume = room.seat(number).unwrap().resume_token();
        room.detach(number, 1, now);
        room.expire(now + SILENT_RETURN_TIMEOUT);
        if round % 2 == 0 {
            room.resume(&resume, now).unwrap();
            room.leave(number, now);
        }
    }
    assert!(room.departed().count() <= 2 * 1024);
    assert_eq!(room.present_count(), 0);
}
