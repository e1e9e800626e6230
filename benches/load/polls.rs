//! Participants over long polls: each joins by one request, and holds another until there is news.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::Target;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests that are on their way at once.
const WAVE: usize = 16;

/// Of a welcome, what is needed stands at the front, after two KiB of headers.
const FRONT_BYTES: usize = 4096;

/// Participants who poll.
#[derive(Debug)]
pub(crate) struct Polls {
    target: Target,
    /// What brings each back.
    resume: Vec<String>,
    held: Vec<TcpStream>,
}

impl Polls {
    /// Lets `count` participants in.
    ///
    /// # Errors
    /// When one of them is not let in.
    pub(crate) fn join(target: &Target, count: usize) -> Result<Self, String> {
        let mut polls = Self { target: target.clone(), resume: Vec::new(), held: Vec::new() };
        let mut buffer = vec![0; 256 * 1024];
        while polls.resume.len() < count {
            let first = polls.resume.len();
            let wave = first..count.min(first + WAVE);
            let asked = wave.map(|number| {
                let line = target.join(&format!("P{number}"));
                polls.ask("", &line)
            });
            let asked: Vec<TcpStream> = asked.collect::<Result<_, String>>()?;
            for stream in asked {
                polls.resume.push(resume(stream, &mut buffer)?);
            }
        }
        Ok(polls)
    }

    /// Lets everybody hold a poll.
    ///
    /// # Errors
    /// When one cannot connect.
    pub(crate) fn hold(&mut self) -> Result<(), String> {
        for resume in &self.resume {
            let bearer = format!("Authorization: Bearer {resume}\r\n");
            let stream = self.ask(&bearer, "")?;
            stream.set_nonblocking(true).map_err(|error| error.to_string())?;
            self.held.push(stream);
        }
        Ok(())
    }

    /// How many are still held.
    pub(crate) fn held(&self) -> usize {
        let waits = |mut stream: &TcpStream| {
            let read = stream.read(&mut [0]);
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.held.iter().filter(|stream| waits(stream)).count()
    }

    fn ask(&self, header: &str, body: &str) -> Result<TcpStream, String> {
        let (address, length) = (self.target.address, body.len());
        let request = format!(
            "POST /poll HTTP/1.1\r\nHost: {address}\r\n{header}Content-Length: {length}\r\n\r\n{body}"
        );
        let asked = TcpStream::connect(address).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            Ok(stream)
        });
        asked.map_err(|error| format!("a poll cannot be sent: {error}"))
    }
}

/// Reads an answer to its end, and takes what brings back whoever got it.
fn resume(mut stream: TcpStream, buffer: &mut [u8]) -> Result<String, String> {
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
    let resume = front.split_once("\"resume\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let resume = resume.ok_or_else(|| format!("expected a welcome, got {front:?}"))?;
    Ok(resume.0.to_owned())
}
