//! Frames on their way to a client: a header, and lines that everybody shares. Pure.

use std::io::{self, IoSlice};
use std::sync::Arc;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::writer::Offered;

/// A frame, of which a part may be sent already.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Outgoing {
    /// The header, and what a control frame carries.
    head: Vec<u8>,
    /// The payload of a text frame. Never copied: the text of a message is in the ring alone.
    lines: Vec<Arc<str>>,
    sent: usize,
}

impl Outgoing {
    /// These lines as one text frame.
    pub(in crate::serve) fn text(lines: Vec<Arc<str>>) -> Self {
        let length = lines.iter().map(|line| line.len()).sum();
        Self { head: head(OpCode::Data(Data::Text), length), lines, sent: 0 }
    }

    /// A control frame with at most 125 bytes (RFC 6455, section 5.5).
    pub(in crate::serve) fn control(control: Control, payload: &[u8]) -> Self {
        let mut head = head(OpCode::Control(control), payload.len());
        head.extend(payload);
        Self { head, lines: Vec::new(), sent: 0 }
    }

    /// Bytes in all.
    fn len(&self) -> usize {
        self.head.len() + self.lines.iter().map(|line| line.len()).sum::<usize>()
    }

    /// Points `slots` at what comes next, and says how many are used: none when all is sent.
    fn next<'a>(&'a self, slots: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.sent;
        let parts =
            std::iter::once(&*self.head).chain(self.lines.iter().map(|line| line.as_bytes()));
        let left = parts.filter_map(|part| {
            let left = part.get(skip..).filter(|left| !left.is_empty());
            skip = skip.saturating_sub(part.len());
            left
        });
        let used = slots.iter_mut().zip(left).map(|(slot, left)| *slot = IoSlice::new(left));
        used.count()
    }

    /// All of it in one piece, for those who send the same to many. A copy of what was said: it is
    /// to be dropped before anything is waited for.
    pub(in crate::serve) fn whole(&self) -> Vec<u8> {
        let lines = self.lines.iter().map(|line| line.as_bytes());
        std::iter::once(&*self.head).chain(lines).collect::<Vec<_>>().concat()
    }

    /// So many bytes more are sent.
    fn advance(&mut self, bytes: usize) {
        self.sent += bytes;
    }
}

/// Frames in the order in which they are sent, of which the first may be begun. Empty for all who
/// keep up. Those who write push one frame and wait until it is gone, so there are three at most: the
/// rest of one that the fan-out began, one that was not taken in time, and the goodbye.
#[derive(Debug, Default)]
pub(in crate::serve) struct Queue(Vec<Outgoing>);

impl Queue {
    /// Whether everything is sent.
    pub(in crate::serve) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more frame, behind all others.
    pub(in crate::serve) fn push(&mut self, frame: Outgoing) {
        self.0.push(frame);
    }

    /// Has `send` send the frame at once, which `whole` is in one piece, if nothing is waiting before
    /// it. What the system did not take of a frame that it took a part of is kept.
    pub(in crate::serve) fn offer(
        &mut self,
        whole: &[u8],
        frame: &Outgoing,
        send: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> Offered {
        if !self.is_empty() {
            return Offered::Refused;
        }
        match send(whole) {
            Ok(0) | Err(_) => Offered::Refused,
            Ok(sent) if sent == whole.len() => Offered::Sent,
            Ok(sent) => {
                let mut begun = frame.clone();
                begun.advance(sent);
                self.push(begun);
                Offered::Begun
            }
        }
    }

    /// Points `slots` at what comes next, and says how many are used: none when all is sent.
    pub(in crate::serve) fn next<'a>(&'a self, slots: &mut [IoSlice<'a>]) -> usize {
        self.0.first().map_or(0, |frame| frame.next(slots))
    }

    /// So many bytes more of what was pointed at are sent.
    pub(in crate::serve) fn advance(&mut self, bytes: usize) {
        let Some(frame) = self.0.first_mut() else { return };
        frame.advance(bytes);
        if frame.sent == frame.len() {
            self.0.remove(0);
        }
        if self.0.is_empty() {
            // The list itself is memory, too.
            self.0 = Vec::new();
        }
    }
}

/// The header of a whole frame of the server, which is never masked (RFC 6455, section 5.1).
fn head(opcode: OpCode, length: usize) -> Vec<u8> {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let mut head = Vec::new();
    header.format(length as u64, &mut head).expect("a vector takes all that is written to it");
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything, as a socket gets it that takes the next number of bytes at a time.
    fn sent(mut frame: Outgoing, takes: &[usize], slots: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        for take in takes.iter().cycle() {
            let mut space = vec![IoSlice::new(&[]); slots];
            let used = frame.next(&mut space);
            let offered: Vec<u8> = space[..used].iter().flat_map(|slot| slot.to_vec()).collect();
            if offered.is_empty() {
                return sent;
            }
            sent.extend(&offered[..offered.len().min(*take)]);
            frame.advance(offered.len().min(*take));
        }
        sent
    }

    #[test]
    fn short_middle_and_long_payloads_have_their_headers() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            assert_eq!(Outgoing::text(vec!["x".repeat(length).into()]).head, head);
        }
        let close = Outgoing::control(Control::Close, &4000_u16.to_be_bytes());
        assert_eq!(sent(close, &[1], 1), [0x88, 2, 0x0f, 0xa0]);
    }

    #[test]
    fn lines_are_shared_and_not_copied() {
        let line: Arc<str> = "a line\n".into();
        let frame = Outgoing::text(vec![Arc::clone(&line)]);
        let mut slots = [IoSlice::new(&[]); 2];
        assert_eq!(frame.next(&mut slots), 2);
        assert_eq!(slots[1].as_ptr(), line.as_ptr());
    }

    proptest! {
        #[test]
        fn whatever_a_socket_takes_at_a_time_the_same_bytes_go_out(
            lines in prop::collection::vec("\\PC{0,9}", 0..9),
            takes in prop::collection::vec(1_usize..20, 1..9),
            slots in 1_usize..5,
        ) {
            let frame = Outgoing::text(lines.iter().map(|line| line.as_str().into()).collect());
            let mut expected = frame.head.clone();
            expected.extend(lines.concat().as_bytes());
            prop_assert_eq!(sent(frame, &takes, slots), expected);
        }
    }
}
