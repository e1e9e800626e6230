//! A strict reader of a server's WebSocket stream: it rejects everything that RFC 6455, section 5,
//! forbids a server, and everything that this project's protocol does not contain.

use std::ops::Range;

/// The longest text that a server here sends: a welcome with a full backlog.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// Kinds of lines that a server sends.
const KINDS: [&str; 10] =
    ["welcome", "joined", "left", "said", "moved", "typing", "gap", "refused", "beat", "end"];

/// One complete frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// Complete lines of JSON.
    Text(&'a str),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    /// The code, if there is one.
    Close(Option<u16>),
}

/// Parses bytes into frames.
#[derive(Debug, Default)]
pub(crate) struct StrictReader {
    bytes: Vec<u8>,
    /// Bytes at the beginning that belong to frames which were returned.
    consumed: usize,
    closed: bool,
    /// The `seq` of the last event.
    last_seq: Option<u64>,
    /// The last line without a `seq` that was checked: a server answers a flood with the same line
    /// again and again, and its JSON is parsed once.
    last_line: String,
}

impl StrictReader {
    /// Appends bytes, in pieces of any size.
    pub(crate) fn feed(&mut self, more: &[u8]) {
        self.bytes.drain(..self.consumed);
        self.consumed = 0;
        self.bytes.extend_from_slice(more);
    }

    /// The next frame; `None` until it is complete.
    ///
    /// # Errors
    /// The rule that the server broke, and the bytes around it.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, String> {
        let Some((first, payload)) = self.header()? else { return Ok(None) };
        self.consumed = payload.end;
        match first {
            0x81 => {
                let text = std::str::from_utf8(&self.bytes[payload])
                    .map_err(|error| format!("a text that is not UTF-8: {error}"))?;
                check_lines(text, &mut self.last_seq, &mut self.last_line)?;
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

    /// The first byte of the next frame, and the range of its payload.
    fn header(&self) -> Result<Option<(u8, Range<usize>)>, String> {
        let rest = &self.bytes[self.consumed..];
        let Some(first) = rest.first().copied() else { return Ok(None) };
        if self.closed {
            return Err(self.error("bytes after the close frame"));
        }
        // FIN and no reserved bit: this server sends no fragments, and nothing binary.
        if !matches!(first, 0x81 | 0x88 | 0x89 | 0x8a) {
            return Err(self.error("no frame begins like this"));
        }
        let Some(second) = rest.get(1).copied() else { return Ok(None) };
        if second & 0x80 != 0 {
            return Err(self.error("a masked frame from a server"));
        }
        let (header, length) = match second {
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
        if length > MAX_TEXT_BYTES {
            return Err(self.error("a frame longer than any that is sent"));
        }
        if (header == 4 && length < 126) || (header == 10 && length < 1 << 16) {
            return Err(self.error("a length that is not minimally encoded"));
        }
        if first != 0x81 && length > 125 {
            return Err(self.error("a control frame of more than 125 bytes"));
        }
        let begin = self.consumed + header;
        let is_complete = self.bytes.len() >= begin + length;
        Ok(is_complete.then_some((first, begin..begin + length)))
    }

    fn error(&self, what: &str) -> String {
        let rest = &self.bytes[self.consumed..];
        let begin = self.consumed.saturating_sub(60);
        format!(
            "{what}: after {:?} comes {:?}",
            String::from_utf8_lossy(&self.bytes[begin..self.consumed]),
            String::from_utf8_lossy(&rest[..rest.len().min(60)])
        )
    }
}

/// Checks that a text is complete lines, each an object of a known kind, with its events in order
/// and none of them twice.
fn check_lines(
    text: &str,
    last_seq: &mut Option<u64>,
    last_line: &mut String,
) -> Result<(), String> {
    let Some(body) = text.strip_suffix('\n') else {
        return Err(format!("a text that does not end with a newline: {text:?}"));
    };
    for line in body.split('\n') {
        if line == last_line {
            continue;
        }
        let kind = line.strip_prefix("{\"t\":\"").and_then(|rest| rest.split('"').next());
        if !kind.is_some_and(|kind| KINDS.contains(&kind)) {
            return Err(format!("a line of an unknown kind: {line:?}"));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(line)
            .map_err(|error| format!("{error}: {line:?}"))?;
        if matches!(kind, Some("joined" | "left" | "said" | "moved")) {
            check_order(line, last_seq)?;
        } else {
            line.clone_into(last_line);
        }
    }
    Ok(())
}

fn check_order(line: &str, last_seq: &mut Option<u64>) -> Result<(), String> {
    let seq = line.split_once("\"seq\":").and_then(|(_, rest)| {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..digits].parse::<u64>().ok()
    });
    match (seq, *last_seq) {
        (None, _) => Err(format!("an event without a number: {line:?}")),
        (Some(seq), Some(last)) if seq <= last => {
            Err(format!("event {seq} after event {last}: {line:?}"))
        }
        (seq, _) => {
            *last_seq = seq;
            Ok(())
        }
    }
}
