//! Who may join, post and be seen.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::rate_limit::RateLimit;
use crate::token::Token;

pub(super) const RETENTION: Duration = Duration::from_secs(600);

pub(super) fn room(max_participants: usize) -> Room {
    let rate_limit = RateLimit::Limited { per_second: 2, burst: 10 };
    let rules = Rules { max_participants, rate_limit, retention: RETENTION };
    Room::new(rules, ticket(), Instant::now())
}

pub(super) fn entropy(tag: u32) -> Entropy {
    Entropy { token: Token::generate().unwrap(), tag }
}

pub(super) fn join(room: &mut Room, name: &str, now: Instant) -> Result<u32, RoomError> {
    admit(room, Nickname::parse(name)?, entropy(7), now).map(|(number, _)| number)
}

/// The ticket of the link of all rooms in these tests.
pub(super) fn ticket() -> Token {
    Token::copy_from(&[7; 16])
}

/// Joins by the room's own link, without a lobby.
pub(super) fn admit(
    room: &mut Room,
    name: Nickname,
    entropy: Entropy,
    now: Instant,
) -> Result<(u32, Vec<RoomEvent>), RoomError> {
    match room.join(Newcomer { name, ticket: ticket(), entropy }, now)? {
        Joining::Admitted(Admitted { number, events, .. }) => Ok((number, events)),
        Joining::Waits(_) => panic!("there is no lobby"),
    }
}

pub(super) fn text(body: &str) -> MessageText {
    MessageText::parse(body, 4096).unwrap()
}

pub(super) fn names(room: &Room) -> Vec<&str> {
    room.roster().map(|identity| identity.name.as_str()).collect()
}

/// V-04.
#[test]
fn a_name_is_refused_while_a_similar_one_is_present_or_recently_left() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let refused = join(&mut room, "ANA", now).unwrap_err();
    let RoomError::NameTaken(Some(free)) = &refused else { panic!("{refused:?}") };
    assert_eq!(free.as_str(), "ANA 2");
    assert!(refused.to_string().contains("ANA 2 is free"));
    assert!(room.leave(ana, now).is_some());
    assert!(join(&mut room, "Ana", now + Duration::from_secs(599)).is_err());
    room.expire(now + RETENTION);
    assert!(join(&mut room, "Ana", now + RETENTION).is_ok());
}

#[test]
fn tags_differ_when_the_random_bits_are_equal() {
    let now = Instant::now();
    let mut room = room(10);
    for name in ["Ana", "Bo", "Cy"] {
        join(&mut room, name, now).unwrap();
    }
    let tags: BTreeSet<String> =
        room.roster().map(|identity| identity.tag.as_str().to_owned()).collect();
    assert_eq!(tags.len(), 3);
}

#[test]
fn a_full_room_refuses_joins_until_a_participant_leaves() {
    let now = Instant::now();
    let mut room = room(2);
    let ana = join(&mut room, "Ana", now).unwrap();
    join(&mut room, "Bo", now).unwrap();
    assert_eq!(join(&mut room, "Cy", now), Err(RoomError::Full));
    room.leave(ana, now);
    assert!(join(&mut room, "Cy", now).is_ok());
}

/// A client that takes every seat and disconnects does not keep newcomers out. A participant who was
/// active is protected for a while, and may return.
#[test]
fn a_full_room_displaces_disconnected_participants_who_only_joined() {
    let now = Instant::now();
    let mut room = room(3);
    let here = join(&mut room, "Here", now).unwrap();
    let spoke = join(&mut room, "Spoke", now).unwrap();
    room.post_message(spoke, None, text("x"), now).unwrap();
    let resume = room.seat(spoke).unwrap().resume_token();
    let silent = join(&mut room, "Silent", now).unwrap();
    let silent_resume = room.seat(silent).unwrap().resume_token();
    assert_eq!(join(&mut room, "Cy", now), Err(RoomError::Full));
    room.detach(spoke, 1, now);
    let later = now + Duration::from_secs(1);
    room.detach(silent, 1, later);
    let (_, events) = admit(&mut room, Nickname::parse("Cy").unwrap(), entropy(1), later).unwrap();
    let [RoomEvent::Left(gone), RoomEvent::Joined(_)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(gone.number, silent);
    assert_eq!(room.resume(&silent_resume, later), Err(RoomError::NoSeat));
    // The name of the displaced participant stays reserved.
    assert!(matches!(join(&mut room, "Silent", later), Err(RoomError::Full)));
    assert_eq!(join(&mut room, "Di", now + Duration::from_secs(9)), Err(RoomError::Full));
    join(&mut room, "Di", now + Duration::from_secs(10)).unwrap();
    let later = now + Duration::from_secs(11);
    assert_eq!(
        room.resume(&resume, later),
        Err(RoomError::Full),
        "no other participant is disconnected"
    );
    room.leave(here, later);
    assert_eq!(room.resume(&resume, later).unwrap().1.len(), 1);
    assert!(matches!(join(&mut room, "Silent", later), Err(RoomError::Full)));
    assert_eq!(room.present_count(), 3);
}

#[test]
fn a_repeated_reference_posts_nothing_and_costs_no_token() {
    let now = Instant::now();
    let mut room = room(10);
    let ana = join(&mut room, "Ana", now).unwrap();
    let reference = Some("a1".to_owned());
    assert!(room.post_message(ana, reference.clone(), text("x"), now).unwrap().is_some());
    for _ in 0..50 {
        assert_eq!(room.post_message(ana, reference.clone(), text("x"), now), Ok(None));
    }
    for _ in 0..9 {
        assert!(room.post_message(ana, None, text("x"), now).unwrap().is_some());
    }
    let refused = room.post_message(ana, Some("a2".into()), text("x"), now).unwrap_err();
    assert!(matches!(refused, RoomError::TooFast(_)));
    // A refused message may be sent again under its reference.
    let later = now + Duration::from_secs(1);
    assert!(room.post_message(ana, Some("a2".into()), text("x"), later).unwrap().is_some());
}

proptest! {
    /// V-04: a name is refused exactly if a known participant has a similar one, in any order of joins,
    /// leaves and timeouts.
    #[test]
    fn a_name_is_taken_while_a_similar_one_is_known(
        steps in proptest::collection::vec((0u8..4, 0usize..6, 0u64..400), 1..120),
    ) {
        const NAMES: [&str; 6] = ["Ana", "ANA", "Jose", "José", "paypal", "paypaI"];
        let mut now = Instant::now();
        let mut room = room(4);
        for (step, (kind, which, seconds)) in steps.into_iter().enumerate() {
            now += Duration::from_secs(seconds);
            room.expire(now);
            let number = which as u32 + 1;
            match kind {
                0 => drop(room.leave(number, now)),
                1 => room.detach(number, room.transport(number).unwrap_or_default(), now),
                _ => {
                    let name = Nickname::parse(NAMES[which]).unwrap();
                    let known = room.roster().chain(room.departed());
                    let taken = known.into_iter().any(|known| known.name.clashes_with(&name));
                    let full = room.present_count() >= 4;
                    let joined = admit(&mut room, name, entropy(step as u32), now);
                    let refused = matches!(joined, Err(RoomError::NameTaken(_)));
                    prop_assert_eq!(refused, taken && !full);
                }
            }
        }
    }

    /// V-02 and V-03: in any order of steps, the events describe the roster, and the count is right.
    #[test]
    fn the_events_describe_the_roster(
        steps in proptest::collection::vec((0u8..6, 0u32..12, 0u64..60), 1..300),
    ) {
        let mut now = Instant::now();
        let mut room = room(4);
        let mut announced = BTreeSet::new();
        let mut resumes = Vec::new();
        for (kind, which, seconds) in steps {
            now += Duration::from_secs(seconds);
            let number = which + 1;
            let mut events = match kind {
                0 => admit(&mut room, Nickname::parse(&format!("N{which}")).unwrap(), entropy(which), now)
                    .map(|(number, events)| {
                        resumes.push(room.seat(number).unwrap().resume_token());
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
                4 => room.post_message(number, None, text("x"), now).ok().flatten().into_iter().collect(),
                _ => Vec::new(),
            };
            events.extend(room.expire(now));
            for event in events {
                match event {
                    RoomEvent::Joined(who) => prop_assert!(announced.insert(who.number)),
                    RoomEvent::Left(who) => prop_assert!(announced.remove(&who.number)),
                    RoomEvent::Message { number, .. } => prop_assert!(room.seat(number).is_some()),
                    RoomEvent::Moved { url } => prop_assert!(false, "moved without a request: {url}"),
                }
            }
            let roster: BTreeSet<u32> = room.roster().map(|identity| identity.number).collect();
            prop_assert_eq!(&roster, &announced);
            prop_assert_eq!(room.present_count(), announced.len());
            prop_assert!(room.present_count() <= 4);
        }
    }
}
