//! Messages: the same hundred bytes for every server, encoded in its protocol. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chattrace::seal::{BoxHead, HEAD_BYTES, PADDED_BYTES, TAG_BYTES};

use super::frame::{Opcode, write_client_frame};

/// Bytes of a message with its line feed: a sentence of a chat.
pub(crate) const MESSAGE_BYTES: usize = 100;

/// As many bytes as the room adds to a message: `{"t":"said","seq":`, and so on.
const PADDING: [u8; 61] = [b' '; 61];

/// Bytes of a box with a short text.
const BOX_BYTES: usize = HEAD_BYTES + PADDED_BYTES[0] + TAG_BYTES;

/// Characters of such a box in JSON.
const BODY_CHARACTERS: usize = (BOX_BYTES * 4).div_ceil(3);

/// Digits of a sender's index, and of its counter.
const DIGITS: (usize, usize) = (5, 10);

/// What a server expects and sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// It relays each message unchanged to all clients.
    Relay,
    /// The same, with [`PADDING`] in front of each message.
    PaddedRelay,
    /// The protocol of a chattrace room.
    Room,
    /// The same, of a sealed one. The server cannot tell a box from other bytes behind a head, and neither
    /// seals nor opens; this program would be measured if it did.
    SealedRoom,
}

/// The text of a message, without its line feed: `00003 0000000042 xxx…`.
pub(super) fn text(sender: usize, counter: u64) -> [u8; MESSAGE_BYTES - 1] {
    let mut text = [b'x'; MESSAGE_BYTES - 1];
    let (first, rest) = text.split_at_mut(DIGITS.0);
    decimal(sender as u64, first);
    rest[0] = b' ';
    decimal(counter, &mut rest[1..=DIGITS.1]);
    rest[DIGITS.1 + 1] = b' ';
    text
}

fn decimal(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Sender and counter of a text, if every byte of it is as [`text`] makes it.
fn parse(found: &[u8]) -> Option<(usize, u64)> {
    let sender = number(found.get(..DIGITS.0)?)?;
    let counter = number(found.get(DIGITS.0 + 1..DIGITS.0 + 1 + DIGITS.1)?)?;
    let sender = usize::try_from(sender).ok()?;
    (found == text(sender, counter)).then_some((sender, counter))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A message as a client received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReceivedMessage {
    pub(super) sender: usize,
    pub(super) counter: u64,
    /// From a room: the number of the event, and the number of its sender.
    pub(super) event: Option<(u64, u64)>,
}

impl Protocol {
    /// Appends the frame that sends a text; in a sealed room, in a box with this head.
    pub(super) fn encode(self, head: BoxHead, text: &[u8], out: &mut Vec<u8>) {
        let mut line = [0; 5 * MESSAGE_BYTES];
        let body = if self == Self::SealedRoom { box_text(head, text) } else { [0; _] };
        let parts: [&[u8]; 3] = match self {
            Self::Relay => [b"", text, b"\n"],
            Self::PaddedRelay => [&PADDING, text, b"\n"],
            Self::Room => [b"{\"t\":\"say\",\"body\":\"", text, b"\"}"],
            Self::SealedRoom => [b"{\"t\":\"say\",\"body\":\"", &body, b"\"}"],
        };
        let mut length = 0;
        for part in parts {
            line[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        write_client_frame(Opcode::Text, &line[..length], out);
    }

    /// Parses a line, with its line feed, that a server sent.
    pub(super) fn decode(self, line: &[u8]) -> Option<ReceivedMessage> {
        let line = line.strip_suffix(b"\n")?;
        let relayed = |text| {
            let (sender, counter) = parse(text)?;
            Some(ReceivedMessage { sender, counter, event: None })
        };
        match self {
            Self::Relay => relayed(line),
            Self::PaddedRelay => relayed(line.strip_prefix(&PADDING)?),
            Self::Room | Self::SealedRoom => {
                let (seq, rest) = leading_number(line.strip_prefix(b"{\"t\":\"said\",\"seq\":")?)?;
                let (n, rest) = leading_number(rest.strip_prefix(b",\"n\":")?)?;
                let (_, rest) = leading_number(rest.strip_prefix(b",\"at\":")?)?;
                let body = rest.strip_prefix(b",\"body\":\"")?.strip_suffix(b"\"}")?;
                let (sender, counter) = match self {
                    Self::SealedRoom => parse_box(body, n)?,
                    Self::Relay | Self::PaddedRelay | Self::Room => parse(body)?,
                };
                Some(ReceivedMessage { sender, counter, event: Some((seq, n)) })
            }
        }
    }
}

/// A box with this head and, in place of what is sealed, `text` behind filler.
fn box_text(head: BoxHead, text: &[u8]) -> [u8; BODY_CHARACTERS] {
    let mut bytes = [b'x'; BOX_BYTES];
    bytes[..HEAD_BYTES].copy_from_slice(&head.to_bytes());
    bytes[BOX_BYTES - text.len()..].copy_from_slice(text);
    let mut body = [0; BODY_CHARACTERS];
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut body);
    assert_eq!(written, Ok(BODY_CHARACTERS), "a box has one length");
    body
}

/// Sender and counter of the text in a box of participant `n`, if every byte of it is as [`box_text`] makes
/// it.
fn parse_box(body: &[u8], n: u64) -> Option<(usize, u64)> {
    let mut bytes = [0; BOX_BYTES + 2];
    let length = URL_SAFE_NO_PAD.decode_slice(body, &mut bytes).ok()?;
    let bytes = &bytes[..length];
    let head = BoxHead::parse(bytes)?;
    let found = bytes.get(BOX_BYTES + 1 - MESSAGE_BYTES..)?;
    let is_own = u64::from(head.number) == n && box_text(head, found) == *body;
    parse(found).filter(|_| is_own)
}

/// The number at the front, and what follows it.
pub(super) fn leading_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    Some((number(&bytes[..end]).filter(|_| end > 0)?, &bytes[end..]))
}
