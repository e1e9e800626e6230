//! Long polls: bearers, cursors, bodies, polls that are given up, several of one seat, answers that
//! nobody reads.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value;

use crate::dice::Dice;
use crate::request::{self, Sent};
use crate::room::{Room, Way};
use crate::turn::{Kind, Turn};
use crate::wire::connect;
use crate::{lines, mutate};

/// Polls that are open at once, and never read.
const DEAF: usize = 24;

/// Bytes of a request that are read in one piece.
const SURE: usize = 1024;

const CURSORS: [&str; 12] = [
    "",
    "?after=0",
    "?after=1",
    "?after=18446744073709551615",
    "?after=18446744073709551616",
    "?after=-1",
    "?after=",
    "?after=x",
    "?after=1&after=2",
    "?before=1",
    "?after=%31",
    "?",
];

pub(crate) fn run(turn: &mut Turn, room: &mut Room) {
    let mut resume = String::new();
    let mut deaf: Vec<TcpStream> = Vec::new();
    while let Some((batch, mut dice)) = turn.next() {
        let dice = &mut dice;
        // A seat that was given up is kept for a while: a new one for each batch would fill the room.
        if resume.is_empty() || !keeps(room, &resume) {
            let Some(seat) = room.seat(turn, batch) else { return };
            resume = seat.resume;
        }
        let templates = lines::templates(&room.way, &resume);
        let templates: Vec<&str> = templates.iter().map(String::as_str).collect();
        for _ in 0..turn.surface.batch() {
            turn.inputs += 1;
            if dice.once_in(4) {
                give_up(dice, room, &resume, &mut deaf);
                continue;
            }
            let (bytes, sent) = one(dice, &room.way, &resume, &templates);
            let answer = request::ask(room.way.address, &bytes, sent);
            if let Err(what) = answer.and_then(|answer| whole_lines(&answer)) {
                let bytes = String::from_utf8_lossy(&bytes).into_owned();
                turn.found(Kind::Broken, batch, format!("{what}: {bytes:?}"));
            }
        }
        if !room.look(turn, batch) {
            return;
        }
    }
}

/// Whether the seat is still there, and not left by a line of the batch before.
fn keeps(room: &Room, resume: &str) -> bool {
    let body = "{\"t\":\"beat\"}\n";
    let request = format!(
        "POST /poll HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {resume}\r\nContent-Length: {}\r\n\r\n{body}",
        room.way.address,
        body.len()
    );
    let answer = request::ask(room.way.address, request.as_bytes(), Sent::Whole);
    answer.is_ok_and(|answer| request::status(&answer) == 200)
}

/// A poll with something to say, which is answered at once.
fn one(dice: &mut Dice, way: &Way, resume: &str, templates: &[&str]) -> (Vec<u8>, Sent) {
    let mut body = Vec::new();
    let most = if dice.once_in(50) { 400 } else { 6 };
    for _ in 0..=dice.below(most) {
        let as_text = dice.below(10) > 0;
        body.extend(mutate::line(dice, templates, as_text, 5_000));
        body.push(b'\n');
    }
    // Refused whatever else it says: so it is not held, even if all the rest is empty.
    body.extend(b"x\n");
    let mut bearer = resume.as_bytes().to_vec();
    let (mut length, mut sent) = (body.len(), Sent::Whole);
    match dice.below(8) {
        0 => bearer[0] ^= 1,
        1 => bearer.truncate(dice.below(bearer.len())),
        2 => bearer.extend(b"AAAA"),
        3 => bearer = b"\xff\xfe".to_vec(),
        4 => {
            length = length.wrapping_add(dice.below(20)).wrapping_sub(10);
            sent = Sent::Perhaps;
        }
        _ => {}
    }
    let mut bytes =
        format!("POST /poll{} HTTP/1.1\r\nHost: {}\r\n", dice.pick(&CURSORS), way.address)
            .into_bytes();
    if !dice.once_in(8) {
        bytes.extend(
            dice.pick(&[
                "Authorization: Bearer ",
                "authorization: Bearer ",
                "Authorization: bearer ",
            ])
            .bytes(),
        );
        bytes.extend(bearer);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("Content-Length: {length}\r\n\r\n").into_bytes());
    bytes.extend(body);
    if bytes.len() > SURE {
        // Refused before all of it was read, and so perhaps reset before its answer was.
        sent = Sent::Perhaps;
    }
    (bytes, sent)
}

/// A poll that is held, or its beginning: given up, or kept and never read.
fn give_up(dice: &mut Dice, room: &Room, resume: &str, deaf: &mut Vec<TcpStream>) {
    let request = format!(
        "POST /poll{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {resume}\r\nContent-Length: 0\r\n\r\n",
        dice.pick(&CURSORS),
        room.way.address
    );
    let mut stream = connect(room.way.address);
    let bytes = request.as_bytes();
    let length = if dice.once_in(3) { 1 + dice.below(bytes.len()) } else { bytes.len() };
    let _ = stream.write_all(&bytes[..length]);
    if dice.once_in(2) {
        if deaf.len() == DEAF {
            deaf.remove(dice.below(DEAF));
        }
        deaf.push(stream);
    }
}

/// Whatever a poll is answered with is whole lines of JSON, unless it is a plain sentence of ours.
pub(crate) fn whole_lines(answer: &[u8]) -> Result<(), String> {
    let head = &answer[..answer.len() - request::body(answer).len()];
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    if !text.contains("application/x-ndjson") {
        return Ok(());
    }
    let body = std::str::from_utf8(request::body(answer)).map_err(|error| error.to_string())?;
    if !body.is_empty() && !body.ends_with('\n') {
        return Err(format!("half a line: {body:?}"));
    }
    for line in body.lines() {
        serde_json::from_str::<Value>(line).map_err(|error| format!("{error}: {line:?}"))?;
    }
    Ok(())
}
