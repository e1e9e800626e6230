//! One thing after the other: what each message leads to.

use std::time::Duration;

use super::relay::Room;
use crate::control::{FromRelay, Participant, ToRelay, ToServe};
use crate::seal::{Content, Kind, Received, SecretBytes, Ticket};
use crate::supervisor::host::HostEvent;

const SECOND: Duration = Duration::from_secs(1);

fn board(room: &mut Room) -> Vec<String> {
    let line = |event: HostEvent| match event {
        HostEvent::Joined { participant, present } => format!("+{}·{present}", participant.name),
        HostEvent::Left { participant, present } => format!("-{}·{present}", participant.name),
        other @ (HostEvent::Removed { .. }
        | HostEvent::Waits { .. }
        | HostEvent::WaitEnded { .. }
        | HostEvent::LinkUsed { .. }) => format!("{other:?}"),
    };
    room.board.drain(..).map(line).collect()
}

#[test]
fn the_first_is_in_at_once_and_the_next_sees_them() {
    let mut room = Room::new(10);
    room.join("Ana");
    assert_eq!(board(&mut room), ["+Ana·1"]);
    room.wait(SECOND);
    room.join("Bo");
    room.check();
    assert_eq!(board(&mut room), ["+Bo·2"]);
    let names: Vec<_> = room.guests[&1].roster().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["", "Ana", "Bo"]);
    assert_eq!(room.guests[&2].entry(1).unwrap().tag.len(), 3);
}

#[test]
fn those_in_the_room_read_each_other_and_those_who_went_do_not() {
    let mut room = Room::new(10);
    for name in ["Ana", "Bo", "Cy"] {
        room.join(name);
        room.wait(SECOND);
    }
    room.gone(3);
    room.wait(SECOND);
    room.check();
    assert_eq!(room.departed.keys().copied().collect::<Vec<_>>(), [3]);
    let text = "after Cy went";
    let sealed = room.guests.get_mut(&1).unwrap().seal_message(text, 3 * SECOND).unwrap();
    let Received::Said(said) = room.guests.get_mut(&2).unwrap().open_box(&sealed) else { panic!() };
    assert_eq!(said.content, Content { kind: Kind::Message, previous: 0, text: text.to_owned() });
    let opened = room.departed.get_mut(&3).unwrap().open_box(&sealed);
    assert!(!matches!(opened, Received::Said(_)), "{opened:?}");
}

#[test]
fn a_wrong_ticket_and_a_broken_handshake_are_told_in_clear() {
    let mut room = Room::new(10);
    let other = Ticket::parse(&"A".repeat(22)).unwrap();
    let knock = room.knock_with(&other);
    assert_eq!(room.wrong_tickets, [knock]);
    for length in [0, 1, 47, 49, 96] {
        let noise = crate::base64url::Opaque::new(vec![7; length]).unwrap();
        let output =
            room.host.handle(FromRelay::Knock { knock: 9, link: 0, noise }, room.now).unwrap();
        let order = &output.orders[..];
        let ToServe::Sealed(ToRelay::WrongTicket { knock: 9 }) = order[0] else {
            panic!("{order:?}");
        };
    }
    assert!(room.answered.is_empty());
}

#[test]
fn names_are_judged_as_in_an_open_room() {
    let mut room = Room::new(3);
    room.join("Ana");
    for (name, why) in [
        ("ANA", "name_taken"),
        ("ana", "name_taken"),
        ("", "bad_name"),
        ("a\u{202e}b", "bad_name"),
        ("host", "bad_name"),
        (&"x".repeat(21), "bad_name"),
        (&"x".repeat(8000), "bad_name"),
    ] {
        room.wait(SECOND);
        room.join(name);
        assert_eq!(room.last_refusal(), why, "{name:?}");
    }
    let refusal = &room.refusals[1].1;
    assert_eq!(refusal["suggest"], "ana 2");
    assert!(refusal["text"].as_str().unwrap().contains("is free"), "{refusal}");
    room.join("Bo");
    room.join("Cy");
    room.wait(SECOND);
    room.check();
    room.join("Di");
    assert_eq!(room.last_refusal(), "full");
    assert_eq!(room.guests.len(), 3);
}

/// One who waits for the next generation has a place and a name already.
#[test]
fn a_full_room_counts_those_who_wait() {
    let mut room = Room::new(2);
    room.join("Ana");
    room.join("Bo");
    assert_eq!(room.guests.len(), 1, "the second change has to wait");
    room.join("Cy");
    assert_eq!(room.last_refusal(), "full");
    room.join("bo");
    assert_eq!(room.refusals.len(), 2);
    room.wait(SECOND);
    assert_eq!(board(&mut room), ["+Ana·1", "+Bo·2"]);
}

#[test]
fn a_signing_key_that_is_weak_or_known_is_refused() {
    let mut room = Room::new(10);
    let key = SecretBytes::generate().unwrap();
    let knock = room.knock();
    room.request_with_key(knock, "Ana", &key);
    let knock = room.knock();
    room.request_with_key(knock, "Bo", &key);
    assert_eq!(room.last_refusal(), "bad_key");
    // Also of one who left.
    room.gone(1);
    room.wait(SECOND);
    let knock = room.knock();
    room.request_with_key(knock, "Bo", &key);
    assert_eq!(room.last_refusal(), "bad_key");
}

#[test]
fn a_request_that_was_altered_is_refused() {
    let mut room = Room::new(10);
    let knock = room.knock();
    let answered = room.answered.remove(&knock).unwrap();
    let (applicant, mut sealed) =
        answered.request("Ana", &SecretBytes::generate().unwrap()).unwrap();
    sealed[40] ^= 1;
    room.waiting.insert(knock, applicant);
    room.send(FromRelay::Request { knock, sealed: crate::base64url::Opaque::new(sealed).unwrap() });
    assert_eq!(room.last_refusal(), "bad_json");
    assert!(room.guests.is_empty());
}

#[test]
fn one_who_gives_up_before_the_next_generation_was_never_there() {
    let mut room = Room::new(10);
    room.join("Ana");
    let knock = room.join("Bo");
    room.waiting.remove(&knock);
    room.send(FromRelay::KnockEnded { knock });
    room.wait(SECOND);
    assert_eq!(board(&mut room), ["+Ana·1"]);
    // The name is free, the number is not.
    room.join("Bo");
    room.check();
    assert_eq!(room.guests.keys().copied().collect::<Vec<_>>(), [1, 3]);
}

/// The relay ended the knock while it was admitted.
#[test]
fn the_end_of_a_knock_that_crosses_its_admission_is_a_leave() {
    let mut room = Room::new(10);
    let knock = room.join("Ana");
    room.send(FromRelay::KnockEnded { knock });
    room.gone(1);
    room.wait(SECOND);
    assert_eq!(board(&mut room), ["+Ana·1", "-Ana·0"]);
}

#[test]
fn a_leave_and_a_return_before_the_next_generation_are_silent() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.join("Bo");
    room.wait(SECOND);
    room.board.clear();
    room.join("Cy");
    room.gone(1);
    room.returns(1);
    room.wait(SECOND);
    room.check();
    assert_eq!(board(&mut room), ["+Cy·3"]);
    assert_eq!(room.guests.len(), 3);
}

#[test]
fn one_who_left_returns_with_number_and_name_as_long_as_the_seat_is_kept() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.wait(SECOND);
    room.join("Bo");
    room.wait(SECOND);
    room.gone(1);
    room.wait(600 * SECOND);
    room.board.clear();
    room.returns(1);
    room.wait(SECOND);
    room.check();
    assert_eq!(board(&mut room), ["+Ana·2"]);
    assert_eq!(room.guests[&2].entry(1).unwrap().name, "Ana");
    // Too late.
    room.gone(1);
    room.wait(680 * SECOND);
    room.returns(1);
    assert_eq!(room.refused_returns, [1]);
    assert!(!room.host.people.has_departed());
    // The seat is given up, and the name is still taken.
    room.gone(2);
    room.send(FromRelay::GivenUp { number: 2 });
    room.returns(2);
    room.join("Bo");
    assert_eq!((room.refused_returns.as_slice(), room.last_refusal()), (&[1, 2][..], "name_taken"));
}

#[test]
fn a_return_to_a_room_that_is_full_by_now_is_refused() {
    let mut room = Room::new(1);
    room.join("Ana");
    room.gone(1);
    room.wait(SECOND);
    room.join("Bo");
    room.wait(SECOND);
    room.returns(1);
    assert_eq!(room.refused_returns, [1]);
    room.check();
    // In a room with a place again it is not.
    room.gone(2);
    room.returns(1);
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.keys().copied().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_return_that_is_given_up_changes_nothing() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.wait(SECOND);
    room.join("Bo");
    room.gone(1);
    room.wait(SECOND);
    room.board.clear();
    room.join("Cy");
    room.returns(1);
    room.gone(1);
    room.wait(SECOND);
    room.check();
    assert_eq!(board(&mut room), ["+Cy·2"]);
}

#[test]
fn the_key_changes_after_ten_minutes_and_only_while_someone_is_there() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.wait(599 * SECOND);
    assert_eq!(room.changes.len(), 1);
    room.wait(2 * SECOND);
    room.check();
    assert_eq!(room.changes.len(), 2);
    assert_eq!(room.guests[&1].generation(), 2);
    room.gone(1);
    room.wait(SECOND);
    assert_eq!(room.changes.len(), 3);
    room.wait(3600 * SECOND);
    assert_eq!(room.changes.len(), 3);
    assert_eq!(room.host.deadline(), None);
}

#[test]
fn the_new_address_is_for_those_in_the_room() {
    let mut room = Room::new(10);
    let link = "https://b.trycloudflare.com/#1.AAAAAAAAAAAAAAAAAAAAAA";
    let output = room.host.moved(link);
    assert!(output.orders.is_empty(), "no one is there");
    room.join("Ana");
    for count in 1..=2 {
        let output = room.host.moved(link);
        room.take(output);
        let body = room.moved.pop().unwrap();
        let opened = room.guests.get_mut(&1).unwrap().open_box(body.as_bytes());
        let Received::Said(said) = opened else { panic!("{opened:?}") };
        assert_eq!((said.head.number, said.head.counter, said.missing), (0, count, 0));
        let content = Content { kind: Kind::Moved, previous: count - 1, text: link.to_owned() };
        assert_eq!(said.content, content);
    }
    room.gone(1);
    room.wait(SECOND);
    assert!(room.host.moved(link).orders.is_empty(), "no one is there any more");
}

#[test]
fn at_the_end_those_who_wait_are_told() {
    let mut room = Room::new(10);
    room.join("Ana");
    room.join("Bo");
    room.knock();
    let host = std::mem::replace(&mut room.host, Room::new(1).host);
    let output = host.close();
    room.take(output);
    assert_eq!((room.refusals.len(), room.last_refusal()), (1, "closing"));
}

/// A thousand letters do not fit in one line, nor their entries; the relay checks each line.
#[test]
fn a_thousand_who_come_together_are_in_within_two_seconds() {
    let mut room = Room::new(1_000);
    let start = room.now;
    for number in 0..1_000 {
        room.join(&format!("n{number}"));
        room.wait(Duration::from_millis(1));
    }
    room.wait(SECOND);
    room.check();
    assert_eq!(room.guests.len(), 1_000);
    let last = room.changes.last().unwrap().0;
    assert!(last - start <= 2 * SECOND, "{:?}", last - start);
    let letters: usize = room.changes.iter().map(|(_, told)| told).sum();
    assert!(letters < 3_000, "{letters}");
    // All leave at once: one line names them.
    for number in 1..=1_000 {
        room.gone(number);
    }
    room.wait(20 * SECOND);
    assert_eq!((room.guests.len(), room.departed.len()), (0, 1_000));
    let left = room.board.iter().filter(|it| matches!(it, HostEvent::Left { .. })).count();
    assert_eq!(left, 1_000);
}

#[test]
fn the_operator_gets_number_name_and_tag() {
    let mut room = Room::new(10);
    room.join("Ana");
    let [HostEvent::Joined { participant, present: 1 }] = &room.board[..] else { panic!() };
    let Participant { number, name, tag } = participant;
    let entry = room.guests[&1].entry(1).unwrap();
    assert_eq!((*number, name.as_str(), tag.as_bytes()), (1, "Ana", &entry.tag[..]));
}

#[test]
fn nothing_secret_is_in_debug_output() {
    let mut room = Room::new(10);
    room.join("Zorro");
    room.join("Yvonne");
    room.knock();
    let shown = format!("{:?}", room.host);
    for secret in [&*room.host.ticket(), "Zorro", "Yvonne", &*room.host.door().expose_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
