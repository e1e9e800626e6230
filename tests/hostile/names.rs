//! Names of newcomers: every plane of Unicode, letters that look alike, marks without end, signs that
//! turn a line around, pictures made of pictures. Each comes and goes in one request.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::polls;
use crate::request::{self, Sent};
use crate::room::Room;
use crate::turn::{Kind, Turn};
use crate::watch::commanding;

/// Where letters that look like others live, and where marks, signs and pictures do.
const RANGES: [(u32, u32); 22] = [
    (0x20, 0x7e),
    (0x80, 0xff),
    (0x100, 0x24f),
    (0x250, 0x36f),
    (0x370, 0x3ff),
    (0x400, 0x52f),
    (0x530, 0x5ff),
    (0x600, 0x6ff),
    (0x900, 0x97f),
    (0xe00, 0xe7f),
    (0x1ab0, 0x1aff),
    (0x1d00, 0x1dff),
    (0x2000, 0x206f),
    (0x20d0, 0x20ff),
    (0x2100, 0x218f),
    (0x3000, 0x30ff),
    (0xac00, 0xacff),
    (0xfe00, 0xfe0f),
    (0xff00, 0xffef),
    (0x1d400, 0x1d7ff),
    (0x1f1e6, 0x1f1ff),
    (0x1f300, 0x1faff),
];

/// Pieces of pictures, and what holds them together.
const PIECES: [&str; 12] = [
    "👩",
    "👨",
    "👧",
    "\u{200d}",
    "\u{fe0f}",
    "\u{1f3fb}",
    "\u{1f1e9}",
    "\u{1f1ea}",
    "\u{20e3}",
    "\u{e0067}",
    "\u{e007f}",
    "🏴",
];

const ASCII: [&str; 14] = [
    "Ana",
    "Bo",
    "admin",
    "host",
    "system",
    "paypal",
    "Maria",
    "rnodern",
    "l1I|",
    "OO00",
    "server",
    "you",
    "chattrace",
    "moderator",
];

pub(crate) fn run(turn: &mut Turn, room: &mut Room) {
    while let Some((batch, mut dice)) = turn.next() {
        for _ in 0..turn.surface.batch() {
            let name = name(&mut dice);
            let join = json!({"t": "join", "name": name, "ticket": room.way.ticket});
            let body = format!("{join}\n{{\"t\":\"leave\"}}\n");
            let request = format!(
                "POST /poll HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
                room.way.address,
                body.len()
            );
            turn.inputs += 1;
            let answer = request::ask(room.way.address, request.as_bytes(), Sent::Whole);
            if let Err(what) = answer.and_then(|answer| let_in(&answer, &name)) {
                turn.found(Kind::Broken, batch, what);
            }
        }
        if !room.look(turn, batch) {
            return;
        }
    }
}

/// Refused in whole lines, for whatever reason, or let in under a name that nobody need fear.
fn let_in(answer: &[u8], asked: &str) -> Result<(), String> {
    polls::whole_lines(answer)?;
    if matches!(request::status(answer), 429 | 503) {
        // Too many at once: they come again later.
        return Ok(());
    }
    let body = String::from_utf8_lossy(request::body(answer));
    let line: Value = serde_json::from_str(body.lines().next().unwrap_or_default())
        .map_err(|error| format!("{asked:?}: {error}: {body:?}"))?;
    let name = match line["t"].as_str() {
        Some("refused") => return Ok(()),
        Some("welcome") => line["you"]["name"].as_str().unwrap_or_default(),
        _ => return Err(format!("{asked:?} was answered with {line}")),
    };
    let fits = !name.is_empty() && name.len() <= 64 && name.trim() == name;
    if !fits || commanding(name).is_some() {
        return Err(format!("{asked:?} was let in as {name:?}"));
    }
    // Ana and Bo are in the room, calm and unmistakable.
    if ["ana", "bo"].contains(&name.to_lowercase().as_str()) {
        return Err(format!("{asked:?} was let in as {name:?} beside the one who has it"));
    }
    Ok(())
}

fn name(dice: &mut Dice) -> String {
    let mut name = String::new();
    if dice.once_in(4) {
        name.push_str(dice.pick(&ASCII));
    }
    let length = if dice.once_in(50) { dice.below(400) } else { 1 + dice.below(12) };
    let range = RANGES[dice.below(RANGES.len())];
    for _ in 0..length {
        match dice.below(12) {
            0 => name.push_str(dice.pick(&PIECES)),
            1 => name.extend(char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap_or(0))),
            2 => {
                let other = RANGES[dice.below(RANGES.len())];
                name.extend(in_range(dice, other));
            }
            _ => name.extend(in_range(dice, range)),
        }
    }
    name
}

fn in_range(dice: &mut Dice, (from, to): (u32, u32)) -> Option<char> {
    let width = usize::try_from(to - from).unwrap_or(0) + 1;
    char::from_u32(from + u32::try_from(dice.below(width)).unwrap_or(0))
}
