//! A client of the control socket of a session (docs/protocol.md), which never waits.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

/// The end of every line of an answer but the last.
const MORE: &[u8] = b"\"more\":true}";

/// The bytes of a read.
const BUFFER_BYTES: usize = 64 * 1024;

/// A connection to a session.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// The part of an answer that has arrived, and where its last line begins.
    received: Vec<u8>,
}

/// What a session has answered: one or more lines.
#[derive(Debug)]
pub(crate) struct Answer(Vec<u8>);

impl ControlSocket {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// When no session listens there.
    pub(crate) fn connect(path: &Path) -> Result<Self, String> {
        let failed = |error| format!("{}: {error}", path.display());
        let stream = UnixStream::connect(path).map_err(failed)?;
        stream.set_nonblocking(true).map_err(failed)?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES], received: Vec::new() })
    }

    /// Gives a command of the operator.
    ///
    /// # Errors
    /// When the session has closed the connection.
    pub(crate) fn give(&mut self, command: &str) -> Result<(), String> {
        self.send(&json!({ "id": 1, "type": "do", "command": command }))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// As for [`Self::give`].
    pub(crate) fn send(&mut self, request: &Value) -> Result<(), String> {
        let line = format!("{request}\n");
        self.stream.write_all(line.as_bytes()).map_err(|error| format!("control socket: {error}"))
    }

    /// Reads what has arrived; the answer, once all of it has.
    ///
    /// # Errors
    /// As for [`Self::give`].
    pub(crate) fn try_recv(&mut self) -> Result<Option<Answer>, String> {
        loop {
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err("the session has closed its control socket".to_owned()),
                Ok(length) => self.received.extend_from_slice(&self.buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(format!("control socket: {error}")),
            }
        }
        let is_complete =
            self.received.strip_suffix(b"\n").is_some_and(|lines| !lines.ends_with(MORE));
        Ok(is_complete.then(|| Answer(std::mem::take(&mut self.received))))
    }
}

impl Answer {
    /// The text of a command that was carried out.
    ///
    /// # Errors
    /// With what else the session has answered.
    pub(crate) fn done(&self) -> Result<String, String> {
        let mut text = String::new();
        for line in self.lines() {
            if line["type"] != "done" {
                return Err(format!("the session answered {line}"));
            }
            text.push_str(line["text"].as_str().unwrap_or_default());
        }
        Ok(text)
    }

    /// How many people an answer to `who` lists in the room.
    pub(crate) fn participants(&self) -> usize {
        let listed = |line: Value| line["participants"].as_array().map_or(0, Vec::len);
        self.lines().map(listed).sum()
    }

    fn lines(&self) -> impl Iterator<Item = Value> {
        let lines = self.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap_or(Value::Null))
    }
}
