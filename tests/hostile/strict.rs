//! A reader of what a server sends over a WebSocket that forgives nothing: RFC 6455, section 5, and
//! this project's own rules for text. It depends on no other file, so that other tests can share it.

use std::ops::Range;

/// Longest text that any server here sends: a welcome with a full backlog.
const TEXT_BYTES: usize = 8 * 1024 * 1024;

/// Kinds of lines that a participant is told.
const KINDS: [&str; 10] =
    ["welcome", "joined", "left", "said", "moved", "typing", "gap", "refused", "beat", "end"];

/// One whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// Whole lines of JSON.
    Text(&'a str),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    /// The code, if there is one.
    Close(Option<u16>),
}

/// Bytes in, frames out.
#[derive(Debug, Default)]
pub(crate) struct Strict {
    bytes: Vec<u8>,
    /// Bytes at the beginning that were taken.
    taken: usize,
    closed: bool,
    /// The number of the last event.
    seq: Option<u64>,
    /// The last line that was looked at: floods are answered with the same one again and again.
    same: String,
}

impl Strict {
    /// Takes more bytes in, wherever they were cut.
    pub(crate) fn feed(&mut self, more: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(more);
    }

    /// The next whole frame; `None` until more bytes are there.
    ///
    /// # Errors
    /// With the rule that was broken, and the bytes around it.
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, String> {
        let Some((first, payload)) = self.frame()? else { return Ok(None) };
        self.taken = payload.end;
        match first {
            0x81 => {
                let text = std::str::from_utf8(&self.bytes[payload])
                    .map_err(|error| format!("text that is not UTF-8: {error}"))?;
                lines(text, &mut self.seq, &mut self.same)?;
                Ok(Some(Frame::Text(text)))
            }
            0x88 => {
                self.closed = true;
                let payload = &self.bytes[payload];
                match payload.split_first_chunk() {
                    None if payload.is_empty() => Ok(Some(Frame::Close(None))),
                    Some((code, why)) if std::str::from_utf8(why).is_ok() => {
                        Ok(Some(Frame::Close(Some(u16::from_be_bytes(*code)))))
                    }
                    _ => Err(format!("a close frame with {payload:?}")),
                }
            }
            0x89 => Ok(Some(Frame::Ping(&self.bytes[payload]))),
            _ => Ok(Some(Frame::Pong(&self.bytes[payload]))),
        }
    }

    /// The first byte of the next frame, and where its payload lies.
    fn frame(&self) -> Result<Option<(u8, Range<usize>)>, String> {
        let rest = &self.bytes[self.taken..];
        let Some(first) = rest.first().copied() else { return Ok(None) };
        if self.closed {
            return Err(self.shown("bytes after the close frame"));
        }
        // Final, without reserved bits: nothing here is sent in fragments, and nothing as binary.
        if !matches!(first, 0x81 | 0x88 | 0x89 | 0x8a) {
            return Err(self.shown("no frame begins like this"));
        }
        let Some(second) = rest.get(1).copied() else { return Ok(None) };
        if second & 0x80 != 0 {
            return Err(self.shown("a server masks nothing"));
        }
        let (head, length) = match second {
            126 => match rest.get(2..4) {
                Some(two) => (4, usize::from(u16::from_be_bytes([two[0], two[1]]))),
                None => return Ok(None),
            },
            127 => match rest.get(2..10).and_then(|eight| eight.first_chunk()) {
                Some(eight) => {
                    let length = usize::try_from(u64::from_be_bytes(*eight));
                    (10, length.unwrap_or(usize::MAX))
                }
                None => return Ok(None),
            },
            short => (2, usize::from(short)),
        };
        if length > TEXT_BYTES {
            return Err(self.shown("a frame longer than anything that is sent"));
        }
        if (head == 4 && length < 126) || (head == 10 && length < 1 << 16) {
            return Err(self.shown("a length in more bytes than it needs"));
        }
        if first != 0x81 && length > 125 {
            return Err(self.shown("a control frame of more than 125 bytes"));
        }
        let begin = self.taken + head;
        let whole = self.bytes.len() >= begin + length;
        Ok(whole.then_some((first, begin..begin + length)))
    }

    fn shown(&self, what: &str) -> String {
        let rest = &self.bytes[self.taken..];
        let begin = self.taken.saturating_sub(60);
        format!(
            "{what}: after {:?} comes {:?}",
            String::from_utf8_lossy(&self.bytes[begin..self.taken]),
            String::from_utf8_lossy(&rest[..rest.len().min(60)])
        )
    }
}

/// Whole lines, each an object of a known kind, and events in order, none twice.
fn lines(text: &str, seq: &mut Option<u64>, same: &mut String) -> Result<(), String> {
    let Some(body) = text.strip_suffix('\n') else {
        return Err(format!("a text that does not end with its line: {text:?}"));
    };
    for line in body.split('\n') {
        if line == same {
            continue;
        }
        let kind = line.strip_prefix("{\"t\":\"").and_then(|rest| rest.split('"').next());
        if !kind.is_some_and(|kind| KINDS.contains(&kind)) {
            return Err(format!("a line of no kind: {line:?}"));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(line)
            .map_err(|error| format!("{error}: {line:?}"))?;
        if matches!(kind, Some("joined" | "left" | "said" | "moved")) {
            in_order(line, seq)?;
        } else {
            line.clone_into(same);
        }
    }
    Ok(())
}

fn in_order(line: &str, last: &mut Option<u64>) -> Result<(), String> {
    let number = line.split_once("\"seq\":").and_then(|(_, rest)| {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..digits].parse::<u64>().ok()
    });
    match (number, *last) {
        (None, _) => Err(format!("an event without a number: {line:?}")),
        (Some(number), Some(last)) if number <= last => {
            Err(format!("event {number} after event {last}: {line:?}"))
        }
        (number, _) => {
            *last = number;
            Ok(())
        }
    }
}
