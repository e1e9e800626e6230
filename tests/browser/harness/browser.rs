//! chromedriver, and the Chromium that it drives for one test.

use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, Ordering};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::page::ActiveWindow;
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
    active_window: ActiveWindow,
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
        let active_window = Rc::new(RefCell::new(first_window.clone()));
        let first_window_used = Cell::new(false);
        Self { client, _driver: driver, first_window, first_window_used, active_window }
    }

    /// Opens an address in a new window.
    pub(crate) async fn open_page(&self, address: &str) -> Page {
        let page = self.new_window().await;
        page.goto(address).await;
        page
    }

    /// Opens an empty window.
    pub(crate) async fn new_window(&self) -> Page {
        let page = |window| Page::new(self.client.clone(), window, self.active_window.clone());
        let first = page(self.first_window.clone());
        if !self.first_window_used.replace(true) {
            return first;
        }
        // Not by WebDriver's own command: its new windows load the browser's start page first.
        let parameters = json!({ "url": "about:blank", "newWindow": true });
        let target = first.devtools("Target.createTarget", parameters).await["targetId"].take();
        let window = target.as_str().unwrap().to_owned().try_into().unwrap();
        page(window)
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
        let port = unused_port();
        let mut child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
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
        while !line.contains("was started successfully") {
            let printed = lines.read_line(&mut line).unwrap();
            assert_ne!(printed, 0, "chromedriver ended at once, on port {port}: {line}");
        }
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
            // Two pages of the address bar, which every window would load: half of the processor time of a test.
            "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
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

/// A port that is free on IPv4 and IPv6. Asked to choose one itself, chromedriver takes what is free on
/// IPv6, and ends when another program listens there on IPv4.
///
/// It is below those that the kernel gives to sockets that ask for any port
/// (`/proc/sys/net/ipv4/ip_local_port_range`), so that none of them takes it before the driver does.
fn unused_port() -> u16 {
    const PORTS: std::ops::Range<u16> = 12_000..32_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Other tests that run at the same time begin elsewhere.
    let first = std::process::id().wrapping_mul(1_009);
    let is_in_use = |address: IpAddr, port: u16| {
        TcpListener::bind((address, port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    for _ in PORTS {
        let next = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let offset = first.wrapping_add(next) % PORTS.len() as u32;
        let port = PORTS.start + offset as u16;
        if !is_in_use(Ipv4Addr::LOCALHOST.into(), port)
            && !is_in_use(Ipv6Addr::LOCALHOST.into(), port)
        {
            return port;
        }
    }
    panic!("no port is free in {PORTS:?}")
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
