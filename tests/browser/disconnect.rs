//! The connection to the room fails, and comes back or stays away.

use serde_json::json;

use crate::harness::{ENTER, Fixture, Page, Proxy, ProxyMode, Room};

/// A room with two participants: Ana through a proxy, Bo directly.
async fn room_behind_proxy(mode: ProxyMode) -> (Fixture, Proxy, Page, Page) {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, mode).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    ana.wait_for_log("joined").await;
    (fixture, proxy, ana, bo)
}

#[tokio::test]
async fn v17_after_a_reconnect_every_message_arrives_once_and_no_leave_is_shown() {
    let (_fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::Forward).await;
    ana.send_message("one").await;
    bo.wait_for_log("one").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    ana.send_message("typed while disconnected").await;
    bo.send_message("said meanwhile").await;
    bo.wait_for_log("said meanwhile").await;
    assert!(!bo.messages().await.contains(&"typed while disconnected".to_owned()));
    proxy.set(ProxyMode::Forward);
    ana.wait_for_status("Connected").await;
    bo.wait_for_log("typed while disconnected").await;
    ana.wait_for("document.querySelectorAll('.message:not(.dim)').length === 3").await;
    bo.send_message("last").await;
    ana.wait_for_log("last").await;
    let expected = ["one", "said meanwhile", "typed while disconnected", "last"];
    assert_eq!(ana.messages().await, expected);
    assert_eq!(bo.messages().await, expected);
    assert!(!bo.html().await.contains(" left"), "a short interruption is not announced to others");
}

/// A participant who comes back after messages left the ring is told how many are missing.
#[tokio::test]
async fn v17_messages_that_left_the_ring_are_reported_as_missed() {
    let fixture =
        Fixture::with_config(r#"{"room":{"ring":{"events":8},"rate":{"per_second":0,"burst":1}}}"#)
            .await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    let bo = fixture.participant("Bo").await;
    for turn in 0..12 {
        bo.send_message(&format!("b{turn}")).await;
    }
    bo.wait_for("document.querySelectorAll('.message:not(.dim)').length === 12").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for_log("b11").await;
    // Bo's first four messages are gone. His join is not: joins and messages do not displace each
    // other in the ring.
    assert_eq!(ana.text(".log p:nth-of-type(2)").await, "Missed messages: 4");
    assert_eq!(ana.messages().await, (4..12).map(|turn| format!("b{turn}")).collect::<Vec<_>>());
    assert!(ana.text(".message .name").await.starts_with("Bo#"));
    assert_eq!(ana.text("h2").await, "Here: 2");
}

/// As when a phone changes its network: the connection stays open and carries nothing.
#[tokio::test]
async fn v17_a_stalled_connection_is_detected() {
    let (_fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::Forward).await;
    proxy.set(ProxyMode::Stall);
    ana.send_message("into the void").await;
    ana.execute("dispatchEvent(new Event('online'))", vec![]).await;
    ana.wait_for_status("Disconnected").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for_status("Connected").await;
    bo.wait_for_log("into the void").await;
    bo.send_message("got it").await;
    ana.wait_for_log("got it").await;
    assert_eq!(bo.messages().await, ["into the void", "got it"]);
    assert_eq!(ana.messages().await, ["into the void", "got it"]);
}

/// V-16: the provider buffers responses to GET and refuses WebSockets.
#[tokio::test]
async fn v16_without_websockets_the_room_is_reached_by_polling() {
    let (_fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::HttpOnly).await;
    ana.wait_for_status("Connected by polling").await;
    for turn in 0..3 {
        ana.send_message(&format!("a{turn}")).await;
        bo.wait_for_log(&format!("a{turn}")).await;
        bo.send_message(&format!("b{turn}")).await;
        ana.wait_for_log(&format!("b{turn}")).await;
    }
    // The order also holds for messages that are sent in one go.
    ana.send_messages(&["c0", "c1", "c2"]).await;
    bo.wait_for_log("c2").await;
    let expected = ["a0", "b0", "a1", "b1", "a2", "b2", "c0", "c1", "c2"];
    assert_eq!(bo.messages().await, expected);
    ana.wait_for("!document.querySelector('.message.dim')").await;
    assert_eq!(ana.messages().await, expected);
    // The page tries a WebSocket at random, about twice a minute; 0 makes it try at once.
    proxy.set(ProxyMode::Forward);
    ana.execute("Math.random = () => 0", vec![]).await;
    ana.wait_for("document.querySelector('[role=status]').textContent === 'Connected'").await;
    bo.send_message("by socket").await;
    ana.wait_for_log("by socket").await;
    ana.send_message("indeed").await;
    bo.wait_for_log("indeed").await;
    assert_eq!(bo.messages().await.len(), 11);
    assert!(!bo.html().await.contains(" left"));
    ana.leave().await;
    bo.wait_for_log(" left").await;
}

#[tokio::test]
async fn a_polling_participant_can_leave_and_learns_of_the_end() {
    let (fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::HttpOnly).await;
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    bo.wait_for_log(" left").await;
    ana.goto(proxy.link()).await;
    ana.join("Cy").await;
    ana.wait_for_status("Connected by polling").await;
    fixture.room.end();
    ana.expect_cleared(&["Cy"]).await;
}

/// The page after two minutes without contact, with a draft in the message box.
async fn page_without_contact(draft: &str) -> (Fixture, Proxy, Page, Page) {
    let (fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::Forward).await;
    bo.send_message("secret").await;
    ana.wait_for_log("secret").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    ana.send_message("a waiting message").await;
    ana.type_into("#message", draft).await;
    // The clock of the page jumps by an hour, which counts as one minute, then by another minute.
    let later = "const now = Date.now; Date.now = () => now() + arguments[0]";
    ana.execute(later, vec![json!(3_600_000)]).await;
    ana.wait_for_status("messages are cleared in").await;
    assert_eq!(ana.eval("document.title").await, "offline – chattrace");
    ana.execute(later, vec![json!(60_000)]).await;
    ana.wait_for("document.title === 'no contact'").await;
    (fixture, proxy, ana, bo)
}

const DRAFT: &str = "document.querySelector('#draft').value";

#[tokio::test]
async fn two_minutes_without_contact_clear_all_but_the_draft() {
    let (_fixture, _proxy, ana, _bo) = page_without_contact("an unfinished sentence").await;
    assert_eq!(ana.text("h1").await, "No contact");
    assert_eq!(ana.eval("document.activeElement.tagName").await, "H1");
    let body = ana.html().await;
    assert!(!body.contains("secret") && !body.contains("Bo"), "{body}");
    let held = "[session, participants.size, pending.size, publicAddress, log.textContent]";
    assert_eq!(ana.eval(held).await, json!([null, 0, 0, "", ""]));
    assert_eq!(ana.eval(DRAFT).await, "a waiting message\nan unfinished sentence");
    assert!(ana.asks_before_leaving().await, "the draft would be lost");
    ana.click("button.quiet").await;
    ana.expect_cleared(&["unfinished", "waiting"]).await;
    assert!(!ana.asks_before_leaving().await);
}

#[tokio::test]
async fn after_two_minutes_without_contact_the_draft_returns_with_the_next_try() {
    let (_fixture, proxy, ana, bo) = page_without_contact("an unfinished sentence").await;
    ana.click("main p:last-of-type button").await;
    assert!(ana.refusal_text().await.contains("cannot be reached"));
    assert_eq!(ana.eval("document.querySelector('#name').value").await, "Ana");
    proxy.set(ProxyMode::Forward);
    ana.click("form button").await;
    // Her former self is still present.
    ana.wait_for("document.querySelector('#name')?.value === 'Ana 2'").await;
    ana.click("form button").await;
    ana.wait_for("document.querySelector('#message')").await;
    let draft = "document.querySelector('#message').value";
    assert_eq!(ana.eval(draft).await, "a waiting message\nan unfinished sentence");
    ana.press(ENTER).await;
    bo.wait_for_log("unfinished").await;
    ana.wait_for_log("unfinished").await;
}

/// Sending is what shows that a connection carries nothing, with both transports.
#[tokio::test]
async fn a_lost_connection_is_shown_within_five_seconds_of_sending() {
    for mode in [ProxyMode::Forward, ProxyMode::HttpOnly] {
        let (_fixture, proxy, ana, _bo) = room_behind_proxy(mode).await;
        ana.wait_for_status("Connected").await;
        proxy.set(ProxyMode::Stall);
        if mode == ProxyMode::HttpOnly {
            // What the proxy has accepted before goes on; new requests get no answer.
            let silent = "window.fetch = () => new Promise(() => {})";
            ana.execute(silent, vec![]).await;
        }
        let seconds = "const begun = performance.now();
            new MutationObserver(() => {
                if (status.textContent.includes('Disconnected')) window.shown ??= performance.now() - begun;
            }).observe(status, { childList: true, characterData: true, subtree: true })";
        ana.execute(
            &format!("{seconds}; messageBox.value = 'x'; submitMessage(new Event('x'))"),
            vec![],
        )
        .await;
        ana.wait_for("window.shown").await;
        let shown = ana.eval("window.shown").await.as_f64().unwrap();
        assert!(shown < 5000.0, "{mode:?}: {shown} ms");
        assert_eq!(ana.eval("document.title").await, "offline – chattrace");
    }
}

#[tokio::test]
async fn the_offline_event_of_the_browser_is_shown_at_once() {
    let (_fixture, proxy, ana, _bo) = room_behind_proxy(ProxyMode::Forward).await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    proxy.set(ProxyMode::Forward);
    ana.execute("dispatchEvent(new Event('online'))", vec![]).await;
    ana.wait_for_status("Connected").await;
    let offline =
        "dispatchEvent(new Event('offline')); return [status.textContent, document.title]";
    let shown = ana.execute(offline, vec![]).await;
    assert_eq!(shown, json!(["Disconnected, trying to reconnect", "offline – chattrace"]));
    ana.wait_for_status("Connected").await;
    assert_eq!(ana.eval("document.title").await, "chattrace");
}

/// Another room answers under the address: the page must not keep anything of the first one.
#[tokio::test]
async fn a_room_that_does_not_know_the_ticket_clears_the_page() {
    let (fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::Forward).await;
    bo.send_message("secret").await;
    ana.wait_for_log("secret").await;
    proxy.set(ProxyMode::Close);
    let address = format!("127.0.0.1:{}", fixture.room.port());
    let Fixture { room, browser } = fixture;
    drop(room);
    let _other = Room::start(&["--listen", &address]);
    proxy.set(ProxyMode::Forward);
    ana.expect_cleared(&["secret"]).await;
    drop(browser);
}

/// The tunnel was lost, and the next one has another address.
#[tokio::test]
async fn the_new_link_of_a_room_that_moved_is_shown_in_full() {
    let (fixture, _proxy, ana, _bo) = room_behind_proxy(ProxyMode::Forward).await;
    let moved =
        json!({ "t": "moved", "seq": 1000, "url": "https://other-words.trycloudflare.com" });
    ana.execute("receive(arguments[0])", vec![json!(moved.to_string())]).await;
    let link = format!("https://other-words.trycloudflare.com/t/{}", fixture.room.ticket());
    ana.wait_for_log(&format!("The room has a new link: {link}")).await;
    assert_eq!(ana.text(".log a").await, link);
}
