//! A relay that was taken over: what it may say, what ends the session, and how little it can fill.

use std::time::Duration;

use super::relay::Room;
use crate::control::{FromRelay, ToRelay, ToServe};
use crate::supervisor::host::HostError;

#[test]
fn a_participant_whom_the_relay_was_not_told_of_is_a_lie() {
    for number in [0, 2, 3, u32::MAX] {
        for message in [
            FromRelay::Gone { number },
            FromRelay::GivenUp { number },
            FromRelay::Returns { number },
        ] {
            let mut room = Room::new(10);
            room.join("Ana");
            // Number 2 waits for the next generation.
            room.join("Bo");
            assert_eq!(room.guests.len(), 1);
            assert_eq!(room.lie(message), HostError::UnknownParticipant);
        }
    }
}

#[test]
fn what_may_have_crossed_with_an_order_changes_nothing() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.join("Bo");
    room.wait(Duration::from_secs(1));
    let sealed = || crate::base64url::Opaque::new(vec![0; 272]).unwrap();
    for message in [
        // Of a knock that is over.
        FromRelay::Request { knock: 1, sealed: sealed() },
        FromRelay::Request { knock: 77, sealed: sealed() },
        FromRelay::KnockEnded { knock: 77 },
        // There already: a second connection with the resume token.
        FromRelay::Returns { number: 1 },
    ] {
        room.send(message);
    }
    room.wait(Duration::from_secs(1));
    room.check();
    assert_eq!((room.guests.len(), room.changes.len()), (2, 2));
    // Twice, and after they were forgotten.
    for _ in 0..2 {
        room.gone(2);
        room.send(FromRelay::GivenUp { number: 2 });
    }
    room.wait(Duration::from_secs(700));
    room.gone(2);
    room.send(FromRelay::GivenUp { number: 2 });
    room.returns(2);
    room.check();
    assert_eq!((room.guests.len(), room.refused_returns.as_slice()), (1, &[2][..]));
}

#[test]
fn a_link_that_there_never_was_is_a_lie() {
    let mut room = Room::new(10);
    assert!(room.invite(3, 1, Duration::from_secs(60)));
    let noise = || crate::base64url::Opaque::new(vec![7; 48]).unwrap();
    // One that was skipped, or has ended, may be told of: the knock fails.
    for (knock, link) in [(7, 1), (8, 2)] {
        let output = room.host.handle(FromRelay::Knock { knock, link, noise: noise() }, room.now);
        let orders = output.unwrap().orders;
        assert!(matches!(orders[..], [ToServe::Sealed(ToRelay::WrongTicket { .. })]), "{orders:?}");
    }
    let message = FromRelay::Knock { knock: 9, link: 4, noise: noise() };
    assert_eq!(room.lie(message), HostError::UnknownLink);
}

/// Of one who waits, the relay has been told no number.
#[test]
fn one_who_waits_in_the_lobby_is_none_of_whom_the_relay_may_speak() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.set_rules(false, true);
    room.join("Bo");
    room.set_rules(false, false);
    room.join("Cy");
    room.wait(Duration::from_secs(1));
    // 3 was told, so that 2 is lower than it.
    assert!(room.guests.contains_key(&3));
    for message in [
        FromRelay::Gone { number: 2 },
        FromRelay::GivenUp { number: 2 },
        FromRelay::Returns { number: 2 },
    ] {
        assert_eq!(room.lie(message), HostError::UnknownParticipant);
    }
}

/// The relay ends knocks itself; one that does not, fills nothing.
#[test]
fn knocks_without_a_request_are_bounded_in_number_and_time() {
    let mut room = Room::new(10);
    let first = room.knock();
    for _ in 0..64 {
        room.knock();
    }
    room.request(first, "Ana");
    assert!(room.guests.is_empty(), "the oldest of 65 is over");
    room.request(2, "Bo");
    assert_eq!(room.guests.len(), 1);
    room.wait(Duration::from_secs(30));
    room.request(3, "Cy");
    room.wait(Duration::from_secs(1));
    assert_eq!(room.guests.len(), 1, "it waited too long");
    assert!(room.refusals.is_empty());
}

/// More people than the relay has places for are not granted a place.
#[test]
fn requests_that_wait_are_bounded_by_the_places_of_the_room() {
    let mut room = Room::new(20);
    for number in 0..100 {
        room.join(&format!("n{number}"));
    }
    room.wait(Duration::from_secs(5));
    room.check();
    assert_eq!((room.guests.len(), room.refusals.len()), (20, 80));
}
