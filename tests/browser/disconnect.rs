//! The connection to the room fails, and comes back or stays away.

use serde_json::json;

use crate::harness::{Fixture, Page, Proxy, ProxyMode, Room};

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
    ana.click("header button").await;
    bo.wait_for_log(" left").await;
}

#[tokio::test]
async fn a_polling_participant_can_leave_and_learns_of_the_end() {
    let (fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::HttpOnly).await;
    ana.click("header button").await;
    ana.expect_cleared(&[]).await;
    bo.wait_for_log(" left").await;
    ana.goto(proxy.link()).await;
    ana.join("Cy").await;
    ana.wait_for_status("Connected by polling").await;
    fixture.room.end();
    ana.expect_cleared(&["Cy"]).await;
}

#[tokio::test]
async fn two_minutes_without_contact_clear_the_page() {
    let (_fixture, proxy, ana, bo) = room_behind_proxy(ProxyMode::Forward).await;
    bo.send_message("secret").await;
    ana.wait_for_log("secret").await;
    ana.type_into("#message", "an unfinished sentence").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    // The clock of the page jumps by an hour, which counts as one minute, then by another minute.
    let later = "const now = Date.now; Date.now = () => now() + arguments[0]";
    ana.execute(later, vec![json!(3_600_000)]).await;
    ana.wait_for_status("this page clears itself in").await;
    ana.execute(later, vec![json!(60_000)]).await;
    ana.expect_cleared(&["secret", "unfinished", "Bo"]).await;
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
