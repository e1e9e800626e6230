//! Who gets a place, who loses it, and when.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::knocks::*;
use crate::control::Handshake;
use crate::token::Token;

fn first() -> FirstMessage {
    FirstMessage { link: 0, noise: Handshake::new(vec![0; 48]).unwrap() }
}

fn token() -> Token {
    Token::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap()
}

/// The numbers of the knocks that are passed on, and of those that end.
fn numbers(steps: Vec<KnockStep<u64>>) -> (Vec<u64>, Vec<u64>) {
    let (mut passed_on, mut ended) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            KnockStep::PassOn { knock, .. } => passed_on.push(knock),
            KnockStep::Ended { knock, .. } => ended.push(knock),
        }
    }
    (passed_on, ended)
}

#[test]
fn the_oldest_of_65_keeps_its_place_for_its_time_and_no_longer() {
    let start = Instant::now();
    let mut knocks = Knocks::default();
    for number in 1..=65 {
        assert_eq!(knocks.add(first(), number, start), Some(number));
    }
    assert_eq!(numbers(knocks.advance(start)), ((1..=64).collect(), vec![]));
    // It is for the host to answer.
    assert_eq!(numbers(knocks.advance(start + QUEUE_TIME)), (vec![], vec![]));
    for number in 2..=64 {
        knocks.answer(number, token(), number, start);
    }
    let displaced = start + QUEUE_TIME.mul_f64(64.0 / 129.0);
    assert_eq!(knocks.next_deadline(), Some(displaced));
    let before = displaced.checked_sub(Duration::from_nanos(1)).unwrap();
    assert_eq!(numbers(knocks.advance(before)), (vec![], vec![]));
    assert_eq!(numbers(knocks.advance(displaced)), (vec![65], vec![2]));
}

/// However many wait, and no matter what the others do: each has had a place after [`QUEUE_TIME`].
#[test]
fn a_thousand_that_never_send_a_request_are_through_in_four_seconds() {
    let start = Instant::now();
    let mut knocks = Knocks::default();
    for number in 1..=1000 {
        knocks.add(first(), number, start);
    }
    let (mut now, mut passed_on) = (start, 0);
    loop {
        let (answered, _) = numbers(knocks.advance(now));
        passed_on += answered.len();
        if passed_on == 1000 {
            break;
        }
        for knock in answered {
            knocks.answer(knock, token(), knock, now);
        }
        now = knocks.next_deadline().unwrap();
    }
    assert!(now - start <= QUEUE_TIME + MIN_PLACE_TIME, "{:?}", now - start);
}

#[test]
fn a_request_frees_the_place_and_has_a_time_of_its_own() {
    let start = Instant::now();
    let mut knocks = Knocks::default();
    for number in 1..=65 {
        knocks.add(first(), number, start);
    }
    knocks.advance(start);
    assert_eq!(knocks.request(1, start), Err(RequestError::UnknownKnock));
    knocks.answer(1, token(), 1, start);
    let text = knocks.token(1).unwrap();
    assert_eq!(knocks.find(&text, 7), Some(1));
    assert_eq!(knocks.find("2.AAAAAAAAAAAAAAAAAAAAAA", 7), None);
    assert_eq!(knocks.find("1.AAAAAAAAAAAAAAAAAAAAAQ", 7), None);
    assert_eq!(knocks.request(1, start), Ok(()));
    assert_eq!(knocks.request(1, start), Err(RequestError::UnknownKnock));
    assert_eq!(numbers(knocks.advance(start)), (vec![65], vec![]));
    let (passed_on, ended) = numbers(knocks.advance(start + KNOCK_TIMEOUT));
    assert_eq!((passed_on, ended), (vec![], (2..=65).collect()));
    assert_eq!(numbers(knocks.advance(start + REQUEST_TIMEOUT)), (vec![], vec![1]));
}

proptest! {
    /// Every knock ends once, or is decided once; the bounds hold at any time.
    #[test]
    fn no_knock_is_lost_and_no_bound_exceeded(
        steps in proptest::collection::vec((0_u8..5, 0_u64..80, 0_u64..3000), 1..400),
    ) {
        let mut now = Instant::now();
        let mut knocks = Knocks::default();
        let (mut open, mut last) = (std::collections::BTreeSet::new(), 0);
        for (step, pick, millis) in steps {
            match step {
                0 | 1 => {
                    for _ in 0..pick {
                        match knocks.add(first(), 0, now) {
                            Some(number) => {
                                open.insert(number);
                                last = number;
                            }
                            None => prop_assert_eq!(knocks.counts().0, MAX_KNOCKS_WAITING),
                        }
                    }
                }
                2 => { knocks.answer(last.saturating_sub(pick), token(), 0, now); }
                3 => { let _ = knocks.request(last.saturating_sub(pick), now); }
                _ => {
                    let decided = last.saturating_sub(pick);
                    if knocks.remove_known(decided).is_some() {
                        prop_assert!(open.remove(&decided));
                    }
                }
            }
            now += Duration::from_millis(millis);
            for knock in numbers(knocks.advance(now)).1 {
                prop_assert!(open.remove(&knock), "{} twice", knock);
            }
            let (waiting, in_flight, requested) = knocks.counts();
            prop_assert!(in_flight <= MAX_KNOCKS_IN_FLIGHT);
            let all = waiting + in_flight + requested;
            prop_assert_eq!(all, open.len());
            prop_assert!(knocks.next_deadline().is_none_or(|deadline| deadline > now));
        }
        let rest = knocks.advance(now + REQUEST_TIMEOUT);
        prop_assert_eq!(numbers(rest).1.len(), open.len());
    }
}
