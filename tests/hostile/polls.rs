//! Long polls: bearer tokens, cursors, bodies, aborted polls, several polls of one participant,
//! answers that the client never reads.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value;

use crate::campaign::{Campaign, Failure};
use crate::connection::connect;
use crate::harness::rng::Rng;
use crate::request::{self, Framing};
use crate::room::{Link, Room};
use crate::{lines, mutate};

/// Open polls whose answers the client never reads.
const MAX_UNREAD: usize = 24;

/// The server reads a request of this size before it answers. It may refuse a longer one earlier,
/// and close the connection with unread input, which resets it before the client has the answer.
const MAX_READ_AT_ONCE: usize = 1024;

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

pub(crate) fn run(campaign: &mut Campaign, room: &mut Room) {
    let mut resume = String::new();
    let mut unread: Vec<TcpStream> = Vec::new();
    while let Some((batch, mut rng)) = campaign.next_batch() {
        let rng = &mut rng;
        // The room keeps a participant that disappears for a while: one for each batch would fill
        // it.
        if resume.is_empty() || !is_joined(room, &resume) {
            let Some(participant) = room.join(campaign, batch) else { return };
            resume = participant.resume;
        }
        let templates = lines::templates(&room.link, &resume);
        let templates: Vec<&str> = templates.iter().map(String::as_str).collect();
        for _ in 0..campaign.surface.batch_inputs() {
            campaign.inputs += 1;
            if rng.one_in(4) {
                abandon(rng, room, &resume, &mut unread);
                continue;
            }
            let (bytes, framing) = poll(rng, &room.link, &resume, &templates);
            let answer = request::send(room.link.address, &bytes, framing);
            if let Err(what) = answer.and_then(|answer| check_lines(&answer)) {
                let bytes = String::from_utf8_lossy(&bytes).into_owned();
                campaign.report(Failure::Violation, batch, format!("{what}: {bytes:?}"));
            }
        }
        if !room.check(campaign, batch) {
            return;
        }
    }
}

/// Whether the participant is still in the room: a line of the batch before may have been `leave`.
fn is_joined(room: &Room, resume: &str) -> bool {
    let body = "{\"t\":\"beat\"}\n";
    let request = format!(
        "POST /poll HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {resume}\r\nContent-Length: {}\r\n\r\n{body}",
        room.link.address,
        body.len()
    );
    let answer = request::send(room.link.address, request.as_bytes(), Framing::Complete);
    answer.is_ok_and(|answer| request::status(&answer) == 200)
}

/// A poll with lines in its body, which the server answers at once.
fn poll(rng: &mut Rng, link: &Link, resume: &str, templates: &[&str]) -> (Vec<u8>, Framing) {
    let mut body = Vec::new();
    let max = if rng.one_in(50) { 400 } else { 6 };
    for _ in 0..=rng.below(max) {
        let as_text = rng.below(10) > 0;
        body.extend(mutate::line(rng, templates, as_text, 5_000));
        body.push(b'\n');
    }
    // An invalid line, so that the poll is answered and never parked, even if the other lines are
    // empty.
    body.extend(b"x\n");
    let mut bearer = resume.as_bytes().to_vec();
    let (mut length, mut framing) = (body.len(), Framing::Complete);
    match rng.below(8) {
        0 => bearer[0] ^= 1,
        1 => bearer.truncate(rng.below(bearer.len())),
        2 => bearer.extend(b"AAAA"),
        3 => bearer = b"\xff\xfe".to_vec(),
        4 => {
            length = length.wrapping_add(rng.below(20)).wrapping_sub(10);
            framing = Framing::Ambiguous;
        }
        _ => {}
    }
    let mut bytes =
        format!("POST /poll{} HTTP/1.1\r\nHost: {}\r\n", rng.choose(&CURSORS), link.address)
            .into_bytes();
    if !rng.one_in(8) {
        bytes.extend(
            rng.choose(&[
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
    if bytes.len() > MAX_READ_AT_ONCE {
        framing = Framing::Ambiguous;
    }
    (bytes, framing)
}

/// Starts a poll, whole or in part, and closes it or keeps it unread.
fn abandon(rng: &mut Rng, room: &Room, resume: &str, unread: &mut Vec<TcpStream>) {
    let request = format!(
        "POST /poll{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {resume}\r\nContent-Length: 0\r\n\r\n",
        rng.choose(&CURSORS),
        room.link.address
    );
    let mut stream = connect(room.link.address);
    let bytes = request.as_bytes();
    let length = if rng.one_in(3) { 1 + rng.below(bytes.len()) } else { bytes.len() };
    let _ = stream.write_all(&bytes[..length]);
    if rng.one_in(2) {
        if unread.len() == MAX_UNREAD {
            unread.remove(rng.below(MAX_UNREAD));
        }
        unread.push(stream);
    }
}

/// Checks that the answer to a poll is complete lines of JSON, unless it is an error in plain text.
pub(crate) fn check_lines(answer: &[u8]) -> Result<(), String> {
    let head = &answer[..answer.len() - request::body(answer).len()];
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    if !text.contains("application/x-ndjson") {
        return Ok(());
    }
    let body = std::str::from_utf8(request::body(answer)).map_err(|error| error.to_string())?;
    if !body.is_empty() && !body.ends_with('\n') {
        return Err(format!("an incomplete line: {body:?}"));
    }
    for line in body.lines() {
        serde_json::from_str::<Value>(line).map_err(|error| format!("{error}: {line:?}"))?;
    }
    Ok(())
}
