//! The rules of receivers and senders that the vectors do not reach: time, gaps, returns.

use std::time::Duration;

use crate::seal::{
    BadBox, BoxHead, Changed, Guest, MAX_PARTICIPANTS, MAX_TEXT_BYTES, Received, SealError,
    Violation,
};

use super::room::{Event, RING_AGE, Room, START};

const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Ana, then Bo, both in the same generation: the second one.
fn two() -> (Room, Guest, Guest) {
    let mut room = Room::new();
    let (mut ana, _) = room.join("Ana", 10, START);
    let (bo, event) = room.join("Bo", 20, START);
    assert!(matches!(room.send(&event, &mut ana, START), Ok(Changed::Next(_))));
    (room, ana, bo)
}

fn say(guest: &mut Guest, text: &str) -> Vec<u8> {
    guest.seal_message(text, START).unwrap()
}

fn missing(received: &Received) -> u32 {
    let Received::Said(said) = received else { panic!("not accepted: {received:?}") };
    said.missing
}

fn previous(received: &Received) -> u32 {
    let Received::Said(said) = received else { panic!("not accepted: {received:?}") };
    said.content.previous
}

fn counter(sealed: &[u8]) -> u32 {
    BoxHead::parse(sealed).unwrap().counter
}

#[test]
fn a_client_seals_for_fifteen_minutes_of_the_hosts_clock() {
    let (mut room, mut ana, mut bo) = two();
    assert!(bo.seal_message("a", START + QUARTER).is_ok());
    let late = START + QUARTER + Duration::from_millis(1);
    assert_eq!(bo.seal_message("b", late), Err(SealError::TooOld));
    // Ana's clock was set ten seconds of the session earlier, at the same time here.
    assert!(ana.seal_message("c", late).is_ok());
    let event = room.begin(&[], &[], 20 + 15 * 60);
    assert!(matches!(room.send(&event, &mut bo, late), Ok(Changed::Next(_))));
    assert_eq!(counter(&bo.seal_message("d", late).unwrap()), 2, "no counter was used up");
}

#[test]
fn a_clock_that_goes_back_or_far_ahead_is_no_panic() {
    let (_, _, mut bo) = two();
    assert!(bo.seal_message("a", Duration::ZERO).is_ok());
    assert_eq!(bo.seal_message("b", Duration::MAX), Err(SealError::TooOld));
}

#[test]
fn keys_live_as_long_as_the_ring_can_hold_a_box() {
    let (mut room, mut ana, mut bo) = two();
    let [in_time, too_late] = [say(&mut ana, "a"), say(&mut ana, "b")];
    let end = START + QUARTER + RING_AGE;
    let event = room.begin(&[], &[], 600);
    room.send(&event, &mut bo, end).unwrap();
    assert!(matches!(bo.open_box(&in_time), Received::Said(_)));
    let event = room.begin(&[], &[], 1200);
    room.send(&event, &mut bo, end + Duration::from_millis(1)).unwrap();
    assert_eq!(bo.open_box(&too_late), Received::NotForUs);
    assert!(matches!(bo.open_box(&room.announce("c")), Received::Said(_)));
}

#[test]
fn the_newest_key_stays_however_old_it_is() {
    let (mut room, _, mut bo) = two();
    let event = room.begin(&[], &[], 600);
    room.send(&event, &mut bo, START + 100 * QUARTER).unwrap();
    assert!(matches!(bo.open_box(&room.announce("hello")), Received::Said(_)));
}

#[test]
fn what_is_missing_is_shown_unless_the_receiver_knows_of_a_gap() {
    let (_, mut ana, mut bo) = two();
    let boxes: Vec<Vec<u8>> = (0..8).map(|_| say(&mut bo, "x")).collect();
    assert_eq!(missing(&ana.open_box(&boxes[2])), 2, "Bo came while Ana was here");
    assert_eq!(missing(&ana.open_box(&boxes[4])), 1);
    ana.interrupted();
    assert_eq!(missing(&ana.open_box(&boxes[6])), 0);
    assert_eq!(missing(&ana.open_box(&boxes[7])), 0);
}

#[test]
fn a_newcomer_misses_nothing_that_was_said_before() {
    let (mut room, mut ana, _) = two();
    say(&mut ana, "before");
    let (mut cy, event) = room.join("Cy", 30, START);
    room.send(&event, &mut ana, START).unwrap();
    let boxes: Vec<Vec<u8>> = (0..3).map(|_| say(&mut ana, "x")).collect();
    assert_eq!(missing(&cy.open_box(&boxes[0])), 0);
    assert_eq!(missing(&cy.open_box(&boxes[2])), 1);
}

#[test]
fn a_refused_box_uses_its_counter_and_nothing_follows_it() {
    let (_, mut ana, mut bo) = two();
    let boxes: Vec<Vec<u8>> = ["one", "two"].map(|text| say(&mut bo, text)).into();
    assert_eq!(missing(&ana.open_box(&boxes[0])), 0);
    bo.refused(2);
    let third = say(&mut bo, "three");
    assert_eq!(counter(&third), 3);
    let received = ana.open_box(&third);
    assert_eq!((previous(&received), missing(&received)), (1, 0));
    bo.refused(3);
    bo.refused(1);
    let fourth = ana.open_box(&say(&mut bo, "four"));
    assert_eq!(previous(&fourth), 0, "none is known to be in the room");
}

#[test]
fn a_box_that_came_back_is_not_refused_any_more() {
    let (_, _, mut bo) = two();
    let boxes: Vec<Vec<u8>> = (0..3).map(|_| say(&mut bo, "x")).collect();
    assert!(matches!(bo.open_box(&boxes[1]), Received::Said(_)));
    bo.refused(1);
    bo.refused(2);
    bo.refused(3);
    let next = say(&mut bo, "y");
    assert_eq!(previous(&bo.open_box(&next)), 2);
}

#[test]
fn boxes_that_are_not_answered_take_bounded_memory() {
    let (_, _, mut bo) = two();
    for _ in 0..200 {
        say(&mut bo, "x");
    }
    for refused in 0..=200 {
        bo.refused(refused);
    }
    let next = say(&mut bo, "y");
    assert_eq!(previous(&bo.open_box(&next)), 200 - 64);
}

#[test]
fn repeats_are_dropped_and_counted() {
    let (_, mut ana, mut bo) = two();
    let [first, second] = [say(&mut bo, "x"), say(&mut bo, "y")];
    assert!(matches!(ana.open_box(&second), Received::Said(_)));
    assert_eq!(ana.open_box(&second), Received::Repeat);
    assert_eq!(ana.open_box(&first), Received::Repeat);
    assert_eq!(ana.repeats(), 2);
}

/// Their counter is kept, so that what they said before cannot be replayed to those who stayed.
#[test]
fn a_member_who_returns_keeps_number_and_counter() {
    let (mut room, mut ana, mut bo) = two();
    let first = say(&mut bo, "x");
    assert!(matches!(ana.open_box(&first), Received::Said(_)));
    let entry = room.entries[&2].clone();
    let event = room.begin(&[], &[2], 30);
    let Ok(Changed::Next(circle)) = room.send(&event, &mut ana, START) else { panic!() };
    assert_eq!((circle.joined.len(), circle.left), (0, vec![entry.clone()]));
    assert_eq!(ana.open_box(&first), Received::Bad(BadBox::UnknownAuthor));

    room.entries.insert(2, entry.clone());
    let event = room.begin(&[2], &[], 40);
    let Ok(Changed::Next(circle)) = room.send(&event, &mut ana, START) else { panic!() };
    assert_eq!((circle.joined, circle.left.len()), (vec![entry], 0));
    assert_eq!(ana.open_box(&first), Received::Repeat);
    bo.interrupted();
    room.send_welcome(&event, &mut bo, START).unwrap();
    assert_eq!(missing(&ana.open_box(&say(&mut bo, "y"))), 0);
    assert_eq!(missing(&bo.open_box(&say(&mut ana, "z"))), 0);
}

/// Cy comes while Bo is away, and was not in the room when Bo spoke.
#[test]
fn one_who_returns_has_not_been_missed_by_those_who_came_in_between() {
    let (mut room, _, mut bo) = two();
    say(&mut bo, "x");
    let entry = room.entries[&2].clone();
    room.begin(&[], &[2], 30);
    let (mut cy, _) = room.join("Cy", 40, START);
    room.entries.insert(2, entry);
    let event = room.begin(&[2], &[], 50);
    room.send(&event, &mut cy, START).unwrap();
    room.send_welcome(&event, &mut bo, START).unwrap();
    assert_eq!(missing(&cy.open_box(&say(&mut bo, "y"))), 0);
    say(&mut bo, "lost");
    assert_eq!(missing(&cy.open_box(&say(&mut bo, "z"))), 1);
}

/// Cy comes, speaks and leaves while Bo is away, and returns after Bo; later newcomers are known as new.
#[test]
fn one_who_was_in_while_the_receiver_was_away_has_not_been_missed() {
    let (mut room, _, mut bo) = two();
    let (mut cy, _) = room.join("Cy", 30, START);
    say(&mut cy, "x");
    let entry = room.entries[&3].clone();
    let event = room.begin(&[], &[3], 40);
    room.send_welcome(&event, &mut bo, START).unwrap();
    room.entries.insert(3, entry);
    let event = room.begin(&[3], &[], 50);
    room.send(&event, &mut bo, START).unwrap();
    room.send_welcome(&event, &mut cy, START).unwrap();
    assert_eq!(missing(&bo.open_box(&say(&mut cy, "y"))), 0);

    let later = START + RING_AGE + Duration::from_secs(60);
    let (mut dan, event) = room.join("Dan", 700, later);
    room.send(&event, &mut bo, later).unwrap();
    dan.seal_message("lost", later).unwrap();
    assert_eq!(missing(&bo.open_box(&dan.seal_message("z", later).unwrap())), 1);
}

/// In the field there are 19 numbers with a second encoding, y + p. Two of these points are of small order.
#[test]
fn a_key_in_a_second_encoding_is_not_acceptable() {
    use crate::seal::signing::is_acceptable;
    let mut points = 0;
    for low in 0..19 {
        for sign in [0x7f, 0xff] {
            let mut encoded = [0xff; 32];
            (encoded[0], encoded[31]) = (0xed + low, sign);
            let key = ed25519_dalek::VerifyingKey::from_bytes(&encoded);
            points += usize::from(key.is_ok_and(|key| !key.is_weak()));
            assert!(!is_acceptable(&encoded), "{low} {sign}");
        }
    }
    assert!(points > 0, "the loop met points that only their encoding excludes");
}

#[test]
fn a_client_that_is_behind_returns_to_the_present() {
    let (mut room, mut ana, mut bo) = two();
    let missed = room.begin(&[], &[], 30);
    let letter = room.letter(2);
    let (_, event) = room.join("Cy", 40, START);
    assert_eq!(room.send(&event, &mut bo, START), Ok(Changed::Behind));
    assert_eq!(bo.seal_message("x", START), Err(SealError::Behind));
    let stale = bo.return_to_present(&missed.welcome(&letter), START);
    assert_eq!(stale, Err(Violation::WentBack));
    let circle = room.send_welcome(&event, &mut bo, START).unwrap();
    assert_eq!(circle.joined.len(), 1);
    assert_eq!(counter(&say(&mut bo, "x")), 1);

    // Or it is sent what was missing, in order.
    let again = room.send(&event, &mut ana, START);
    assert_eq!(again, Ok(Changed::Behind));
    let mut own = room.begin(&[], &[], 50);
    own.generation -= 2;
    assert_eq!(ana.change(&own.change(None), START), Ok(Changed::Behind));
}

#[test]
fn a_welcome_to_the_same_generation_changes_nothing() {
    let (mut room, mut ana, mut bo) = two();
    let event = room.begin(&[], &[], 30);
    room.send(&event, &mut bo, START).unwrap();
    let circle = room.send_welcome(&event, &mut bo, START).unwrap();
    assert_eq!((circle.joined.len(), circle.left.len()), (0, 0));
    room.send(&event, &mut ana, START).unwrap();
    assert!(matches!(ana.open_box(&say(&mut bo, "x")), Received::Said(_)));
}

/// A generation that only a lying relay, or a host that errs, would send.
fn sent(
    room: &mut Room,
    guest: &mut Guest,
    came: &[u32],
    went: &[u32],
) -> Result<Changed, Violation> {
    let event = room.begin(came, went, 99);
    let before = (guest.generation(), guest.roster().cloned().collect::<Vec<_>>());
    let outcome = room.send(&event, guest, START);
    if outcome.is_err() {
        assert_eq!(before, (guest.generation(), guest.roster().cloned().collect()), "{outcome:?}");
    }
    outcome
}

#[test]
fn a_roster_that_is_no_roster_ends_the_client() {
    let (mut room, mut ana, _) = two();
    room.entries.get_mut(&2).unwrap().signing = [7; 32];
    assert_eq!(sent(&mut room, &mut ana, &[2], &[]), Err(Violation::NumberReused));

    let (mut room, mut ana, _) = two();
    assert_eq!(sent(&mut room, &mut ana, &[], &[1]), Err(Violation::NotListed));

    let (mut room, mut ana, _) = two();
    let mut twin = room.entries[&1].clone();
    twin.number = 9;
    room.entries.insert(9, twin.clone());
    assert_eq!(sent(&mut room, &mut ana, &[9], &[]), Err(Violation::NotListed), "two of one key");

    let (mut room, mut ana, _) = two();
    room.entries.insert(9, twin);
    assert_eq!(sent(&mut room, &mut ana, &[9], &[1]), Err(Violation::NotListed), "another number");

    let (mut room, mut ana, _) = two();
    assert_eq!(sent(&mut room, &mut ana, &[], &[0]), Err(Violation::Roster), "no host");

    let (mut room, mut ana, _) = two();
    room.entries.get_mut(&0).unwrap().name = "host".to_owned();
    assert_eq!(sent(&mut room, &mut ana, &[0], &[]), Err(Violation::Roster), "a host with a name");
}

#[test]
fn a_roster_of_more_than_a_thousand_participants_ends_the_client() {
    for (participants, fits) in [(MAX_PARTICIPANTS, true), (MAX_PARTICIPANTS + 1, false)] {
        let (mut room, mut ana, _) = two();
        let came: Vec<u32> = (3..=u32::try_from(participants).unwrap()).collect();
        let model = room.entries[&2].clone();
        for number in &came {
            let mut entry = model.clone();
            entry.number = *number;
            entry.signing[..4].copy_from_slice(&number.to_be_bytes());
            room.entries.insert(*number, entry);
        }
        let outcome = sent(&mut room, &mut ana, &came, &[]);
        assert_eq!(outcome.is_ok(), fits, "{participants}");
    }
}

#[test]
fn what_the_relay_adds_to_those_who_went_is_noticed_only_if_it_matters() {
    let (mut room, mut ana, _) = two();
    let mut event = room.begin(&[], &[2], 30);
    // The roster is the same without them.
    event.went = vec![2, 2, 77];
    assert!(matches!(room.send(&event, &mut ana, START), Ok(Changed::Next(_))));
}

#[test]
fn number_zero_is_the_refusals_and_no_generation() {
    let mut room = Room::new();
    let (number, applicant) = room.apply("Ana");
    let event = room.begin(&[number], &[], 10);
    let letter = room.letter(number);
    let zero = Event { generation: 0, ..event };
    let outcome = applicant.welcome(&zero.welcome(&letter), RING_AGE, START);
    assert_eq!(outcome.err(), Some(Violation::Letter));
}

#[test]
fn a_text_fits_or_uses_no_counter() {
    let (_, mut ana, mut bo) = two();
    let longest = "x".repeat(MAX_TEXT_BYTES);
    let too_long = format!("{longest}x");
    assert_eq!(bo.seal_message(&too_long, START), Err(SealError::TooLong));
    let sealed = say(&mut bo, &longest);
    assert_eq!((counter(&sealed), sealed.len()), (1, 12 + 8192 + 16));
    assert!(matches!(ana.open_box(&sealed), Received::Said(said) if said.content.text == longest));
}

#[test]
fn nothing_secret_is_printed() {
    let mut room = Room::new();
    let (mut quagga, _) = room.join("Quagga", 10, START);
    let (number, applicant) = room.apply("Wisent");
    let event = room.begin(&[number], &[], 30);
    let changed = room.send(&event, &mut quagga, START).unwrap();
    let said = quagga.open_box(&room.announce("plugh"));
    assert!(matches!(&said, Received::Said(said) if said.content.text == "plugh"));
    let printed = format!("{changed:?} {said:?} {quagga:?} {applicant:?} {:?}", room.host);
    assert!(printed.contains("hidden"), "{printed}");
    for secret in ["Quagga", "Wisent", "plugh", &room.link.ticket().to_text()] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
