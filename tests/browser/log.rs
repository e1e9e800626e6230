//! The list of messages: heads that are shared, joins that are folded, what is unread, and what a screen
//! reader speaks.

use serde_json::{Value, json};

use crate::harness::{ENTER, Fixture, NO_RATE_LIMIT, Page, Proxy, ProxyMode, TAB};

/// Passes events to the page as if the room had sent them in one frame.
async fn receive(page: &Page, events: &[Value]) {
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    page.execute("receive(arguments[0])", vec![json!(lines.join("\n"))]).await;
}

fn said(n: u64, at: u64, body: &str) -> Value {
    json!({ "t": "said", "n": n, "at": at, "body": body })
}

fn joined(n: u64, at: u64) -> Value {
    json!({ "t": "joined", "at": at, "who": { "n": n, "tag": "abc", "name": format!("P{n}") } })
}

fn left(n: u64, at: u64) -> Value {
    json!({ "t": "left", "at": at, "n": n })
}

/// A moment of a day, in minutes after 12:00 of the page's time zone.
async fn noon(page: &Page) -> u64 {
    page.eval("new Date(2030, 5, 1, 12).getTime()").await.as_u64().unwrap()
}

const MINUTE: u64 = 60_000;

/// The times that are in sight, empty for a message that shares the head of the one before.
async fn heads(page: &Page) -> Value {
    page.eval(
        "[...document.querySelectorAll('.message')].map((line) => {
            const time = line.querySelector('time');
            return time.getBoundingClientRect().left >= 0 ? time.textContent : '';
        })",
    )
    .await
}

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

async fn set_hidden(page: &Page, hidden: bool) {
    // A headless browser never hides a window, so the property is overridden.
    let hide =
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))";
    page.execute(hide, vec![json!(hidden)]).await;
}

/// The texts of the lines around the mark of what is unread.
async fn around_mark(page: &Page) -> Value {
    let script = "(() => { const mark = document.querySelector('.unread');
        return [mark?.previousElementSibling?.lastChild.textContent, mark?.textContent,
            mark?.nextElementSibling?.lastChild.textContent]; })()";
    page.eval(script).await
}

#[tokio::test]
async fn a_hidden_tab_marks_where_reading_stopped() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    receive(&ana, &[joined(7, noon), said(7, noon, "read")]).await;
    set_hidden(&ana, true).await;
    receive(&ana, &[said(7, noon, "one"), joined(8, noon), said(7, noon, "two")]).await;
    assert_eq!(ana.eval("document.title").await, "(2) chattrace");
    set_hidden(&ana, false).await;
    assert_eq!(around_mark(&ana).await, json!(["read", "2 new messages", "one"]));
    assert_eq!(
        ana.eval("document.querySelector('.new-messages').hidden").await,
        true,
        "all is in sight"
    );
    // It stays where it is until the reader stops again, or answers.
    receive(&ana, &[said(7, noon, "three")]).await;
    assert_eq!(around_mark(&ana).await, json!(["read", "2 new messages", "one"]));
    set_hidden(&ana, true).await;
    // More than a screen: the first unread one stays in sight.
    let many: Vec<_> = (0..60).map(|n| said(7, noon, &format!("many {n}"))).collect();
    receive(&ana, &many).await;
    set_hidden(&ana, false).await;
    assert_eq!(around_mark(&ana).await, json!(["three", "60 new messages", "many 0"]));
    assert_eq!(ana.text(".new-messages").await, "60 new messages below");
    let in_sight =
        "(() => { const mark = document.querySelector('.unread').getBoundingClientRect();
        const view = document.querySelector('.log').getBoundingClientRect();
        return mark.top > view.top - 1 && mark.bottom <= view.bottom; })()";
    assert_eq!(ana.eval(in_sight).await, true);
    ana.expect_accessible("unread").await;
    ana.send_message("answer").await;
    ana.wait_for("!document.querySelector('.unread')").await;
    // The log has become lower, and the page is not told of it while it is hidden.
    set_hidden(&ana, true).await;
    let lower = "document.querySelector('#message').style.height = '9rem'; receive(arguments[0])";
    ana.execute(lower, vec![json!(said(7, noon, "last").to_string())]).await;
    assert_eq!(around_mark(&ana).await, json!(["answer", "1 new message", "last"]));
}

#[tokio::test]
async fn the_button_counts_covers_nothing_and_passes_its_focus_on() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    let lines: Vec<_> = (0..100).map(|n| said(7, noon, &format!("line {n}"))).collect();
    receive(&ana, &lines).await;
    let up = "document.querySelector('.log').scrollTop = 0";
    let shown = "!document.querySelector('.new-messages').hidden";
    for width in [1000, 320] {
        ana.set_screen(width, "dark").await;
        for leave_by in ["press", "scroll"] {
            ana.execute(up, vec![]).await;
            ana.wait_for("!followsLog").await;
            receive(&ana, &[said(7, noon, "new one")]).await;
            assert_eq!(ana.text(".new-messages").await, "1 new message below");
            receive(&ana, &[said(7, noon, "new two"), joined(9, noon)]).await;
            assert_eq!(ana.text(".new-messages").await, "2 new messages below");
            assert_eq!(ana.eval(shown).await, true);
            assert_eq!(ana.eval("document.querySelector('.log').scrollTop").await, 0);
            let covered = "(() => { const { top, bottom } = document.querySelector('.new-messages').getBoundingClientRect();
                return [...document.querySelectorAll('.log, .status-bar, form')].filter((e) => {
                    const other = e.getBoundingClientRect();
                    return top < other.bottom - 1 && bottom > other.top + 1;
                }).length; })()";
            assert_eq!(ana.eval(covered).await, 0, "{width}");
            // By the keyboard: the log, its links, the button.
            ana.execute("document.querySelector('.log').focus()", vec![]).await;
            while ana.eval("document.activeElement.className").await != "new-messages" {
                ana.press(TAB).await;
            }
            match leave_by {
                "press" => ana.press(ENTER).await,
                _ => {
                    let down = "document.querySelector('.log').scrollTop = 1e6";
                    ana.execute(down, vec![]).await;
                }
            }
            ana.wait_for("document.querySelector('.new-messages').hidden").await;
            assert_eq!(ana.eval("document.activeElement.className").await, "log", "{leave_by}");
            ana.wait_for("logView.scrollHeight - logView.scrollTop - logView.clientHeight < 2")
                .await;
        }
    }
}

/// Copies a selection from one text in the log to another, as the browser reports the event.
async fn copy(page: &Page, select: &str) -> String {
    let script = format!(
        "const texts = [...document.querySelectorAll('.log .line')];
        const range = document.createRange();
        {select};
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        window.copied = null;
        document.addEventListener('copy', (event) => {{
            copied = event.defaultPrevented ? event.clipboardData.getData('text/plain') : getSelection().toString();
        }}, {{ once: true }})"
    );
    page.execute(&script, vec![]).await;
    page.press("\u{e009}c\u{e009}").await;
    page.wait_for("copied !== null").await;
    page.eval("copied").await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_selection_is_copied_with_times_and_names_a_line_each() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    ana.execute("document.querySelector('.log').focus()", vec![]).await;
    receive(
        &ana,
        &[
            joined(7, noon),
            said(7, noon, "first"),
            said(7, noon, "two\n  lines"),
            left(7, noon + MINUTE),
            said(8, noon, "see https://例え.test/x now"),
            said(8, noon, "last"),
        ],
    )
    .await;
    ana.execute("participants.set(8, { n: 8, tag: 'xyz', name: 'Bo' })", vec![]).await;
    receive(&ana, &[said(8, noon + 9 * MINUTE, "of Bo")]).await;
    let all = "12:00 P7 joined\n12:00 P7: first\n12:00 P7: two\n  lines\n12:01 P7 left\n\
        12:00 ?: see https://例え.test/x now\n12:00 ?: last\n12:09 Bo: of Bo";
    assert_eq!(copy(&ana, "range.selectNodeContents(document.querySelector('.log'))").await, all);
    // Together with the rest of the page.
    assert_eq!(copy(&ana, "range.selectNodeContents(document.body)").await, all);
    for (select, expected) in [
        // Within one message.
        (
            "range.setStart(texts[1].lastChild.firstChild, 1); range.setEnd(texts[1].lastChild.firstChild, 4)",
            "irs",
        ),
        ("range.selectNodeContents(texts[2].lastChild)", "two\n  lines"),
        ("range.selectNodeContents(texts[4].querySelector('a'))", "https://例え.test/x"),
        ("range.selectNodeContents(texts[4].lastChild)", "see https://例え.test/x now"),
        // As three clicks select: to the beginning of the next line.
        ("range.setStart(texts[1].lastChild.firstChild, 0); range.setEnd(texts[2], 0)", "first"),
        // One message with its head.
        ("range.selectNode(texts[1])", "12:00 P7: first"),
        // A name alone.
        ("range.selectNodeContents(texts[1].querySelector('bdi'))", "P7"),
        // Parts of two messages.
        (
            "range.setStart(texts[1].lastChild.firstChild, 2); range.setEnd(texts[2].lastChild.firstChild, 3)",
            "12:00 P7: rst\n12:00 P7: two",
        ),
        (
            "range.setStart(texts[3], 0); range.setEnd(texts[5].lastChild.firstChild, 2)",
            "12:01 P7 left\n12:00 ?: see https://例え.test/x now\n12:00 ?: la",
        ),
    ] {
        assert_eq!(copy(&ana, select).await, expected, "{select}");
    }
    // Folded lines: their numbers when closed, their names when open.
    receive(&ana, &[joined(11, noon), joined(12, noon), left(11, noon)]).await;
    let fold = "range.setStart(texts[6], 0); range.setEndAfter(document.querySelector('details'))";
    assert_eq!(copy(&ana, fold).await, "12:09 Bo: of Bo\n12:00 2 joined, 1 left");
    ana.execute("document.querySelector('details').open = true", vec![]).await;
    let names = "12:00 P11 joined\n12:00 P12 joined\n12:00 P11 left";
    assert_eq!(copy(&ana, fold).await, format!("12:09 Bo: of Bo\n12:00 2 joined, 1 left\n{names}"));
}

/// The text around a link keeps its side: what comes first in a right-to-left message stands right of it.
#[tokio::test]
async fn a_link_in_a_right_to_left_message_is_left_to_right() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    // Wide enough for each message to be one line.
    ana.set_screen(1280, "dark").await;
    let noon = noon(&ana).await;
    for text in [
        "שלום https://a.test/b?c=1 עולם",
        "https://a.test/b?c=1 שלום עולם",
        "مرحبا https://a.test/b?c=1! نعم",
        "english line\nשלום https://a.test/b?c=1 עולם",
        "سلام https://аpple.test/ خوب",
    ] {
        receive(&ana, &[said(7, noon, text)]).await;
        let script = "(() => { const p = [...document.querySelectorAll('.message p')].pop();
            const a = p.querySelector('a');
            const x = (node, at) => { const range = document.createRange();
                range.setStart(node, at); range.setEnd(node, at + 1); return range.getBoundingClientRect().left; };
            const [before, after] = [a.previousSibling, [...p.childNodes].pop()];
            const link = a.getBoundingClientRect();
            return { startsRight: !before?.data || x(before, before.data.length - 2) > link.left,
                endsLeft: x(after, after.data.length - 1) < link.left,
                linkIsLtr: x(a.firstChild, 0) < x(a.firstChild, 5), alone: getComputedStyle(a).unicodeBidi }; })()";
        let expected =
            json!({ "startsRight": true, "endsLeft": true, "linkIsLtr": true, "alone": "isolate" });
        assert_eq!(ana.eval(script).await, expected, "{text}");
    }
    assert_eq!(ana.eval("document.querySelector('#message').dir").await, "auto");
}

#[tokio::test]
async fn a_notice_goes_when_its_reason_goes() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let set_draft = "const box = document.querySelector('#message');
        box.value = arguments[0];
        box.dispatchEvent(new Event('input'))";
    ana.send_messages(&[&"x".repeat(4100)]).await;
    ana.wait_for_status("Too long").await;
    ana.execute(set_draft, vec![json!("x".repeat(4097))]).await;
    assert!(ana.text("[role=status]").await.contains("Too long"));
    ana.execute(set_draft, vec![json!("x".repeat(4096))]).await;
    assert_eq!(ana.text("[role=status]").await, "Connected");
    // The refused message is not in the box any more.
    ana.execute(set_draft, vec![json!("")]).await;
    let refuse = "restoreDraft('refused'); receive(JSON.stringify({ t: 'refused', why: arguments[0], text: 'no' }))";
    ana.execute(refuse, vec![json!("bad_json")]).await;
    ana.wait_for_status("no").await;
    ana.execute(set_draft, vec![json!("refused\nand more")]).await;
    assert_eq!(ana.text("[role=status]").await, "no");
    ana.execute(set_draft, vec![json!("another")]).await;
    assert_eq!(ana.text("[role=status]").await, "Connected");
    // One may send again.
    ana.execute(refuse, vec![json!("too_fast")]).await;
    assert_eq!(ana.text("[role=status]").await, "no");
    ana.execute("const now = Date.now; Date.now = () => now() + 4001", vec![]).await;
    ana.wait_for_status("Connected").await;
}

#[tokio::test]
async fn the_notice_about_messages_that_wait_goes_with_them() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    proxy.set(ProxyMode::Stall);
    ana.send_messages(&["m"; 11]).await;
    ana.wait_for_status("still being sent").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for("document.querySelector('[role=status]').textContent === 'Connected'").await;
}
