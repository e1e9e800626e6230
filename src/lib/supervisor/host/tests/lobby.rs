//! Who comes in while there is a lobby, or a lock.

use std::time::Duration;

use super::relay::Room;
use crate::chat::RoomError;
use crate::control::{FromRelay, MAX_WAITING};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn newcomers_wait_in_the_lobby_until_they_are_admitted() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.set_rules(false, true);
    let bo = room.join("Bo");
    let cy = room.join("Cy");
    room.wait(10 * SECOND);
    assert_eq!(room.guests.len(), 1);
    assert_eq!(room.in_lobby.iter().copied().collect::<Vec<_>>(), [bo, cy]);
    let (bo, cy) = (room.waits("Bo"), room.waits("Cy"));
    room.admit_waiting(bo).unwrap();
    assert!(room.reject(cy));
    assert_eq!(room.last_refusal(), "not_admitted");
    room.wait(SECOND);
    room.check();
    assert_eq!(room.board(), ["+Ana", "?Bo", "?Cy", "+Bo"]);
    // Twice, and those who are in.
    for number in [bo, cy, 1, 0, 77] {
        assert_eq!(room.admit_waiting(number), Err(RoomError::NoSeat), "{number}");
        assert!(!room.reject(number), "{number}");
    }
    // The name of one who was refused is free.
    room.join("Cy");
    assert_eq!(room.board(), ["?Cy"]);
}

#[test]
fn a_number_rises_when_a_higher_one_was_told_in_between() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    room.join("Bo");
    let (ana, bo) = (room.waits("Ana"), room.waits("Bo"));
    room.admit_waiting(bo).unwrap();
    room.wait(SECOND);
    assert_eq!(room.guests.keys().copied().collect::<Vec<_>>(), [bo], "the number stays");
    room.admit_waiting(ana).unwrap();
    room.wait(SECOND);
    room.check();
    let newest = *room.guests.keys().last().unwrap();
    assert!(newest > bo);
    assert_eq!(room.guests[&newest].entry(newest).unwrap().name, "Ana");
    assert_eq!(room.admit_waiting(ana), Err(RoomError::NoSeat));
}

/// In a burst of changes, the next newcomer by the rules would have to wait.
#[test]
fn those_whom_the_operator_admits_do_not_wait_for_the_pace() {
    let mut room = Room::new(1000);
    for number in 0..200 {
        room.join(&format!("n{number}"));
    }
    room.wait(2 * SECOND);
    room.set_rules(false, true);
    let names: Vec<String> = (0..30).map(|number| format!("w{number}")).collect();
    for name in &names {
        room.join(name);
    }
    let numbers: Vec<u32> = names.iter().map(|name| room.waits(name)).collect();
    let changes = room.changes.len();
    for (admitted, number) in numbers[..20].iter().enumerate() {
        room.admit_waiting(*number).unwrap();
        room.wait(Duration::ZERO);
        assert_eq!(
            (room.changes.len(), room.guests.len()),
            (changes + admitted + 1, 201 + admitted)
        );
    }
    // All at once are one change.
    numbers[20..].iter().for_each(|number| room.admit_waiting(*number).unwrap());
    room.wait(Duration::ZERO);
    assert_eq!((room.changes.len(), room.guests.len()), (changes + 21, 230));
    room.check();
}

#[test]
fn a_lobby_holds_32_for_five_minutes() {
    let mut room = Room::new(1000);
    room.set_rules(false, true);
    for number in 0..MAX_WAITING {
        room.join(&format!("n{number}"));
    }
    room.join("late");
    assert_eq!(room.last_refusal(), "full");
    room.wait(299 * SECOND);
    assert_eq!(room.in_lobby.len(), MAX_WAITING);
    room.board.clear();
    room.wait(2 * SECOND);
    assert_eq!((room.in_lobby.len(), room.refusals.len()), (0, MAX_WAITING + 1));
    assert_eq!(room.last_refusal(), "not_admitted");
    assert_eq!(room.board()[0], "!n0 TimedOut");
    assert_eq!(room.host.deadline(), None);
    room.join("late");
    assert_eq!(room.in_lobby.len(), 1);
}

#[test]
fn one_who_waits_and_goes_is_forgotten() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    let knock = room.join("Ana");
    room.waiting.remove(&knock);
    room.send(FromRelay::KnockEnded { knock });
    assert_eq!(room.board(), ["?Ana", "!Ana Gone"]);
    assert_eq!(room.admit_waiting(1), Err(RoomError::NoSeat));
    room.in_lobby.clear();
    room.join("Ana");
    assert_eq!(room.board(), ["?Ana"], "the name is free");
}

#[test]
fn a_locked_room_refuses_newcomers_and_the_operator_may_admit_those_who_wait() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.wait(SECOND);
    room.set_rules(false, true);
    room.join("Bo");
    let bo = room.waits("Bo");
    room.set_rules(true, true);
    room.join("Cy");
    assert_eq!(room.last_refusal(), "locked");
    // A seat is returned to all the same.
    room.gone(1);
    room.wait(SECOND);
    room.returns(1);
    room.wait(SECOND);
    assert_eq!(room.guests.len(), 1);
    room.admit_waiting(bo).unwrap();
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 2);
    room.set_rules(false, false);
    room.join("Cy");
    room.wait(SECOND);
    assert_eq!(room.guests.len(), 3);
}

/// A request is granted, and the next generation has not begun.
#[test]
fn rules_hold_for_those_who_are_not_in_yet() {
    for (locked, lobby) in [(true, false), (true, true), (false, true)] {
        let mut room = Room::new(10);
        room.join("Ana");
        let knock = room.join("Bo");
        assert_eq!(room.guests.len(), 1, "the second change has to wait");
        room.set_rules(locked, lobby);
        room.wait(SECOND);
        room.check();
        assert_eq!(room.guests.len(), 1);
        if locked {
            assert_eq!(room.last_refusal(), "locked");
            continue;
        }
        assert!(room.in_lobby.contains(&knock));
        // Off admits no one.
        room.set_rules(false, false);
        room.wait(SECOND);
        assert_eq!(room.guests.len(), 1);
        let bo = room.waits("Bo");
        room.admit_waiting(bo).unwrap();
        room.wait(SECOND);
        room.check();
        assert_eq!(room.guests.len(), 2);
    }
}

#[test]
fn what_the_operator_admitted_is_not_taken_back_by_rules() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.set_rules(false, true);
    room.join("Bo");
    let bo = room.waits("Bo");
    room.admit_waiting(bo).unwrap();
    room.set_rules(true, true);
    room.relink();
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 2);
}

#[test]
fn a_full_room_lets_those_who_wait_go_on_waiting() {
    let mut room = Room::new(1);
    room.join("Ana");
    room.set_rules(false, true);
    room.join("Bo");
    let bo = room.waits("Bo");
    assert_eq!(room.admit_waiting(bo), Err(RoomError::Full));
    room.kick(1);
    room.admit_waiting(bo).unwrap();
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 1);
}

#[test]
fn at_the_end_those_in_the_lobby_are_told() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    let host = std::mem::replace(&mut room.host, Room::new(1).host);
    let output = host.close();
    room.take(output);
    assert_eq!((room.refusals.len(), room.last_refusal()), (1, "closing"));
}
