//! Checks the checks, before anything else: a fuzzer that finds nothing may be blind.

use std::process::Command;

use crate::harness::strict_reader::StrictReader;
use crate::monitor::Monitored;
use crate::mutate;
use crate::output::find_control_char;

/// Streams that no server may send, each with its error.
const INVALID_STREAMS: [(&[u8], &str); 15] = [
    (b"\x01\x02{}", "a fragment"),
    (b"\x82\x01x", "a binary frame"),
    (b"\xc1\x01x", "a reserved bit"),
    (b"\x83\x01x", "a reserved opcode"),
    (b"\x81\x81\0\0\0\0x", "a masked frame"),
    (b"\x81\x7e\0\x01x", "a length that needs no 16 bits"),
    (b"\x81\x7f\0\0\0\0\0\0\0\x01x", "a length that needs no 64 bits"),
    (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "a length beyond every bound"),
    (b"\x89\x7e\0\x7e", "a ping of more than 125 bytes"),
    (b"\x88\x01x", "a close frame with half a code"),
    (b"\x88\0\x89\0", "a frame after the close frame"),
    (b"\x81\x0c{\"t\":\"beat\"}", "a line without its end"),
    (b"\x81\x08{\"t\":1}\n", "a line of an unknown kind"),
    (b"\x81\x0d{\"t\":\"beat\",\n", "invalid JSON"),
    (b"\x81\x02\xff\n", "invalid UTF-8"),
];

/// # Errors
/// The first check that missed its error.
pub(crate) fn run() -> Result<(), String> {
    for (stream, error) in INVALID_STREAMS {
        if !is_rejected(stream) {
            return Err(format!("the strict reader accepted {error}"));
        }
    }
    let event = b"\x81\x1f{\"t\":\"left\",\"seq\":41,\"n\":1234}\n\n";
    let (once, twice) = (&event[..33], [&event[..33], &event[..33]].concat());
    if is_rejected(once) || !is_rejected(&twice) {
        return Err("the strict reader accepted an event twice, or not once".to_owned());
    }
    if !is_rejected(&[&event[..20], &event[..33], &event[20..33]].concat()) {
        return Err("the strict reader accepted a frame inside another frame".to_owned());
    }
    if "\u{1b}\u{7f}\u{9b}\u{202e}\u{2066}\u{200f}"
        .chars()
        .any(|c| find_control_char(&c.to_string()).is_none())
        || find_control_char("é 👩\u{200d}👧 |").is_some()
    {
        return Err("control characters and letters were confused".to_owned());
    }
    if !mutate::has_kind(b"{\"t\":\"\\u006ceave\"}", "t", "leave") {
        return Err("an escaped `leave` was not recognised".to_owned());
    }
    panic_is_noticed()
}

/// Whether the strict reader rejects this stream when it arrives in small pieces.
fn is_rejected(stream: &[u8]) -> bool {
    let mut reader = StrictReader::default();
    for piece in stream.chunks(7) {
        reader.feed(piece);
        loop {
            match reader.next_frame() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return true,
            }
        }
    }
    false
}

/// Runs a program that prints the line of the panic hook.
fn panic_is_noticed() -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo 'chattrace: internal error at x:1; please' >&2; exit 101"]);
    let mut program = Monitored::spawn(shell);
    let status = program.wait(|_, _| ())?;
    match (status.code(), program.panics.len()) {
        (Some(101), 1) => Ok(()),
        seen => Err(format!("a panic and its code were reported as {seen:?}")),
    }
}
