//! WebSocket frames. Most of a batch is valid but unusual (RFC 6455), so that one connection takes
//! thousands of them; some batches end with an invalid one.

use std::io::{ErrorKind, Write as _};
use std::net::Shutdown;

use crate::campaign::{Campaign, Failure};
use crate::connection::{StreamEnd, WebSocket, write_frame};
use crate::harness::rng::Rng;
use crate::harness::strict_reader::Frame;
use crate::room::{Participant, Room};

/// The server closes a connection that sends a longer message.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// One in this many batches is sent before the join, and is short.
const BEFORE_JOIN_EVERY: u64 = 8;

/// Control frames that the server accepts before a join, minus the ping that ends a batch.
const MAX_BEFORE_JOIN: usize = 15;

/// One in this many batches after the join ends with an invalid frame.
const INVALID_EVERY: usize = 8;

pub(crate) fn run(campaign: &mut Campaign, room: &mut Room) {
    let mut participant: Option<Participant> = None;
    while let Some((batch, mut rng)) = campaign.next_batch() {
        let rng = &mut rng;
        let count = campaign.surface.batch_inputs();
        if batch.is_multiple_of(BEFORE_JOIN_EVERY) {
            match WebSocket::open(room.link.address) {
                Ok(mut connection) => {
                    let count = rng.below(MAX_BEFORE_JOIN);
                    let bytes = control_frames(rng, count);
                    if deliver(campaign, batch, rng, &mut connection, &bytes, count) {
                        send_invalid(campaign, batch, rng, &mut connection);
                    }
                }
                Err(end) => {
                    campaign.report(Failure::Violation, batch, format!("no socket: {end:?}"))
                }
            }
        } else {
            let Some(mut joined) = participant.take().or_else(|| room.join(campaign, batch)) else {
                return;
            };
            let bytes = mixed_frames(rng, count);
            if deliver(campaign, batch, rng, &mut joined.socket, &bytes, count) {
                if rng.one_in(INVALID_EVERY) {
                    send_invalid(campaign, batch, rng, &mut joined.socket);
                } else {
                    participant = Some(joined);
                }
            }
        }
        if !room.check(campaign, batch) {
            return;
        }
    }
}

/// Sends valid frames, and a ping. The pong shows that the server has processed all of them; false
/// if it does not come.
fn deliver(
    campaign: &mut Campaign,
    batch: u64,
    rng: &mut Rng,
    socket: &mut WebSocket,
    bytes: &[u8],
    count: usize,
) -> bool {
    let mut rest = bytes;
    match rng.below(16) {
        // In small pieces.
        0 => {
            while rest.len() > bytes.len() - bytes.len().min(2_000) {
                let piece = 1 + rng.below(rest.len().min(40));
                match socket.stream.write(&rest[..piece]) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
                if socket.read_available(|_| ()).is_err() {
                    break;
                }
            }
        }
        // Without reading, until the server accepts no more.
        1 => {
            while let Ok(written @ 1..) = socket.stream.write(rest) {
                rest = &rest[written..];
            }
        }
        _ => {}
    }
    let mark = batch.to_be_bytes();
    let mut last = rest.to_vec();
    write_frame(&mut last, 0x89, [9; 4], &mark);
    let wanted = |frame: Frame<'_>| (frame == Frame::Pong(&mark)).then_some(());
    match socket.send_until(&last, wanted) {
        Ok(()) => {
            campaign.inputs += count as u64;
            true
        }
        Err(end) => {
            let what = format!("valid frames ended the connection: {end:?}");
            campaign.report(Failure::Violation, batch, what);
            false
        }
    }
}

/// Sends an invalid frame, and checks that the server closes the connection.
fn send_invalid(campaign: &mut Campaign, batch: u64, rng: &mut Rng, socket: &mut WebSocket) {
    let bytes = invalid_frame(rng);
    campaign.inputs += 1;
    let _ = socket.stream.write_all(&bytes);
    // The server waits for the rest of half a frame; EOF shows that there is none.
    let _ = socket.stream.shutdown(Shutdown::Write);
    match socket.read_to_end() {
        StreamEnd::CloseFrame(_) | StreamEnd::Eof | StreamEnd::Status(_) => {}
        end @ (StreamEnd::Timeout | StreamEnd::Violation(_)) => {
            campaign.report(
                Failure::Violation,
                batch,
                format!("after {:?}: {end:?}", &bytes[..bytes.len().min(20)]),
            );
        }
    }
}

fn mask(rng: &mut Rng) -> [u8; 4] {
    // A mask of zeros is valid and changes nothing.
    if rng.one_in(8) { [0; 4] } else { [rng.byte(), rng.byte(), rng.byte(), rng.byte()] }
}

fn control_frames(rng: &mut Rng, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..count {
        control(rng, &mut bytes);
    }
    bytes
}

fn control(rng: &mut Rng, to: &mut Vec<u8>) {
    let mut payload = Vec::new();
    // Mostly short ones: the header is under test.
    let max = if rng.one_in(16) { 126 } else { 8 };
    let length = rng.below(max);
    rng.fill(&mut payload, length);
    let (first, mask) = (if rng.one_in(4) { 0x89 } else { 0x8a }, mask(rng));
    write_frame(to, first, mask, &payload);
}

/// Messages in one frame, messages in fragments, and control frames before, between and after them.
fn mixed_frames(rng: &mut Rng, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The length so far of the message that has begun.
    let mut open: Option<usize> = None;
    for left in (0..count).rev() {
        let last = left == 0;
        if !last && rng.below(3) > 0 {
            control(rng, &mut bytes);
            continue;
        }
        let so_far = open.unwrap_or(0);
        let free = MAX_MESSAGE_BYTES - so_far;
        let max = if rng.one_in(200) { free } else { free.min(24) };
        let length = rng.below(max + 1);
        let ends = last || so_far > MAX_MESSAGE_BYTES / 2 || rng.one_in(3);
        let opcode = match (open, rng.one_in(2)) {
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => 2,
        };
        // ASCII: valid UTF-8 however it is fragmented, and never a line of the protocol.
        let payload: Vec<u8> = (0..length).map(|_| 0x20 + rng.byte() % 0x5f).collect();
        let mask = mask(rng);
        write_frame(&mut bytes, opcode | if ends { 0x80 } else { 0 }, mask, &payload);
        open = (!ends).then_some(so_far + length);
    }
    bytes
}

/// A frame that no client may send, or a part of one.
fn invalid_frame(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let key = mask(rng);
    match rng.below(14) {
        0 => write_frame(&mut bytes, 0x81 | (0x10 << rng.below(3)), key, b"reserved bit"),
        1 => write_frame(&mut bytes, 0x80 | (3 + rng.byte() % 5), key, b"reserved opcode"),
        2 => write_frame(&mut bytes, 0x80 | (0xb + rng.byte() % 5), key, b"reserved control"),
        3 => bytes.extend(b"\x81\x04{}{}"),
        4 => write_frame(&mut bytes, 0x08 | (rng.byte() % 3), key, b"x"),
        5 => write_frame(&mut bytes, 0x88 | (rng.byte() % 3), key, &[b'x'; 126]),
        6 => {
            let length = [u64::MAX, 1 << 63, u64::from(u32::MAX), 16_385][rng.below(4)];
            bytes.extend([0x82, 0xff]);
            bytes.extend(length.to_be_bytes());
            bytes.extend(key);
        }
        7 => write_frame(&mut bytes, 0x80, key, b"goes on with nothing"),
        8 => {
            write_frame(&mut bytes, 0x01, key, b"a");
            write_frame(&mut bytes, 0x81, key, b"a second one inside");
        }
        9 => {
            let code = u16::from_be_bytes([rng.byte() % 20, rng.byte()]);
            write_frame(&mut bytes, 0x88, key, &[&code.to_be_bytes()[..], b"\xff why"].concat());
        }
        10 => write_frame(&mut bytes, 0x88, key, b"1"),
        11 => write_frame(&mut bytes, 0x81, key, b"\xed\xa0\x80 no UTF-8 \xff"),
        12 => {
            // A length in more bytes than it needs.
            bytes.extend([0x82, 0xfe, 0, 3]);
            bytes.extend(key);
            bytes.extend(b"abc");
        }
        _ => {
            let count = 1 + rng.below(300);
            rng.fill(&mut bytes, count);
        }
    }
    if rng.one_in(4) {
        bytes.truncate(1 + rng.below(bytes.len()));
    }
    bytes
}
