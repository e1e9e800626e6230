//! A client of `control.sock`, for a program without a runtime.

use std::io::{self, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::answer;
use super::frame::{self, FrameError, MAX_FRAME_BYTES};
use super::message::{Request, RequestBody, Response, ResponseBody};
use crate::line_reader::{self, LineEnd};
use crate::process;

/// Longest wait for a line. The session itself answers within ten seconds.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(15);

/// The `id` of every request: a client sends one at a time.
const REQUEST_ID: u64 = 1;

/// A connection to a session.
#[derive(Debug)]
pub(crate) struct ControlClient(BufReader<UnixStream>);

impl ControlClient {
    /// Connects to the session whose socket is at `path`. Does not wait.
    ///
    /// # Errors
    /// When no program listens there, or it does not accept connections any more.
    pub(crate) fn connect(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::new(process::connect_local(path, RESPONSE_TIMEOUT)?)))
    }

    /// Sends a request, and returns the whole answer.
    ///
    /// # Errors
    /// When the session does not answer: [`ErrorKind::WouldBlock`] if it takes too long.
    pub(crate) fn request(&mut self, body: RequestBody) -> Result<ResponseBody, FrameError> {
        let request = frame::encode(&Request { id: REQUEST_ID, body })?;
        // A session that refuses the connection says why, and reads nothing.
        let sent = self.0.get_mut().write_all(&request);
        let mut response = match (self.recv(), sent) {
            (Ok(response), _) => response,
            (Err(_), Err(error)) => return Err(error.into()),
            (Err(error), Ok(())) => return Err(error),
        };
        while response.more {
            let next = self.recv()?;
            let body = answer::join(response.body, next.body);
            let body = body.map_err(|_| FrameError::Io(ErrorKind::InvalidData.into()))?;
            response = Response { body, ..next };
        }
        Ok(response.body)
    }

    fn recv(&mut self) -> Result<Response, FrameError> {
        let mut line = Vec::new();
        match line_reader::read_line_blocking(&mut self.0, &mut line, MAX_FRAME_BYTES)? {
            LineEnd::Newline => Ok(frame::parse(&line)?),
            LineEnd::Bound => Err(FrameError::TooLong),
            LineEnd::Eof => Err(FrameError::Io(ErrorKind::UnexpectedEof.into())),
        }
    }
}
