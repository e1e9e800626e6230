//! One HTTP request, valid or not, and the checks that every answer must pass.

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr};

use crate::connection::{StreamEnd, connect, write_and_read};

/// Whether the server can tell where a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The request is as long as it says, and must be answered.
    Complete,
    /// The server may wait for more, so the client closes its side; an answer is optional.
    Ambiguous,
}

/// Sends `bytes`, and returns the answer.
///
/// # Errors
/// An answer that breaks the rules, or a connection that does not end.
pub(crate) fn send(address: SocketAddr, bytes: &[u8], framing: Framing) -> Result<Vec<u8>, String> {
    let mut stream = connect(address);
    let mut answer = Vec::new();
    let mut rest = bytes;
    if framing == Framing::Ambiguous {
        // Only what the kernel accepts at once: the server closes the connection in the middle of a
        // head that is too long.
        while let Ok(written @ 1..) = stream.write(rest) {
            rest = &rest[written..];
        }
        let _ = stream.shutdown(Shutdown::Write);
        rest = &[];
    }
    let ended = write_and_read(&mut stream, rest, |more| {
        answer.extend_from_slice(more);
        // An upgraded connection stays open.
        Ok(answer.starts_with(b"HTTP/1.1 101").then_some(()))
    });
    match ended {
        Ok(()) | Err(StreamEnd::Eof) => {}
        Err(end) => return Err(format!("{end:?} after {:?}", abridged(&answer))),
    }
    if framing == Framing::Complete && answer.is_empty() {
        return Err("no answer".to_owned());
    }
    check(&answer)?;
    Ok(answer)
}

/// The status of an answer; 0 if it has none.
pub(crate) fn status(answer: &[u8]) -> u16 {
    let digits = std::str::from_utf8(answer.get(9..12).unwrap_or_default());
    digits.ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The part of an answer after its head.
pub(crate) fn body(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(&[], |end| &answer[end + 4..])
}

fn check(answer: &[u8]) -> Result<(), String> {
    if answer.is_empty() {
        return Ok(());
    }
    let has_version = answer.starts_with(b"HTTP/1.1 ") || answer.starts_with(b"HTTP/1.0 ");
    let is_expected = matches!(status(answer), 100..=499 | 501 | 503);
    if has_version && is_expected && answer.windows(4).any(|four| four == b"\r\n\r\n") {
        return Ok(());
    }
    Err(format!("unexpected answer: {:?}", abridged(answer)))
}

fn abridged(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned()
}
