//! The supervisor's side of the control channel, in an open room.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::client::Client;
use super::http::{Connection, Poller, Response};
use crate::harness::{DEADLINE, SERVE, TestEnv};

pub(crate) const TICKET: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A room that accepts connections.
pub(crate) struct OpenHost {
    pub(crate) child: Child,
    channel: UnixStream,
    messages: BufReader<UnixStream>,
    pub(crate) address: SocketAddr,
}

impl OpenHost {
    pub(crate) fn start(env: &TestEnv) -> Self {
        Self::with(env, &json!({}), &json!({}))
    }

    /// With these settings of the room in place of others, and these further fields of the message `start`.
    pub(crate) fn with(env: &TestEnv, settings: &Value, further: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        ours.set_write_timeout(Some(DEADLINE)).unwrap();
        let child = env
            .command(SERVE)
            .args(["--lifeline", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(listener)))
            .spawn()
            .unwrap();
        let messages = BufReader::new(ours.try_clone().unwrap());
        let mut host = Self { child, channel: ours, messages, address };
        assert_eq!(host.recv()["type"], "hello");
        let mut room = json!({
            "mode": "open",
            "max_participants": 100,
            "backlog": 0,
            "message_bytes": 4096,
            "lobby": false,
            "fade": null,
            "ring": {"events": 1000, "bytes": 1_000_000, "age_seconds": 600},
            "rate": {"per_second": 0, "burst": 0},
        });
        room.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let admission = json!({"mode": "open", "ticket": TICKET});
        let mut start = json!({"type": "start", "room": room, "admission": admission});
        start.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        host.send(&start);
        assert_eq!(host.recv()["type"], "ready");
        host
    }

    /// Sends a message of any type.
    pub(crate) fn send(&mut self, message: &Value) {
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    /// Sends bytes that need not be a message.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.channel.write_all(bytes).unwrap();
    }

    /// Sends an order of the operator.
    pub(crate) fn order(&mut self, order: &str, fields: Value) {
        self.send(&order_message(order, fields));
    }

    /// Sends orders in one write.
    pub(crate) fn orders(&mut self, orders: &[(&str, Value)]) {
        let lines = orders.iter().map(|(order, fields)| order_message(order, fields.clone()));
        let lines: String = lines.map(|line| format!("{line}\n")).collect();
        self.send_bytes(lines.as_bytes());
    }

    /// The next message.
    pub(crate) fn recv(&mut self) -> Value {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The next message of this type; those before it are skipped.
    pub(crate) fn wait(&mut self, kind: &str) -> Value {
        loop {
            let message = self.recv();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// A socket without a line.
    pub(crate) fn open_socket(&self) -> Client {
        let host = self.address.to_string();
        Client::open(self.address, &host, &format!("http://{host}"))
    }

    /// A participant over a socket.
    pub(crate) fn join(&self, name: &str) -> Client {
        let mut client = self.open_socket();
        client.send_line(&join_line(name));
        client.welcome = client.wait("welcome");
        client
    }

    /// A socket that asks to return to the seat of this welcome.
    pub(crate) fn returning(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.open_socket();
        let mut line = join_line(welcome["you"]["name"].as_str().unwrap());
        line["resume"] = welcome["resume"].clone();
        if let Some(after) = after {
            line["after"] = after.into();
        }
        client.send_line(&line);
        client
    }

    /// A participant who returns, and is told so by a welcome.
    pub(crate) fn returned(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.returning(welcome, after);
        client.welcome = client.wait("welcome");
        client
    }

    pub(crate) fn join_by_poll(&self, name: &str) -> Poller {
        let host = self.address.to_string();
        Poller::join_by(self.address, &host, &format!("http://{host}"), &join_line(name))
    }

    pub(crate) fn request(&self, line: &str, body: &str) -> Response {
        let mut connection = Connection::to(self.address);
        let (host, length) = (self.address, body.len());
        let head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        connection.send(format!("{head}{body}").as_bytes());
        connection.response()
    }

    /// Closes the channel, and expects the server to end with code 0.
    pub(crate) fn stop(mut self) {
        self.channel.shutdown(Shutdown::Write).unwrap();
        // Unread messages would reset the channel.
        std::io::copy(&mut self.messages, &mut std::io::sink()).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for OpenHost {
    /// For a test that failed.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line by which `name` joins.
pub(crate) fn join_line(name: &str) -> Value {
    json!({"t": "join", "name": name, "ticket": TICKET})
}

/// The message to serve with an order of the operator.
pub(crate) fn order_message(order: &str, mut fields: Value) -> Value {
    fields["type"] = "operator".into();
    fields["order"] = order.into();
    fields
}
