//! A participant over long polls, without a client library.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::stage::Link;
use crate::harness::DEADLINE;

/// A participant who was admitted.
pub(crate) struct Guest {
    link: Link,
    pub(crate) resume: String,
    seq: u64,
}

impl Guest {
    /// Joins under a name that the room accepts.
    pub(crate) fn join(link: &Link, name: &str) -> Self {
        let lines = try_join(link, name);
        let welcome = lines.iter().find(|line| line["t"] == "welcome");
        let welcome = welcome.unwrap_or_else(|| panic!("not let in: {lines:?}"));
        Self {
            link: link.clone(),
            resume: welcome["resume"].as_str().unwrap().to_owned(),
            seq: welcome["seq"].as_u64().unwrap(),
        }
    }

    /// Sends a message and receives it back.
    pub(crate) fn say(&mut self, body: &str) {
        let line = json!({ "t": "say", "body": body }).to_string();
        let mut lines = read_lines(self.send(&line));
        while !lines.iter().any(|line| line["t"] == "said" && line["body"] == body) {
            lines = read_lines(self.send(""));
        }
    }

    /// Polls until an event of kind `t` comes.
    pub(crate) fn recv(self, t: &str) -> Value {
        self.recv_where(|line| line["t"] == t)
    }

    /// The first line for which `is_wanted` holds, by as many polls as it takes.
    pub(crate) fn recv_where(mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let stream = self.send("");
            let lines = read_lines(stream);
            if let Some(line) = lines.iter().find(|line| is_wanted(line)) {
                return line.clone();
            }
            self.follow(&lines);
        }
    }

    /// Begins a poll for events after `seq`, and does not wait for the response.
    pub(crate) fn poll_after(&mut self, seq: u64) -> TcpStream {
        self.seq = seq;
        self.send("")
    }

    /// The last event that was received.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) fn leave(self) {
        read_lines(self.send(r#"{"t":"leave"}"#));
    }

    fn follow(&mut self, lines: &[Value]) {
        let seen = lines.iter().filter_map(|line| line["seq"].as_u64()).max();
        self.seq = seen.unwrap_or(self.seq).max(self.seq);
    }

    fn send(&self, body: &str) -> TcpStream {
        let bearer = format!("Authorization: Bearer {}\r\n", self.resume);
        post(&self.link, &format!("/poll?after={}", self.seq), &bearer, body)
    }
}

/// Sends a join under `name`, and returns the response.
pub(crate) fn try_join(link: &Link, name: &str) -> Vec<Value> {
    let join = json!({ "t": "join", "name": name, "ticket": link.ticket }).to_string();
    read_lines(post(link, "/poll", "", &join))
}

/// The lines of a response.
pub(crate) fn read_lines(mut stream: TcpStream) -> Vec<Value> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    body.lines().filter(|line| line.starts_with('{')).map(parse).collect()
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn post(link: &Link, path: &str, more: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&link.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\n{more}Connection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}",
        link.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}
