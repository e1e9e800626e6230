//! WebSocket frames. Most of a batch is what RFC 6455 allows and nobody sends, so that a connection
//! takes thousands of them; its last one is what the RFC forbids.

use std::io::{ErrorKind, Write as _};
use std::net::Shutdown;

use crate::dice::Dice;
use crate::room::{Room, Seat};
use crate::strict::Frame;
use crate::turn::{Kind, Turn};
use crate::wire::{End, Wire, frame};

/// Most bytes of a message; beyond it a connection is closed.
const MESSAGE_BYTES: usize = 16 * 1024;

/// One of so many batches comes before a join, and is short.
const BEFORE: u64 = 8;

/// Control frames that may come before a join, with the ping behind them: nobody needs more.
const FEW: usize = 15;

/// One of so many batches of somebody in the room ends the connection.
const ENDS: usize = 8;

pub(crate) fn run(turn: &mut Turn, room: &mut Room) {
    let mut seat: Option<Seat> = None;
    while let Some((batch, mut dice)) = turn.next() {
        let dice = &mut dice;
        let count = turn.surface.batch();
        if batch.is_multiple_of(BEFORE) {
            match Wire::open(room.way.address) {
                Ok(mut wire) => {
                    let few = dice.below(FEW);
                    let bytes = control_frames(dice, few);
                    if deliver(turn, batch, dice, &mut wire, &bytes, few) {
                        finish(turn, batch, dice, &mut wire);
                    }
                }
                Err(end) => turn.found(Kind::Broken, batch, format!("no socket: {end:?}")),
            }
        } else {
            let Some(mut taken) = seat.take().or_else(|| room.seat(turn, batch)) else { return };
            let bytes = mixed_frames(dice, count);
            if deliver(turn, batch, dice, &mut taken.wire, &bytes, count) {
                if dice.once_in(ENDS) {
                    finish(turn, batch, dice, &mut taken.wire);
                } else {
                    seat = Some(taken);
                }
            }
        }
        if !room.look(turn, batch) {
            return;
        }
    }
}

/// Sends what may not end the connection, and a ping behind it, which is answered when all of it was
/// taken. False if it was not.
fn deliver(
    turn: &mut Turn,
    batch: u64,
    dice: &mut Dice,
    wire: &mut Wire,
    bytes: &[u8],
    count: usize,
) -> bool {
    let mut rest = bytes;
    match dice.below(16) {
        // Bytes that come one by one, and in pieces.
        0 => {
            while rest.len() > bytes.len() - bytes.len().min(2_000) {
                let piece = 1 + dice.below(rest.len().min(40));
                match wire.stream.write(&rest[..piece]) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
                if wire.ready(|_| ()).is_err() {
                    break;
                }
            }
        }
        // Somebody who reads nothing until the other side takes no more.
        1 => {
            while let Ok(written @ 1..) = wire.stream.write(rest) {
                rest = &rest[written..];
            }
        }
        _ => {}
    }
    let mark = batch.to_be_bytes();
    let mut last = rest.to_vec();
    frame(&mut last, 0x89, [9; 4], &mark);
    let wanted = |frame: Frame<'_>| (frame == Frame::Pong(&mark)).then_some(());
    match wire.until(&last, wanted) {
        Ok(()) => {
            turn.inputs += count as u64;
            true
        }
        Err(end) => {
            let what = format!("frames that are allowed ended a connection: {end:?}");
            turn.found(Kind::Broken, batch, what);
            false
        }
    }
}

/// Sends what ends the connection, and sees it end.
fn finish(turn: &mut Turn, batch: u64, dice: &mut Dice, wire: &mut Wire) {
    let bytes = forbidden(dice);
    turn.inputs += 1;
    let _ = wire.stream.write_all(&bytes);
    // Half a frame is waited for; nothing comes after this.
    let _ = wire.stream.shutdown(Shutdown::Write);
    match wire.rest(&[]) {
        End::Closed(_) | End::Cut | End::Status(_) => {}
        end @ (End::Silent | End::Breach(_)) => {
            turn.found(
                Kind::Broken,
                batch,
                format!("after {:?}: {end:?}", &bytes[..bytes.len().min(20)]),
            );
        }
    }
}

fn mask(dice: &mut Dice) -> [u8; 4] {
    // Zeros change nothing, which is a mask as well.
    if dice.once_in(8) { [0; 4] } else { [dice.byte(), dice.byte(), dice.byte(), dice.byte()] }
}

fn control_frames(dice: &mut Dice, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..count {
        control(dice, &mut bytes);
    }
    bytes
}

fn control(dice: &mut Dice, to: &mut Vec<u8>) {
    let mut payload = Vec::new();
    // Short ones mostly: the header is what is tried.
    let most = if dice.once_in(16) { 126 } else { 8 };
    let length = dice.below(most);
    dice.fill(&mut payload, length);
    let (first, mask) = (if dice.once_in(4) { 0x89 } else { 0x8a }, mask(dice));
    frame(to, first, mask, &payload);
}

/// Whole messages, messages in pieces, and control frames before, between and after them.
fn mixed_frames(dice: &mut Dice, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The first byte of the message that has begun, and its length so far.
    let mut open: Option<usize> = None;
    for left in (0..count).rev() {
        let last = left == 0;
        if !last && dice.below(3) > 0 {
            control(dice, &mut bytes);
            continue;
        }
        let so_far = open.unwrap_or(0);
        let most = MESSAGE_BYTES - so_far;
        let longest = if dice.once_in(200) { most } else { most.min(24) };
        let length = dice.below(longest + 1);
        let ends = last || so_far > MESSAGE_BYTES / 2 || dice.once_in(3);
        let opcode = match (open, dice.once_in(2)) {
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => 2,
        };
        // ASCII, cut anywhere: valid UTF-8 however it is put together, and no line of ours.
        let payload: Vec<u8> = (0..length).map(|_| 0x20 + dice.byte() % 0x5f).collect();
        let mask = mask(dice);
        frame(&mut bytes, opcode | if ends { 0x80 } else { 0 }, mask, &payload);
        open = (!ends).then_some(so_far + length);
    }
    bytes
}

/// What no client may send, whatever came before it; or half of something.
fn forbidden(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    let key = mask(dice);
    match dice.below(14) {
        0 => frame(&mut bytes, 0x81 | (0x10 << dice.below(3)), key, b"reserved bit"),
        1 => frame(&mut bytes, 0x80 | (3 + dice.byte() % 5), key, b"reserved opcode"),
        2 => frame(&mut bytes, 0x80 | (0xb + dice.byte() % 5), key, b"reserved control"),
        3 => bytes.extend(b"\x81\x04{}{}"),
        4 => frame(&mut bytes, 0x08 | (dice.byte() % 3), key, b"x"),
        5 => frame(&mut bytes, 0x88 | (dice.byte() % 3), key, &[b'x'; 126]),
        6 => {
            let length = [u64::MAX, 1 << 63, u64::from(u32::MAX), 16_385][dice.below(4)];
            bytes.extend([0x82, 0xff]);
            bytes.extend(length.to_be_bytes());
            bytes.extend(key);
        }
        7 => frame(&mut bytes, 0x80, key, b"goes on with nothing"),
        8 => {
            frame(&mut bytes, 0x01, key, b"a");
            frame(&mut bytes, 0x81, key, b"a second one inside");
        }
        9 => {
            let code = u16::from_be_bytes([dice.byte() % 20, dice.byte()]);
            frame(&mut bytes, 0x88, key, &[&code.to_be_bytes()[..], b"\xff why"].concat());
        }
        10 => frame(&mut bytes, 0x88, key, b"1"),
        11 => frame(&mut bytes, 0x81, key, b"\xed\xa0\x80 no UTF-8 \xff"),
        12 => {
            // A length in more bytes than it needs.
            bytes.extend([0x82, 0xfe, 0, 3]);
            bytes.extend(key);
            bytes.extend(b"abc");
        }
        _ => {
            let count = 1 + dice.below(300);
            dice.fill(&mut bytes, count);
        }
    }
    if dice.once_in(4) {
        bytes.truncate(1 + dice.below(bytes.len()));
    }
    bytes
}
