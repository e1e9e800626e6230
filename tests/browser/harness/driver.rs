//! chromedriver, and the Chromium that it starts.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use serde_json::{Value, json};

use super::TempDir;

const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs chromedriver until the standard input ends, as it does with this process too, however that ends.
/// chromedriver closes its browser when it is asked to shut down; a browser outlives a driver that is killed.
/// The standard output is chromedriver's alone, so that it ends with it.
const RUN: &str = r#"chromedriver --port="$0" 2>/dev/null &
exec >&-
read -r _
exec 3<>"/dev/tcp/127.0.0.1/$0" && printf 'GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' >&3 || kill %1
wait
rm -rf "$HOME""#;

/// A chromedriver. It ends, with its browser, when dropped.
#[derive(Debug)]
pub(super) struct Driver {
    shell: Child,
    port: u16,
    home: TempDir,
}

impl Driver {
    pub(super) fn start() -> Self {
        const INSTALL: &str = "install it first (Debian: apt-get install chromium chromium-driver)";
        assert!(std::path::Path::new(CHROMIUM).exists(), "{CHROMIUM} is missing; {INSTALL}");
        let home = TempDir::new();
        let port = unused_port();
        let mut shell = Command::new("bash")
            .args(["-c", RUN, &port.to_string()])
            // Crash reports, certificates and caches are removed with this folder.
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("was started successfully") {
            let printed = lines.read_line(&mut line).unwrap();
            assert_ne!(printed, 0, "chromedriver ended at once, on port {port}: {line}; {INSTALL}");
        }
        // Drains the pipe; chromedriver would block when it is full.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { shell, port, home }
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn capabilities(&self) -> Capabilities {
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
            format!("--user-data-dir={}", self.profile().display()),
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

    /// The address of the browser's own connection for the Chrome DevTools Protocol, once it runs.
    pub(super) fn devtools_address(&self) -> String {
        let file = std::fs::read_to_string(self.profile().join("DevToolsActivePort")).unwrap();
        let (port, path) = file.split_once('\n').expect("a port and a path, on two lines");
        format!("ws://127.0.0.1:{port}{path}")
    }

    fn profile(&self) -> std::path::PathBuf {
        self.home.path().join("profile")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
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
