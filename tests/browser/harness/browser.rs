//! chromedriver, and the one browser it drives for a test.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::{DEADLINE, Folder, Page};

const CHROMIUM: &str = "/usr/bin/chromium";

/// A headless Chromium without a past, ended with its driver when dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    /// Ends the browser when dropped.
    _driver: Driver,
    /// The window it starts with, for the first page.
    first: WindowHandle,
    taken: Cell<bool>,
}

#[derive(Debug)]
struct Driver {
    child: Child,
    port: u16,
    home: Folder,
}

impl Browser {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let driver = Driver::start();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver.capabilities())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("chromedriver opens a session with chromium");
        let first = client.window().await.unwrap();
        Self { client, _driver: driver, first, taken: Cell::new(false) }
    }

    /// A window of its own that shows this address.
    pub(crate) async fn page(&self, address: &str) -> Page {
        let page = self.blank().await;
        page.goto(address).await;
        page
    }

    /// An empty window of its own.
    pub(crate) async fn blank(&self) -> Page {
        let first = Page::new(self.client.clone(), self.first.clone());
        if !self.taken.replace(true) {
            return first;
        }
        // Not by WebDriver: its new windows load the browser's whole start page first.
        let empty = json!({ "url": "about:blank", "newWindow": true });
        let target = first.devtools("Target.createTarget", empty).await["targetId"].take();
        let window = target.as_str().unwrap().to_owned().try_into().unwrap();
        Page::new(self.client.clone(), window)
    }

    /// The lines of a log (`browser`: console; `performance`: network) since it was last asked for.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let command = Own { path: "se/log", body: json!({ "type": kind }) };
        let lines = self.client.issue_cmd(command).await.unwrap();
        serde_json::from_value(lines).unwrap()
    }

    /// Fails when a page complained on the console, about itself or its policy.
    pub(crate) async fn expect_no_complaint(&self) {
        let log = self.log("browser").await;
        let bad: Vec<_> = log.iter().filter(|line| line["level"] == "SEVERE").collect();
        assert!(bad.is_empty(), "on the console: {bad:#?}");
    }

    /// The addresses asked for since last time, HTTP and WebSocket alike.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let log = self.log("performance").await;
        let events = log.iter().map(|line| {
            let text = line["message"].as_str().unwrap();
            serde_json::from_str::<Value>(text).unwrap()["message"].take()
        });
        let address = |event: Value| match event["method"].as_str().unwrap() {
            "Network.requestWillBeSent" => {
                event["params"]["request"]["url"].as_str().map(str::to_owned)
            }
            "Network.webSocketCreated" => event["params"]["url"].as_str().map(str::to_owned),
            _ => None,
        };
        events.filter_map(address).collect()
    }
}

impl Driver {
    fn start() -> Self {
        const INSTALL: &str = "install it first (Debian: apt-get install chromium chromium-driver)";
        assert!(std::path::Path::new(CHROMIUM).exists(), "{CHROMIUM} is missing; {INSTALL}");
        let home = Folder::new();
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            // Crash reports, certificates and caches go where the test ends.
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
        // Read on, or it stops when the pipe is full.
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
            // A dialog nobody asked for stays, and fails the next command.
            "unhandledPromptBehavior": "ignore",
        }) else {
            unreachable!("written as an object")
        };
        capabilities
    }

    /// Lets it close the browser, which would outlive a driver that was killed.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
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

/// A command of chromedriver that WebDriver does not have.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) path: &'static str,
    pub(super) body: Value,
}

impl WebDriverCompatibleCommand for Own {
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
