//! Clients over long polls: each joins with one request and holds another until there are events.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::message::leading_number;
use super::target::Target;

/// For the response to a join.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests in flight at a time.
const WAVE: usize = 16;

/// Bytes of the response to a join that are kept: two KiB of headers, and the front of the welcome.
const FRONT_BYTES: usize = 4096;

/// Clients that poll.
#[derive(Debug)]
pub(crate) struct PollingClients {
    target: Target,
    /// The resume token of each.
    tokens: Vec<String>,
    /// The number of the last event: the last join.
    seq: u64,
    /// Connections with a poll that waits.
    held: Vec<TcpStream>,
}

impl PollingClients {
    /// Joins the room with `count` clients.
    ///
    /// # Errors
    /// When one of them is not admitted.
    pub(crate) fn join(target: &Target, count: usize) -> Result<Self, String> {
        let mut clients =
            Self { target: target.clone(), tokens: Vec::new(), seq: 0, held: Vec::new() };
        let mut buffer = vec![0; 256 * 1024];
        while clients.tokens.len() < count {
            let first = clients.tokens.len();
            let wave = first..count.min(first + WAVE);
            let requests = wave.map(|number| {
                let line = target.join(&format!("P{number}"));
                clients.request("/poll", "", &line)
            });
            let requests: Vec<TcpStream> = requests.collect::<Result<_, String>>()?;
            for stream in requests {
                let (token, seq) = seat(stream, &mut buffer)?;
                clients.tokens.push(token);
                clients.seq = clients.seq.max(seq);
            }
        }
        Ok(clients)
    }

    /// Sends a poll from every client.
    ///
    /// # Errors
    /// When one cannot connect.
    pub(crate) fn poll(&mut self) -> Result<(), String> {
        let path = format!("/poll?after={}", self.seq);
        for token in &self.tokens {
            let authorization = format!("Authorization: Bearer {token}\r\n");
            let stream = self.request(&path, &authorization, "")?;
            stream.set_nonblocking(true).map_err(|error| error.to_string())?;
            self.held.push(stream);
        }
        Ok(())
    }

    /// Polls without a response.
    pub(crate) fn held(&self) -> usize {
        let waits = |mut stream: &TcpStream| {
            let read = stream.read(&mut [0]);
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.held.iter().filter(|stream| waits(stream)).count()
    }

    fn request(&self, path: &str, header: &str, body: &str) -> Result<TcpStream, String> {
        let (address, length) = (self.target.address, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\n{header}Content-Length: {length}\r\n\r\n{body}"
        );
        let sent = TcpStream::connect(address).and_then(|mut stream| {
            stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
            stream.write_all(request.as_bytes())?;
            Ok(stream)
        });
        sent.map_err(|error| format!("a poll cannot be sent: {error}"))
    }
}

/// Reads a response to its end; the resume token in it, and the number of the last event that it includes.
fn seat(mut stream: TcpStream, buffer: &mut [u8]) -> Result<(String, u64), String> {
    let mut front = Vec::new();
    loop {
        let read = stream.read(buffer).map_err(|error| format!("a poll: {error}"))?;
        if read == 0 {
            break;
        }
        let room = FRONT_BYTES.saturating_sub(front.len());
        front.extend(&buffer[..read.min(room)]);
    }
    let front = String::from_utf8_lossy(&front);
    let token = front.split_once("\"resume\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let seq = front.split_once("\"seq\":").and_then(|(_, rest)| leading_number(rest.as_bytes()));
    match (token, seq) {
        (Some((token, _)), Some((seq, _))) => Ok((token.to_owned(), seq)),
        _ => Err(format!("expected a welcome, got {front:?}")),
    }
}
