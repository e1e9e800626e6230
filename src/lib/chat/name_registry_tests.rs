//! Names, tags and numbers without seats, as the host of a sealed room assigns them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const RETENTION: Duration = Duration::from_secs(600);

fn registry(max_participants: usize) -> (NameRegistry, Instant) {
    let now = Instant::now();
    (NameRegistry::new(max_participants, RETENTION, now), now)
}

fn admit(names: &mut NameRegistry, name: &str, now: Instant) -> Result<u32, RoomError> {
    names.admit(Nickname::parse(name)?, 7, now).map(|identity| identity.number)
}

/// V-04.
#[test]
fn a_taken_name_is_refused_with_a_free_one() {
    let (mut names, now) = registry(10);
    admit(&mut names, "Ana", now).unwrap();
    let Err(RoomError::NameTaken(Some(free))) = admit(&mut names, "ANA", now) else { panic!() };
    assert_eq!(free.as_str(), "ANA 2");
    assert_eq!(admit(&mut names, "ANA 2", now), Ok(2));
}

/// One who left takes no place, and returns only while there is one.
#[test]
fn a_full_registry_admits_and_readmits_after_a_leave() {
    let (mut names, now) = registry(2);
    let ana = admit(&mut names, "Ana", now).unwrap();
    let bo = admit(&mut names, "Bo", now).unwrap();
    assert_eq!(admit(&mut names, "Cy", now), Err(RoomError::Full));
    assert_eq!(names.leave(ana, now).map(|identity| identity.name.as_str()), Some("Ana"));
    assert_eq!(names.leave(ana, now), None, "known already");
    let cy = admit(&mut names, "Cy", now).unwrap();
    assert_eq!(names.readmit(ana), Err(RoomError::Full));
    names.leave(bo, now);
    assert_eq!(names.readmit(ana).map(|identity| identity.number), Ok(ana));
    assert_eq!(names.readmit(cy), Err(RoomError::Full));
    names.leave(cy, now);
    assert_eq!(names.readmit(ana), Err(RoomError::NoSeat), "present already");
    assert_eq!(names.present_count(), 1);
}

/// Of a client that is cut off during its handshake, who tries again under the same name.
#[test]
fn a_name_that_is_withdrawn_is_free_at_once_and_its_number_never_again() {
    let (mut names, now) = registry(1);
    let first = admit(&mut names, "Ana", now).unwrap();
    names.withdraw(first);
    assert_eq!((names.present_count(), names.get(first)), (0, None));
    let second = admit(&mut names, "Ana", now).unwrap();
    assert!(second > first);
    assert_eq!(names.departed().count(), 0);
}

#[test]
fn the_name_of_one_who_is_forgotten_stays_taken_for_the_rest_of_the_retention() {
    let (mut names, now) = registry(10);
    let ana = admit(&mut names, "Ana", now).unwrap();
    names.leave(ana, now);
    let later = now + RETENTION / 2;
    names.forget(ana, later);
    assert_eq!(names.get(ana), None);
    assert_eq!(names.readmit(ana), Err(RoomError::NoSeat));
    let end = now + RETENTION;
    names.expire(end - Duration::from_millis(1));
    assert!(matches!(admit(&mut names, "Ana", end), Err(RoomError::NameTaken(_))));
    names.expire(end);
    assert!(admit(&mut names, "Ana", end).is_ok());
}

/// A relay that reports leaves, and never that it gives up a seat.
#[test]
fn those_who_may_return_are_bounded_and_the_first_to_leave_are_forgotten() {
    let (mut names, start) = registry(10);
    let mut now = start;
    let mut numbers = Vec::new();
    for index in 0..5000 {
        now += Duration::from_millis(20);
        let number = admit(&mut names, &format!("Guest {index}"), now).unwrap();
        names.leave(number, now);
        numbers.push(number);
        names.expire(now);
        assert!(names.departed().count() <= 2048 + MAX_NAMED_DEPARTED);
    }
    let known = numbers.iter().filter(|number| names.get(**number).is_some());
    assert!(known.copied().eq(numbers[5000 - 2048..].iter().copied()));
    assert!(matches!(admit(&mut names, "Guest 0", now), Err(RoomError::NameTaken(_))));
}

#[test]
fn joins_have_a_rate_that_leaves_do_not_restore() {
    let (mut names, now) = registry(10);
    let refused = (0..2000).find_map(|index| {
        let admitted = admit(&mut names, &format!("Guest {index}"), now);
        match admitted {
            Ok(number) => {
                names.withdraw(number);
                None
            }
            Err(error) => Some((index, error)),
        }
    });
    assert_eq!(refused, Some((1010, RoomError::Crowded(Duration::from_millis(20)))));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit(usize),
    Withdraw(u32),
    Leave(u32),
    Readmit(u32),
    Forget(u32),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..8).prop_map(Step::Admit),
        1 => (1_u32..12).prop_map(Step::Withdraw),
        2 => (1_u32..12).prop_map(Step::Leave),
        2 => (1_u32..12).prop_map(Step::Readmit),
        1 => (1_u32..12).prop_map(Step::Forget),
        1 => Just(Step::Expire),
    ]
}

/// What is known of one name that is taken, kept without any index.
#[derive(Debug)]
struct Known {
    name: Nickname,
    left_at: Option<Instant>,
    forgotten: bool,
}

proptest! {
    /// In any order of steps: numbers rise, tags of those who are present or may return differ, the room is
    /// never overfull, and a name is refused exactly while a similar one is known.
    #[test]
    fn the_registry_agrees_with_a_scan_of_all_names(
        steps in proptest::collection::vec((step(), 0_u64..200), 1..150),
    ) {
        const NAMES: [&str; 8] = ["Ana", "ANA", "Jose", "José", "paypal", "paypaI", "m", "rn"];
        let (mut names, mut now) = registry(3);
        let mut known: BTreeMap<u32, Known> = BTreeMap::new();
        let mut last_number = 0;
        for (step, seconds) in steps {
            now += Duration::from_secs(seconds);
            let is_present = |it: &Known| it.left_at.is_none();
            let present = known.values().filter(|it| is_present(it)).count();
            match step {
                Step::Admit(which) => {
                    let name = Nickname::parse(NAMES[which]).unwrap();
                    let taken = known.values().any(|it| it.name.clashes_with(&name));
                    match names.admit(name.clone(), which as u32 % 2, now) {
                        Ok(identity) => {
                            prop_assert!(!taken && present < 3 && identity.number == last_number + 1);
                            last_number = identity.number;
                            known.insert(last_number, Known { name, left_at: None, forgotten: false });
                        }
                        Err(RoomError::Full) => prop_assert_eq!(present, 3),
                        Err(RoomError::NameTaken(_)) => prop_assert!(taken && present < 3),
                        Err(other) => prop_assert!(false, "{:?}", other),
                    }
                }
                Step::Withdraw(number) => {
                    names.withdraw(number);
                    known.retain(|it, who| *it != number || who.forgotten);
                }
                Step::Leave(number) => {
                    let who = known.get_mut(&number).filter(|it| is_present(it));
                    prop_assert_eq!(names.leave(number, now).is_some(), who.is_some());
                    if let Some(who) = who {
                        who.left_at = Some(now);
                    }
                }
                Step::Readmit(number) => {
                    let who = known.get_mut(&number).filter(|it| !is_present(it) && !it.forgotten);
                    let may_return = who.is_some() && present < 3;
                    prop_assert_eq!(names.readmit(number).is_ok(), may_return);
                    if let Some(who) = who.filter(|_| may_return) {
                        who.left_at = None;
                    }
                }
                Step::Forget(number) => {
                    names.forget(number, now);
                    if let Some(who) = known.get_mut(&number) {
                        who.left_at.get_or_insert(now);
                        who.forgotten = true;
                    }
                }
                Step::Expire => {
                    names.expire(now);
                    known.retain(|_, who| who.left_at.is_none_or(|at| now < at + RETENTION));
                }
            }
            let remembered = known.iter().filter(|(_, it)| !it.forgotten).map(|(number, _)| number);
            let remembered: BTreeSet<u32> = remembered.copied().collect();
            let found: Vec<&Identity> =
                (1..=last_number).filter_map(|number| names.get(number)).collect();
            prop_assert!(found.iter().map(|it| it.number).eq(remembered.iter().copied()));
            let tags: BTreeSet<&str> = found.iter().map(|it| it.tag.as_str()).collect();
            prop_assert_eq!(tags.len(), found.len());
            prop_assert_eq!(names.present_count(), known.values().filter(|it| is_present(it)).count());
        }
    }
}
