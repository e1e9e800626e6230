//! Joins and leaves that come close together are folded into one line.

use serde_json::json;

use super::{MINUTE, joined, left, noon, receive, said};
use crate::harness::{ENTER, Fixture};

#[tokio::test]
async fn joins_and_leaves_are_folded_from_the_third_on() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    let lines = "[...document.querySelector('[role=log]').children].map((line) => (line.querySelector('summary') || line).textContent)";
    receive(&ana, &[joined(11, noon), left(11, noon + MINUTE)]).await;
    assert_eq!(ana.eval(lines).await, json!(["12:00 P11#abc joined", "12:01 P11#abc left"]));
    let more: Vec<_> = (12..16).map(|n| joined(n, noon + 2 * MINUTE)).collect();
    receive(&ana, &more).await;
    receive(&ana, &[left(12, noon + 3 * MINUTE), left(13, noon + 3 * MINUTE)]).await;
    assert_eq!(ana.eval(lines).await, json!(["12:00 5 joined, 3 left"]));
    let is_live = "document.querySelector('details').getAttribute('aria-live')";
    assert_eq!(ana.eval(is_live).await, "off", "a crowd is not spoken one by one");
    // The names, by the keyboard.
    ana.execute("document.querySelector('summary').focus()", vec![]).await;
    ana.press(ENTER).await;
    ana.wait_for("document.querySelector('details').open").await;
    let names = ana.eval("document.querySelector('details').innerText").await;
    for name in ["P11#abc joined", "P11#abc left", "P15#abc joined", "P13#abc left"] {
        assert!(names.as_str().unwrap().contains(name), "{names}");
    }
    ana.expect_accessible("folded").await;
    // Another line begins a new row.
    receive(&ana, &[said(14, noon, "hello"), left(14, noon), left(15, noon)]).await;
    let expected =
        ["12:00 5 joined, 3 left", "12:00P14#abchello", "12:00 P14#abc left", "12:00 P15#abc left"];
    assert_eq!(ana.eval(lines).await, json!(expected));
}

#[tokio::test]
async fn a_flood_of_joins_leaves_the_messages_in_place_and_the_page_small() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    receive(&ana, &[said(7, noon, "before the flood")]).await;
    for turn in 0..20 {
        let flood: Vec<_> =
            (0..100).flat_map(|n| [joined(n + 10, noon), left(n + 10, noon)]).collect();
        receive(&ana, &flood).await;
        receive(&ana, &[said(7, noon, &format!("turn {turn}"))]).await;
    }
    assert_eq!(ana.messages().await.len(), 21);
    assert_eq!(ana.eval("document.querySelector('[role=log]').childElementCount").await, 41);
    assert_eq!(ana.eval("document.querySelectorAll('details .line').length").await, 100);
    assert!(ana.text("summary").await.ends_with("100 joined, 100 left"));
}
