//! Browsers of the last five years: what the newest ones have is missing, and the page works. A browser
//! that lacks what the page needs says so instead of the join form.

use serde_json::{Value, json};

use super::newer_features::NEWER;
use crate::harness::{Fixture, Page, Proxy, ProxyMode};

/// chromedriver's own scripts need these in the page.
const NEEDED_BY_DRIVER: &[&str] = &["Object.hasOwn"];

/// Removes these from every document of the window before its scripts run.
async fn without(page: &Page, names: &[&str]) {
    let script = format!(
        "for (const path of {}) {{
            const parts = path.split('.');
            const name = parts.pop();
            let owner = parts.reduce((object, part) => object?.[part], globalThis);
            while (owner && !Object.prototype.hasOwnProperty.call(owner, name)) owner = Object.getPrototypeOf(owner);
            if (owner && !delete owner[name]) owner[name] = undefined;
        }}",
        json!(names)
    );
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
}

/// The names that the document still has.
async fn present(page: &Page, names: &[&str]) -> Value {
    let script = "return arguments[0].filter((path) => path.split('.')
        .reduce((object, part) => object === undefined ? object : object[part], globalThis) !== undefined)";
    page.execute(script, vec![json!(names)]).await
}

const TEXT: &str = "see https://example.org/a_(b) and https://аpple.test/";

#[tokio::test]
async fn without_newer_functions_every_line_arrives_over_both_transports() {
    let fixture = Fixture::start(&[]).await;
    let missing: Vec<_> =
        NEWER.iter().copied().filter(|name| !NEEDED_BY_DRIVER.contains(name)).collect();
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    for (mode, name) in [(ProxyMode::Forward, "Ana"), (ProxyMode::HttpOnly, "Cy")] {
        proxy.set(mode);
        let ana = fixture.browser.new_window().await;
        without(&ana, &missing).await;
        ana.goto(proxy.link()).await;
        assert_eq!(present(&ana, &missing).await, json!([]));
        ana.join(name).await;
        let bo = fixture.participant(&format!("{name}s friend")).await;
        bo.send_messages(&["before", TEXT, "after"]).await;
        ana.wait_for_log("after").await;
        ana.send_messages(&[TEXT]).await;
        bo.wait_for("document.querySelectorAll('.message:not(.dim)').length === 4").await;
        ana.wait_for("!document.querySelector('.message.dim')").await;
        let texts = ana.messages().await;
        assert_eq!(texts.len(), 4, "{texts:?}");
        assert_eq!(texts, bo.messages().await);
        assert_eq!(ana.eval("document.querySelectorAll('.log a').length").await, 4);
        for page in [&ana, &bo] {
            page.leave().await;
            page.expect_cleared(&["example"]).await;
        }
        // A WebSocket that is refused is an error on the console.
        if mode == ProxyMode::Forward {
            fixture.browser.expect_clean_console().await;
        }
    }
}

/// The browser has it, and some settings and extensions take it away.
#[tokio::test]
async fn what_can_be_done_without_is_done_without() {
    let fixture = Fixture::start(&[]).await;
    let bo = fixture.participant("Bo").await;
    for (missing, name) in [("WebSocket", "Ana"), ("URL", "Cy")] {
        let ana = fixture.browser.new_window().await;
        without(&ana, &[missing]).await;
        ana.goto(fixture.room.link()).await;
        ana.join(name).await;
        bo.send_messages(&[TEXT, missing]).await;
        ana.wait_for_log(missing).await;
        ana.send_messages(&[&format!("{TEXT} from {name}")]).await;
        bo.wait_for_log(&format!("from {name}")).await;
        ana.leave().await;
        ana.expect_cleared(&["example"]).await;
        bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
    }
}

#[tokio::test]
async fn a_browser_that_lacks_what_the_page_needs_says_so_instead_of_the_form() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    assert_eq!(page.eval("document.querySelector('#unsupported')").await, Value::Null);
    for missing in [
        "fetch",
        "AbortController",
        "Blob",
        "Map",
        "ResizeObserver",
        "Element.prototype.append",
        "Element.prototype.replaceChildren",
        "history.replaceState",
    ] {
        let page = fixture.browser.new_window().await;
        without(&page, &[missing]).await;
        page.goto(fixture.room.link()).await;
        let text = page.eval("document.querySelector('#unsupported').innerText").await;
        assert!(text.as_str().unwrap().contains("browser of the last five years"), "{missing}");
        assert_eq!(page.eval("document.querySelector('form')").await, Value::Null, "{missing}");
    }
}

/// A line with any fault keeps no other from being shown.
#[tokio::test]
async fn a_line_that_cannot_be_shown_keeps_back_no_other() {
    let fixture = Fixture::start(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    let breaks = "const said = handlers.said;
        handlers.said = (event) => { if (event.body === 'breaks') throw new Error(event.body); said(event); }";
    ana.execute(breaks, vec![]).await;
    bo.send_messages(&["before", "breaks", "after"]).await;
    ana.wait_for_log("after").await;
    assert_eq!(ana.messages().await, ["before", "after"]);
    assert!(ana.text(".log").await.contains("cannot be shown"));
    // All in one frame, between lines that are none.
    let frame = "receive(['{', 'null', '7', '{\"t\":\"__proto__\"}', '{\"t\":\"unknown\"}', '{\"t\":\"said\"}',
        '{\"t\":\"left\",\"seq\":1e6}', JSON.stringify({ t: 'said', n: 2, at: 1, body: 'last' })].join('\\n'))";
    ana.execute(frame, vec![]).await;
    assert_eq!(ana.messages().await.last().unwrap(), "last");
    ana.send_message("Ana goes on").await;
    bo.wait_for_log("Ana goes on").await;
}

#[tokio::test]
async fn a_draft_that_cannot_be_shown_stays_in_the_message_box() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.execute("window.messageLine = () => { throw new Error('x'); }", vec![]).await;
    ana.send_message("precious").await;
    assert_eq!(ana.eval("document.querySelector('#message').value").await, "precious");
}

/// Chrome before 119 and Safari ask only when the event gets a value.
#[tokio::test]
async fn older_browsers_ask_before_a_reload() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let script = "const event = document.createEvent('BeforeUnloadEvent');
        event.initEvent('beforeunload', false, true);
        dispatchEvent(event);
        return event.returnValue";
    assert_ne!(ana.execute(script, vec![]).await, "");
}

/// Without `field-sizing` the box is as high as its lines, up to six.
#[tokio::test]
async fn the_message_box_has_the_rows_of_its_draft() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let rows = "document.querySelector('#message').rows";
    for (draft, expected) in [("a", 1), ("a\nb\nc", 3), (&"x\n".repeat(20), 6), ("", 1)] {
        let script = "const box = document.querySelector('#message');
            box.value = arguments[0];
            box.dispatchEvent(new Event('input'))";
        ana.execute(script, vec![json!(draft)]).await;
        assert_eq!(ana.eval(rows).await, expected, "{draft:?}");
    }
}
