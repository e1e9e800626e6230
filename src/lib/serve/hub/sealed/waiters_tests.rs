//! How long clients wait, and what is kept of the decision.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::waiters::*;
use crate::chat::{POLL_RETURN_TIMEOUT, WAITING_TIMEOUT};
use crate::token::Token;

type TestWaiters = Waiters<&'static str, &'static str>;

fn token() -> Token {
    Token::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap()
}

fn text(number: u64) -> String {
    format!("{number}.AAAAAAAAAAAAAAAAAAAAAA")
}

#[test]
fn a_socket_waits_for_its_whole_time() {
    let start = Instant::now();
    let mut waiters = TestWaiters::default();
    waiters.add(1, token(), "socket", start);
    assert_eq!(waiters.next_deadline(), Some(start + WAITING_TIMEOUT));
    let before = start + WAITING_TIMEOUT.checked_sub(Duration::from_nanos(1)).unwrap();
    assert_eq!(waiters.overdue(before), []);
    assert_eq!(waiters.overdue(start + WAITING_TIMEOUT), [(1, WaitEnd::TooLong)]);
    assert_eq!(waiters.decide(1, "no", before), Some(Some("socket")));
    assert_eq!(waiters.decide(1, "yes", before), None);
    // Nothing is kept for a client that never polled.
    assert_eq!(waiters.find(&text(1), "poll"), None);
}

#[test]
fn a_client_polls_again_in_time_and_never_waits_longer_than_a_socket() {
    let start = Instant::now();
    let mut waiters = TestWaiters::default();
    waiters.add(1, token(), "first", start);
    assert_eq!(waiters.await_next_poll(1, start).as_deref(), Some(text(1).as_str()));
    assert_eq!(waiters.next_deadline(), Some(start + POLL_RETURN_TIMEOUT));
    for wrong in ["", "1", "1.", "2.AAAAAAAAAAAAAAAAAAAAAA", "1.AAAAAAAAAAAAAAAAAAAAAQ"] {
        assert_eq!(waiters.find(wrong, "wrong"), None, "{wrong}");
    }
    assert_eq!(waiters.find(&text(1), "second"), Some(Found::Waiting(1)));
    assert_eq!(waiters.overdue(start + POLL_RETURN_TIMEOUT), []);
    let late = start + WAITING_TIMEOUT - POLL_RETURN_TIMEOUT / 2;
    waiters.await_next_poll(1, late);
    assert_eq!(waiters.next_deadline(), Some(start + WAITING_TIMEOUT));
    waiters.find(&text(1), "third");
    waiters.await_next_poll(1, start);
    assert_eq!(waiters.overdue(start + POLL_RETURN_TIMEOUT), [(1, WaitEnd::Gone)]);
    assert!(waiters.remove(1) && !waiters.remove(1));
}

#[test]
fn a_decision_is_kept_for_the_next_poll_and_not_for_long() {
    let start = Instant::now();
    let mut waiters = TestWaiters::default();
    for number in 1..=70 {
        waiters.add(number, token(), "poll", start);
        waiters.await_next_poll(number, start);
        assert_eq!(waiters.decide(number, "yes", start), Some(None));
    }
    // As many as are kept, from the newest on.
    assert_eq!(waiters.find(&text(6), "poll"), None);
    for number in 7..=70 {
        assert_eq!(waiters.find(&text(number), "poll"), Some(Found::Decided("yes")));
    }
    assert_eq!(waiters.find("70.AAAAAAAAAAAAAAAAAAAAAQ", "poll"), None);
    waiters.overdue(start + POLL_RETURN_TIMEOUT);
    assert_eq!(waiters.find(&text(70), "poll"), None);
}

#[test]
fn one_decision_ends_all_waits() {
    let start = Instant::now();
    let mut waiters = TestWaiters::default();
    waiters.add(1, token(), "socket", start);
    waiters.add(2, token(), "poll", start);
    waiters.await_next_poll(2, start);
    assert_eq!(waiters.decide_all(&"over", start), ["socket"]);
    assert_eq!((waiters.len(), waiters.next_deadline()), (0, None));
    assert_eq!(waiters.find(&text(2), "poll"), Some(Found::Decided("over")));
}

proptest! {
    /// Every wait ends once: by a decision, by its client, or by the time.
    #[test]
    fn no_wait_is_lost(steps in prop::collection::vec((0_u8..6, 1_u64..20, 0_u64..40), 1..200)) {
        let mut now = Instant::now();
        let mut waiters = TestWaiters::default();
        let (mut open, mut last) = (BTreeSet::new(), 0);
        for (step, number, seconds) in steps {
            match step {
                0 | 1 => {
                    last += 1;
                    waiters.add(last, token(), "client", now);
                    open.insert(last);
                }
                2 => prop_assert_eq!(waiters.await_next_poll(number, now).is_some(), open.contains(&number)),
                3 => {
                    let is_waiting = waiters.find(&text(number), "next") == Some(Found::Waiting(number));
                    prop_assert_eq!(is_waiting, open.contains(&number));
                }
                4 => prop_assert_eq!(waiters.decide(number, "yes", now).is_some(), open.remove(&number)),
                _ => prop_assert_eq!(waiters.remove(number), open.remove(&number)),
            }
            now += Duration::from_secs(seconds);
            for (number, _) in waiters.overdue(now) {
                prop_assert!(waiters.remove(number) && open.remove(&number));
            }
            prop_assert_eq!(waiters.len(), open.len());
            prop_assert!(waiters.next_deadline().is_none_or(|deadline| deadline > now));
        }
    }
}
