//! Who waits, for how long, and what their client learns.

use std::time::{Duration, Instant};

use super::lobby::POLL_RETURN_TIMEOUT;
use super::room_tests::{RETENTION, entropy, room, ticket};
use super::*;
use crate::control::{MAX_WAITING, RoomRules};
use crate::token::Secret;

fn with_lobby(max_participants: usize) -> Room {
    let mut room = room(max_participants);
    room.set_rules(RoomRules { lobby: true, ..RoomRules::default() });
    room
}

fn wait(room: &mut Room, name: &str, now: Instant) -> Result<(u32, Secret), RoomError> {
    let name = Nickname::parse(name)?;
    match room.join(Newcomer { name, ticket: ticket(), entropy: entropy(7) }, now)? {
        Joining::Waits(number) => Ok((number, room.waiting_token(number).unwrap())),
        Joining::Admitted(admitted) => panic!("{admitted:?}"),
    }
}

#[test]
fn one_who_waits_is_admitted_under_their_number_with_the_token_that_they_have() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    let (ana, token) = wait(&mut room, "Ana", now).unwrap();
    assert_eq!(room.find_waiting(&token), Some(Waiting::Undecided(ana)));
    assert_eq!((room.present_count(), room.roster().count(), room.departed().count()), (0, 0, 0));
    assert_eq!(room.resume(&token, now), Err(RoomError::NoSeat));
    // Another one comes in directly in the meantime, with a higher number.
    room.set_rules(RoomRules::default());
    let bo = super::room_tests::join(&mut room, "Bo", now).unwrap();
    assert!(bo > ana);
    let Admitted { number, events, .. } = room.admit(ana, now).unwrap();
    let identity = room.identity(ana).unwrap().clone();
    assert_eq!((number, events), (ana, vec![RoomEvent::Joined(identity)]));
    assert_eq!(room.find_waiting(&token), None);
    assert_eq!(room.resume(&token, now), Ok((ana, vec![])));
    assert_eq!(room.admit(ana, now), Err(RoomError::NoSeat), "once");
    assert_eq!(room.present_count(), 2);
}

/// V-04: a name is taken from the moment in which its owner waits, and free when they are refused.
#[test]
fn the_name_of_one_who_waits_is_taken() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    let (ana, _) = wait(&mut room, "Ana", now).unwrap();
    assert!(matches!(wait(&mut room, "ANA", now), Err(RoomError::NameTaken(_))));
    assert!(
        room.stop_waiting(ana, WaitEnd::Rejected) && !room.stop_waiting(ana, WaitEnd::Rejected)
    );
    assert!(wait(&mut room, "ANA", now).unwrap().0 > ana);
}

#[test]
fn each_end_of_a_wait_has_its_reason() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    for (end, error) in [
        (WaitEnd::Rejected, RoomError::NotAdmitted),
        (WaitEnd::TimedOut, RoomError::NotAnswered),
        (WaitEnd::LinkEnded, RoomError::DeadLink),
        (WaitEnd::Gone, RoomError::NoSeat),
    ] {
        let (number, token) = wait(&mut room, "Ana", now).unwrap();
        assert!(room.stop_waiting(number, end));
        assert_eq!(room.find_waiting(&token), Some(Waiting::Ended(error)));
        assert_eq!(room.admit(number, now), Err(RoomError::NoSeat));
        assert_eq!(room.resume(&token, now), Err(RoomError::NoSeat));
    }
    let (number, token) = wait(&mut room, "Ana", now).unwrap();
    assert_eq!(room.remove(number, now), None, "the others did not know of them");
    assert_eq!(room.find_waiting(&token), Some(Waiting::Ended(RoomError::Removed)));
    room.expire(now + RETENTION);
    assert!(matches!(wait(&mut room, "Ana", now + RETENTION), Err(RoomError::NameTaken(_))));
    for token in ["", "1", "1.", "x.y", "1.AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(room.find_waiting(token), None, "{token}");
    }
}

#[test]
fn at_most_32_wait_and_each_for_five_minutes() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    for number in 0..MAX_WAITING {
        wait(&mut room, &format!("Guest {number}"), now).unwrap();
    }
    let error = wait(&mut room, "Ana", now).unwrap_err();
    assert_eq!(error, RoomError::Full);
    let end = now + WAITING_TIMEOUT;
    assert_eq!(WAITING_TIMEOUT, Duration::from_secs(300));
    assert_eq!(room.end_waits(end - Duration::from_millis(1)), []);
    let ended = room.end_waits(end);
    assert_eq!(ended.len(), MAX_WAITING);
    assert!(ended.iter().all(|(_, it)| *it == WaitEnd::TimedOut));
    assert!(wait(&mut room, "Guest 0", end).is_ok(), "the names are free");
}

/// V-17: a client that polls has half a minute between two polls.
#[test]
fn a_client_that_does_not_come_back_does_not_wait_any_more() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    let (ana, _) = wait(&mut room, "Ana", now).unwrap();
    let (bo, _) = wait(&mut room, "Bo", now).unwrap();
    room.detach_waiting(ana, now);
    room.detach_waiting(bo, now);
    room.attach_waiting(bo);
    assert_eq!(room.end_waits(now + POLL_RETURN_TIMEOUT - Duration::from_millis(1)), []);
    assert_eq!(room.end_waits(now + POLL_RETURN_TIMEOUT), [(ana, WaitEnd::Gone)]);
    assert!(room.waits(bo));
}

/// The operator's word opens a locked room, and nothing else: neither `lobby off` nor `unlock` admits.
#[test]
fn a_lock_is_stronger_than_the_lobby_and_admits_no_one_who_waits() {
    let now = Instant::now();
    let mut room = with_lobby(2);
    let (ana, _) = wait(&mut room, "Ana", now).unwrap();
    let (bo, _) = wait(&mut room, "Bo", now).unwrap();
    for rules in [
        RoomRules { locked: true, lobby: true, ..RoomRules::default() },
        RoomRules { locked: true, ..RoomRules::default() },
    ] {
        assert!(room.set_rules(rules));
        assert!(!room.set_rules(rules), "nothing has changed");
        assert_eq!(wait(&mut room, "Cy", now), Err(RoomError::Locked));
    }
    room.set_rules(RoomRules::default());
    assert!(room.waits(ana) && room.waits(bo) && room.present_count() == 0);
    room.set_rules(RoomRules { locked: true, ..RoomRules::default() });
    assert!(room.admit(ana, now).is_ok());
    assert_eq!(wait(&mut room, "Cy", now), Err(RoomError::Locked));
    let resume = room.seat(ana).unwrap().resume_token();
    assert_eq!(room.resume(&resume, now), Ok((ana, vec![])), "a lock hinders no return");
}

#[test]
fn one_who_is_admitted_to_a_full_room_goes_on_waiting() {
    let now = Instant::now();
    let mut room = with_lobby(1);
    let (ana, _) = wait(&mut room, "Ana", now).unwrap();
    let (bo, token) = wait(&mut room, "Bo", now).unwrap();
    assert!(room.admit(ana, now).is_ok());
    assert_eq!(room.admit(bo, now), Err(RoomError::Full));
    assert_eq!(room.find_waiting(&token), Some(Waiting::Undecided(bo)));
    room.leave(ana, now);
    assert!(room.admit(bo, now).is_ok());
}

/// What is set for one who waits holds from their first message on.
#[test]
fn a_mute_of_one_who_waits_holds_after_the_admission() {
    let now = Instant::now();
    let mut room = with_lobby(5);
    let (ana, _) = wait(&mut room, "Ana", now).unwrap();
    let (bo, _) = wait(&mut room, "Bo", now).unwrap();
    room.admit(bo, now).unwrap();
    assert!(room.mute(ana, None, now));
    room.admit(ana, now).unwrap();
    assert_eq!(room.check_mute(ana, now), Err(RoomError::Muted(None)));
    assert_eq!(room.check_mute(bo, now), Ok(()));
}
