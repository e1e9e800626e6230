//! Lines of JSON in valid frames: mutated lines of the protocol, before and after the join.

use std::convert::Infallible;

use crate::campaign::{Campaign, Failure};
use crate::connection::{StreamEnd, WebSocket, write_frame};
use crate::harness::rng::Rng;
use crate::harness::strict_reader::Frame;
use crate::mutate;
use crate::room::{Link, Participant, Room};

const MAX_FRAME_BYTES: usize = 16 * 1024;

/// First lines in each batch; each needs a connection of its own.
const FIRST_LINES: usize = 2;

/// Valid lines for this room, from a participant with this resume token.
pub(crate) fn templates(link: &Link, resume: &str) -> Vec<String> {
    let ticket = &link.ticket;
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

pub(crate) fn run(campaign: &mut Campaign, room: &mut Room) {
    let mut participant: Option<Participant> = None;
    while let Some((batch, mut rng)) = campaign.next_batch() {
        let resume = participant.as_ref().map_or("", |participant| &participant.resume).to_owned();
        let lines = templates(&room.link, &resume);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for _ in 0..FIRST_LINES {
            if send_first(campaign, room, batch, &mut rng, &lines) == Join::Accepted {
                // It may have resumed the participant of this campaign, and left.
                participant = None;
            }
        }
        let Some(mut joined) = participant.take().or_else(|| room.join(campaign, batch)) else {
            return;
        };
        let count = campaign.surface.batch_inputs() - FIRST_LINES;
        let bytes = frames(&mut rng, &lines, count);
        let mark = batch.to_be_bytes();
        let wanted = |frame: Frame<'_>| (frame == Frame::Pong(&mark)).then_some(());
        let mut last = bytes;
        write_frame(&mut last, 0x89, [9; 4], &mark);
        match joined.socket.send_until(&last, wanted) {
            Ok(()) => {
                campaign.inputs += count as u64;
                participant = Some(joined);
            }
            Err(end) => {
                campaign.report(
                    Failure::Violation,
                    batch,
                    format!("lines ended the connection: {end:?}"),
                );
            }
        }
        if !room.check(campaign, batch) {
            return;
        }
    }
}

/// `count` lines, in as few frames as possible.
fn frames(rng: &mut Rng, templates: &[&str], count: usize) -> Vec<u8> {
    let (mut bytes, mut text) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut line = mutate::line(rng, templates, true, 5_000);
        if mutate::has_kind(&line, "t", "leave") {
            line = br#"{"t":"beat","t":"leave"}"#.to_vec();
        }
        if text.len() + line.len() + 1 > MAX_FRAME_BYTES {
            write_frame(&mut bytes, 0x81, [rng.byte(), rng.byte(), 0, rng.byte()], &text);
            text.clear();
        }
        text.extend(line);
        text.push(b'\n');
    }
    write_frame(&mut bytes, 0x81, [1, 2, 3, 4], &text);
    bytes
}

/// The answer to a first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    Accepted,
    Refused,
}

/// Sends one mutated line on a new connection, and `leave`.
fn send_first(
    campaign: &mut Campaign,
    room: &Room,
    batch: u64,
    rng: &mut Rng,
    lines: &[&str],
) -> Join {
    let line = mutate::line(rng, lines, false, MAX_FRAME_BYTES - 40);
    let mut socket = match WebSocket::open(room.link.address) {
        Ok(socket) => socket,
        // Too many connections.
        Err(StreamEnd::Status(503)) => return Join::Refused,
        Err(end) => {
            campaign.report(Failure::Violation, batch, format!("no socket: {end:?}"));
            return Join::Refused;
        }
    };
    let mut bytes = Vec::new();
    let text = [&line[..], b"\n{\"t\":\"leave\"}"].concat();
    write_frame(&mut bytes, 0x81, [5, 6, 7, 8], &text);
    campaign.inputs += 1;
    let mut join = Join::Refused;
    let ended = socket.send_until(&bytes, |frame| {
        if matches!(frame, Frame::Text(text) if text.starts_with("{\"t\":\"welcome\"")) {
            join = Join::Accepted;
        }
        None::<Infallible>
    });
    let Err(end) = ended;
    match end {
        StreamEnd::CloseFrame(_) | StreamEnd::Eof | StreamEnd::Status(_) => {}
        end @ (StreamEnd::Timeout | StreamEnd::Violation(_)) => {
            let line = String::from_utf8_lossy(&line).into_owned();
            campaign.report(Failure::Violation, batch, format!("after {line:?}: {end:?}"));
        }
    }
    join
}
