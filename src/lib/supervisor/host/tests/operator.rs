//! What the operator orders, and what it means for those in the room, in the lobby and at the door.

use std::time::Duration;

use super::relay::Room;
use crate::chat::RoomError;
use crate::control::{FromRelay, MAX_LINKS, MAX_WAITING};
use crate::seal::{Content, Kind, Received, Ticket};
use crate::supervisor::host::HostEvent;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Drains the board: each event as a sign and a name, or the number of a link.
fn board(room: &mut Room) -> Vec<String> {
    let line = |event: HostEvent| match event {
        HostEvent::Joined { participant, .. } => format!("+{}", participant.name),
        HostEvent::Left { participant, .. } => format!("-{}", participant.name),
        HostEvent::Removed { participant, present } => format!("x{}·{present}", participant.name),
        HostEvent::Waits { participant } => format!("?{}", participant.name),
        HostEvent::WaitEnded { participant, end } => format!("!{} {end:?}", participant.name),
        HostEvent::LinkUsed { link } => format!("link {link}"),
    };
    room.board.drain(..).map(line).collect()
}

/// The number of the one who began to wait under this name.
fn waits(room: &Room, name: &str) -> u32 {
    let waiting = room.board.iter().rev().find_map(|event| match event {
        HostEvent::Waits { participant } if participant.name == name => Some(participant.number),
        _ => None,
    });
    u32::try_from(waiting.unwrap()).unwrap()
}

#[test]
fn one_who_is_removed_loses_the_key_at_once_and_the_name_stays_taken() {
    let mut room = Room::new(10);
    for name in ["Ana", "Bo", "Cy"] {
        room.join(name);
        room.wait(SECOND);
    }
    board(&mut room);
    let changes = room.changes.len();
    assert!(room.kick(2));
    // Without a wait.
    assert_eq!(room.changes.len(), changes + 1);
    room.check();
    assert_eq!(board(&mut room), ["xBo·2"]);
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
    assert_eq!(board(&mut room), [""; 0]);
}

/// In a burst of changes the next one would have to wait.
#[test]
fn a_removal_does_not_wait_for_the_pace() {
    let mut room = Room::new(1000);
    for number in 0..300 {
        room.join(&format!("n{number}"));
    }
    room.wait(2 * SECOND);
    room.join("last");
    let generation = room.guests[&1].generation();
    for number in 1..=100 {
        assert!(room.kick(number));
        room.check();
    }
    let guest = room.guests.values().next().unwrap();
    assert_eq!(guest.generation(), generation + 100);
    assert!(room.guests.contains_key(&301), "the first one lets in those who waited for the pace");
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
    assert_eq!(board(&mut room), ["+Ana", "xAna·0"]);
    assert!(!room.kick(1) && !room.kick(0) && !room.kick(77));
    room.join("Bo");
    room.wait(SECOND);
    room.check();
    assert_eq!(board(&mut room), ["+Bo"]);
}

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
    let (bo, cy) = (waits(&room, "Bo"), waits(&room, "Cy"));
    room.admit_waiting(bo).unwrap();
    assert!(room.reject(cy));
    assert_eq!(room.last_refusal(), "not_admitted");
    room.wait(SECOND);
    room.check();
    assert_eq!(board(&mut room), ["+Ana", "?Bo", "?Cy", "+Bo"]);
    // Twice, and those who are in.
    for number in [bo, cy, 1, 0, 77] {
        assert_eq!(room.admit_waiting(number), Err(RoomError::NoSeat), "{number}");
        assert!(!room.reject(number), "{number}");
    }
    // The name of one who was refused is free.
    room.join("Cy");
    assert_eq!(board(&mut room), ["?Cy"]);
}

#[test]
fn a_number_rises_when_a_higher_one_was_told_in_between() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    room.join("Bo");
    let (ana, bo) = (waits(&room, "Ana"), waits(&room, "Bo"));
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
    assert_eq!(board(&mut room)[0], "!n0 TimedOut");
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
    assert_eq!(board(&mut room), ["?Ana", "!Ana Gone"]);
    assert_eq!(room.admit_waiting(1), Err(RoomError::NoSeat));
    room.in_lobby.clear();
    room.join("Ana");
    assert_eq!(board(&mut room), ["?Ana"], "the name is free");
}

#[test]
fn a_locked_room_refuses_newcomers_and_the_operator_may_admit_those_who_wait() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.wait(SECOND);
    room.set_rules(false, true);
    room.join("Bo");
    let bo = waits(&room, "Bo");
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
        let bo = waits(&room, "Bo");
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
    let bo = waits(&room, "Bo");
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
    let bo = waits(&room, "Bo");
    assert_eq!(room.admit_waiting(bo), Err(RoomError::Full));
    room.kick(1);
    room.admit_waiting(bo).unwrap();
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 1);
}

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
    let used = board(&mut room).iter().filter(|line| *line == "link 1").count();
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
    let (bo, cy) = (waits(&room, "Bo"), waits(&room, "Cy"));
    assert!(room.reject(bo));
    room.board.retain(|event| !matches!(event, HostEvent::Joined { .. }));
    assert_eq!(board(&mut room), ["?Bo", "?Cy"]);
    room.join_by(1, "Di");
    room.admit_waiting(cy).unwrap();
    // With the last use, the wait of the others ends.
    assert_eq!(board(&mut room), ["?Di", "link 1", "!Di LinkEnded"]);
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
    assert_eq!(board(&mut room), [""; 0]);
    room.wait(SECOND);
    assert_eq!(board(&mut room), ["!Bo LinkEnded"]);
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
fn at_the_end_those_in_the_lobby_are_told() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    let host = std::mem::replace(&mut room.host, Room::new(1).host);
    let output = host.close();
    room.take(output);
    assert_eq!((room.refusals.len(), room.last_refusal()), (1, "closing"));
}

#[test]
fn one_who_waits_is_kicked_like_one_who_is_refused() {
    let mut room = Room::new(10);
    room.set_rules(false, true);
    room.join("Ana");
    let ana = waits(&room, "Ana");
    assert!(room.kick(ana));
    assert!(room.in_lobby.is_empty());
    assert_eq!(room.admit_waiting(ana), Err(RoomError::NoSeat));
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
    let bo = waits(&room, "Bo");
    room.join_by(1, "Cy");
    let cy = waits(&room, "Cy");
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
