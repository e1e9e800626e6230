//! Nothing appears on the browser's console, at any level, from the gate to the end.

use serde_json::Value;

use crate::harness::{Browser, Fixture, Proxy, ProxyMode};

/// Fails when the console has an entry that contains none of the texts in `by_design`.
async fn expect_only(browser: &Browser, by_design: &[&str], state: &str) {
    let is_unexpected = |entry: &Value| {
        let message = entry["message"].as_str().unwrap();
        !by_design.iter().any(|text| message.contains(text))
    };
    let log = browser.log("browser").await;
    let unexpected: Vec<_> = log.into_iter().filter(is_unexpected).collect();
    assert!(unexpected.is_empty(), "on the console, {state}: {unexpected:#?}");
}

/// The browser reports a connection that fails; no page can keep it from that.
const CONNECTION_FAILED: [&str; 2] =
    ["WebSocket connection to 'ws://", "Failed to load resource: net::ERR_"];
/// The response to `/bye` has the browser clear its caches, which Chromium reports.
const CLEARED: [&str; 1] = ["Clear-Site-Data header on 'http://127.0.0.2"];

#[tokio::test]
async fn a_whole_visit_leaves_no_message_on_the_console() {
    let fixture = Fixture::start(&["--backlog", "3"]).await;
    let browser = &fixture.browser;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = browser.open_page(proxy.link()).await;
    expect_only(browser, &[], "at the gate").await;
    ana.submit_name("operator").await;
    ana.refusal_text().await;
    expect_only(browser, &[], "refused").await;
    ana.join("Ana").await;
    ana.send_message("see https://example.org/").await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    expect_only(browser, &[], "in the room").await;
    ana.activate().await.refresh().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    ana.join("Bo").await;
    ana.send_message("a secret").await;
    expect_only(browser, &CLEARED, "after a reload").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for("document.querySelector('.disconnected')").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for("!document.querySelector('.disconnected')").await;
    expect_only(browser, &CONNECTION_FAILED, "after a reconnect").await;
    fixture.room.end();
    ana.expect_cleared(&["a secret"]).await;
    expect_only(browser, &CLEARED, "at the end").await;
    // Such messages do arrive, at the lowest level too.
    ana.execute("console.debug('lowest')", vec![]).await;
    let log = browser.log("browser").await;
    assert_eq!(
        log.iter().map(|entry| entry["level"].as_str().unwrap()).collect::<Vec<_>>(),
        ["DEBUG"]
    );
}
