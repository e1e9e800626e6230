//! What the page shows of the operator's commands, which real sessions carry out: open and sealed rooms.

mod announcements;
mod clearing;
mod end_time;
mod fading;
mod firefox;
mod lobby;
mod looks;
mod muting;
mod new_links;
mod removal;
mod rules;

use serde_json::json;

use crate::harness::{Fixture, Page, Proxy, ProxyMode};

/// Every test of what both kinds of rooms show runs in both.
pub(super) const MODES: [&str; 2] = ["--open", "--sealed"];

/// Each kind of room with another transport, where a test is long. What is kept at a cut is the same code for
/// both kinds of rooms, and for both transports.
pub(super) const MODES_WITH_TRANSPORTS: [(&str, ProxyMode); 2] =
    [("--open", ProxyMode::HttpOnly), ("--sealed", ProxyMode::Forward)];

/// A session with Ana and Bo in its room.
pub(super) async fn session_with_two(mode: &str) -> (Fixture, Page, Page) {
    let fixture = Fixture::operated(mode, &[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    ana.wait_for_log("joined").await;
    (fixture, ana, bo)
}

/// A session with Ana in its room, whose connection is this proxy's.
pub(super) async fn session_behind_proxy(mode: &str, proxy: ProxyMode) -> (Fixture, Proxy, Page) {
    let fixture = Fixture::operated(mode, &[]).await;
    let proxy = Proxy::start(&fixture.room, proxy).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    (fixture, proxy, ana)
}

impl Page {
    /// Waits until the line of the rules is this one.
    pub(super) async fn wait_for_rules(&self, text: &str) {
        let text = json!(text);
        self.wait_for(&format!("document.querySelector('#rules')?.textContent === {text}")).await;
    }

    /// Waits until the line about limits, which no screen reader speaks, contains this text.
    pub(super) async fn wait_for_limits(&self, text: &str) {
        let text = json!(text);
        self.wait_for(&format!(
            "document.querySelector('.typing + p').textContent.includes({text})"
        ))
        .await;
    }

    /// Puts a draft into the message box as its user does.
    pub(super) async fn set_draft(&self, text: &str) {
        let script = "const box = document.querySelector('#message');
            box.value = arguments[0];
            box.dispatchEvent(new Event('input'))";
        self.execute(script, vec![json!(text)]).await;
    }

    pub(super) async fn draft(&self) -> String {
        let draft = self.eval("document.querySelector('#message').value").await;
        draft.as_str().unwrap().to_owned()
    }

    /// Waits until the number of lines in the log that contain this text is that.
    pub(super) async fn wait_for_lines(&self, text: &str, count: usize) {
        let text = json!(text);
        self.wait_for(&format!(
            "[...document.querySelectorAll('[role=log] > *')].filter((line) =>
                line.textContent.includes({text})).length === {count}"
        ))
        .await;
    }
}

/// Puts a clock that is wrong by so many milliseconds into the pages that a window loads from now on.
pub(super) async fn set_clock(page: &Page, wrong_by: i64) {
    let source = format!("const now = Date.now; Date.now = () => now() + {wrong_by};");
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
}
