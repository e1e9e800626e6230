//! A window, and what a person does in it.

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::browser::Own;
use super::{DEADLINE, GLANCE};

/// Shift and Enter, as WebDriver spells keys.
pub(crate) const NEW_LINE: &str = "\u{e008}\u{e007}\u{e008}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const TAB: &str = "\u{e004}";

/// One window of the browser. Everything done to it switches to it first.
#[derive(Debug)]
pub(crate) struct Page {
    client: Client,
    window: WindowHandle,
}

impl Page {
    pub(super) fn new(client: Client, window: WindowHandle) -> Self {
        Self { client, window }
    }

    /// The driver, with this window in front.
    pub(crate) async fn front(&self) -> &Client {
        self.client.switch_to_window(self.window.clone()).await.unwrap();
        &self.client
    }

    /// Loads an address.
    pub(crate) async fn goto(&self, address: &str) {
        self.front().await.goto(address).await.unwrap();
    }

    /// Runs a function body in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let result = self.front().await.execute(script, arguments).await;
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What an expression is worth in the page.
    pub(crate) async fn get(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"), Vec::new()).await
    }

    /// The same, as text.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let element = json!(selector);
        let text =
            self.run("return document.querySelector(arguments[0]).textContent", vec![element]);
        text.await.as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true in the page; fails with what the page shows.
    pub(crate) async fn until(&self, expression: &str) {
        let end = Instant::now() + DEADLINE;
        while self.get(&format!("!!({expression})")).await != json!(true) {
            if Instant::now() > end {
                panic!("never true: {expression}\nthe page shows:\n{}", self.body().await);
            }
            sleep(GLANCE).await;
        }
    }

    /// Waits until the log holds a line with this text.
    pub(crate) async fn until_log(&self, text: &str) {
        let text = json!(text);
        self.until(&format!("document.querySelector('.log')?.textContent.includes({text})")).await;
    }

    /// Waits until the status line holds this text.
    pub(crate) async fn until_status(&self, text: &str) {
        let text = json!(text);
        self.until(&format!(
            "document.querySelector('[role=status]')?.textContent.includes({text})"
        ))
        .await;
    }

    /// Types into a field, as keys.
    pub(crate) async fn type_into(&self, selector: &str, keys: &str) {
        let field = self.front().await.find(Locator::Css(selector)).await.unwrap();
        field.send_keys(keys).await.unwrap();
    }

    /// Types wherever the focus is.
    pub(crate) async fn keys(&self, keys: &str) {
        let focused = self.front().await.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Clicks.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.front().await.find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Asks to be let in.
    pub(crate) async fn knock(&self, name: &str) {
        // Not as keys: the driver knows only the first 65 536 characters.
        self.run("document.querySelector('#name').value = arguments[0]", vec![json!(name)]).await;
        self.click("form button").await;
    }

    /// Comes in.
    pub(crate) async fn join(&self, name: &str) {
        self.knock(name).await;
        self.until("document.querySelector('#say')").await;
    }

    /// Waits for the reason why somebody was not let in.
    pub(crate) async fn reason(&self) -> String {
        self.until("document.querySelector('#why')?.textContent").await;
        self.text_of("#why").await
    }

    /// Says something, by keyboard.
    pub(crate) async fn say(&self, text: &str) {
        self.type_into("#say", &format!("{}{ENTER}", text.replace('\n', NEW_LINE))).await;
    }

    /// Hands texts in one after the other without a breath between them.
    pub(crate) async fn say_all(&self, texts: &[&str]) {
        let script = "for (const text of arguments[0]) {
            document.querySelector('#say').value = text;
            document.querySelector('form').requestSubmit();
        }";
        self.run(script, vec![json!(texts)]).await;
    }

    /// The texts of the messages in the log.
    pub(crate) async fn said(&self) -> Vec<String> {
        let list = self.get("[...document.querySelectorAll('.said p')].map((p) => p.textContent)");
        serde_json::from_value(list.await).unwrap()
    }

    /// What the page holds now, but for its style.
    pub(crate) async fn body(&self) -> String {
        let body = self.get("document.title + document.body.outerHTML").await;
        body.as_str().unwrap().to_owned()
    }

    /// Waits for the end, and holds it to its word: nothing of `traces` is left.
    pub(crate) async fn expect_over(&self, traces: &[&str]) {
        self.until("document.title === 'session ended'").await;
        let body = self.body().await;
        for trace in traces {
            assert!(!body.contains(trace), "{trace} is left in {body}");
        }
        assert_eq!(self.get("location.pathname + location.hash").await, "/");
        assert_eq!(self.get("document.activeElement.tagName").await, "H1");
    }

    /// Whether the page would ask before it is left. WebDriver answers that question itself, so
    /// it is put to the page alone.
    pub(crate) async fn asks_before_leaving(&self) -> bool {
        let script = "const event = new Event('beforeunload', { cancelable: true });
            dispatchEvent(event);
            return event.defaultPrevented";
        self.run(script, Vec::new()).await == json!(true)
    }

    /// Fails when the browser keeps anything for the page.
    pub(crate) async fn expect_nothing_stored(&self) {
        const STORED: &str = "const done = arguments[0];
            Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()])
                .then((lists) => done([document.cookie, localStorage.length, sessionStorage.length,
                    ...lists.map((list) => list.length)]))";
        let stored = self.front().await.execute_async(STORED, Vec::new()).await.unwrap();
        assert_eq!(stored, json!(["", 0, 0, 0, 0, 0]));
    }

    /// A command of the browser's own protocol, for this window.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let command = Own { path: "goog/cdp/execute", body };
        self.front().await.issue_cmd(command).await.unwrap()
    }

    /// A screen of this width, with this colour scheme.
    pub(crate) async fn look(&self, width: u32, scheme: &str) {
        let screen =
            json!({ "width": width, "height": 640, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }
}
