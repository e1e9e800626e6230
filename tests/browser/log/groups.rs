//! Messages of one person share a head.

use serde_json::json;

use super::{MINUTE, heads, joined, noon, receive, said};
use crate::harness::Fixture;

#[tokio::test]
async fn messages_of_one_person_within_five_minutes_share_one_head() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    let at = |minutes: u64| noon + minutes * MINUTE;
    receive(
        &ana,
        &[
            joined(7, noon),
            joined(8, noon),
            said(7, at(0), "first"),
            said(7, at(4), "of the group"),
            said(7, at(5), "five minutes later"),
            said(8, at(5), "another person"),
            said(7, at(5), "again"),
            json!({ "t": "gap", "missed": 3 }),
            said(7, at(5), "after a gap"),
            joined(9, at(6)),
            said(7, at(6), "after a join"),
            said(7, at(12 * 60 - 1), "before midnight"),
            said(7, at(12 * 60), "after midnight"),
        ],
    )
    .await;
    let expected = ["12:00", "", "12:05", "12:05", "12:05", "12:05", "12:06", "23:59", "00:00"];
    assert_eq!(heads(&ana).await, json!(expected));
    // The head stays readable for a screen reader, which does not see the group.
    let name = "getComputedStyle(document.querySelector('.in-group .name')).display";
    assert_ne!(ana.eval(name).await, "none");
    for width in [1000, 390] {
        ana.set_screen(width, "dark").await;
        assert_eq!(heads(&ana).await, json!(expected), "at {width} px");
    }
}

/// The line with the head is the first that is removed.
#[tokio::test]
async fn a_group_that_lost_its_first_message_gets_a_head_again() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    let mut events = vec![joined(7, noon)];
    events.extend((0..520).map(|number| said(7, noon + number * 500, &format!("line {number}."))));
    receive(&ana, &events).await;
    assert_eq!(ana.eval("document.querySelector('[role=log]').childElementCount").await, 500);
    let heads = heads(&ana).await;
    assert_eq!(heads.as_array().unwrap().iter().filter(|head| **head != "").count(), 1);
    assert_eq!(heads[0], "12:00");
    // The group goes on from there.
    receive(&ana, &[said(7, noon + 299_000, "still"), said(7, noon + 301_000, "no more")]).await;
    let script = "[...document.querySelectorAll('.message')].slice(-2).map((line) => line.matches('.in-group'))";
    assert_eq!(ana.eval(script).await, json!([true, false]));
}
