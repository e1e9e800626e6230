//! People come in, see each other, and talk.

use serde_json::json;

use crate::stage::{ENTER, Room, Stage, TAB, UNHURRIED};

/// V-01, V-02: who says something is who the room says it is, for everybody alike.
#[tokio::test]
async fn v01_v02_two_people_see_each_other_and_talk_both_ways() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    assert_eq!(ana.text_of("h2").await, "Here: 1");
    let bo = stage.seat("Bo").await;
    ana.until_log("joined").await;
    ana.until("document.querySelector('h2').textContent === 'Here: 2'").await;
    ana.say("hello Bo").await;
    bo.until_log("hello Bo").await;
    bo.say("two\nlines").await;
    ana.until_log("two\nlines").await;
    for page in [&ana, &bo] {
        assert_eq!(page.said().await, ["hello Bo", "two\nlines"]);
        // Acknowledged: with a time, and no longer dim.
        page.until("!document.querySelector('.said.dim')").await;
        let authors = page
            .get("[...document.querySelectorAll('.said .who')].map((w) => w.textContent)")
            .await;
        let roster = page
            .get("[...document.querySelectorAll('.people .who')].map((w) => w.textContent)")
            .await;
        let mut roster: Vec<String> = serde_json::from_value(roster).unwrap();
        roster.sort();
        assert_eq!(authors, json!(roster), "names and tags are those of the list");
        assert!(roster[0].starts_with("Ana#") && roster[1].starts_with("Bo#"), "{roster:?}");
    }
    let colours =
        "[...document.querySelectorAll('.said bdi')].map((w) => getComputedStyle(w).color)";
    let seen = ana.get(colours).await;
    assert_ne!(seen[0], seen[1]);
    assert_eq!(seen, bo.get(colours).await, "one person, one colour on every screen");
    ana.click("header button").await;
    bo.until_log("left").await;
    bo.until("document.querySelector('h2').textContent === 'Here: 1'").await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    let bo = stage.gate().await;
    // The name has the focus; the button is next.
    bo.keys(&format!("Bo{TAB}")).await;
    assert_eq!(bo.get("document.activeElement.textContent").await, "Join");
    assert_ne!(bo.get("getComputedStyle(document.activeElement).outlineStyle").await, "none");
    bo.keys(ENTER).await;
    bo.until("document.activeElement.id === 'say'").await;
    bo.keys(&format!("no mouse here{ENTER}")).await;
    ana.until_log("no mouse here").await;
    bo.keys(TAB).await;
    assert_eq!(bo.get("document.activeElement.textContent").await, "Send");
    // From the top: the skip link, seen when focused, leads to the box.
    bo.run("document.activeElement.blur(); document.querySelector('.skip').focus()", vec![]).await;
    assert!(
        bo.get("document.activeElement.getBoundingClientRect().left").await.as_f64() > Some(0.0)
    );
    bo.keys(ENTER).await;
    bo.until("document.activeElement.id === 'say'").await;
}

#[tokio::test]
async fn earlier_messages_are_announced_at_the_gate_and_shown() {
    let stage = Stage::open(&["--backlog", "5"]).await;
    let ana = stage.gate().await;
    assert!(ana.text_of("main").await.contains("up to 5 earlier messages"));
    ana.join("Ana").await;
    ana.say("before Bo").await;
    ana.until("document.querySelector('.said:not(.dim)')").await;
    let bo = stage.seat("Bo").await;
    bo.until_log("before Bo").await;
    assert!(bo.text_of(".said .who").await.starts_with("Ana#"));
}

#[tokio::test]
async fn without_a_backlog_nothing_is_announced_or_shown() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    ana.say("before Bo").await;
    ana.until("document.querySelector('.said:not(.dim)')").await;
    let bo = stage.gate().await;
    assert!(!bo.text_of("main").await.contains("earlier"));
    bo.join("Bo").await;
    ana.say("after Bo").await;
    bo.until_log("after Bo").await;
    assert_eq!(bo.said().await, ["after Bo"]);
}

#[tokio::test]
async fn typing_shows_and_unread_lines_are_counted_in_the_title() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    let bo = stage.seat("Bo").await;
    bo.type_into("#say", "hm").await;
    ana.until("/^Bo.*is typing/.test(document.querySelector('.typing').textContent)").await;
    // A window behind another is not hidden to a browser without a screen.
    let hide =
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))";
    ana.run(hide, vec![json!(true)]).await;
    bo.say("m").await;
    ana.until("document.title === '(1) chattrace'").await;
    assert_eq!(ana.text_of(".typing").await, "");
    ana.run(hide, vec![json!(false)]).await;
    assert_eq!(ana.get("document.title").await, "chattrace");
}

const AT_END: &str = "(({ scrollHeight, scrollTop, clientHeight }) =>
    scrollHeight - scrollTop - clientHeight < 2)(document.querySelector('.log'))";

#[tokio::test]
async fn the_log_is_bounded_and_does_not_run_away_from_its_reader() {
    let stage = Stage::configured(UNHURRIED).await;
    let ana = stage.seat("Ana").await;
    flood(&ana, &stage.room, 530).await;
    ana.until_log("line 529.").await;
    assert_eq!(ana.get("document.querySelector('.log').childElementCount").await, 500);
    ana.run("document.querySelector('.log').scrollTop = 40", vec![]).await;
    let bo = stage.seat("Bo").await;
    bo.say("new").await;
    ana.until("!document.querySelector('.more').hidden").await;
    let top = ana.get("document.querySelector('.log').scrollTop").await;
    assert!(top.as_f64() < Some(100.0), "the reader was scrolled to {top}");
    ana.click(".more").await;
    ana.until("document.querySelector('.more').hidden").await;
    ana.until(AT_END).await;
    // Nor does its end run away when the screen gets smaller, as under a phone's keyboard.
    ana.look(320, "dark").await;
    ana.until(AT_END).await;
}

/// Somebody without a page says that many lines.
async fn flood(page: &crate::stage::Page, room: &Room, lines: u32) {
    let script = "const [ticket, count] = arguments;
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
        socket.onopen = () => socket.send(JSON.stringify({ t: 'join', name: 'Flo', ticket }));
        socket.onmessage = () => {
            socket.onmessage = null;
            for (let i = 0; i < count; i += 1) socket.send(JSON.stringify({ t: 'say', body: `line ${i}.` }));
        }";
    page.run(script, vec![json!(room.ticket()), json!(lines)]).await;
}
