//! Invites, their uses and their ends, and links that are replaced.

use std::time::Duration;

use super::relay::Room;
use crate::control::MAX_LINKS;
use crate::seal::{Content, Kind, Received, Ticket};
use crate::supervisor::host::HostEvent;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_invite_lets_in_as_many_as_it_says_when_100_try_at_once() {
    let mut room = Room::new(1000);
    assert!(room.invite(1, 5, HOUR));
    let ticket = room.links[&1].clone();
    let mut knocks = Vec::new();
    for number in 0..100 {
        // All handshakes, as many as may be open, before the first request.
        knocks.push(room.knock_by(1, &ticket));
        if knocks.len() == 50 {
            for (index, knock) in knocks.drain(..).enumerate() {
                if room.answered.contains_key(&knock) {
                    room.request(knock, &format!("n{}", number * 100 + index));
                }
            }
        }
    }
    room.wait(10 * SECOND);
    room.check();
    assert_eq!(room.guests.len(), 5);
    assert_eq!(room.refusals.len() + room.wrong_tickets.len(), 95);
    assert!(room.refusals.iter().all(|(_, refusal)| refusal["why"] == "bad_ticket"));
    assert!(!room.links.contains_key(&1), "the relay ends its door");
    let used = room.board().iter().filter(|line| *line == "link 1").count();
    assert_eq!(used, 5);
}

#[test]
fn knocking_and_refusals_use_up_nothing() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.invite(1, 1, HOUR);
    let ticket = room.links[&1].clone();
    room.knock_by(1, &ticket);
    room.join_by(1, "Ana");
    assert_eq!(room.last_refusal(), "name_taken");
    room.set_rules(true, false);
    room.join_by(1, "Bo");
    assert_eq!(room.last_refusal(), "locked");
    room.set_rules(false, true);
    room.join_by(1, "Bo");
    room.join_by(1, "Cy");
    let (bo, cy) = (room.waits("Bo"), room.waits("Cy"));
    assert!(room.reject(bo));
    room.board.retain(|event| !matches!(event, HostEvent::Joined { .. }));
    assert_eq!(room.board(), ["?Bo", "?Cy"]);
    room.join_by(1, "Di");
    room.admit_waiting(cy).unwrap();
    // With the last use, the wait of the others ends.
    assert_eq!(room.board(), ["?Di", "link 1", "!Di LinkEnded"]);
    assert_eq!(room.last_refusal(), "bad_ticket");
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 2);
}

#[test]
fn an_invite_ends_with_its_time_also_for_those_who_wait() {
    let mut room = Room::new(10);
    room.invite(1, 9, 100 * SECOND);
    room.join_by(1, "Ana");
    room.set_rules(false, true);
    room.join_by(1, "Bo");
    let ticket = room.links[&1].clone();
    let open = room.knock_by(1, &ticket);
    room.board.clear();
    room.wait(99 * SECOND);
    assert_eq!(room.board(), [""; 0]);
    room.wait(SECOND);
    assert_eq!(room.board(), ["!Bo LinkEnded"]);
    let knock = room.knock_by(1, &ticket);
    assert_eq!(room.wrong_tickets, [knock]);
    // The host forgot the knock before.
    room.request(open, "Cy");
    assert!(!room.in_lobby.contains(&open));
    assert_eq!(room.guests.len(), 1);
}

/// The door is gone, and what was on the way through it fails.
#[test]
fn a_link_that_was_replaced_admits_no_one_and_those_inside_get_the_new_one() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.invite(1, 9, HOUR);
    let (old, invite) = (room.links[&0].clone(), room.links[&1].clone());
    let granted = room.join("Bo");
    let answered = room.knock();
    room.relink();
    assert!(!room.waiting.contains_key(&granted), "a request that was granted is judged again");
    assert_eq!(room.last_refusal(), "bad_ticket");
    room.request(answered, "Cy");
    assert_eq!(room.last_refusal(), "bad_ticket");
    let first = room.knock_by(0, &old);
    let second = room.knock_by(1, &invite);
    assert_eq!(room.wrong_tickets, [first, second]);
    let body = room.moved.pop().unwrap();
    let opened = room.guests.get_mut(&1).unwrap().open_box(body.as_bytes());
    let Received::Said(said) = opened else { panic!("{opened:?}") };
    let text = format!("#1.{}", &*room.host.ticket());
    assert_eq!(said.content, Content { kind: Kind::Moved, previous: 0, text: text.clone() });
    assert_eq!(Ticket::parse(&text[3..]).unwrap(), room.links[&0]);
    room.join("Di");
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 2);
}

#[test]
fn an_invite_that_was_revoked_admits_no_one_who_is_not_in() {
    let mut room = Room::new(10);
    room.invite(1, 9, HOUR);
    room.invite(2, 9, HOUR);
    room.join_by(1, "Ana");
    room.join_by(1, "Bo");
    room.join_by(2, "Cy");
    assert!(room.revoke(1));
    assert_eq!(room.last_refusal(), "bad_ticket");
    room.wait(SECOND);
    room.check();
    let names: Vec<_> = room.guests[&1].roster().map(|entry| entry.name.clone()).collect();
    assert_eq!(names, ["", "Ana", "Cy"]);
    // Again, the room's own, and one that there is not.
    for number in [0, 1, 3] {
        assert!(!room.revoke(number), "{number}");
    }
}

#[test]
fn links_are_bounded_and_their_numbers_rise() {
    let mut room = Room::new(10);
    for number in 1..u32::try_from(MAX_LINKS).unwrap() {
        assert!(room.invite(number, 1, HOUR), "{number}");
        assert!(!room.invite(number, 1, HOUR), "{number} again");
    }
    assert!(!room.invite(100, 1, HOUR));
    assert!(room.revoke(7));
    assert!(room.invite(101, 1, HOUR));
}

/// Their use of the invite was counted when their request was granted.
#[test]
fn one_who_was_sent_to_the_lobby_after_all_uses_up_an_invite_once() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.invite(1, 2, HOUR);
    let knock = room.join_by(1, "Bo");
    room.set_rules(false, true);
    assert!(room.in_lobby.contains(&knock));
    let bo = room.waits("Bo");
    room.join_by(1, "Cy");
    let cy = room.waits("Cy");
    room.admit_waiting(cy).unwrap();
    assert!(!room.links.contains_key(&1));
    room.admit_waiting(bo).unwrap();
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 3);
    // One who waits again does not outlive the link.
    room.invite(2, 2, HOUR);
    room.set_rules(false, false);
    let knocks = [room.join_by(2, "Di"), room.join_by(2, "Ed")];
    room.set_rules(false, true);
    assert!(knocks.iter().all(|knock| room.in_lobby.contains(knock)) || room.guests.len() > 3);
    room.relink();
    assert!(room.in_lobby.is_empty());
    assert_eq!(room.last_refusal(), "bad_ticket");
}
