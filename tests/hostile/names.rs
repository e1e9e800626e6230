//! Names in join requests: every plane of Unicode, look-alikes, long runs of combining marks,
//! bidirectional controls, emoji sequences. Each participant joins and leaves in one request.

use serde_json::{Value, json};

use crate::campaign::{Campaign, Failure};
use crate::harness::rng::Rng;
use crate::output::find_control_char;
use crate::polls;
use crate::request::{self, Framing};
use crate::room::Room;

/// Blocks of Unicode with look-alikes, combining marks, controls and emoji.
const BLOCKS: [(u32, u32); 22] = [
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

/// Parts of emoji sequences.
const EMOJI_PARTS: [&str; 12] = [
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

pub(crate) fn run(campaign: &mut Campaign, room: &mut Room) {
    while let Some((batch, mut rng)) = campaign.next_batch() {
        for _ in 0..campaign.surface.batch_inputs() {
            let name = name(&mut rng);
            let join = json!({"t": "join", "name": name, "ticket": room.link.ticket});
            let body = format!("{join}\n{{\"t\":\"leave\"}}\n");
            let request = format!(
                "POST /poll HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
                room.link.address,
                body.len()
            );
            campaign.inputs += 1;
            let answer = request::send(room.link.address, request.as_bytes(), Framing::Complete);
            if let Err(what) = answer.and_then(|answer| check_answer(&answer, &name)) {
                campaign.report(Failure::Violation, batch, what);
            }
        }
        if !room.check(campaign, batch) {
            return;
        }
    }
}

/// Checks that the room refused the name, or accepted a harmless one.
fn check_answer(answer: &[u8], asked: &str) -> Result<(), String> {
    polls::check_lines(answer)?;
    if matches!(request::status(answer), 429 | 503) {
        // Too many joins at once.
        return Ok(());
    }
    let body = String::from_utf8_lossy(request::body(answer));
    let line: Value = serde_json::from_str(body.lines().next().unwrap_or_default())
        .map_err(|error| format!("{asked:?}: {error}: {body:?}"))?;
    let name = match line["t"].as_str() {
        Some("refused") => return Ok(()),
        Some("welcome") => line["you"]["name"].as_str().unwrap_or_default(),
        _ => return Err(format!("the answer to {asked:?} was {line}")),
    };
    let fits = !name.is_empty() && name.len() <= 64 && name.trim() == name;
    if !fits || find_control_char(name).is_some() {
        return Err(format!("{asked:?} was accepted as {name:?}"));
    }
    // The bystanders have these names.
    if ["ana", "bo"].contains(&name.to_lowercase().as_str()) {
        return Err(format!("{asked:?} was accepted as {name:?}, which is in use"));
    }
    Ok(())
}

fn name(rng: &mut Rng) -> String {
    let mut name = String::new();
    if rng.one_in(4) {
        name.push_str(rng.choose(&ASCII));
    }
    let length = if rng.one_in(50) { rng.below(400) } else { 1 + rng.below(12) };
    let block = BLOCKS[rng.below(BLOCKS.len())];
    for _ in 0..length {
        match rng.below(12) {
            0 => name.push_str(rng.choose(&EMOJI_PARTS)),
            1 => name.extend(char::from_u32(u32::try_from(rng.below(0x11_0000)).unwrap_or(0))),
            2 => {
                let other = BLOCKS[rng.below(BLOCKS.len())];
                name.extend(char_in(rng, other));
            }
            _ => name.extend(char_in(rng, block)),
        }
    }
    name
}

fn char_in(rng: &mut Rng, (from, to): (u32, u32)) -> Option<char> {
    let width = usize::try_from(to - from).unwrap_or(0) + 1;
    char::from_u32(from + u32::try_from(rng.below(width)).unwrap_or(0))
}
