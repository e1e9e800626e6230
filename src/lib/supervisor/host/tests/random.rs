//! Any sequence of knocks, requests, leaves, returns and pauses.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::people::Standing;
use super::relay::Room;
use crate::control::FromRelay;

#[derive(Clone, Debug)]
enum Step {
    Knock,
    /// Of one of the knocks that were answered, under one of a few names.
    Request(usize, u8),
    EndKnock(usize),
    Gone(usize),
    Returns(usize),
    GivenUp(usize),
    Wait(u64),
    Moved,
    Order(Order),
}

/// What the operator does.
#[derive(Clone, Debug)]
enum Order {
    Rules(bool, bool),
    Admit(usize),
    Reject(usize),
    Kick(usize),
    /// For so many people, and so many seconds.
    Invite(u32, u64),
    /// A knock and its request, by one of the links that there were.
    JoinBy(usize, u8),
    Revoke(usize),
    Relink,
    Announce,
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..20;
    prop_oneof![
        4 => Just(Step::Knock),
        4 => (which.clone(), any::<u8>()).prop_map(|(which, name)| Step::Request(which, name)),
        1 => which.clone().prop_map(Step::EndKnock),
        3 => which.clone().prop_map(Step::Gone),
        2 => which.clone().prop_map(Step::Returns),
        1 => which.prop_map(Step::GivenUp),
        3 => (0u64..40).prop_map(Step::Wait),
        1 => (0u64..700_000).prop_map(Step::Wait),
        1 => Just(Step::Moved),
    ]
}

/// Such a step, or one of the operator.
fn ordered_step() -> impl Strategy<Value = Step> {
    let which = 0usize..20;
    let order = prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(locked, lobby)| Order::Rules(locked, lobby)),
        6 => which.clone().prop_map(Order::Admit),
        1 => which.clone().prop_map(Order::Reject),
        2 => which.clone().prop_map(Order::Kick),
        2 => (1u32..4, 1u64..400).prop_map(|(people, time)| Order::Invite(people, time)),
        8 => (which.clone(), any::<u8>()).prop_map(|(link, name)| Order::JoinBy(link, name)),
        1 => which.prop_map(Order::Revoke),
        1 => Just(Order::Relink),
        1 => Just(Order::Announce),
    ];
    prop_oneof![1 => step(), 1 => order.prop_map(Step::Order)]
}

/// The one at `which` of those that there are.
fn pick<T: Copy>(all: impl Iterator<Item = T>, which: usize) -> Option<T> {
    let all: Vec<T> = all.collect();
    (!all.is_empty()).then(|| all[which % all.len()])
}

fn take(room: &mut Room, step: &Step) {
    match *step {
        Step::Knock => {
            room.knock();
        }
        Step::Request(which, name) => {
            if let Some(knock) = pick(room.answered.keys().copied(), which) {
                room.request(knock, &format!("n{}", name % 40));
            }
        }
        Step::EndKnock(which) => {
            let open = room.answered.keys().chain(room.waiting.keys()).copied();
            if let Some(knock) = pick(open, which) {
                room.answered.remove(&knock);
                room.waiting.remove(&knock);
                room.in_lobby.remove(&knock);
                room.send(FromRelay::KnockEnded { knock });
            }
        }
        Step::Gone(which) => {
            if let Some(number) = pick(room.guests.keys().copied(), which) {
                room.gone(number);
            }
        }
        Step::Returns(which) => {
            if let Some(number) = pick(room.departed.keys().copied(), which) {
                room.returns(number);
            }
        }
        Step::GivenUp(which) => {
            if let Some(number) = pick(room.departed.keys().copied(), which) {
                room.send(FromRelay::GivenUp { number });
            }
        }
        Step::Wait(millis) => {
            room.wait(Duration::from_millis(millis));
            // The relay ends knocks after 10 s.
            if millis >= 10_000 {
                for knock in std::mem::take(&mut room.answered).into_keys() {
                    room.send(FromRelay::KnockEnded { knock });
                }
            }
        }
        Step::Order(ref order) => carry_out(room, order),
        Step::Moved => {
            let output = room.host.moved("https://a.trycloudflare.com/#1.AAAAAAAAAAAAAAAAAAAAAA");
            room.take(output);
        }
    }
}

fn carry_out(room: &mut Room, order: &Order) {
    match *order {
        Order::Rules(locked, lobby) => room.set_rules(locked, lobby),
        Order::Admit(which) => {
            let waiting =
                room.host.people.with(Standing::is_waiting).map(|person| person.entry.number);
            if let Some(number) = pick(waiting, which) {
                let _ = room.admit_waiting(number);
            }
        }
        Order::Reject(which) => {
            room.reject(u32::try_from(which).unwrap());
        }
        Order::Kick(which) => {
            let people = room.host.people.with(|_| true).map(|person| person.entry.number);
            if let Some(number) = pick(people, which) {
                room.kick(number);
            }
        }
        Order::Invite(people, seconds) => {
            room.last_invite += 1;
            room.invite(room.last_invite, people, Duration::from_secs(seconds));
        }
        Order::JoinBy(which, name) => {
            let links = room.tickets.clone();
            let Some((link, ticket)) = links.get(which % links.len()) else { return };
            let knock = room.knock_by(*link, ticket);
            if room.answered.contains_key(&knock) {
                room.request(knock, &format!("n{}", name % 40));
            }
        }
        Order::Revoke(which) => {
            if let Some(link) = pick(room.links.keys().copied(), which) {
                room.revoke(link);
            }
        }
        Order::Relink => room.relink(),
        Order::Announce => {
            if let Some(output) = room.host.announce("hello") {
                room.take(output);
            }
        }
    }
}

/// Changes have their gap, and their letters stay within bucket and rate.
fn has_pace(changes: &[(Instant, usize)]) -> bool {
    let Some((start, _)) = changes.first().copied() else { return true };
    let mut letters = 0;
    let in_rate = changes.iter().all(|(at, told)| {
        letters += told;
        letters as f64 <= 2_000.5 + (*at - start).as_secs_f64() * 100.0
    });
    let gap = |told: usize| Duration::from_millis(u64::try_from(told).unwrap());
    in_rate && changes.windows(2).all(|pair| pair[1].0 - pair[0].0 >= gap(pair[1].1))
}

/// A room after these steps, checked after each of them.
fn after(steps: &[Step]) -> Room {
    let mut room = Room::new(12);
    for step in steps {
        take(&mut room, step);
        room.check();
    }
    room
}

/// Those in the room are those whom the host counts, and not too many.
fn check_present(room: &Room) {
    let present = room.host.people.circle().count();
    assert_eq!(room.guests.len(), present);
    assert!(present <= 12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The relay in this test checks every line, and each guest every generation: they have the same
    /// roster, its hash is in their letter, no letter is for another one, no number is assigned twice, and
    /// no one is admitted without a request that was granted.
    #[test]
    fn everyone_in_the_room_and_no_one_else_has_the_newest_key(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut room = after(&steps);
        // Those who wait are in, and those who are gone are out, as soon as the pace permits.
        room.wait(Duration::from_secs(30));
        room.check();
        prop_assert!(room.waiting.is_empty());
        prop_assert!(has_pace(&room.changes));
        check_present(&room);
    }

    /// The same with an operator who orders anything at any time. Beside it, every admission is checked
    /// against a count of what was asked for and ordered (`admissions`): no one comes in whom neither the
    /// rules nor the operator admitted, no invite lets in more than it says, numbers of newcomers rise, and
    /// those who are removed read nothing more.
    #[test]
    fn no_order_of_commands_lets_in_one_who_was_not_admitted(
        steps in proptest::collection::vec(ordered_step(), 1..160),
    ) {
        let mut room = after(&steps);
        room.wait(Duration::from_secs(30));
        room.check();
        prop_assert!(room.waiting.keys().eq(room.in_lobby.iter()));
        room.wait(Duration::from_secs(300));
        room.check();
        prop_assert!(room.in_lobby.is_empty() && room.waiting.is_empty());
        check_present(&room);
    }
}
