//! Which links admit, how often, and until when.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::control::{LinkNumber, MAX_LINKS, RoomLink};
use crate::token::Token;

fn secret(number: u8) -> Token {
    Token::copy_from(&[number; 16])
}

fn invite(number: LinkNumber, uses: Option<u32>, seconds: Option<u64>) -> RoomLink {
    RoomLink { number, secret: secret(number as u8), uses, seconds }
}

#[test]
fn an_invite_admits_until_its_uses_or_its_time_are_over() {
    let now = Instant::now();
    let mut links = Links::new(secret(200));
    assert!(links.add(invite(1, Some(2), None), now));
    assert!(links.add(invite(2, None, Some(60)), now));
    for _ in 0..9 {
        assert_eq!(links.find(&secret(1), now), Some(1), "a look uses none up");
    }
    assert_eq!(links.use_up(1, now), Ok(()));
    assert_eq!(links.use_up(1, now), Ok(()));
    assert_eq!(links.use_up(1, now), Err(RoomError::DeadLink));
    assert_eq!(links.find(&secret(1), now), None);
    let end = now + Duration::from_secs(60);
    assert_eq!(links.find(&secret(2), end - Duration::from_millis(1)), Some(2));
    assert_eq!((links.find(&secret(2), end), links.admits(2, end)), (None, false));
    assert_eq!(links.use_up(2, end), Err(RoomError::DeadLink));
    assert_eq!(links.find(&secret(200), end), Some(0));
}

/// Also with the longest time that the wire carries.
#[test]
fn a_time_that_no_clock_reaches_is_no_end() {
    let now = Instant::now();
    let mut links = Links::new(secret(200));
    assert!(links.add(invite(1, None, Some(u64::MAX)), now));
    assert_eq!(links.find(&secret(1), now + Duration::from_secs(1 << 32)), Some(1));
}

#[test]
fn an_ended_link_and_those_before_a_new_one_are_dead() {
    let now = Instant::now();
    let mut links = Links::new(secret(200));
    assert!(links.add(invite(1, None, None), now) && links.add(invite(2, None, None), now));
    assert!(links.end(1) && !links.end(1));
    assert_eq!((links.find(&secret(1), now), links.find(&secret(2), now)), (None, Some(2)));
    links.replace_all(RoomLink { number: 0, secret: secret(201), uses: None, seconds: None }, now);
    for dead in [200, 1, 2] {
        assert_eq!(links.find(&secret(dead), now), None, "{dead}");
    }
    assert_eq!(links.find(&secret(201), now), Some(0));
}

#[test]
fn a_link_that_could_admit_no_one_or_has_an_old_number_is_not_added() {
    let now = Instant::now();
    let mut links = Links::new(secret(200));
    for (number, uses, seconds) in [(1, Some(0), None), (1, None, Some(0)), (0, None, None)] {
        assert!(!links.add(invite(number, uses, seconds), now), "{number} {uses:?} {seconds:?}");
    }
    assert!(links.add(invite(5, None, None), now));
    assert!(links.end(5));
    assert!(!links.add(invite(5, None, None), now) && !links.add(invite(4, None, None), now));
    links.replace_all(RoomLink { number: 0, secret: secret(201), uses: None, seconds: None }, now);
    assert!(!links.add(invite(5, None, None), now), "numbers go on after a new link");
    assert!(links.add(invite(6, None, None), now));
}

/// A link whose time is over makes place for another.
#[test]
fn at_most_64_links_admit_at_the_same_time() {
    let now = Instant::now();
    let mut links = Links::new(secret(200));
    let most = MAX_LINKS as u32;
    assert!((1..most).all(|number| links.add(invite(number, None, Some(60)), now)));
    assert!(!links.add(invite(most, None, None), now));
    assert!(links.add(invite(most, None, None), now + Duration::from_secs(60)));
    assert_eq!(links.find(&secret(1), now), None, "forgotten");
}

proptest! {
    /// In any order of requests, a link admits no more people than it may, and none after its end.
    #[test]
    fn no_invite_is_used_more_often_than_its_number(
        uses in 1_u32..5,
        seconds in 1_u64..100,
        steps in proptest::collection::vec((0_u8..6, 0_u64..10_000), 1..100),
    ) {
        let start = Instant::now();
        let mut links = Links::new(secret(200));
        prop_assert!(links.add(invite(1, Some(uses), Some(seconds)), start));
        let (mut now, mut used) = (start, 0);
        for (kind, milliseconds) in steps {
            now += Duration::from_millis(milliseconds);
            let is_over = now - start >= Duration::from_secs(seconds);
            match kind {
                0 => prop_assert_eq!(links.find(&secret(1), now).is_some(), used < uses && !is_over),
                1 => prop_assert_eq!(links.admits(1, now), used < uses && !is_over),
                2 => links.expire(now),
                3 => prop_assert!(!links.add(invite(1, None, None), now), "the number is taken"),
                _ => {
                    prop_assert_eq!(links.use_up(1, now).is_ok(), used < uses && !is_over);
                    used += u32::from(used < uses && !is_over);
                }
            }
        }
    }
}
