//! A headless Firefox, driven by Marionette, the protocol behind geckodriver, which Debian does not have.
//!
//! A message is its length in decimal, a colon, and an array: `[0, id, command, parameters]` for a
//! command, `[1, id, error, result]` for its response.
//! <https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::{TempDir, WAIT_TIMEOUT, pauses};

const FIREFOX: &str = "firefox-esr";

/// Keeps Firefox from looking for updates and settings on the network.
const PREFERENCES: &str = r#"user_pref("marionette.port", 0);
user_pref("app.normandy.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
"#;

/// One window of a Firefox with a new profile. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Firefox {
    child: Child,
    stream: TcpStream,
    last_id: u64,
    _home: TempDir,
}

impl Firefox {
    pub(crate) async fn start() -> Self {
        let home = TempDir::new();
        std::fs::write(home.path().join("user.js"), PREFERENCES).unwrap();
        let mut child = Command::new(FIREFOX)
            .args(["--headless", "--marionette", "--no-remote", "--profile"])
            .arg(home.path())
            // Scripts may read the browser's own console, and change the size of the page.
            .args(["--remote-allow-system-access", "about:blank"])
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{FIREFOX}: {error}; install it first (Debian: apt-get install firefox-esr)")
            });
        let port = listening_port(&mut child);
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut firefox = Self { child, stream, last_id: 0, _home: home };
        firefox.recv().await;
        // A reload asks whether to leave the room, and is told to go on.
        let capabilities = json!({ "alwaysMatch": { "unhandledPromptBehavior": "accept" } });
        firefox.command("NewSession", json!({ "capabilities": capabilities })).await;
        firefox
    }

    pub(crate) async fn goto(&mut self, address: &str) {
        self.command("Navigate", json!({ "url": address })).await;
    }

    pub(crate) async fn reload(&mut self) {
        self.command("Refresh", json!({})).await;
    }

    /// Clicks an element as a user does, which may open dialogs.
    pub(crate) async fn click(&mut self, selector: &str) {
        let id = self.find(selector).await;
        self.command("ElementClick", json!({ "id": id })).await;
    }

    /// Types keys into a field.
    pub(crate) async fn type_into(&mut self, selector: &str, keys: &str) {
        let id = self.find(selector).await;
        self.command("ElementSendKeys", json!({ "id": id, "text": keys })).await;
    }

    /// Evaluates an expression in the page.
    pub(crate) async fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({ "script": format!("return {expression};"), "args": [] });
        self.command("ExecuteScript", parameters).await["value"].take()
    }

    /// Waits until an expression is true in the page; fails with what the page shows.
    pub(crate) async fn wait_for(&mut self, expression: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        for pause in pauses() {
            if self.eval(&format!("!!({expression})")).await == json!(true) {
                return;
            }
            if Instant::now() > deadline {
                let shown = self.eval("document.body.innerText").await;
                panic!("never true: {expression}\nthe page shows:\n{shown}");
            }
            sleep(pause).await;
        }
    }

    /// Makes the page this large, in CSS pixels, at this zoom (1 is 100 %).
    pub(crate) async fn set_screen(&mut self, (width, height): (u32, u32), zoom: u32) {
        const RESIZE: &str = "const [width, height, zoom] = arguments;
            const browser = gBrowser.selectedBrowser;
            for (const bound of ['min', 'max']) {
                browser.style.setProperty(`${bound}-width`, `${width * zoom}px`, 'important');
                browser.style.setProperty(`${bound}-height`, `${height * zoom}px`, 'important');
            }
            browser.browsingContext.fullZoom = zoom;";
        self.execute_in_chrome(RESIZE, json!([width, height, zoom])).await;
        self.wait_for(&format!("innerWidth === {width} && innerHeight === {height}")).await;
    }

    /// Has unknown properties in style sheets reported, from the next page on. Firefox does it only while
    /// its developer tools are open.
    pub(crate) async fn report_css_errors(&mut self) {
        let script = "window.docShell.cssErrorReportingEnabled = true";
        let parameters = json!({ "script": script, "args": [], "sandbox": "system" });
        self.command("ExecuteScript", parameters).await;
    }

    /// The messages on the console since the start, except for those of Firefox's own windows.
    pub(crate) async fn console(&mut self) -> Vec<String> {
        const MESSAGES: &str = "return Services.console.getMessageArray()
            .filter((message) => message instanceof Ci.nsIScriptError)
            .filter(({ category, sourceName }) => !/^(chrome|component|system|XPConnect) javascript$/i.test(category)
                && !sourceName.startsWith('chrome:'))
            .map(({ category, sourceName, errorMessage }) => [category, sourceName, errorMessage].join(': '))";
        let messages = self.execute_in_chrome(MESSAGES, json!([])).await;
        serde_json::from_value(messages).unwrap()
    }

    /// Waits until the console has a message that contains this text.
    pub(crate) async fn wait_for_console(&mut self, text: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        for pause in pauses() {
            let messages = self.console().await;
            if messages.iter().any(|message| message.contains(text)) {
                return;
            }
            assert!(Instant::now() < deadline, "no {text:?} on the console: {messages:#?}");
            sleep(pause).await;
        }
    }

    async fn find(&mut self, selector: &str) -> Value {
        let query = json!({ "using": "css selector", "value": selector });
        let mut found = self.command("FindElement", query).await;
        found["value"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    async fn execute_in_chrome(&mut self, script: &str, arguments: Value) -> Value {
        self.send("Marionette:SetContext", json!({ "value": "chrome" })).await;
        let parameters = json!({ "script": script, "args": arguments });
        let result = self.command("ExecuteScript", parameters).await["value"].take();
        self.send("Marionette:SetContext", json!({ "value": "content" })).await;
        result
    }

    /// Issues a command of WebDriver.
    async fn command(&mut self, name: &str, parameters: Value) -> Value {
        self.send(&format!("WebDriver:{name}"), parameters).await
    }

    async fn send(&mut self, name: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let message = json!([0, self.last_id, name, parameters]).to_string();
        let message = format!("{}:{message}", message.len());
        self.stream.write_all(message.as_bytes()).await.unwrap();
        let mut response = self.recv().await;
        assert_eq!(response[2], Value::Null, "{name}");
        response[3].take()
    }

    async fn recv(&mut self) -> Value {
        let mut length = 0;
        loop {
            match self.stream.read_u8().await.expect("Firefox responds") {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await.unwrap();
        serde_json::from_slice(&message).unwrap()
    }
}

/// Waits for the line `… Marionette INFO Listening on port 37703`.
fn listening_port(child: &mut Child) -> u16 {
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let port = loop {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "{FIREFOX} ended at once");
        if let Some((_, port)) = line.split_once("Listening on port ") {
            break port.trim_end().parse().unwrap();
        }
    };
    // Drains the pipe; Firefox would block when it is full.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    port
}

impl Drop for Firefox {
    fn drop(&mut self) {
        // It ends its other processes when it is asked to end, and removes nothing from its profile.
        let pid = self.child.id().to_string();
        let _ = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        let _ = self.child.wait();
    }
}
