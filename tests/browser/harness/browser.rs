//! chromedriver, and the Chromium that it drives for one test.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::{Page, TempDir, WAIT_TIMEOUT};

const CHROMIUM: &str = "/usr/bin/chromium";

/// A headless Chromium with a new profile. It ends, with its driver, when dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    _driver: Driver,
    /// The window that the browser starts with; the first page uses it.
    first_window: WindowHandle,
    first_window_used: Cell<bool>,
}

#[derive(Debug)]
struct Driver {
    child: Child,
    port: u16,
    home: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let driver = Driver::start();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver.capabilities())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("chromedriver opens a session with chromium");
        let first_window = client.window().await.unwrap();
        Self { client, _driver: driver, first_window, first_window_used: Cell::new(false) }
    }

    /// Opens an address in a new window.
    pub(crate) async fn open_page(&self, address: &str) -> Page {
        let page = self.new_window().await;
        page.goto(address).await;
        page
    }

    /// Opens an empty window.
    pub(crate) async fn new_window(&self) -> Page {
        let first = Page::new(self.client.clone(), self.first_window.clone());
        if !self.first_window_used.replace(true) {
            return first;
        }
        // Not by WebDriver's own command: its new windows load the browser's start page first.
        let parameters = json!({ "url": "about:blank", "newWindow": true });
        let target = first.devtools("Target.createTarget", parameters).await["targetId"].take();
        let window = target.as_str().unwrap().to_owned().try_into().unwrap();
        Page::new(self.client.clone(), window)
    }

    /// The entries of a log (`browser`: console; `performance`: network) since the last call.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let command = DriverCommand { path: "se/log", body: json!({ "type": kind }) };
        let entries = self.client.issue_cmd(command).await.unwrap();
        serde_json::from_value(entries).unwrap()
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

impl Driver {
    fn start() -> Self {
        const INSTALL: &str = "install it first (Debian: apt-get install chromium chromium-driver)";
        assert!(std::path::Path::new(CHROMIUM).exists(), "{CHROMIUM} is missing; {INSTALL}");
        let home = TempDir::new();
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            // Crash reports, certificates and caches are removed with this folder.
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; {INSTALL}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "chromedriver ended at once");
            let port = line.trim_end().trim_end_matches('.').rsplit(' ').next();
            match port.map(str::parse) {
                Some(Ok(port)) if port != 0 && line.contains("on port") => break port,
                Some(_) | None => {}
            }
        };
        // Drains the pipe; chromedriver would block when it is full.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, port, home }
    }

    fn capabilities(&self) -> Capabilities {
        let profile = self.home.path().join("profile");
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE 127.0.0.2",
            format!("--user-data-dir={}", profile.display()),
        ]);
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "binary": CHROMIUM, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            // An unexpected dialog stays open and makes the next command fail.
            "unhandledPromptBehavior": "ignore",
        }) else {
            unreachable!("written as an object")
        };
        capabilities
    }

    /// Asks chromedriver to close the browser, which would outlive a driver that is killed.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(WAIT_TIMEOUT))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A command of chromedriver that is not part of WebDriver.
#[derive(Debug)]
pub(super) struct DriverCommand {
    pub(super) path: &'static str,
    pub(super) body: Value,
}

impl WebDriverCompatibleCommand for DriverCommand {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
