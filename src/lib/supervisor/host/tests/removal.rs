//! People whom the operator removes, and what the operator says.

use std::time::Duration;

use super::relay::Room;
use crate::chat::RoomError;
use crate::control::FromRelay;
use crate::seal::{Kind, Received};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn one_who_is_removed_loses_the_key_at_once_and_the_name_stays_taken() {
    let mut room = Room::new(10);
    for name in ["Ana", "Bo", "Cy"] {
        room.join(name);
        room.wait(SECOND);
    }
    room.board();
    let changes = room.changes.len();
    assert!(room.kick(2));
    // Without a wait.
    assert_eq!(room.changes.len(), changes + 1);
    room.check();
    assert_eq!(room.board(), ["xBo·2"]);
    let sealed = room.guests.get_mut(&1).unwrap().seal_message("after", SECOND).unwrap();
    assert!(matches!(room.guests.get_mut(&3).unwrap().open_box(&sealed), Received::Said(_)));
    let opened = room.removed.get_mut(&2).unwrap().open_box(&sealed);
    assert!(!matches!(opened, Received::Said(_)), "{opened:?}");
    // Messages that crossed with the removal, and a resume token.
    room.gone(2);
    room.returns(2);
    room.send(FromRelay::GivenUp { number: 2 });
    assert_eq!(room.refused_returns, [2]);
    assert!(!room.kick(2), "there is no such person any more");
    room.wait(HOUR);
    room.join("bo");
    assert_eq!(room.last_refusal(), "name_taken");
    assert_eq!(room.board(), [""; 0]);
}

/// In a burst of changes the next one would have to wait: more people are told of these than the pace has
/// credit for.
#[test]
fn a_removal_does_not_wait_for_the_pace() {
    let mut room = Room::new(1000);
    for number in 0..100 {
        room.join(&format!("n{number}"));
    }
    room.wait(2 * SECOND);
    room.join("last");
    let generation = room.guests[&1].generation();
    for number in 1..=40 {
        assert!(room.kick(number));
        room.check();
    }
    let guest = room.guests.values().next().unwrap();
    assert_eq!(guest.generation(), generation + 40);
    assert!(room.guests.contains_key(&101), "the first one lets in those who waited for the pace");
}

#[test]
fn one_who_left_or_returns_is_removed_without_a_new_key() {
    let mut room = Room::new(10);
    for name in ["Ana", "Bo", "Cy"] {
        room.join(name);
        room.wait(SECOND);
    }
    room.gone(2);
    room.gone(3);
    room.wait(SECOND);
    room.board.clear();
    let changes = room.changes.len();
    room.send(FromRelay::Returns { number: 3 });
    // Three has returned by now, unless the pace had it wait.
    let changes = changes + usize::from(room.guests.contains_key(&3));
    assert!(room.kick(2));
    assert_eq!(room.changes.len(), changes);
    room.returns(2);
    assert_eq!(room.refused_returns, [2]);
    room.wait(HOUR);
    room.join("Bo");
    assert_eq!(room.last_refusal(), "name_taken");
}

#[test]
fn the_last_one_is_removed_too() {
    let mut room = Room::new(10);
    room.join("Ana");
    assert!(room.kick(1));
    room.check();
    assert_eq!(room.board(), ["+Ana", "xAna·0"]);
    assert!(!room.kick(1) && !room.kick(0) && !room.kick(77));
    room.join("Bo");
    room.wait(SECOND);
    room.check();
    assert_eq!(room.board(), ["+Bo"]);
}

#[test]
fn an_announcement_is_the_hosts_and_for_those_in_the_room() {
    let mut room = Room::new(10);
    assert!(room.host.announce("hello").is_none(), "no one is there");
    room.join("Ana");
    for text in ["hello", "two\nlines"] {
        let output = room.host.announce(text).unwrap();
        room.take(output);
        let body = room.announced.pop().unwrap();
        let opened = room.guests.get_mut(&1).unwrap().open_box(body.as_bytes());
        let Received::Said(said) = opened else { panic!("{opened:?}") };
        assert_eq!((said.head.number, said.content.kind), (0, Kind::Announcement));
        assert_eq!(said.content.text, text);
    }
    assert!(room.host.announce(&"x".repeat(9000)).is_none(), "too long for a box");
    room.kick(1);
    assert!(room.host.announce("hello").is_none());
}

#[test]
fn one_who_waits_is_kicked_like_one_who_is_refused() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    let ana = room.waits("Ana");
    assert!(room.kick(ana));
    assert!(room.in_lobby.is_empty());
    assert_eq!(room.admit_waiting(ana), Err(RoomError::NoSeat));
}
