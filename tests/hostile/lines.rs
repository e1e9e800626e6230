//! Lines of JSON in whole frames: what somebody may say, with something wrong, before they are let in
//! and afterwards.

use std::convert::Infallible;

use crate::dice::Dice;
use crate::mutate;
use crate::room::{Room, Seat, Way};
use crate::strict::Frame;
use crate::turn::{Kind, Turn};
use crate::wire::{End, Wire, frame};

/// Most bytes of a frame.
const FRAME_BYTES: usize = 16 * 1024;

/// First lines in each batch, each of a connection of its own.
const FIRST: usize = 2;

/// Lines as they should be, for this room, by somebody with this seat.
pub(crate) fn templates(way: &Way, resume: &str) -> Vec<String> {
    let ticket = &way.ticket;
    vec![
        r#"{"t":"say","ref":"a1","body":"hello"}"#.to_owned(),
        r#"{"t":"say","body":"hello"}"#.to_owned(),
        r#"{"t":"typing"}"#.to_owned(),
        r#"{"t":"beat"}"#.to_owned(),
        r#"{"t":"leave"}"#.to_owned(),
        format!(r#"{{"t":"join","name":"Foe","ticket":"{ticket}"}}"#),
        format!(r#"{{"t":"join","name":"Foe","ticket":"{ticket}","resume":"{resume}","after":0}}"#),
        format!(
            r#"{{"t":"join","name":"Foe","ticket":"AAAAAAAAAAAAAAAAAAAAAA","resume":"{resume}"}}"#
        ),
    ]
}

pub(crate) fn run(turn: &mut Turn, room: &mut Room) {
    let mut seat: Option<Seat> = None;
    while let Some((batch, mut dice)) = turn.next() {
        let resume = seat.as_ref().map_or("", |seat| &seat.resume).to_owned();
        let lines = templates(&room.way, &resume);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for _ in 0..FIRST {
            if first(turn, room, batch, &mut dice, &lines) == Entered::Yes {
                // Perhaps by the seat that we have, which was left then.
                seat = None;
            }
        }
        let Some(mut taken) = seat.take().or_else(|| room.seat(turn, batch)) else { return };
        let count = turn.surface.batch() - FIRST;
        let bytes = frames(&mut dice, &lines, count);
        let mark = batch.to_be_bytes();
        let wanted = |frame: Frame<'_>| (frame == Frame::Pong(&mark)).then_some(());
        let mut last = bytes;
        frame(&mut last, 0x89, [9; 4], &mark);
        match taken.wire.until(&last, wanted) {
            Ok(()) => {
                turn.inputs += count as u64;
                seat = Some(taken);
            }
            Err(end) => {
                turn.found(Kind::Broken, batch, format!("lines ended a connection: {end:?}"));
            }
        }
        if !room.look(turn, batch) {
            return;
        }
    }
}

/// So many lines, in frames that are as full as they may be.
fn frames(dice: &mut Dice, templates: &[&str], count: usize) -> Vec<u8> {
    let (mut bytes, mut text) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut line = mutate::line(dice, templates, true, 5_000);
        if mutate::ends(&line, "t", "leave") {
            line = br#"{"t":"beat","t":"leave"}"#.to_vec();
        }
        if text.len() + line.len() + 1 > FRAME_BYTES {
            frame(&mut bytes, 0x81, [dice.byte(), dice.byte(), 0, dice.byte()], &text);
            text.clear();
        }
        text.extend(line);
        text.push(b'\n');
    }
    frame(&mut bytes, 0x81, [1, 2, 3, 4], &text);
    bytes
}

/// Whether somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entered {
    Yes,
    No,
}

/// Somebody who is not in the room says one wrong thing. If they are let in by it, they leave.
fn first(turn: &mut Turn, room: &Room, batch: u64, dice: &mut Dice, lines: &[&str]) -> Entered {
    let line = mutate::line(dice, lines, false, FRAME_BYTES - 40);
    let mut wire = match Wire::open(room.way.address) {
        Ok(wire) => wire,
        // "Too many at the door" is an answer.
        Err(End::Status(503)) => return Entered::No,
        Err(end) => {
            turn.found(Kind::Broken, batch, format!("no socket: {end:?}"));
            return Entered::No;
        }
    };
    let mut bytes = Vec::new();
    let text = [&line[..], b"\n{\"t\":\"leave\"}"].concat();
    frame(&mut bytes, 0x81, [5, 6, 7, 8], &text);
    turn.inputs += 1;
    let mut entered = Entered::No;
    let ended = wire.until(&bytes, |frame| {
        if matches!(frame, Frame::Text(text) if text.starts_with("{\"t\":\"welcome\"")) {
            entered = Entered::Yes;
        }
        None::<Infallible>
    });
    let Err(end) = ended;
    match end {
        End::Closed(_) | End::Cut | End::Status(_) => {}
        end @ (End::Silent | End::Breach(_)) => {
            let line = String::from_utf8_lossy(&line).into_owned();
            turn.found(Kind::Broken, batch, format!("after {line:?}: {end:?}"));
        }
    }
    entered
}
