//! A running `chattrace-serve` of one test, and how to connect to it.

use std::fs;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::client::Client;
use super::http::{Connection, Response};
use crate::harness::{Output, Program, SERVE, Stream, TestEnv};

/// No rate limit: for tests that send more messages than a person does.
pub(crate) const UNLIMITED: &str = r#"{"room":{"rate":{"per_second":0}}}"#;

/// Killed when dropped.
pub(crate) struct Server {
    program: Program,
    env: TestEnv,
    /// `127.0.0.1:PORT`, also what the `Host` of a direct request says.
    pub(crate) host: String,
    pub(crate) ticket: String,
}

impl Server {
    /// With the built-in settings.
    pub(crate) fn start() -> Self {
        Self::with(&[], "{}")
    }

    /// With these arguments and this configuration file.
    pub(crate) fn with(arguments: &[&str], config: &str) -> Self {
        let env = TestEnv::new();
        let file = env.root().join("config.json");
        fs::write(&file, config).unwrap();
        let mut command = env.command(SERVE);
        command.arg("--json").arg("--config").arg(file).args(arguments);
        let mut program = Program::start(command);
        let ready: Value = serde_json::from_str(&program.stdout_line()).unwrap();
        assert_eq!(ready["event"], "ready");
        let (host, ticket) = parse_link(ready["link"].as_str().unwrap());
        Self { program, env, host, ticket }
    }

    /// The address to connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        let address: SocketAddr = self.host.parse().unwrap();
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    pub(crate) fn env(&self) -> &TestEnv {
        &self.env
    }

    /// A socket that has not joined yet.
    pub(crate) fn open_socket(&self) -> Client {
        Client::open(self.address(), &self.host, &format!("http://{}", self.host))
    }

    /// The line by which `name` joins.
    pub(crate) fn join_line(&self, name: &str) -> Value {
        json!({"t": "join", "name": name, "ticket": self.ticket})
    }

    /// A participant who has joined.
    pub(crate) fn join(&self, name: &str) -> Client {
        let mut client = self.open_socket();
        client.send_line(&self.join_line(name));
        client.welcome = client.wait("welcome");
        client
    }

    /// A participant who resumes, having read up to `after`.
    pub(crate) fn resume(&self, welcome: &Value, after: u64) -> Client {
        let mut client = self.open_socket();
        let mut line = self.join_line(welcome["you"]["name"].as_str().unwrap());
        line["resume"] = welcome["resume"].clone();
        line["after"] = after.into();
        client.send_line(&line);
        client.welcome = client.wait("welcome");
        client
    }

    /// The refusal of this first line, after which the server closes.
    pub(crate) fn refusal(&self, first: &Value) -> Value {
        let mut client = self.open_socket();
        client.send_line(first);
        let (mut events, code) = client.rest();
        assert_eq!((events.len(), code), (1, Some(4002)), "{first} {events:?}");
        assert_eq!(events[0]["t"], "refused", "{first}");
        events.remove(0)
    }

    /// A connection for HTTP by hand.
    pub(crate) fn connect(&self) -> Connection {
        Connection::new(TcpStream::connect(self.address()).unwrap())
    }

    /// The response to this request line and these headers, next to the right `Host`.
    pub(crate) fn request(&self, line: &str, headers: &str) -> Response {
        self.request_raw(&format!("{line} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host))
    }

    /// The response to a POST with this body.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> Response {
        let length = body.len();
        self.request_raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
            self.host
        ))
    }

    /// The response to these bytes.
    pub(crate) fn request_raw(&self, request: &str) -> Response {
        let mut connection = self.connect();
        connection.send(request.as_bytes());
        if request.starts_with("HEAD") { connection.head() } else { connection.response() }
    }

    /// The next line of `--json` with this event.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        let start = format!("{{\"event\":\"{name}\"");
        let line = self.program.line(Stream::Stdout, |line| line.starts_with(&start));
        serde_json::from_str(&line).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Waits for its end.
    pub(crate) fn wait(self) -> Output {
        self.program.wait()
    }

    /// Ends it by SIGTERM, and expects code 0.
    pub(crate) fn stop(self) -> Output {
        self.signal("TERM");
        self.wait().expect_code(0)
    }

    /// Its resident memory (proc_pid_status(5)).
    pub(crate) fn resident_kib(&self) -> u64 {
        self.status("VmRSS")
    }

    /// The largest resident memory that it has had.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.status("VmHWM")
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// Host and ticket of a link.
pub(crate) fn parse_link(link: &str) -> (String, String) {
    let rest = link.strip_prefix("http://").unwrap();
    let (host, ticket) = rest.split_once("/t/").unwrap();
    assert_eq!(ticket.len(), 22, "{link}");
    (host.to_owned(), ticket.to_owned())
}
