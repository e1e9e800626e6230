//! Text in the log: what a selection copies, and where a link stands.

use serde_json::json;

use super::{MINUTE, joined, left, noon, receive, said};
use crate::harness::{Fixture, Page};

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
