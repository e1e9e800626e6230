//! A participant over a WebSocket. A wait that fails shows everything received so far.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Error, Message, WebSocket};

use crate::harness::DEADLINE;

/// Dropping it breaks the connection without a close frame, like a tab that crashed.
pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
    /// Received, and not returned by [`Client::next`] yet.
    queued: VecDeque<Value>,
    /// All that [`Client::next`] has returned.
    received: Vec<Value>,
    /// The number in the welcome.
    joined: u64,
    /// The number that the next event has; `None` before the first.
    next: Option<u64>,
    /// The number of the last message of the backlog.
    backlog: u64,
    /// Whether events may be missing without a gap, because the operator had them forgotten.
    expects_forgotten: bool,
    /// Null before the welcome.
    pub(crate) welcome: Value,
}

impl Client {
    /// Opens a socket.
    pub(crate) fn open(address: SocketAddr, host: &str, origin: &str) -> Self {
        Self::try_open(address, host, &[("origin", origin)])
            .unwrap_or_else(|status| panic!("the handshake got status {status}"))
    }

    /// Opens a socket with these headers; the error is the HTTP status.
    pub(crate) fn try_open(
        address: SocketAddr,
        host: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = format!("ws://{host}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self {
                socket,
                queued: VecDeque::new(),
                received: Vec::new(),
                joined: 0,
                next: None,
                backlog: 0,
                expects_forgotten: false,
                welcome: Value::Null,
            }),
            Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// The participant's number.
    pub(crate) fn number(&self) -> u64 {
        self.welcome["you"]["n"].as_u64().unwrap()
    }

    /// Sends one line.
    pub(crate) fn send_line(&mut self, line: &Value) {
        self.send_text(&line.to_string());
    }

    /// Sends a text frame.
    pub(crate) fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).unwrap();
    }

    /// Sends any frame. An error means that the server has closed; reading on shows how.
    pub(crate) fn send_frame(&mut self, frame: Message) -> Result<(), Error> {
        self.socket.send(frame)
    }

    /// Sends bytes that the library would refuse to send.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).unwrap();
    }

    pub(crate) fn say(&mut self, body: &str) {
        self.send_line(&json!({"t": "say", "body": body}));
    }

    pub(crate) fn say_as(&mut self, reference: &str, body: &str) {
        self.send_line(&json!({"t": "say", "ref": reference, "body": body}));
    }

    /// From now on, events may be missing that the operator had forgotten: there is no gap for them.
    pub(crate) fn expect_forgotten(&mut self) {
        self.expects_forgotten = true;
    }

    /// The next event, or the close code; `Err(None)` if the connection broke without one.
    pub(crate) fn next(&mut self) -> Result<Value, Option<u16>> {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(event) = self.queued.pop_front() {
                self.received.push(event.clone());
                return Ok(event);
            }
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    assert!(text.ends_with('\n'), "half a line: {text}");
                    let lines = text.lines().map(serde_json::from_str::<Value>);
                    let lines: Vec<Value> = lines.map(Result::unwrap).collect();
                    lines.iter().for_each(|event| self.check_order(event));
                    self.queued.extend(lines);
                }
                Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code.into())),
                // The server's pings come for ever, and are no progress.
                Ok(_) => assert!(Instant::now() < end, "nothing more came:\n{}", self.transcript()),
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    panic!("nothing more came:\n{}", self.transcript())
                }
                Err(Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Err(None);
                }
                // Broken between two frames: without a close frame, and without half a frame.
                Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                    return Err(None);
                }
                Err(error) => panic!("invalid frame: {error}\n{}", self.transcript()),
            }
        }
    }

    /// Every event comes once and in order, and a gap says how many are missing.
    fn check_order(&mut self, event: &Value) {
        match (event["t"].as_str(), event["seq"].as_u64()) {
            (Some("welcome"), Some(seq)) => (self.next, self.joined) = (None, seq),
            (Some("gap"), _) => {
                let missed = event["missed"].as_u64().unwrap();
                let read = self.next.unwrap_or(self.joined + 1);
                self.next = Some(read + missed);
            }
            (_, Some(seq)) if seq > self.joined => {
                let next = self.next.unwrap_or(self.joined + 1);
                // What was cleared is sent to no one any more, and without a gap.
                let may_skip = self.expects_forgotten || event["t"] == "cleared";
                let is_next = seq == next || (may_skip && seq > next);
                assert!(is_next, "{seq} in place of {next}: {event}\n{}", self.transcript());
                self.next = Some(seq + 1);
            }
            // The backlog: only messages, all of them from before the join.
            (_, Some(seq)) => {
                assert!(
                    self.backlog < seq && event["t"] == "said",
                    "{event}\n{}",
                    self.transcript()
                );
                self.backlog = seq;
            }
            _ => {}
        }
    }

    /// Everything up to the first event for which `wanted` holds, which is the last.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            match self.next() {
                Ok(event) => events.push(event),
                Err(code) => panic!("closed with {code:?}:\n{}", self.transcript()),
            }
            if events.last().is_some_and(&wanted) {
                return events;
            }
        }
    }

    /// The next event of this kind; those before it are skipped.
    pub(crate) fn wait(&mut self, kind: &str) -> Value {
        self.until(|event| event["t"] == kind).pop().unwrap()
    }

    /// Everything up to this message.
    pub(crate) fn until_said(&mut self, body: &str) -> Vec<Value> {
        self.until(|event| event["t"] == "said" && event["body"] == body)
    }

    /// All events up to the end, and the close code.
    pub(crate) fn rest(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut events = Vec::new();
        loop {
            match self.next() {
                Ok(event) => events.push(event),
                Err(code) => return (events, code),
            }
        }
    }

    /// Pings once a second until the server closes.
    pub(crate) fn ping_until_closed(&mut self) {
        let second = Some(Duration::from_secs(1));
        self.socket.get_ref().set_read_timeout(second).unwrap();
        for _ in 0..DEADLINE.as_secs() {
            match self.socket.read() {
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    if self.send_frame(Message::Ping("x".into())).is_err() {
                        return;
                    }
                }
                Ok(Message::Pong(_)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => return,
            }
        }
        panic!("still open");
    }

    /// Breaks the connection without a close frame.
    pub(crate) fn disconnect(self) -> Value {
        self.socket.get_ref().shutdown(Shutdown::Both).unwrap();
        self.welcome
    }

    fn transcript(&self) -> String {
        self.received.iter().map(|event| format!("{event}\n")).collect()
    }
}

/// The bodies of the messages, in order.
pub(crate) fn bodies(events: &[Value]) -> Vec<&str> {
    let said = events.iter().filter(|event| event["t"] == "said");
    said.map(|event| event["body"].as_str().unwrap()).collect()
}

/// The kinds of events, in order.
pub(crate) fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["t"].as_str().unwrap());
    kinds.collect()
}
