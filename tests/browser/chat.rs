//! Participants join, see each other, and exchange messages.

use serde_json::json;

use crate::harness::{ENTER, Fixture, NO_RATE_LIMIT, Page, Room, TAB};

/// V-01, V-02: every page shows the same author of a message, which is the one that the room names.
#[tokio::test]
async fn v01_v02_two_participants_see_each_other_and_exchange_messages() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    assert_eq!(ana.text("h2").await, "Here: 1");
    let bo = fixture.participant("Bo").await;
    ana.wait_for_log("joined").await;
    ana.wait_for("document.querySelector('h2').textContent === 'Here: 2'").await;
    ana.send_message("hello Bo").await;
    bo.wait_for_log("hello Bo").await;
    bo.send_message("two\nlines").await;
    ana.wait_for_log("two\nlines").await;
    for page in [&ana, &bo] {
        assert_eq!(page.messages().await, ["hello Bo", "two\nlines"]);
        // An accepted message has a time and is not dim.
        page.wait_for("!document.querySelector('.message.dim')").await;
        let authors = page
            .eval("[...document.querySelectorAll('.message .name')].map((w) => w.textContent)")
            .await;
        let roster = page
            .eval("[...document.querySelectorAll('.roster .name')].map((w) => w.textContent)")
            .await;
        let mut roster: Vec<String> = serde_json::from_value(roster).unwrap();
        roster.sort();
        assert_eq!(authors, json!(roster), "names and tags are those of the roster");
        assert!(roster[0].starts_with("Ana#") && roster[1].starts_with("Bo#"), "{roster:?}");
    }
    let colours =
        "[...document.querySelectorAll('.message bdi')].map((w) => getComputedStyle(w).color)";
    let seen = ana.eval(colours).await;
    assert_ne!(seen[0], seen[1]);
    assert_eq!(seen, bo.eval(colours).await, "a participant has one colour on every page");
    ana.leave().await;
    bo.wait_for_log("left").await;
    bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.join_page().await;
    // The name has the focus; the button follows in tab order.
    bo.press(&format!("Bo{TAB}")).await;
    assert_eq!(bo.eval("document.activeElement.textContent").await, "Join");
    assert_ne!(bo.eval("getComputedStyle(document.activeElement).outlineStyle").await, "none");
    bo.press(ENTER).await;
    bo.wait_for("document.activeElement.id === 'message'").await;
    bo.press(&format!("no mouse here{ENTER}")).await;
    ana.wait_for_log("no mouse here").await;
    bo.press(TAB).await;
    assert_eq!(bo.eval("document.activeElement.textContent").await, "Send");
    // The skip link becomes visible when focused, and leads to the message box.
    bo.execute("document.activeElement.blur(); document.querySelector('.skip').focus()", vec![])
        .await;
    assert!(
        bo.eval("document.activeElement.getBoundingClientRect().left").await.as_f64() >= Some(0.0)
    );
    bo.press(ENTER).await;
    bo.wait_for("document.activeElement.id === 'message'").await;
}

#[tokio::test]
async fn earlier_messages_are_announced_at_the_join_form_and_shown() {
    let fixture = Fixture::start(&["--backlog", "5"]).await;
    let ana = fixture.join_page().await;
    assert!(ana.text("main").await.contains("shown earlier messages"));
    ana.join("Ana").await;
    ana.send_message("before Bo").await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    let bo = fixture.participant("Bo").await;
    bo.wait_for_log("before Bo").await;
    assert!(bo.text(".message .name").await.starts_with("Ana#"));
}

#[tokio::test]
async fn without_a_backlog_nothing_is_announced_or_shown() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.send_message("before Bo").await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    let bo = fixture.join_page().await;
    assert!(!bo.text("main").await.contains("earlier"));
    bo.join("Bo").await;
    ana.send_message("after Bo").await;
    bo.wait_for_log("after Bo").await;
    assert_eq!(bo.messages().await, ["after Bo"]);
}

#[tokio::test]
async fn typing_is_shown_and_unread_messages_are_counted_in_the_title() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.participant("Bo").await;
    bo.type_into("#message", "hm").await;
    ana.wait_for("/^Bo.*is typing/.test(document.querySelector('.typing').textContent)").await;
    // A headless browser never hides a window, so the property is overridden.
    let hide =
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))";
    ana.execute(hide, vec![json!(true)]).await;
    bo.send_message("m").await;
    ana.wait_for("document.title === '(1) chattrace'").await;
    assert_eq!(ana.text(".typing").await, "");
    ana.execute(hide, vec![json!(false)]).await;
    assert_eq!(ana.eval("document.title").await, "chattrace");
}

const AT_END: &str = "(({ scrollHeight, scrollTop, clientHeight }) =>
    scrollHeight - scrollTop - clientHeight < 2)(document.querySelector('.log'))";

#[tokio::test]
async fn the_log_is_bounded_and_does_not_scroll_away_from_its_reader() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    flood(&ana, &fixture.room, 530).await;
    ana.wait_for_log("line 529.").await;
    assert_eq!(ana.eval("document.querySelector('[role=log]').childElementCount").await, 500);
    ana.execute("document.querySelector('.log').scrollTop = 40", vec![]).await;
    let bo = fixture.participant("Bo").await;
    bo.send_message("new").await;
    ana.wait_for("!document.querySelector('.new-messages').hidden").await;
    let top = ana.eval("document.querySelector('.log').scrollTop").await;
    assert!(top.as_f64() < Some(100.0), "the reader was scrolled to {top}");
    ana.click(".new-messages").await;
    ana.wait_for("document.querySelector('.new-messages').hidden").await;
    ana.wait_for(AT_END).await;
    // The log stays at its end when the screen shrinks, as for a phone's keyboard.
    ana.set_screen(320, "dark").await;
    ana.wait_for(AT_END).await;
}

/// A participant without a page sends that many messages.
async fn flood(page: &Page, room: &Room, messages: u32) {
    let script = "const [ticket, count] = arguments;
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
        socket.onopen = () => socket.send(JSON.stringify({ t: 'join', name: 'Flo', ticket }));
        socket.onmessage = () => {
            socket.onmessage = null;
            for (let i = 0; i < count; i += 1) socket.send(JSON.stringify({ t: 'say', body: `line ${i}.` }));
        }";
    page.execute(script, vec![json!(room.ticket()), json!(messages)]).await;
}
