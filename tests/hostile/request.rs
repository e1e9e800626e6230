//! One request over HTTP, whatever it looks like, and what an answer may look like.

use std::net::{Shutdown, SocketAddr};

use crate::wire::{End, connect, exchange};

/// Whether more of a request is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// All that it announces is there: it is answered.
    Whole,
    /// Nobody knows: the end of our side is the end of it.
    Perhaps,
}

/// The answer to these bytes, which may be none; it was read to its end.
///
/// # Errors
/// With what is wrong with it, or that there is no end.
pub(crate) fn ask(address: SocketAddr, bytes: &[u8], sent: Sent) -> Result<Vec<u8>, String> {
    let mut stream = connect(address);
    let mut answer = Vec::new();
    let mut half = bytes;
    if sent == Sent::Perhaps {
        use std::io::Write as _;
        // What the kernel takes at once; a head that is too long is cut off before its end.
        while let Ok(written @ 1..) = stream.write(half) {
            half = &half[written..];
        }
        let _ = stream.shutdown(Shutdown::Write);
        half = &[];
    }
    let ended = exchange(&mut stream, half, |more| {
        answer.extend_from_slice(more);
        // A socket is one for as long as we like.
        Ok(answer.starts_with(b"HTTP/1.1 101").then_some(()))
    });
    match ended {
        Ok(()) | Err(End::Cut) => {}
        Err(end) => return Err(format!("no end, {end:?}, after {:?}", shown(&answer))),
    }
    if sent == Sent::Whole && answer.is_empty() {
        return Err("no answer".to_owned());
    }
    check(&answer)?;
    Ok(answer)
}

/// The status of an answer; 0 without one.
pub(crate) fn status(answer: &[u8]) -> u16 {
    let digits = std::str::from_utf8(answer.get(9..12).unwrap_or_default());
    digits.ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// What follows the head.
pub(crate) fn body(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(&[], |end| &answer[end + 4..])
}

fn check(answer: &[u8]) -> Result<(), String> {
    if answer.is_empty() {
        return Ok(());
    }
    let begins = answer.starts_with(b"HTTP/1.1 ") || answer.starts_with(b"HTTP/1.0 ");
    let known = matches!(status(answer), 100..=499 | 503);
    if begins && known && answer.windows(4).any(|four| four == b"\r\n\r\n") {
        return Ok(());
    }
    Err(format!("no answer of ours: {:?}", shown(answer)))
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned()
}
