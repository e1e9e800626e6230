//! What the operator decided, against what a room reports that may lie, repeat itself, or fall silent.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::connections::FalseConnections;
use super::links::{Invites, UnknownLink};
use super::people::{Person, Place};
use super::*;
use crate::command::Who;
use crate::control::{Connected, MAX_LINKS, MAX_WAITING, Participant, RoomRules, WAITING_SECONDS};
use crate::log::Rule;
use crate::span::Span;

const RETENTION: Duration = Duration::from_secs(600);
const ALL: &[Place] = &[Place::Room, Place::Lobby, Place::Away];

fn participant(number: u32, name: &str) -> Participant {
    Participant { number: number.into(), name: name.to_owned(), tag: "k7q".to_owned() }
}

fn moment(instant: Instant) -> Moment {
    Moment { instant, unix_ms: 0 }
}

fn room() -> RoomControl {
    RoomControl::new(RoomRules::default(), RETENTION)
}

fn span(seconds: u32) -> Span {
    Span::from_seconds(seconds).unwrap()
}

fn numbers(room: &RoomControl, place: Place) -> Vec<u32> {
    room.people().at(place).map(|(number, _): (u32, &Person)| number).collect()
}

#[test]
fn a_person_is_found_where_they_are_and_those_in_the_room_first() {
    let (now, mut room) = (Instant::now(), room());
    room.joined(&participant(1, "Ana"), moment(now));
    room.left(&participant(1, "Ana"), moment(now));
    room.joined(&participant(2, "ana"), moment(now));
    room.waits(&participant(3, "Bob"), moment(now));
    let mut find = |who: Who| room.find(&who, ALL, now).map(|found| (found.number, found.place));
    assert_eq!(find(Who::Number(1)), Ok((1, Place::Away)));
    assert_eq!(find(Who::Name("Ana".to_owned())), Ok((2, Place::Room)));
    assert_eq!(find(Who::Name("BOB".to_owned())), Ok((3, Place::Lobby)));
    assert!(find(Who::Number(4)).is_err());
    // Who is in the lobby has no seat.
    let seats = [Place::Room, Place::Away];
    assert!(room.find(&Who::Number(3), &seats, now).is_err());
}

#[test]
fn two_of_one_name_in_the_room_are_not_confused_with_one_who_left() {
    let (now, mut room) = (Instant::now(), room());
    room.joined(&participant(1, "Ana"), moment(now));
    room.left(&participant(1, "Ana"), moment(now));
    for (number, name) in [(2, "Ana"), (3, "Ana")] {
        room.joined(&participant(number, name), moment(now));
    }
    let refused = room.find(&Who::Name("Ana".to_owned()), ALL, now).unwrap_err().to_string();
    assert!(refused.contains("(2)") && refused.contains("(3)"), "{refused}");
}

#[test]
fn one_who_left_is_forgotten_when_they_cannot_return() {
    let (now, mut room) = (Instant::now(), room());
    room.joined(&participant(1, "Ana"), moment(now));
    room.left(&participant(1, "Ana"), moment(now));
    assert!(room.find(&Who::Number(1), ALL, now + RETENTION - Duration::from_secs(1)).is_ok());
    assert!(room.find(&Who::Number(1), ALL, now + RETENTION).is_err());
}

#[test]
fn a_mute_survives_a_return_and_ends_by_itself() {
    let (now, mut room) = (Instant::now(), room());
    let ana = participant(1, "Ana");
    room.joined(&ana, moment(now));
    let found = room.find(&Who::Number(1), ALL, now).unwrap();
    room.mute(&found, Some(span(60)), now);
    room.left(&ana, moment(now));
    room.joined(&ana, moment(now));
    let text = |room: &mut RoomControl, now| {
        room.roster(&Default::default(), now, |_| "12:00".to_owned()).to_string()
    };
    let expected = "1 in the room\n   1  Ana #k7q · since 12:00 · muted for 60 s";
    assert_eq!(text(&mut room, now), expected);
    let expected = "1 in the room\n   1  Ana #k7q · since 12:00";
    assert_eq!(text(&mut room, now + Duration::from_secs(60)), expected);
    assert!(room.unmute(&found).is_err());
}

/// The report that they wait no longer may have been dropped.
#[test]
fn no_one_waits_for_ever() {
    let (now, mut room) = (Instant::now(), room());
    assert!(room.waits(&participant(1, "Ana"), moment(now)));
    assert!(!room.waits(&participant(1, "Ana"), moment(now)));
    assert_eq!(room.waiting(now + Duration::from_secs(WAITING_SECONDS)).len(), 1);
    assert_eq!(room.waiting(now + Duration::from_secs(WAITING_SECONDS + 10)).len(), 0);
}

#[test]
fn a_name_that_acts_on_a_terminal_is_listed_in_its_safe_form() {
    let (now, mut room) = (Instant::now(), room());
    room.joined(&participant(1, "\u{1b}[2J\u{202e}"), moment(now));
    let text = room.roster(&Default::default(), now, |_| String::new()).to_string();
    assert!(text.contains("\\u{1b}[2J\\u{202e} #k7q"), "{text}");
}

#[test]
fn a_rule_that_is_set_already_changes_nothing() {
    let mut room = room();
    let lock = |rules: &mut RoomRules| rules.locked = true;
    let line = room.set_rule(Rule::Lock, lock).unwrap().to_string();
    assert_eq!(room.set_rule(Rule::Lock, lock), Err(line));
}

#[test]
fn an_invite_lets_in_its_number_and_no_more() {
    let (now, mut invites) = (Instant::now(), Invites::default());
    assert_eq!(invites.used(1), Err(UnknownLink));
    assert_eq!(invites.used(0), Ok(None));
    assert_eq!(invites.add(2, span(60), now), Ok(1));
    assert_eq!(invites.used(1), Ok(Some(1)));
    assert_eq!(invites.used(1), Ok(Some(0)));
    // It has ended, and the report was on its way.
    assert_eq!(invites.used(1), Ok(None));
    assert_eq!(invites.used(2), Err(UnknownLink));
    assert!(invites.revoke(1, now).is_err());
}

#[test]
fn an_invite_ends_with_its_time_and_makes_room_for_another() {
    let (now, mut invites) = (Instant::now(), Invites::default());
    for _ in 1..MAX_LINKS {
        invites.add(1, span(60), now).unwrap();
    }
    assert!(invites.add(1, span(60), now).is_err());
    let later = now + Duration::from_secs(60);
    assert_eq!(invites.list(later).count(), 0);
    assert_eq!(invites.add(1, span(60), later), Ok(64));
}

#[test]
fn a_question_is_answered_once_and_in_time() {
    let (now, mut query) = (Instant::now(), ConnectionQuery::default());
    let never_asked = Err(FalseConnections::NeverAsked);
    assert_eq!(query.take(0, vec![], true), never_asked);
    assert_eq!(query.take(1, vec![], true), never_asked);
    assert_eq!(query.ask(now), Some(1));
    assert_eq!(query.ask(now), None);
    assert_eq!(query.deadline(), Some(now + Duration::from_secs(2)));
    assert_eq!(query.take(1, vec![(1, Connected::Page)], false), Ok(false));
    assert_eq!(query.take(2, vec![], true), never_asked);
    assert_eq!(query.take(1, vec![(2, Connected::Poll)], true), Ok(true));
    assert_eq!(query.close().len(), 2);
    // Late, and of an earlier question.
    assert_eq!(query.take(1, vec![(3, Connected::Page)], true), Ok(false));
    assert_eq!(query.ask(now), Some(2));
    assert_eq!(query.take(1, vec![(3, Connected::Page)], true), Ok(false));
    assert!(query.close().is_empty());
}

#[test]
fn an_answer_without_end_is_none() {
    let (now, mut query) = (Instant::now(), ConnectionQuery::default());
    query.ask(now);
    let line = || (0..250).map(|number| (number, Connected::Page)).collect();
    let taken = (0..1000).map(|_| query.take(1, line(), false));
    assert!(taken.collect::<Result<Vec<_>, _>>().is_err());
}

#[test]
fn a_crowd_gets_a_few_lines_and_one_about_the_rest() {
    let (now, mut lines) = (Instant::now(), WaitingLines::new(Instant::now()));
    let shown = (0..1000).filter(|number| lines.waits(*number, now) == WaitingLine::Own).count();
    assert_eq!(shown, 5);
    let due = lines.deadline().unwrap();
    assert_eq!(lines.take_summary(now), None);
    assert_eq!(lines.take_summary(due), Some(995));
    assert_eq!((lines.take_summary(due), lines.deadline()), (None, None));
    // The end of a wait is shown to those who saw its beginning.
    assert!(lines.ended(4));
    assert!(!lines.ended(4) && !lines.ended(999));
}

proptest! {
    /// However a room lies, each person is at one place, and the lists are bounded.
    #[test]
    fn no_reports_put_a_person_into_two_places(
        reports in proptest::collection::vec((0u8..5, 1u32..200), 0..400)
    ) {
        let (mut now, mut room) = (Instant::now(), room());
        for (kind, number) in reports {
            now += Duration::from_secs(1);
            let person = participant(number, "Ana");
            match kind {
                0 => room.joined(&person, moment(now)),
                1 => room.left(&person, moment(now)),
                2 => drop(room.waits(&person, moment(now))),
                3 => drop(room.wait_ended(number)),
                _ => {
                    if let Ok(found) = room.find(&Who::Number(number), ALL, now) {
                        room.kick(&found);
                        prop_assert!(room.find(&Who::Number(number), ALL, now).is_err() || found.place == Place::Lobby);
                    }
                }
            }
            let mut seen = BTreeSet::new();
            for place in ALL {
                for number in numbers(&room, *place) {
                    prop_assert!(seen.insert(number), "{} is at two places", number);
                }
            }
            prop_assert!(room.people().waiting() <= MAX_WAITING);
        }
    }
}
