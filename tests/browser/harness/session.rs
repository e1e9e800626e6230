//! Browsers that run from one test to the next. To start one takes the processor longer than most tests.

use std::sync::{LazyLock, Mutex};

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Handle};
use tokio_tungstenite::tungstenite::Message;

use super::driver::{Driver, DriverCommand};

/// Those that no test uses, with the browser context that the last one has used: at most as many as there are
/// tests at the same time. They end with this process.
static IDLE: Mutex<Vec<(Session, Value)>> = Mutex::new(Vec::new());

/// What runs the connections to the drivers, because each test has a runtime that ends with it.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
});

/// A WebDriver session, with a Chromium of its own.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    /// The window that the browser starts with, which stays empty: without any, the browser would end.
    pub(super) first_window: WindowHandle,
    devtools_address: String,
    _driver: Driver,
}

impl Session {
    /// One that no other test uses.
    pub(super) async fn take() -> Self {
        let idle = IDLE.lock().unwrap().pop();
        match idle {
            Some((session, context)) => {
                session.clean(context).await;
                session
            }
            None => Self::start().await,
        }
    }

    async fn start() -> Self {
        let driver = Driver::start();
        let connecting = async move {
            let client = ClientBuilder::new(HttpConnector::new())
                .capabilities(driver.capabilities())
                .connect(&driver.address())
                .await
                .expect("chromedriver opens a session with chromium");
            let first_window = client.window().await.unwrap();
            let devtools_address = driver.devtools_address();
            Self { client, first_window, devtools_address, _driver: driver }
        };
        RUNTIME.spawn(connecting).await.unwrap()
    }

    /// Leaves the session, and the browser context that a test has used, to the next test.
    pub(super) fn leave(self, context: Value) {
        IDLE.lock().unwrap().push((self, context));
    }

    /// Closes all windows of a browser context, and empties the logs of what their pages have left there.
    async fn clean(&self, context: Value) {
        self.client.switch_to_window(self.first_window.clone()).await.unwrap();
        let parameters = json!({ "browserContextId": context });
        self.devtools("Target.disposeBrowserContext", parameters).await;
        for kind in ["browser", "performance"] {
            self.log(kind).await;
        }
    }

    /// The entries of a log since the last call.
    pub(super) async fn log(&self, kind: &str) -> Vec<Value> {
        let command = DriverCommand { path: "se/log", body: json!({ "type": kind }) };
        let entries = self.client.issue_cmd(command).await.unwrap();
        serde_json::from_value(entries).unwrap()
    }

    /// Issues a command of the Chrome DevTools Protocol to the browser, which no window may issue.
    pub(super) async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let (mut socket, _) =
            tokio_tungstenite::connect_async(&self.devtools_address).await.unwrap();
        let command = json!({ "id": 1, "method": method, "params": parameters });
        socket.send(Message::text(command.to_string())).await.unwrap();
        while let Some(message) = socket.next().await {
            let mut answer: Value =
                serde_json::from_str(message.unwrap().to_text().unwrap()).unwrap();
            if answer["id"] == 1 {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
        panic!("{method}: the browser has closed the connection")
    }
}
