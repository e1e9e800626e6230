//! Every part of the page is in reach at every size, from a wide window to 320×256, which is 1280×1024 at
//! a zoom of 400 % (WCAG 2.2, 1.4.10), and down to a width of 240.

use serde_json::{Value, json};

use crate::harness::{ENTER, Fixture, Page, Proxy, ProxyMode};

/// Widths and heights in CSS pixels: a desktop, a low window, phones in both orientations, a phone with
/// its keyboard open, a zoom of 400 %, a watch.
const SIZES: [(u32, u32); 9] = [
    (1280, 1024),
    (1024, 400),
    (667, 375),
    (568, 320),
    (390, 844),
    (390, 350),
    (320, 568),
    (320, 256),
    (240, 400),
];

impl Page {
    async fn expect_reachable_at_every_size(&self, state: &str) {
        for (width, height) in SIZES {
            self.set_size(width, height).await;
            let faults = self.execute(FAULTS, vec![]).await;
            assert_eq!(faults, json!([]), "{state}, {width}×{height}");
        }
    }

    async fn expect_accessible_when_small(&self, state: &str) {
        self.set_size(320, 256).await;
        self.expect_accessible_in_this_size(state).await;
    }
}

/// Scrolls to each heading and control in turn, and lists what is cut off, covered, or too small (24 px:
/// WCAG 2.2, 2.5.8), and a page that is wider than the window, or a log without a height.
const FAULTS: &str = "const faults = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) faults.push('wider than the window: ' + root.scrollWidth);
    for (const element of document.querySelectorAll('h1, h2, button, input, textarea, summary, .log, [role=status], #refusal, main > p')) {
        if (!element.checkVisibility() || !element.offsetHeight) continue;
        element.scrollIntoView({ block: 'nearest' });
        const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
        const name = element.outerHTML.slice(0, 60);
        if (left < 0 || right > root.clientWidth || (height < innerHeight && (top < -1 || bottom > innerHeight + 1)))
            faults.push(`cut off: ${name} ${[left, right, top, bottom]}`);
        const [x, y] = [(left + right) / 2, Math.min(Math.max(top, 0) + 4, (top + bottom) / 2)];
        if (!element.contains(document.elementFromPoint(x, y))) faults.push('covered: ' + name);
        const isTarget = element.matches('button, input, textarea, summary');
        if (isTarget && Math.min(width, height) < 24) faults.push('too small: ' + name);
    }
    for (const text of document.querySelectorAll('.message p'))
        if (text.clientWidth < 120) faults.push('too narrow: ' + text.clientWidth);
    const log = document.querySelector('.log');
    if (log && log.clientHeight < 100) faults.push('a low log: ' + log.clientHeight);
    return faults;";

const DOUBLE_TEXT: &str = "document.documentElement.style.fontSize = arguments[0]";

#[tokio::test]
async fn the_join_form_is_in_reach_at_every_size() {
    let fixture = Fixture::start(&["--backlog", "3"]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    page.expect_reachable_at_every_size("join form").await;
    page.set_size(320, 256).await;
    page.submit_name("operator").await;
    page.refusal_text().await;
    for selector in ["#refusal", "#name"] {
        let bounds = format!(
            "(({{ top, bottom }}) => top >= 0 && bottom <= innerHeight)(document.querySelector('{selector}').getBoundingClientRect())"
        );
        page.wait_for(&bounds).await;
    }
    page.expect_reachable_at_every_size("refused").await;
    page.expect_accessible_when_small("refused").await;
    page.execute(DOUBLE_TEXT, vec![json!("200%")]).await;
    page.expect_reachable_at_every_size("refused, text of 200 %").await;
}

#[tokio::test]
async fn the_room_is_in_reach_at_every_size() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    ana.expect_reachable_at_every_size("alone").await;
    join_many(&ana, fixture.room.ticket(), 60).await;
    ana.wait_for("document.querySelector('h2').textContent.startsWith('Here: 61')").await;
    ana.send_messages(&["wordwithoutanyblanks".repeat(20).as_str()]).await;
    ana.send_messages(&["several\nlines\nof\ntext", "https://example.org/a/long/address"]).await;
    ana.wait_for("document.querySelectorAll('.message:not(.dim)').length === 3").await;
    ana.expect_reachable_at_every_size("busy").await;
    ana.expect_accessible_when_small("busy").await;
    ana.type_into("#message", "a draft").await;
    ana.set_size(320, 256).await;
    ana.click(".people").await;
    ana.expect_reachable_at_every_size("with the list").await;
    ana.expect_accessible_when_small("with the list").await;
    ana.execute(DOUBLE_TEXT, vec![json!("200%")]).await;
    ana.expect_reachable_at_every_size("with the list, text of 200 %").await;
    ana.execute(DOUBLE_TEXT, vec![json!("")]).await;
    proxy.set(ProxyMode::Close);
    ana.wait_for("document.querySelector('.disconnected')").await;
    ana.expect_reachable_at_every_size("disconnected").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for("!document.querySelector('.disconnected')").await;
    fixture.room.end();
    ana.expect_cleared(&["draft"]).await;
    ana.expect_reachable_at_every_size("ended").await;
    ana.expect_accessible_when_small("ended").await;
}

/// After joining in a low window, the message box is in sight and has the focus.
#[tokio::test]
async fn the_message_box_is_in_sight_after_joining_in_a_low_window() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.join_page().await;
    ana.set_size(320, 256).await;
    ana.join("Ana").await;
    ana.wait_for("document.activeElement.getBoundingClientRect().bottom <= innerHeight").await;
    assert_eq!(ana.eval("document.activeElement.id").await, "message");
}

#[tokio::test]
async fn on_a_narrow_screen_the_people_are_folded() {
    const LIST: &str = "document.querySelector('.roster ul').checkVisibility()";
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.participant("Bo").await;
    for (width, folds) in [(1280, false), (390, true)] {
        ana.set_size(width, 844).await;
        ana.wait_for(&format!("document.querySelector('.people').checkVisibility() === {folds}"))
            .await;
        assert_eq!(ana.eval(LIST).await, !folds);
        assert_eq!(ana.eval("document.querySelector('h2').checkVisibility()").await, !folds);
    }
    assert_eq!(ana.text(".people").await, "2 here");
    for (expanded, is_shown) in [("true", true), ("false", false), ("true", true)] {
        ana.execute("document.querySelector('.people').focus()", vec![]).await;
        ana.press(ENTER).await;
        ana.wait_for(&format!("{LIST} === {is_shown}")).await;
        let state = "document.querySelector('.people').getAttribute('aria-expanded')";
        assert_eq!(ana.eval(state).await, expanded);
        assert_eq!(ana.eval("document.activeElement.className").await, "people");
    }
    let controls = "document.querySelector('.people').getAttribute('aria-controls')";
    assert_eq!(ana.eval(controls).await, ana.eval("document.querySelector('.roster ul').id").await);
    drop(bo);
}

/// In forced colours all backgrounds are the same: what is told by one has to be told by a border.
#[tokio::test]
async fn forced_colours_keep_the_sign_of_the_connection_and_motion_is_none() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.send_message("hello").await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    ana.set_media("forced-colors", "active").await;
    let sign = "(({ borderTopColor, borderTopWidth }) => [borderTopColor, borderTopWidth])(
        getComputedStyle(document.querySelector('.status-bar'), '::before'))";
    let connected = ana.eval(sign).await;
    let page = ana.eval("getComputedStyle(document.body).backgroundColor").await;
    assert_ne!(connected[0], page);
    let bar = "document.querySelector('.status-bar').classList.add('disconnected')";
    ana.execute(bar, vec![]).await;
    assert_ne!(ana.eval(sign).await[1], connected[1]);
    ana.set_media("prefers-reduced-motion", "reduce").await;
    let moving = "[...document.querySelectorAll('*')].filter((e) => ((style) =>
        style.animationName !== 'none' || style.transitionDuration !== '0s' || style.scrollBehavior !== 'auto')
        (getComputedStyle(e))).length + document.getAnimations().length";
    assert_eq!(ana.eval(moving).await, 0);
}

/// Participants without a page, with long names, who join one after the other.
async fn join_many(page: &Page, ticket: &str, count: u32) {
    let script = "const [ticket, count] = arguments;
        window.others = [];
        const join = (number) => {
            if (number >= count) return;
            const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
            others.push(socket);
            socket.onopen = () => socket.send(JSON.stringify({ t: 'join', name: 'Participant no ' + number, ticket }));
            socket.onmessage = () => { socket.onmessage = null; join(number + 1); };
        };
        join(0)";
    let _: Value = page.execute(script, vec![json!(ticket), json!(count)]).await;
}
