//! What the operator does to participants: removed, muted, slowed down.

use std::time::{Duration, Instant};

use super::room_tests::{RETENTION, join, room, text};
use super::seat_retention::SILENT_RETURN_TIMEOUT;
use super::*;
use crate::control::RoomRules;

const SECOND: Duration = Duration::from_secs(1);

fn post(room: &mut Room, number: u32, now: Instant) -> Result<bool, RoomError> {
    room.post_message(number, None, text("x"), now).map(|event| event.is_some())
}

fn slow(seconds: u32) -> RoomRules {
    RoomRules { slow: seconds, ..RoomRules::default() }
}

#[test]
fn a_removed_participant_is_out_for_good_and_the_name_stays_taken() {
    let now = Instant::now();
    let mut room = room(5);
    let ana = join(&mut room, "Ana", now).unwrap();
    let resume = room.seat(ana).unwrap().resume_token();
    let identity = room.identity(ana).unwrap().clone();
    post(&mut room, ana, now).unwrap();
    assert_eq!(room.remove(ana, now), Some(RoomEvent::Left(identity)));
    assert_eq!(room.remove(ana, now), None, "once");
    assert!(room.is_removed(ana) && room.present_count() == 0 && room.transport(ana).is_none());
    assert_eq!(room.resume(&resume, now), Err(RoomError::Removed));
    let foreign = format!("{ana}.AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(room.resume(&foreign, now), Err(RoomError::NoSeat), "the reason is theirs alone");
    assert_eq!(post(&mut room, ana, now), Err(RoomError::NoSeat));
    assert!(!room.accept_typing(ana, now) && !room.mute(ana, None, now));
    // Their messages may still be read, and need the name.
    assert!(room.departed().any(|identity| identity.number == ana));
    let much_later = now + 100 * RETENTION;
    room.expire(much_later);
    assert!(matches!(join(&mut room, "ANA", much_later), Err(RoomError::NameTaken(_))));
    assert_eq!(room.resume(&resume, much_later), Err(RoomError::Removed));
}

/// Away, or left a moment ago: the order reaches them all the same.
#[test]
fn one_who_is_not_there_is_removed_as_well() {
    let now = Instant::now();
    let mut room = room(5);
    let [away, left, gone] =
        ["Away", "Left", "Gone"].map(|name| join(&mut room, name, now).unwrap());
    let resume = |room: &Room, number| room.seat(number).unwrap().resume_token();
    let (away_token, left_token) = (resume(&room, away), resume(&room, left));
    room.detach(left, 1, now);
    assert_eq!(room.expire(now + SILENT_RETURN_TIMEOUT).len(), 1);
    let now = now + SILENT_RETURN_TIMEOUT;
    room.detach(away, 1, now);
    room.leave(gone, now);
    assert!(room.remove(away, now).is_some(), "the others know them as present");
    assert_eq!((room.remove(left, now), room.remove(gone, now)), (None, None));
    for token in [away_token, left_token] {
        assert_eq!(room.resume(&token, now), Err(RoomError::Removed));
    }
    room.expire(now + RETENTION);
    for name in ["Away", "Left", "Gone"] {
        let refused = join(&mut room, name, now + RETENTION);
        assert!(matches!(refused, Err(RoomError::NameTaken(_))), "{name}");
    }
    assert_eq!(room.remove(99, now), None);
}

/// Beyond the bound, the oldest name is an ordinary reservation, and no token is valid again.
#[test]
fn removed_names_are_bounded() {
    let mut now = Instant::now();
    let mut room = room(5);
    let mut tokens = Vec::new();
    for number in 0..=MAX_REMOVED {
        now += Duration::from_millis(20);
        let number = join(&mut room, &format!("Guest {number}"), now).unwrap();
        tokens.push(room.seat(number).unwrap().resume_token());
        room.remove(number, now);
    }
    assert!(matches!(join(&mut room, "Guest 0", now), Err(RoomError::NameTaken(_))));
    room.expire(now + RETENTION);
    assert!(matches!(join(&mut room, "Guest 1", now + RETENTION), Err(RoomError::NameTaken(_))));
    assert!(join(&mut room, "Guest 0", now + RETENTION).is_ok());
    assert_eq!(room.resume(&tokens[0], now), Err(RoomError::NoSeat));
    assert_eq!(room.resume(&tokens[1], now), Err(RoomError::Removed));
}

#[test]
fn a_mute_holds_over_returns_and_costs_no_token() {
    let now = Instant::now();
    let mut room = room(5);
    let ana = join(&mut room, "Ana", now).unwrap();
    let resume = room.seat(ana).unwrap().resume_token();
    assert!(room.mute(ana, Some(60 * SECOND), now));
    for elapsed in [0, 5, 31] {
        let now = now + elapsed * SECOND;
        let left = (60 - elapsed) * SECOND;
        // Far more often than the rate limit allows.
        for _ in 0..50 {
            assert_eq!(post(&mut room, ana, now), Err(RoomError::Muted(Some(left))));
        }
        assert_eq!(room.check_mute(ana, now), Err(RoomError::Muted(Some(left))));
        assert!(!room.accept_typing(ana, now));
        room.detach(ana, room.transport(ana).unwrap(), now);
        room.expire(now + SILENT_RETURN_TIMEOUT);
        room.resume(&resume, now + SILENT_RETURN_TIMEOUT).unwrap();
    }
    assert!(room.expire_mutes(now + 59 * SECOND).is_empty());
    let end = now + 60 * SECOND;
    assert!((0..10).all(|_| post(&mut room, ana, end) == Ok(true)), "the burst is whole");
    assert_eq!(room.expire_mutes(end), [ana]);
    assert!(room.expire_mutes(end).is_empty());
}

#[test]
fn a_mute_without_an_end_holds_until_it_is_undone_and_the_last_order_counts() {
    let now = Instant::now();
    let mut room = room(5);
    let ana = join(&mut room, "Ana", now).unwrap();
    assert!(room.mute(ana, Some(SECOND), now) && room.mute(ana, None, now));
    let later = now + 1_000_000 * SECOND;
    assert!(room.expire_mutes(later).is_empty());
    let refused = post(&mut room, ana, later).unwrap_err();
    assert_eq!((refused.seconds_left(), &refused), (None, &RoomError::Muted(None)));
    assert!(room.unmute(ana) && !room.unmute(ana));
    assert_eq!(post(&mut room, ana, later), Ok(true));
    assert!(room.mute(ana, Some(Duration::MAX), now), "a time that no clock reaches is no end");
    assert_eq!(post(&mut room, ana, later), Err(RoomError::Muted(None)));
}

/// A message that was accepted before is acknowledged, as it is without a mute.
#[test]
fn a_repeated_message_of_one_who_is_muted_is_still_known() {
    let now = Instant::now();
    let mut room = room(5);
    let ana = join(&mut room, "Ana", now).unwrap();
    let send = |room: &mut Room, reference: &str| {
        room.post_message(ana, Some(reference.into()), text("x"), now).map(|event| event.is_some())
    };
    assert_eq!(send(&mut room, "a1"), Ok(true));
    room.mute(ana, None, now);
    room.set_rules(slow(60));
    assert_eq!(send(&mut room, "a1"), Ok(false));
    assert_eq!(send(&mut room, "a2"), Err(RoomError::Muted(None)));
}

#[test]
fn slow_mode_lets_one_message_pass_per_span_and_costs_no_token() {
    let now = Instant::now();
    let mut room = room(5);
    let [ana, bo] = ["Ana", "Bo"].map(|name| join(&mut room, name, now).unwrap());
    let resume = room.seat(ana).unwrap().resume_token();
    room.set_rules(slow(60));
    assert_eq!(post(&mut room, ana, now), Ok(true));
    for elapsed in [0, 5, 29] {
        let now = now + elapsed * SECOND;
        for _ in 0..50 {
            assert_eq!(post(&mut room, ana, now), Err(RoomError::Slow((60 - elapsed) * SECOND)));
        }
        room.detach(ana, room.transport(ana).unwrap(), now);
        room.expire(now + SILENT_RETURN_TIMEOUT);
        room.resume(&resume, now + SILENT_RETURN_TIMEOUT).unwrap();
    }
    assert!(room.accept_typing(ana, now));
    assert_eq!(post(&mut room, bo, now), Ok(true), "each has their own span");
    assert_eq!(post(&mut room, ana, now + 60 * SECOND), Ok(true));
    // A shorter span holds at once, and so does a longer one.
    room.set_rules(slow(10));
    assert_eq!(post(&mut room, ana, now + 69 * SECOND), Err(RoomError::Slow(SECOND)));
    room.set_rules(slow(100));
    assert_eq!(post(&mut room, ana, now + 70 * SECOND), Err(RoomError::Slow(90 * SECOND)));
    room.set_rules(RoomRules::default());
    assert!((0..9).all(|_| post(&mut room, ana, now + 70 * SECOND) == Ok(true)));
}

/// So that a client shows no 0 while it is still refused.
#[test]
fn the_seconds_that_are_left_are_rounded_up() {
    for (millis, seconds) in [(1, 1), (1000, 1), (1001, 2)] {
        let left = Duration::from_millis(millis);
        assert_eq!(RoomError::Slow(left).seconds_left(), Some(seconds));
        assert_eq!(RoomError::Muted(Some(left)).seconds_left(), Some(seconds));
    }
    assert_eq!(RoomError::TooFast(SECOND).seconds_left(), None);
}

#[test]
fn every_refusal_says_what_to_do_next() {
    for error in [
        RoomError::Muted(None),
        RoomError::Muted(Some(SECOND)),
        RoomError::Slow(SECOND),
        RoomError::Locked,
        RoomError::NotAdmitted,
        RoomError::NotAnswered,
        RoomError::Removed,
        RoomError::DeadLink,
    ] {
        let sentence = error.to_string();
        assert!(sentence.contains("the host") && sentence.contains(';'), "{sentence}");
        assert!(!sentence.ends_with('.') && !sentence.contains('!'), "{sentence}");
    }
}
