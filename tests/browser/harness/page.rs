//! One window of the browser, and what a user does in it.

use std::cell::RefCell;
use std::rc::Rc;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::driver::DriverCommand;
use super::{WAIT_TIMEOUT, pauses};

/// Shift and Enter, in the code points that WebDriver assigns to keys.
const SHIFT_ENTER: &str = "\u{e008}\u{e007}\u{e008}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const TAB: &str = "\u{e004}";

/// One window of the browser. Every method switches to it first.
#[derive(Debug)]
pub(crate) struct Page {
    client: Client,
    window: WindowHandle,
    active_window: ActiveWindow,
}

/// The window that the driver's commands are for; all pages of a browser share it.
pub(super) type ActiveWindow = Rc<RefCell<WindowHandle>>;

impl Page {
    pub(super) fn new(client: Client, window: WindowHandle, active_window: ActiveWindow) -> Self {
        Self { client, window, active_window }
    }

    /// Switches to this window and returns the driver.
    pub(crate) async fn activate(&self) -> &Client {
        if *self.active_window.borrow() != self.window {
            self.client.switch_to_window(self.window.clone()).await.unwrap();
            self.active_window.replace(self.window.clone());
        }
        &self.client
    }

    pub(crate) async fn goto(&self, address: &str) {
        self.activate().await.goto(address).await.unwrap();
    }

    /// Runs a function body in the page and returns its value.
    pub(crate) async fn execute(&self, script: &str, arguments: Vec<Value>) -> Value {
        let result = self.activate().await.execute(script, arguments).await;
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Evaluates an expression in the page.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        self.execute(&format!("return {expression};"), Vec::new()).await
    }

    /// The text of the first element that matches the selector.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0]).textContent";
        self.execute(script, vec![json!(selector)]).await.as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true in the page; fails with what the page shows.
    pub(crate) async fn wait_for(&self, expression: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        for pause in pauses() {
            if self.eval(&format!("!!({expression})")).await == json!(true) {
                return;
            }
            if Instant::now() > deadline {
                panic!("never true: {expression}\nthe page shows:\n{}", self.html().await);
            }
            sleep(pause).await;
        }
    }

    /// Waits until the log contains this text.
    pub(crate) async fn wait_for_log(&self, text: &str) {
        let text = json!(text);
        self.wait_for(&format!("document.querySelector('.log')?.textContent.includes({text})"))
            .await;
    }

    /// Waits until the status line contains this text.
    pub(crate) async fn wait_for_status(&self, text: &str) {
        let text = json!(text);
        self.wait_for(&format!(
            "document.querySelector('[role=status]')?.textContent.includes({text})"
        ))
        .await;
    }

    /// Types keys into a field.
    pub(crate) async fn type_into(&self, selector: &str, keys: &str) {
        let field = self.activate().await.find(Locator::Css(selector)).await.unwrap();
        field.send_keys(keys).await.unwrap();
    }

    /// Types keys into the focused element.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.activate().await.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.activate().await.find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Presses Leave twice, the second time by the keyboard: a double click counts as one press.
    pub(crate) async fn leave(&self) {
        self.click("header button").await;
        self.wait_for("document.querySelector('header button').textContent === 'Leave now?'").await;
        self.press(ENTER).await;
    }

    /// Submits the join form with this name.
    pub(crate) async fn submit_name(&self, name: &str) {
        // Set by script: chromedriver types only characters of the Basic Multilingual Plane.
        self.execute("document.querySelector('#name').value = arguments[0]", vec![json!(name)])
            .await;
        self.click("form button").await;
    }

    /// Submits the join form, and waits until the room is shown.
    pub(crate) async fn join(&self, name: &str) {
        self.submit_name(name).await;
        self.wait_for("document.querySelector('#message')").await;
    }

    /// Waits until the join form shows why the join was refused.
    pub(crate) async fn refusal_text(&self) -> String {
        self.wait_for("document.querySelector('#refusal')?.textContent").await;
        self.text("#refusal").await
    }

    /// Types a message, with its line breaks, and sends it with Enter.
    pub(crate) async fn send_message(&self, text: &str) {
        self.type_into("#message", &format!("{}{ENTER}", text.replace('\n', SHIFT_ENTER))).await;
    }

    /// Submits several messages in one task of the page, so that no response comes between them.
    pub(crate) async fn send_messages(&self, texts: &[&str]) {
        let script = "for (const text of arguments[0]) {
            document.querySelector('#message').value = text;
            document.querySelector('form').requestSubmit();
        }";
        self.execute(script, vec![json!(texts)]).await;
    }

    /// The texts of the messages that the log shows.
    pub(crate) async fn messages(&self) -> Vec<String> {
        let list =
            self.eval("[...document.querySelectorAll('.message p')].map((p) => p.textContent)");
        serde_json::from_value(list.await).unwrap()
    }

    /// The title and the body of the document as they are now.
    pub(crate) async fn html(&self) -> String {
        let body = self.eval("document.title + document.body.outerHTML").await;
        body.as_str().unwrap().to_owned()
    }

    /// Waits until the session has ended, and fails when the page still contains one of `secrets`.
    pub(crate) async fn expect_cleared(&self, secrets: &[&str]) {
        self.wait_for("document.title === 'session ended'").await;
        let body = self.html().await;
        for secret in secrets {
            assert!(!body.contains(secret), "{secret} is left in {body}");
        }
        assert_eq!(self.eval("location.pathname + location.hash").await, "/");
        assert_eq!(self.eval("document.activeElement.tagName").await, "H1");
    }

    /// Whether the page asks before it is unloaded. WebDriver accepts that dialog by itself, so the
    /// event is dispatched to the page directly.
    pub(crate) async fn asks_before_leaving(&self) -> bool {
        let script = "const event = new Event('beforeunload', { cancelable: true });
            dispatchEvent(event);
            return event.defaultPrevented";
        self.execute(script, Vec::new()).await == json!(true)
    }

    /// Fails when the browser has a cookie, a database, a cache or anything else of the page.
    pub(crate) async fn expect_nothing_stored(&self) {
        const STORED: &str = "const done = arguments[0];
            Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()])
                .then((lists) => done([document.cookie, localStorage.length, sessionStorage.length,
                    ...lists.map((list) => list.length)]))";
        let stored = self.activate().await.execute_async(STORED, Vec::new()).await.unwrap();
        assert_eq!(stored, json!(["", 0, 0, 0, 0, 0]));
    }

    /// Issues a command of the Chrome DevTools Protocol to this window.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let command = DriverCommand { path: "goog/cdp/execute", body };
        self.activate().await.issue_cmd(command).await.unwrap()
    }

    /// Emulates a screen of this width and this colour scheme (`dark` or `light`).
    pub(crate) async fn set_screen(&self, width: u32, scheme: &str) {
        self.set_size(width, 640).await;
        self.set_media("prefers-color-scheme", scheme).await;
    }

    /// Emulates a screen of this size, in CSS pixels.
    pub(crate) async fn set_size(&self, width: u32, height: u32) {
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Emulates one media feature, and no other.
    pub(crate) async fn set_media(&self, name: &str, value: &str) {
        let features = json!([{ "name": name, "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }
}
