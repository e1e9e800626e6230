//! How the lines of a participant travel: over a WebSocket, or by long polls.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::Value;

use crate::harness::DEADLINE;
use crate::serve::client::Client;
use crate::serve::http::Connection;
use crate::session::stage::Link;

/// Both directions of one participant's lines.
pub(crate) trait Transport: Send {
    fn send(&mut self, line: &Value);

    /// The next line; the error is the close code, or the status of a poll that was refused.
    fn next(&mut self) -> Result<Value, Option<u16>>;
}

impl Transport for Client {
    fn send(&mut self, line: &Value) {
        self.send_line(line);
    }

    fn next(&mut self) -> Result<Value, Option<u16>> {
        Self::next(self)
    }
}

/// A WebSocket to the room of a link.
pub(crate) fn socket(link: &Link) -> Client {
    Client::open(link.address.parse().unwrap(), &link.address, &format!("http://{}", link.address))
}

/// Long polls to the room of a link.
pub(crate) struct Polls {
    address: SocketAddr,
    host: String,
    /// The token of a knock, and then of the seat.
    bearer: Option<String>,
    after: Option<u64>,
    lines: VecDeque<Value>,
    refused: Option<u16>,
}

impl Polls {
    pub(crate) fn to(link: &Link) -> Self {
        Self {
            address: link.address.parse().unwrap(),
            host: link.address.clone(),
            bearer: None,
            after: None,
            lines: VecDeque::new(),
            refused: None,
        }
    }

    /// With the seat of an earlier connection, to read on after event `after`, or from the present.
    pub(crate) fn with_seat(link: &Link, resume: &str, after: Option<u64>) -> Self {
        Self { bearer: Some(resume.to_owned()), after, ..Self::to(link) }
    }

    fn poll(&mut self, body: &str) {
        let bearer = self.bearer.as_ref();
        let bearer =
            bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let after = self.after.map(|after| format!("?after={after}")).unwrap_or_default();
        let request = format!(
            "POST /poll{after} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n{bearer}Content-Length: {1}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let mut connection = Connection::to(self.address);
        connection.send(request.as_bytes());
        let response = connection.response();
        for line in response.events() {
            let token = line["knock"].as_str().or(line["resume"].as_str());
            self.bearer = token.map(str::to_owned).or(self.bearer.take());
            self.after = line["seq"].as_u64().or(self.after);
            self.lines.push_back(line);
        }
        self.refused = (response.status != 200).then_some(response.status);
    }
}

impl Transport for Polls {
    fn send(&mut self, line: &Value) {
        self.poll(&format!("{line}\n"));
    }

    fn next(&mut self) -> Result<Value, Option<u16>> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(line);
            }
            assert!(Instant::now() < deadline, "nothing more came");
            if self.refused.is_some() {
                return Err(self.refused);
            }
            self.poll("");
        }
    }
}
