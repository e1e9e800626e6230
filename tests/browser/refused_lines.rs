//! Every message that the room or a proxy refuses comes back into the message box.

use serde_json::json;

use crate::harness::{Fixture, NO_RATE_LIMIT, Page, Proxy, ProxyMode};

async fn wait_for_draft(page: &Page, text: &str) {
    let text = json!(text);
    page.wait_for(&format!("document.querySelector('#message').value.trimEnd() === {text}")).await;
    assert_eq!(page.eval("document.querySelectorAll('.message.dim').length").await, 0);
}

async fn clear_draft(page: &Page) {
    page.execute("document.querySelector('#message').value = ''", vec![]).await;
}

/// Submits texts with escapes that JSON in UTF-8 cannot carry.
async fn submit(page: &Page, texts: &str) {
    let script = format!(
        "for (const text of {texts}) {{
            document.querySelector('#message').value = text;
            document.querySelector('form').requestSubmit();
        }}"
    );
    page.execute(&script, vec![]).await;
}

#[tokio::test]
async fn half_an_emoji_is_sent_as_a_replacement_character() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    // More than may wait for an answer at a time.
    for _ in 0..2 {
        submit(&ana, r"Array(8).fill('hi \ud83d there')").await;
        ana.wait_for("!document.querySelector('.message.dim')").await;
    }
    submit(&ana, r"['\udc00\ud83d\ude00\ud83d', 'whole']").await;
    bo.wait_for_log("whole").await;
    let texts = bo.messages().await;
    assert_eq!(texts[..16], vec!["hi \u{fffd} there"; 16]);
    assert_eq!(texts[16..], ["\u{fffd}😀\u{fffd}", "whole"]);
}

/// The room refuses control characters. Escaped, four thousand of them are longer than a frame may be.
#[tokio::test]
async fn control_characters_are_shown_and_do_not_cut_the_connection() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    submit(&ana, r"['\x01\x00\x1b'.repeat(450) + 'a\tb\nc', '\x02\x03', 'next']").await;
    bo.wait_for_log("next").await;
    let signs = "\u{fffd}".repeat(1350);
    assert_eq!(bo.messages().await, [&*format!("{signs}a\tb\nc"), "\u{fffd}\u{fffd}", "next"]);
    ana.wait_for("!document.querySelector('.message.dim')").await;
}

#[tokio::test]
async fn a_name_with_half_an_emoji_is_refused_as_a_name() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    page.execute(r"document.querySelector('#name').value = 'Ana \ud83d'", vec![]).await;
    page.click("form button").await;
    let reason = page.refusal_text().await;
    assert!(!reason.contains("protocol"), "{reason}");
    assert_eq!(page.eval("document.activeElement.id").await, "name");
}

/// Every code, also one of a later version, and every kind of `ref`.
#[tokio::test]
async fn every_refusal_gives_its_message_back() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    // The room itself answers nothing from here on.
    proxy.set(ProxyMode::Stall);
    for why in ["too_fast", "too_long", "bad_json", "closing", "from_a_later_version", ""] {
        for named in [true, false] {
            ana.send_messages(&["kept"]).await;
            let refuse = "const [why, named] = arguments;
                const ref = named ? [...pending.keys()].pop() : undefined;
                receive(JSON.stringify({ t: 'refused', ref, why, text: 'The reason: ' + why }))";
            ana.execute(refuse, vec![json!(why), json!(named)]).await;
            wait_for_draft(&ana, "kept").await;
            ana.wait_for_status(&format!("The reason: {why}")).await;
            clear_draft(&ana).await;
        }
    }
    // The other message waits on.
    ana.send_messages(&["one", "two"]).await;
    let refuse = "const ref = [...pending.keys()][0];
        receive(JSON.stringify({ t: 'refused', ref, why: 'bad_json', text: 'no' }))";
    ana.execute(refuse, vec![]).await;
    ana.wait_for("document.querySelector('#message').value === 'one\\n'").await;
    assert_eq!(ana.messages().await, ["two"]);
}

/// The room refuses a line that is no text under its `ref`; the lines around it arrive.
#[tokio::test]
async fn a_line_that_the_parser_refuses_is_given_back() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    // As a page would do that does not check its text.
    let broken = r"const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (line) { send.call(this, line.replace('HALF', '\\ud83d')); }";
    ana.execute(broken, vec![]).await;
    ana.send_messages(&["before", "a HALF b", "after"]).await;
    bo.wait_for_log("after").await;
    wait_for_draft(&ana, "a HALF b").await;
    assert_eq!(bo.messages().await, ["before", "after"]);
}

/// Close code 1009. Sent again after the reconnect, it would close the next socket as well.
#[tokio::test]
async fn a_message_that_closes_the_socket_is_given_back_once() {
    let fixture = Fixture::start(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    let longer = "const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (line) {
            send.call(this, line.includes('huge') ? line + ' '.repeat(17000) : line);
        }";
    ana.execute(longer, vec![]).await;
    ana.send_messages(&["huge"]).await;
    wait_for_draft(&ana, "huge").await;
    ana.wait_for_status("A message was not accepted").await;
    clear_draft(&ana).await;
    ana.send_message("small").await;
    bo.wait_for_log("small").await;
    assert_eq!(bo.messages().await, ["small"]);
}

/// Status 413 and 400 of the room, and the page of a proxy that blocks what is in the request.
#[tokio::test]
async fn a_poll_that_is_refused_gives_its_message_back() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::HttpOnly).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    let altered = "const original = window.fetch;
        window.fetch = (path, options) => {
            let { body } = options;
            if (body.includes('huge')) body += ' '.repeat(17000);
            if (body.includes('binary')) body = new Uint8Array([255, 254]);
            if (body.includes?.('blocked')) {
                const headers = { 'content-type': 'text/html' };
                return Promise.resolve(new Response('<h1>Blocked</h1>\\n<p>{', { status: 403, headers }));
            }
            return original(path, { ...options, body });
        }";
    ana.execute(altered, vec![]).await;
    for text in ["huge", "binary", "blocked"] {
        ana.wait_for_status("polling").await;
        ana.send_messages(&[text]).await;
        wait_for_draft(&ana, text).await;
        clear_draft(&ana).await;
        ana.send_messages(&[&format!("after {text}")
            .replace("huge", "1")
            .replace("binary", "2")
            .replace("blocked", "3")])
            .await;
    }
    bo.wait_for_log("after 3").await;
    assert_eq!(bo.messages().await, ["after 1", "after 2", "after 3"]);
    assert!(!ana.text(".log").await.contains("cannot be shown"));
}

/// As when the answer has fallen out of the ring before the page came back.
#[tokio::test]
async fn a_message_without_an_answer_is_given_back_after_a_minute() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let lost = "const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (line) { if (!line.includes('lost')) send.call(this, line); }";
    ana.execute(lost, vec![]).await;
    ana.send_messages(&["lost"]).await;
    assert_eq!(ana.messages().await, ["lost"]);
    ana.execute("const now = Date.now; Date.now = () => now() + 61000", vec![]).await;
    wait_for_draft(&ana, "lost").await;
    ana.wait_for_status("not certain").await;
}

/// The room admits a bounded number of joins per second, also after a cut for all.
#[tokio::test]
async fn a_reconnect_that_comes_too_fast_is_tried_again() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let refuse = "connected = false;
        receive(JSON.stringify({ t: 'refused', why: 'too_fast', text: 'too many joins' }));
        socket.close()";
    ana.execute(refuse, vec![]).await;
    ana.wait_for("document.querySelector('[role=status]').textContent === 'Connected'").await;
    ana.send_message("still here").await;
    ana.wait_for_log("still here").await;
}
