//! Own messages: when they are spoken, in which order, and how they are marked.

use serde_json::json;

use super::{heads, receive};
use crate::harness::{Fixture, NO_RATE_LIMIT, Proxy, ProxyMode};

/// Everything that was ever added to the live region, as text.
const OBSERVE: &str = "window.spoken = [];
    new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes) spoken.push(node.textContent);
    }).observe(document.querySelector('[role=log]'), { childList: true, subtree: true, characterData: true })";

#[tokio::test]
async fn an_own_message_enters_the_live_region_once_and_in_the_order_of_the_room() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    ana.wait_for_log("joined").await;
    ana.execute(OBSERVE, vec![]).await;
    ana.send_message("at once").await;
    bo.wait_for_log("at once").await;
    // Others say something before the room gets the next two.
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    ana.send_messages(&["mine, one", "mine, two"]).await;
    assert_eq!(ana.messages().await, ["at once", "mine, one", "mine, two"]);
    bo.send_message("meanwhile").await;
    bo.wait_for_log("meanwhile").await;
    proxy.set(ProxyMode::Forward);
    bo.wait_for_log("mine, two").await;
    ana.wait_for("!document.querySelector('.message.dim')").await;
    let order = ["at once", "meanwhile", "mine, one", "mine, two"];
    assert_eq!(ana.messages().await, order);
    assert_eq!(bo.messages().await, order);
    for text in order {
        let script = "spoken.filter((spoken) => spoken.includes(arguments[0])).length";
        let count = ana.execute(&format!("return {script}"), vec![json!(text)]).await;
        assert_eq!(count, 1, "{text}: {}", ana.eval("spoken").await);
    }
}

/// Confirmed in another order than they were sent.
#[tokio::test]
async fn the_room_decides_the_order_of_own_messages() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    proxy.set(ProxyMode::Stall);
    ana.execute(OBSERVE, vec![]).await;
    ana.send_messages(&["one", "two"]).await;
    let own = ana.eval("[session.n, ...pending.keys()]").await;
    for (reference, body) in [(&own[2], "two"), (&own[1], "one")] {
        let at = ana.eval("Date.now()").await;
        receive(
            &ana,
            &[json!({ "t": "said", "n": own[0], "at": at, "ref": reference, "body": body })],
        )
        .await;
    }
    assert_eq!(ana.messages().await, ["two", "one"]);
    ana.wait_for("spoken.length === 2").await;
    let heads = heads(&ana).await;
    assert!(heads[0] != "" && heads[1] == "", "{heads}");
}

#[tokio::test]
async fn own_messages_are_marked_by_a_word_and_a_line() {
    let fixture = Fixture::start(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    ana.send_message("mine").await;
    bo.wait_for_log("mine").await;
    bo.send_message("yours").await;
    ana.wait_for_log("yours").await;
    let who =
        "[...document.querySelectorAll('.message')].map((line) => line.children[1].textContent)";
    for (page, own) in [(&ana, 0), (&bo, 1)] {
        let who = page.eval(who).await;
        for line in 0..2 {
            assert_eq!(who[line].as_str().unwrap().ends_with(" you"), line == own, "{who}");
        }
        let styles = page
            .eval("[...document.querySelectorAll('.message p')].map((p) => getComputedStyle(p).borderLeftStyle)")
            .await;
        assert_ne!(styles[0], styles[1], "marked not by colour alone");
    }
}
