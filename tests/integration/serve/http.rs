//! HTTP/1.1 without a library, so that a request can be as wrong or as slow as a test wants; and a
//! participant over long polls.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;
use crate::harness::DEADLINE;

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// The value of a header that must be there once.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice: {self:#?}");
        &value.unwrap_or_else(|| panic!("no {name}: {self:#?}")).1
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }

    /// The events in it.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.body.lines().map(serde_json::from_str);
        lines.map(Result::unwrap).collect()
    }
}

/// One TCP connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    /// The stream, for writing; bytes that were read ahead stay here.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }

    /// Ignores errors: they show when the test reads.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The next response without its body.
    pub(crate) fn head(&mut self) -> Response {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line);
            assert!(read.as_ref().is_ok_and(|n| *n > 0), "{read:?} after {lines:?}");
            if line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines[1..].iter().map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            (name.to_lowercase(), value.to_owned())
        });
        Response { status, headers: headers.collect(), body: String::new() }
    }

    /// The next response with its body.
    pub(crate) fn response(&mut self) -> Response {
        let mut response = self.head();
        if response.has("content-length") {
            let body = self.read_bytes(response.header("content-length").parse().unwrap());
            response.body = String::from_utf8(body).unwrap();
        }
        response
    }

    /// The next `count` bytes.
    pub(crate) fn read_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// All bytes until the server closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let end = self.0.read_to_end(&mut rest);
        if let Err(error) = end {
            let late = error.kind() == std::io::ErrorKind::WouldBlock;
            assert!(!late, "not closed; so far {rest:?}");
        }
        rest
    }
}

/// A participant over long polls.
pub(crate) struct Poller {
    address: SocketAddr,
    host: String,
    origin: String,
    pub(crate) welcome: Value,
    /// The last number read.
    pub(crate) after: u64,
}

impl Poller {
    /// Joins by the first line of its first poll.
    pub(crate) fn join(server: &Server, name: &str) -> Self {
        let origin = format!("http://{}", server.host);
        Self::join_at(server, server.address(), &server.host, &origin, name)
    }

    /// The same over another address.
    pub(crate) fn join_at(
        server: &Server,
        address: SocketAddr,
        host: &str,
        origin: &str,
        name: &str,
    ) -> Self {
        Self::join_by(address, host, origin, &server.join_line(name))
    }

    /// The same with this line.
    pub(crate) fn join_by(address: SocketAddr, host: &str, origin: &str, join: &Value) -> Self {
        let mut poller = Self {
            address,
            host: host.to_owned(),
            origin: origin.to_owned(),
            welcome: Value::Null,
            after: 0,
        };
        let mut connection = poller.request("/poll", "", std::slice::from_ref(join));
        let response = connection.response();
        poller.welcome = poller.take(&response).remove(0);
        assert_eq!(poller.welcome["t"], "welcome");
        poller
    }

    /// Takes the seat over from a socket by a poll that is held: once the socket is closed, it is.
    pub(crate) fn take_over(server: &Server, mut socket: Client) -> (Self, Connection) {
        let poller = Self {
            address: server.address(),
            host: server.host.clone(),
            origin: format!("http://{}", server.host),
            welcome: socket.welcome.clone(),
            // Reads on from now.
            after: u64::MAX,
        };
        let held = poller.start(&[]);
        assert_eq!(socket.rest().1, Some(4001));
        (poller, held)
    }

    /// Sends a poll with these lines; [`Self::finish`] reads the response.
    pub(crate) fn start(&self, lines: &[Value]) -> Connection {
        self.start_after(self.after, lines)
    }

    /// The same, for what came after this event.
    pub(crate) fn start_after(&self, after: u64, lines: &[Value]) -> Connection {
        let resume = self.welcome["resume"].as_str().unwrap();
        let path = format!("/poll?after={after}");
        self.request(&path, &format!("Authorization: Bearer {resume}\r\n"), lines)
    }

    /// Reads the events of a response.
    pub(crate) fn finish(&mut self, mut connection: Connection) -> Vec<Value> {
        let response = connection.response();
        assert_eq!(response.status, 200, "{response:?}");
        self.take(&response)
    }

    /// Sends a poll with these lines and reads the response.
    pub(crate) fn poll(&mut self, lines: &[Value]) -> Vec<Value> {
        let connection = self.start(lines);
        self.finish(connection)
    }

    /// Polls until this message comes, and returns all events.
    pub(crate) fn until_said(&mut self, body: &str) -> Vec<Value> {
        let mut events = Vec::new();
        while !events.iter().any(|event: &Value| event["body"] == body) {
            events.extend(self.poll(&[]));
        }
        events
    }

    fn take(&mut self, response: &Response) -> Vec<Value> {
        let events = response.events();
        let numbers = events.iter().filter_map(|event| event["seq"].as_u64());
        self.after = numbers.max().unwrap_or(self.after);
        events
    }

    fn request(&self, path: &str, headers: &str, lines: &[Value]) -> Connection {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut connection = Connection::to(self.address);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.host,
            self.origin,
            body.len()
        );
        connection.send(request.as_bytes());
        connection
    }
}

/// The line of a message.
pub(crate) fn say(reference: &str, body: &str) -> Value {
    json!({"t": "say", "ref": reference, "body": body})
}
