//! What is said: the same hundred bytes to every server, in the words of its protocol. Pure.

use super::frame::{Opcode, client_frame};

/// Bytes of a message with its line feed: a sentence of a chat.
pub(crate) const MESSAGE_BYTES: usize = 100;

/// Bytes that the room puts around a message: `{"t":"said","seq":`, and so on.
const AROUND: [u8; 61] = [b' '; 61];

/// Digits of a sender's index, and of its counter.
const DIGITS: (usize, usize) = (5, 10);

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// It relays what it gets to everybody.
    Relay,
    /// The same, with as many bytes around each message as the room puts there.
    RelayAsMuch,
    /// It is a room of chattrace.
    Room,
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

/// Sender and counter of a text, if it is one of ours to the last byte.
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

/// A message as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) sender: usize,
    pub(super) counter: u64,
    /// What the room says of it: the number of the event, and whose it is.
    pub(super) room: Option<(u64, u64)>,
}

impl Dialect {
    /// Appends the frame that says this.
    pub(super) fn say(self, text: &[u8], out: &mut Vec<u8>) {
        let mut line = [0; 2 * MESSAGE_BYTES];
        let parts: [&[u8]; 3] = match self {
            Self::Relay => [b"", text, b"\n"],
            Self::RelayAsMuch => [&AROUND, text, b"\n"],
            Self::Room => [b"{\"t\":\"say\",\"body\":\"", text, b"\"}"],
        };
        let mut length = 0;
        for part in parts {
            line[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        client_frame(Opcode::Text, &line[..length], out);
    }

    /// Reads a line, with its line feed.
    pub(super) fn read(self, line: &[u8]) -> Option<Said> {
        let line = line.strip_suffix(b"\n")?;
        let relayed = |text| {
            let (sender, counter) = parse(text)?;
            Some(Said { sender, counter, room: None })
        };
        match self {
            Self::Relay => relayed(line),
            Self::RelayAsMuch => relayed(line.strip_prefix(&AROUND)?),
            Self::Room => {
                let (seq, rest) = leading(line.strip_prefix(b"{\"t\":\"said\",\"seq\":")?)?;
                let (n, rest) = leading(rest.strip_prefix(b",\"n\":")?)?;
                let (_, rest) = leading(rest.strip_prefix(b",\"at\":")?)?;
                let body = rest.strip_prefix(b",\"body\":\"")?.strip_suffix(b"\"}")?;
                let (sender, counter) = parse(body)?;
                Some(Said { sender, counter, room: Some((seq, n)) })
            }
        }
    }
}

/// The number at the front, and what follows it.
pub(super) fn leading(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    Some((number(&bytes[..end]).filter(|_| end > 0)?, &bytes[end..]))
}
