//! Whether the witnesses see what they are there to see: tried before anything else, because a bench
//! that finds nothing may also be blind.

use std::process::Command;

use crate::mutate;
use crate::strict::Strict;
use crate::watch::{Watched, commanding};

/// Streams that no server may send, each with what is wrong.
const STREAMS: [(&[u8], &str); 15] = [
    (b"\x01\x02{}", "a fragment"),
    (b"\x82\x01x", "binary"),
    (b"\xc1\x01x", "a reserved bit"),
    (b"\x83\x01x", "a reserved opcode"),
    (b"\x81\x81\0\0\0\0x", "a mask"),
    (b"\x81\x7e\0\x01x", "a length in two bytes too many"),
    (b"\x81\x7f\0\0\0\0\0\0\0\x01x", "a length in eight bytes too many"),
    (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "a length that nobody sends"),
    (b"\x89\x7e\0\x7e", "a long ping"),
    (b"\x88\x01x", "a close with half a code"),
    (b"\x88\0\x89\0", "a frame after the close"),
    (b"\x81\x0c{\"t\":\"beat\"}", "half a line"),
    (b"\x81\x08{\"t\":1}\n", "a line of no kind"),
    (b"\x81\x0d{\"t\":\"beat\",\n", "no JSON"),
    (b"\x81\x02\xff\n", "no UTF-8"),
];

/// Tries all of them.
///
/// # Errors
/// With what was not seen.
pub(crate) fn prove() -> Result<(), String> {
    for (stream, what) in STREAMS {
        if !complains(stream) {
            return Err(format!("the strict reader has nothing against {what}"));
        }
    }
    let event = b"\x81\x1f{\"t\":\"left\",\"seq\":41,\"n\":1234}\n\n";
    let (once, twice) = (&event[..33], [&event[..33], &event[..33]].concat());
    if complains(once) || !complains(&twice) {
        return Err("the strict reader does not tell an event from a repeated one".to_owned());
    }
    // A frame begun inside another, as a broken stream has it.
    if !complains(&[&event[..20], &event[..33], &event[20..33]].concat()) {
        return Err("the strict reader reads on inside of another frame".to_owned());
    }
    if "\u{1b}\u{7f}\u{9b}\u{202e}\u{2066}\u{200f}"
        .chars()
        .any(|c| commanding(&c.to_string()).is_none())
        || commanding("é 👩\u{200d}👧 |").is_some()
    {
        return Err("signs that a terminal obeys are not told from letters".to_owned());
    }
    if !mutate::ends(b"{\"t\":\"\\u006ceave\"}", "t", "leave") {
        return Err("a line that ends a conversation is not known".to_owned());
    }
    confessed()
}

/// Whether this is no stream of frames.
fn complains(stream: &[u8]) -> bool {
    let mut strict = Strict::default();
    // Cut anywhere.
    for piece in stream.chunks(7) {
        strict.feed(piece);
        loop {
            match strict.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return true,
            }
        }
    }
    false
}

/// A program that says that it panicked.
fn confessed() -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo 'chattrace: internal error at x:1; please' >&2; exit 101"]);
    let mut program = Watched::start(shell);
    let status = program.wait(|_, _| ())?;
    match (status.code(), program.panics.len()) {
        (Some(101), 1) => Ok(()),
        seen => Err(format!("a panic and its code were seen as {seen:?}")),
    }
}
