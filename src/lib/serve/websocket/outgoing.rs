//! Frames for a client, built from lines that all readers share. No I/O.

use std::io::{self, IoSlice};
use std::sync::Arc;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// A frame to one client, of which a part may be sent already.
#[derive(Clone, Debug)]
pub(in crate::serve) struct OutgoingFrame {
    /// The header, and the payload of a control frame.
    head: Vec<u8>,
    /// The payload of a text frame. The lines are the ring's own and never copied, so that the text of
    /// a message lies in one place.
    lines: Vec<Arc<str>>,
    sent_bytes: usize,
}

/// The result of sending a frame without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum SendOutcome {
    /// The kernel took all of it.
    Complete,
    /// The kernel took a part of it. The rest is in the queue, which takes no other frame until then.
    Partial,
    /// The kernel took nothing: its buffer is full, the client is gone, or the queue is not empty.
    NotSent,
}

impl OutgoingFrame {
    /// These lines as one text frame.
    pub(in crate::serve) fn text(lines: Vec<Arc<str>>) -> Self {
        let length = lines.iter().map(|line| line.len()).sum();
        Self { head: header(OpCode::Data(Data::Text), length), lines, sent_bytes: 0 }
    }

    /// A ping without payload. Browsers answer it by themselves.
    pub(super) fn ping() -> Self {
        Self::control(Control::Ping, &[])
    }

    /// The answer to a ping, with the ping's payload of at most 125 bytes.
    pub(in crate::serve) fn pong(payload: &[u8]) -> Self {
        Self::control(Control::Pong, payload)
    }

    /// A close frame with this status code, or without a payload.
    pub(in crate::serve) fn close(code: Option<u16>) -> Self {
        let payload = code.map(u16::to_be_bytes);
        Self::control(Control::Close, payload.as_ref().map_or(&[], |code| code))
    }

    /// A control frame with a payload of at most 125 bytes (RFC 6455, section 5.5).
    fn control(control: Control, payload: &[u8]) -> Self {
        let mut head = header(OpCode::Control(control), payload.len());
        head.extend(payload);
        Self { head, lines: Vec::new(), sent_bytes: 0 }
    }

    fn len(&self) -> usize {
        self.head.len() + self.lines.iter().map(|line| line.len()).sum::<usize>()
    }

    /// Points `slices` at the bytes that are not sent yet, and returns how many slices are used; 0 when
    /// all is sent.
    fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.sent_bytes;
        let parts =
            std::iter::once(&*self.head).chain(self.lines.iter().map(|line| line.as_bytes()));
        let unsent = parts.filter_map(|part| {
            let unsent = part.get(skip..).filter(|unsent| !unsent.is_empty());
            skip = skip.saturating_sub(part.len());
            unsent
        });
        let used = slices.iter_mut().zip(unsent).map(|(slice, part)| *slice = IoSlice::new(part));
        used.count()
    }

    /// The whole frame in one piece, to be sent to many sockets. It is a copy of chat text: the caller
    /// drops it before it waits for anything.
    pub(in crate::serve) fn to_bytes(&self) -> Vec<u8> {
        let lines = self.lines.iter().map(|line| line.as_bytes());
        std::iter::once(&*self.head).chain(lines).collect::<Vec<_>>().concat()
    }

    /// Marks so many more bytes as sent.
    fn advance(&mut self, bytes: usize) {
        self.sent_bytes += bytes;
    }
}

/// Frames in the order in which they are sent; the first may be partly sent. Empty for a client that
/// keeps up. A writer pushes one frame and waits until it is sent, so there are three at most: the rest
/// of one that the fan-out began, one that timed out, and the close frame.
#[derive(Debug, Default)]
pub(in crate::serve) struct SendQueue(Vec<OutgoingFrame>);

impl SendQueue {
    /// Whether everything is sent.
    pub(in crate::serve) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a frame, which is sent after those before it.
    pub(in crate::serve) fn push(&mut self, frame: OutgoingFrame) {
        self.0.push(frame);
    }

    /// Sends a frame by one call of `send`, unless another waits before it; `bytes` is the same frame
    /// in one piece. The queue keeps the rest of a frame that was sent in part.
    pub(in crate::serve) fn try_send(
        &mut self,
        bytes: &[u8],
        frame: &OutgoingFrame,
        send: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> SendOutcome {
        if !self.is_empty() {
            return SendOutcome::NotSent;
        }
        match send(bytes) {
            Ok(0) | Err(_) => SendOutcome::NotSent,
            Ok(sent) if sent == bytes.len() => SendOutcome::Complete,
            Ok(sent) => {
                let mut partly_sent = frame.clone();
                partly_sent.advance(sent);
                self.push(partly_sent);
                SendOutcome::Partial
            }
        }
    }

    /// Points `slices` at the next bytes to send, and returns how many slices are used; 0 when all is
    /// sent.
    pub(in crate::serve) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.0.first().map_or(0, |frame| frame.fill(slices))
    }

    /// Marks so many more bytes as sent.
    pub(in crate::serve) fn advance(&mut self, bytes: usize) {
        let Some(frame) = self.0.first_mut() else { return };
        frame.advance(bytes);
        if frame.sent_bytes == frame.len() {
            self.0.remove(0);
        }
        if self.0.is_empty() {
            // Frees the list, which an idle socket would keep.
            self.0 = Vec::new();
        }
    }
}

/// The header of an unfragmented frame. A server never masks (RFC 6455, section 5.1).
fn header(opcode: OpCode, length: usize) -> Vec<u8> {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let mut bytes = Vec::new();
    header.format(length as u64, &mut bytes).expect("writing to a vector cannot fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All bytes of a frame, as a socket receives them that takes the next of `takes` bytes at a time.
    fn sent(mut frame: OutgoingFrame, takes: &[usize], slices: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        for take in takes.iter().cycle() {
            let mut space = vec![IoSlice::new(&[]); slices];
            let used = frame.fill(&mut space);
            let offered: Vec<u8> = space[..used].iter().flat_map(|slice| slice.to_vec()).collect();
            if offered.is_empty() {
                return sent;
            }
            sent.extend(&offered[..offered.len().min(*take)]);
            frame.advance(offered.len().min(*take));
        }
        sent
    }

    #[test]
    fn each_payload_length_has_its_form_of_header() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            assert_eq!(OutgoingFrame::text(vec!["x".repeat(length).into()]).head, head);
        }
        let close = OutgoingFrame::close(Some(4000));
        assert_eq!(sent(close, &[1], 1), [0x88, 2, 0x0f, 0xa0]);
    }

    #[test]
    fn lines_are_shared_and_not_copied() {
        let line: Arc<str> = "a line\n".into();
        let frame = OutgoingFrame::text(vec![Arc::clone(&line)]);
        let mut slices = [IoSlice::new(&[]); 2];
        assert_eq!(frame.fill(&mut slices), 2);
        assert_eq!(slices[1].as_ptr(), line.as_ptr());
    }

    proptest! {
        #[test]
        fn the_same_bytes_go_out_however_many_a_socket_takes_at_a_time(
            lines in prop::collection::vec("\\PC{0,9}", 0..9),
            takes in prop::collection::vec(1_usize..20, 1..9),
            slices in 1_usize..5,
        ) {
            let frame = OutgoingFrame::text(lines.iter().map(|line| line.as_str().into()).collect());
            let mut expected = frame.head.clone();
            expected.extend(lines.concat().as_bytes());
            prop_assert_eq!(sent(frame, &takes, slices), expected);
        }
    }
}
