//! The room while one is alone, who can read along, and limits before they are reached.

use serde_json::json;

use crate::harness::{Fixture, Page};

const LINK: &str = "document.querySelector('.invite input').value";
const IS_SHOWN: &str = "document.querySelector('.invite').checkVisibility()";
const PUBLIC: &str = "https://a-row-of-four-words.trycloudflare.com";

async fn announce_public_address(page: &Page) {
    let moved = json!({ "t": "moved", "seq": 1000, "url": PUBLIC });
    page.execute("receive(arguments[0])", vec![json!(moved.to_string())]).await;
}

#[tokio::test]
async fn an_empty_room_offers_its_link_until_another_participant_joins() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    assert_eq!(ana.eval(IS_SHOWN).await, true);
    assert_eq!(ana.eval(LINK).await, fixture.room.link());
    assert!(ana.text(".invite").await.contains("only on this computer"));
    ana.click(".invite button").await;
    ana.wait_for("/Copied|Selected/.test(document.querySelector('.invite button').textContent)")
        .await;
    // Pasted into the message box.
    ana.type_into("#message", "\u{e009}v\u{e000}").await;
    ana.wait_for(&format!("messageBox.value === {}", json!(fixture.room.link()))).await;
    let bo = fixture.participant("Bo").await;
    ana.wait_for("!document.querySelector('.invite').checkVisibility()").await;
    assert_eq!(bo.eval(IS_SHOWN).await, false);
    bo.leave().await;
    ana.wait_for(IS_SHOWN).await;
}

/// Where the Clipboard API is missing, as over plain http from another computer.
#[tokio::test]
async fn the_link_is_copied_without_the_clipboard_api() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let without = "Object.defineProperty(navigator, 'clipboard', { value: undefined })";
    ana.execute(without, vec![]).await;
    ana.click(".invite button").await;
    ana.wait_for("document.querySelector('.invite button').textContent === 'Copied'").await;
    ana.type_into("#message", "\u{e009}v\u{e000}").await;
    ana.wait_for(&format!("messageBox.value === {}", json!(fixture.room.link()))).await;
}

#[tokio::test]
async fn the_provider_is_named_where_the_room_has_a_public_address() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.join_page().await;
    let gate = ana.text("main").await;
    assert!(gate.contains("host's computer can read") && !gate.contains("Cloudflare"), "{gate}");
    assert!(!gate.contains("provider"), "{gate}");
    ana.join("Ana").await;
    let local = "Can read along: host's computer";
    assert_eq!(ana.text(".readers").await, local);
    // As for a participant on this computer when the tunnel opens.
    announce_public_address(&ana).await;
    let public = "Can read along: host's computer, Cloudflare";
    assert_eq!(ana.text(".readers").await, public);
    let link = format!("{PUBLIC}/t/{}", fixture.room.ticket());
    assert_eq!(ana.eval(LINK).await, link);
    assert!(!ana.text(".invite").await.contains("only on this computer"));
}

#[tokio::test]
async fn leaving_asks_once_by_mouse_and_by_keyboard() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let clicks = "const event = (detail) => new MouseEvent('click', { detail });
        for (const detail of [1, 2, 3]) document.querySelector('header button').dispatchEvent(event(detail))";
    ana.execute(clicks, vec![]).await;
    assert_eq!(ana.text("header button").await, "Leave now?", "a double click does not leave");
    ana.wait_for_status("Press Leave again").await;
    // The question is withdrawn.
    ana.execute("const now = Date.now; Date.now = () => now() + 5000", vec![]).await;
    ana.wait_for("document.querySelector('header button').textContent === 'Leave'").await;
    ana.wait_for_status("Connected").await;
    let colours = "['form button', 'header button'].map((button) =>
        getComputedStyle(document.querySelector(button)).backgroundColor)";
    let colours = ana.eval(colours).await;
    assert_ne!(colours[0], colours[1], "Send is the loudest button");
    ana.leave().await;
    ana.expect_cleared(&[]).await;
}

#[tokio::test]
async fn a_pull_at_the_upper_end_does_not_reload_the_room() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.join_page().await;
    let behaviour = "getComputedStyle(document.documentElement).overscrollBehaviorY";
    assert_eq!(ana.eval(behaviour).await, "auto");
    ana.join("Ana").await;
    assert_eq!(ana.eval(behaviour).await, "contain");
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    assert_eq!(ana.eval(behaviour).await, "auto");
}

#[tokio::test]
async fn limits_are_named_before_they_are_reached() {
    let config = r#"{"room":{"max_participants":3,"rate":{"per_second":1,"burst":5}}}"#;
    let fixture = Fixture::with_config(config).await;
    let ana = fixture.join_page().await;
    let gate = ana.text("main").await;
    assert!(gate.contains("up to 20 characters"), "{gate}");
    ana.join("Ana").await;
    assert_eq!(ana.text("h2").await, "Here: 1");
    ana.send_messages(&["1", "2", "3", "4"]).await;
    assert_eq!(ana.text(".typing + p").await, "1 more at once, then 1 per second");
    ana.wait_for("!document.querySelector('.typing + p').textContent").await;
    for name in ["Bo", "Cy"] {
        fixture.participant(name).await;
    }
    ana.wait_for("document.querySelector('h2').textContent === 'Here: 3 of at most 3'").await;
    // Messages that wait for the connection.
    ana.execute("connected = false; connect = () => {}; closeSocket()", vec![]).await;
    ana.send_messages(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]).await;
    assert!(ana.text(".status-bar").await.contains("9 of 10 messages are waiting"));
}
