//! A browser for one test.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::Page;
use super::page::ActiveWindow;
use super::session::Session;

/// A headless Chromium, in a browser context of its own: like a private window, it has nothing of other
/// tests, and forgets everything when dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    /// `None` once it is dropped.
    session: Option<Session>,
    context: Value,
    active_window: ActiveWindow,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let session = Session::take().await;
        let context = session.devtools("Target.createBrowserContext", json!({})).await;
        let active_window = Rc::new(RefCell::new(session.first_window.clone()));
        let context = context["browserContextId"].clone();
        Self { session: Some(session), context, active_window }
    }

    fn session(&self) -> &Session {
        self.session.as_ref().expect("not dropped yet")
    }

    /// Opens an address in a new window.
    pub(crate) async fn open_page(&self, address: &str) -> Page {
        let page = self.new_window().await;
        page.goto(address).await;
        page
    }

    /// Opens an empty window.
    pub(crate) async fn new_window(&self) -> Page {
        // Not by WebDriver's own command: its new windows load the browser's start page first.
        let parameters =
            json!({ "url": "about:blank", "newWindow": true, "browserContextId": self.context });
        let target = self.session().devtools("Target.createTarget", parameters).await;
        let window = target["targetId"].as_str().unwrap().to_owned().try_into().unwrap();
        Page::new(self.session().client.clone(), window, self.active_window.clone())
    }

    /// The entries of a log (`browser`: console; `performance`: network) since the last call.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        self.session().log(kind).await
    }

    /// Fails when the console has an error, such as an exception or a violation of the page's
    /// Content-Security-Policy.
    pub(crate) async fn expect_clean_console(&self) {
        let log = self.log("browser").await;
        let errors: Vec<_> = log.iter().filter(|entry| entry["level"] == "SEVERE").collect();
        assert!(errors.is_empty(), "on the console: {errors:#?}");
    }

    /// The URLs requested since the last call, of HTTP and WebSocket.
    pub(crate) async fn requested_urls(&self) -> Vec<String> {
        let log = self.log("performance").await;
        let events = log.iter().map(|entry| {
            let text = entry["message"].as_str().unwrap();
            serde_json::from_str::<Value>(text).unwrap()["message"].take()
        });
        let url = |event: Value| match event["method"].as_str().unwrap() {
            "Network.requestWillBeSent" => {
                event["params"]["request"]["url"].as_str().map(str::to_owned)
            }
            "Network.webSocketCreated" => event["params"]["url"].as_str().map(str::to_owned),
            _ => None,
        };
        events.filter_map(url).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser of a test that fails may be in any state: it ends.
        if let Some(session) = self.session.take()
            && !std::thread::panicking()
        {
            session.leave(self.context.take());
        }
    }
}
