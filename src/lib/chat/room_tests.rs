//! The rules of the room, at any moment of any conversation.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::room::SILENT_RETURN;
use super::*;
use crate::rate_limit::RateLimit;
use crate::token::Token;

const KEPT_FOR: Duration = Duration::from_secs(600);

fn room(max_participants: usize) -> Room {
    let rate_limit = RateLimit::Limited { per_second: 2, burst: 10 };
    Room::new(Rules { max_participants, rate_limit, kept_for: KEPT_FOR }, Instant::now())
}

fn entropy(tag: u32) -> Entropy {
    Entropy { token: Token::draw().unwrap(), tag }
}

fn join(room: &mut Room, name: &str, now: Instant) -> Result<u64, RoomError> {
    let name = Nickname::parse(name)?;
    room.join(name, entropy(7), now).map(|(number, _)| number)
}

fn text(body: &str) -> Text {
    Text::parse(body, 4096).unwrap()
}

fn names(room: &Room) -> Vec<&str> {
    room.roster().map(|seat| seat.identity.name.as_str()).collect()
}

/// V-04, in the room: present and recently left.
#[test]
fn nobody_is_mistaken_for_somebody_else() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let refused = join(&mut room, "ANA", now).unwrap_err();
    let RoomError::NameTaken(Some(free)) = &refused else { panic!("{refused:?}") };
    assert_eq!(free.as_str(), "ANA 2");
    assert!(refused.to_string().contains("ANA 2 is free"));
    assert!(room.leave(ana, now).is_some());
    assert!(join(&mut room, "Ana", now + Duration::from_secs(599)).is_err());
    room.pass_time(now + KEPT_FOR);
    assert!(join(&mut room, "Ana", now + KEPT_FOR).is_ok());
}

#[test]
fn tags_differ_although_chance_says_otherwise() {
    let now = Instant::now();
    let mut room = room(10);
    for name in ["Ana", "Bo", "Cy"] {
        join(&mut room, name, now).unwrap();
    }
    let tags: BTreeSet<String> =
        room.roster().map(|seat| seat.identity.tag.as_str().to_owned()).collect();
    assert_eq!(tags.len(), 3);
}

/// What somebody said may outlast their seat, and then needs their name.
#[test]
fn who_left_on_purpose_is_still_known_for_a_while() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    room.leave(ana, now);
    let known: Vec<&str> = room.absent().map(|identity| identity.name.as_str()).collect();
    assert_eq!(known, ["Ana"]);
    room.pass_time(now + KEPT_FOR);
    assert_eq!(room.absent().count(), 0);
}

#[test]
fn a_full_room_says_so_and_lets_the_next_one_in_when_there_is_a_place() {
    let now = Instant::now();
    let mut room = room(2);
    let ana = join(&mut room, "Ana", now).unwrap();
    join(&mut room, "Bo", now).unwrap();
    assert_eq!(join(&mut room, "Cy", now), Err(RoomError::Full));
    room.leave(ana, now);
    assert!(join(&mut room, "Cy", now).is_ok());
}

/// A client that takes every seat and hangs up does not keep newcomers out. A participant who did
/// something is protected for a while, and may come back as the same.
#[test]
fn in_a_full_room_those_who_only_joined_and_hung_up_make_room_first() {
    let now = Instant::now();
    let mut room = room(3);
    let here = join(&mut room, "Here", now).unwrap();
    let spoke = join(&mut room, "Spoke", now).unwrap();
    room.say(spoke, None, text("x"), now).unwrap();
    let resume = room.seat(spoke).unwrap().resume();
    let silent = join(&mut room, "Silent", now).unwrap();
    let silent_resume = room.seat(silent).unwrap().resume();
    assert_eq!(join(&mut room, "Cy", now), Err(RoomError::Full));
    room.detach(spoke, 1, now);
    let later = now + Duration::from_secs(1);
    room.detach(silent, 1, later);
    let (_, events) = room.join(Nickname::parse("Cy").unwrap(), entropy(1), later).unwrap();
    let [RoomEvent::Left(gone), RoomEvent::Joined(_)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(gone.number, silent);
    assert_eq!(room.resume(&silent_resume, later), Err(RoomError::NoSeat));
    // The name of the one who made room stays reserved.
    assert!(matches!(join(&mut room, "Silent", later), Err(RoomError::Full)));
    assert_eq!(join(&mut room, "Di", now + Duration::from_secs(9)), Err(RoomError::Full));
    join(&mut room, "Di", now + Duration::from_secs(10)).unwrap();
    let later = now + Duration::from_secs(11);
    assert_eq!(room.resume(&resume, later), Err(RoomError::Full), "nobody else is away");
    room.leave(here, later);
    assert_eq!(room.resume(&resume, later).unwrap().1.len(), 1);
    assert!(matches!(join(&mut room, "Silent", later), Err(RoomError::Full)));
    assert_eq!(room.present(), 3);
}

/// However many come and go, the name of a participant who left stays reserved, and it is the
/// newcomers who wait.
#[test]
fn no_number_of_joins_and_leaves_frees_a_reserved_name() {
    let start = Instant::now();
    let mut room = room(10);
    let alice = join(&mut room, "Alice", start).unwrap();
    room.say(alice, None, text("I am Alice"), start).unwrap();
    room.leave(alice, start);
    let (mut comings, mut crowded) = (0_u64, 0);
    let mut now = start;
    while now.saturating_duration_since(start) < Duration::from_secs(60) {
        now += Duration::from_millis(10);
        match join(&mut room, &format!("Guest {comings}"), now) {
            Ok(number) => {
                comings += 1;
                room.leave(number, now);
            }
            Err(RoomError::Crowded(wait)) => {
                assert!(wait > Duration::ZERO);
                crowded += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // The pace: a burst, and 50 per second.
    assert!((3_900..4_100).contains(&comings), "{comings}");
    assert!(crowded > 1_900, "{crowded}");
    assert!(matches!(join(&mut room, "Alice", now), Err(RoomError::NameTaken(_))));
    let known: Vec<&str> = room.absent().map(|identity| identity.name.as_str()).collect();
    assert!(known.contains(&"Alice") && known.len() <= 1024, "{}", known.len());
    room.pass_time(start + KEPT_FOR);
    assert!(join(&mut room, "Alice", start + KEPT_FOR + Duration::from_secs(1)).is_ok());
}

/// With names that are kept for a day, the bound is reached: newcomers are told how long to wait.
#[test]
fn at_the_bound_of_reservations_newcomers_wait_for_the_oldest() {
    let kept_for = Duration::from_secs(86_400);
    let mut now = Instant::now();
    let mut room =
        Room::new(Rules { max_participants: 10, rate_limit: RateLimit::Unlimited, kept_for }, now);
    for number in 0..RESERVED {
        now += Duration::from_millis(20);
        let number = join(&mut room, &format!("Guest {number}"), now).unwrap();
        room.leave(number, now);
    }
    let Err(RoomError::Crowded(wait)) = join(&mut room, "Ana", now) else { panic!("let in") };
    assert!(wait > Duration::from_secs(80_000) && wait < kept_for);
    room.pass_time(now + wait);
    assert!(join(&mut room, "Ana", now + wait).is_ok());
}

/// V-17: a return within half a minute is silent, a later one is announced under the same number.
#[test]
fn coming_back_keeps_the_seat() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let (resume, identity) = {
        let seat = room.seat(ana).unwrap();
        (seat.resume(), seat.identity.clone())
    };
    room.detach(ana, 1, now);
    assert!(room.pass_time(now + SILENT_RETURN - Duration::from_millis(1)).is_empty());
    assert_eq!(room.resume(&resume, now), Ok((ana, vec![])));
    room.detach(ana, 2, now);
    assert_eq!(room.pass_time(now + SILENT_RETURN).len(), 1);
    assert_eq!((room.present(), names(&room).len()), (0, 0));
    assert_eq!(room.resume(&resume, now), Ok((ana, vec![RoomEvent::Joined(identity)])));
    assert_eq!(names(&room), ["Ana"]);
    // After the time that seats are kept, it is gone.
    room.detach(ana, 3, now);
    room.pass_time(now + SILENT_RETURN);
    room.pass_time(now + SILENT_RETURN + KEPT_FOR);
    assert_eq!(room.resume(&resume, now), Err(RoomError::NoSeat));
}

#[test]
fn a_newer_transport_takes_the_seat_and_the_end_of_the_older_changes_nothing() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let resume = room.seat(ana).unwrap().resume();
    room.resume(&resume, now).unwrap();
    assert_eq!(room.transport(ana), Some(2));
    room.detach(ana, 1, now);
    assert!(room.pass_time(now + SILENT_RETURN).is_empty());
}

#[test]
fn a_wrong_secret_or_nonsense_opens_no_seat() {
    let mut room = room(10);
    join(&mut room, "Ana", Instant::now()).unwrap();
    let foreign = format!("1.{}", &*Token::draw().unwrap().reveal());
    for resume in [foreign.as_str(), "", "1", "1.", "x.y", "99.AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(room.resume(resume, Instant::now()), Err(RoomError::NoSeat), "{resume}");
    }
}

#[test]
fn a_line_sent_twice_is_said_once_and_costs_nothing() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let reference = Some("a1".to_owned());
    assert!(room.say(ana, reference.clone(), text("x"), now).unwrap().is_some());
    for _ in 0..50 {
        assert_eq!(room.say(ana, reference.clone(), text("x"), now), Ok(None));
    }
    for _ in 0..9 {
        assert!(room.say(ana, None, text("x"), now).unwrap().is_some());
    }
    let refused = room.say(ana, Some("a2".into()), text("x"), now).unwrap_err();
    assert!(matches!(refused, RoomError::TooFast(_)));
    // A refused line may be sent again under its reference.
    let later = now + Duration::from_secs(1);
    assert!(room.say(ana, Some("a2".into()), text("x"), later).unwrap().is_some());
}

#[test]
fn joining_and_leaving_in_a_loop_does_not_grow_the_room() {
    let mut now = Instant::now();
    let mut room = room(5);
    for round in 0..3000 {
        now += Duration::from_millis(20);
        let number = join(&mut room, &format!("P{round}"), now).unwrap();
        let resume = room.seat(number).unwrap().resume();
        room.detach(number, 1, now);
        room.pass_time(now + SILENT_RETURN);
        if round % 2 == 0 {
            room.resume(&resume, now).unwrap();
            room.leave(number, now);
        }
    }
    assert!(room.absent().count() <= 2 * 1024);
    assert_eq!(room.present(), 0);
}

proptest! {
    /// V-04: a name is refused exactly when somebody is known whom a reader could take for its bearer,
    /// whoever came, left and was forgotten before.
    #[test]
    fn a_name_is_taken_as_long_as_somebody_like_that_is_known(
        steps in proptest::collection::vec((0u8..4, 0usize..6, 0u64..400), 1..120),
    ) {
        const NAMES: [&str; 6] = ["Ana", "ANA", "Jose", "José", "paypal", "paypaI"];
        let mut now = Instant::now();
        let mut room = room(4);
        for (step, (kind, which, seconds)) in steps.into_iter().enumerate() {
            now += Duration::from_secs(seconds);
            room.pass_time(now);
            let number = which as u64 + 1;
            match kind {
                0 => drop(room.leave(number, now)),
                1 => room.detach(number, room.transport(number).unwrap_or_default(), now),
                _ => {
                    let name = Nickname::parse(NAMES[which]).unwrap();
                    let known = room.roster().map(|seat| &seat.identity).chain(room.absent());
                    let taken = known.into_iter().any(|known| known.name.clashes_with(&name));
                    let full = room.present() >= 4;
                    let joined = room.join(name, entropy(step as u32), now);
                    let refused = matches!(joined, Err(RoomError::NameTaken(_)));
                    prop_assert_eq!(refused, taken && !full);
                }
            }
        }
    }

    /// V-02 and V-03: whatever happens in whatever order, what the events say and who is on the
    /// roster never differ, and the count is right.
    #[test]
    fn the_roster_is_what_was_announced(
        steps in proptest::collection::vec((0u8..6, 0u64..12, 0u64..60), 1..300),
    ) {
        let mut now = Instant::now();
        let mut room = room(4);
        let mut announced = BTreeSet::new();
        let mut resumes = Vec::new();
        for (kind, which, seconds) in steps {
            now += Duration::from_secs(seconds);
            let number = which + 1;
            let mut events = match kind {
                0 => room
                    .join(Nickname::parse(&format!("N{which}")).unwrap(), entropy(which as u32), now)
                    .map(|(number, events)| {
                        resumes.push(room.seat(number).unwrap().resume());
                        events
                    })
                    .unwrap_or_default(),
                1 => room.leave(number, now).into_iter().collect(),
                2 => {
                    let transport = room.transport(number).unwrap_or_default();
                    room.detach(number, transport, now);
                    Vec::new()
                }
                3 => resumes
                    .get(which as usize)
                    .and_then(|resume| room.resume(resume, now).ok())
                    .map(|(_, events)| events)
                    .unwrap_or_default(),
                4 => room.say(number, None, text("x"), now).ok().flatten().into_iter().collect(),
                _ => Vec::new(),
            };
            events.extend(room.pass_time(now));
            for event in events {
                match event {
                    RoomEvent::Joined(who) => prop_assert!(announced.insert(who.number)),
                    RoomEvent::Left(who) => prop_assert!(announced.remove(&who.number)),
                    RoomEvent::Said { number, .. } => prop_assert!(room.seat(number).is_some()),
                    RoomEvent::Moved { url } => prop_assert!(false, "the room moves by itself: {url}"),
                }
            }
            let roster: BTreeSet<u64> = room.roster().map(|seat| seat.identity.number).collect();
            prop_assert_eq!(&roster, &announced);
            prop_assert_eq!(room.present(), announced.len());
            prop_assert!(room.present() <= 4);
        }
    }
}
