//! `control.sock` of a session without a tunnel: wrong requests, floods, half lines, many clients.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use crate::calm::Calm;
use crate::dice::Dice;
use crate::harness::{CHATTRACE, Place, Stream};
use crate::mutate;
use crate::room::Way;
use crate::turn::{Kind, Turn};
use crate::watch::{Watched, held, settled};
use crate::wire::{End, exchange};

/// Kilobytes that a supervisor is expected to stay below: its log has 10 000 entries at most, each
/// with a name of at most 64 bytes.
pub(crate) const SUPERVISOR: u64 = 64 * 1024;

/// Clients that connect, say half a line, and stay. Fewer than there are places.
const SILENT: usize = 8;

/// Longest line that is understood.
const LINE_BYTES: usize = 16 * 1024;

const TEMPLATES: [&str; 4] = [
    r#"{"id":1,"type":"ping"}"#,
    r#"{"id":2,"type":"status"}"#,
    r#"{"id":3,"type":"stop"}"#,
    r#"{"type":"ping","id":18446744073709551615}"#,
];

pub(crate) fn run(turn: &mut Turn) {
    let place = Place::new();
    let config = place.root().join("config.json");
    let text = r#"{"logs":"delete","room":{"rate":{"per_second":20,"burst":20}}}"#;
    std::fs::write(&config, text).unwrap();
    let mut command = place.command(CHATTRACE);
    command.arg("--config").arg(config).args(["--tunnel", "none", "--json"]);
    let mut session = Watched::start(command);
    let Some(way) = link(&mut session) else {
        return turn.found(Kind::Exit, 0, format!("no session: {:?}", session.said));
    };
    let socket = socket(&place);
    let calm = Calm::start(&way);
    attack(turn, &mut session, &socket);
    let (delays, complaints) = calm.take();
    turn.delays = delays;
    for complaint in complaints {
        turn.found(Kind::Broken, 0, format!("the calm pair: {complaint}"));
    }
    drop(calm);
    session.signal("TERM");
    let status = session.wait(|_, _| ());
    turn.panicked(0, &mut session.panics);
    if status.as_ref().map(std::process::ExitStatus::code) != Ok(Some(0)) {
        turn.found(Kind::Exit, 0, format!("the session ended with {status:?}: {:?}", session.said));
    }
}

/// The way into the room of a session that tells its link.
pub(crate) fn link(session: &mut Watched) -> Option<Way> {
    let mut link = None;
    session.until(|from, line| {
        let event: Option<Value> = serde_json::from_slice(line).ok();
        link = event.and_then(|event| Some(event["url"].as_str()?.to_owned()));
        from == Stream::Stdout && link.is_some()
    });
    Some(Way::of(&link?))
}

/// The socket of the one session in this place.
fn socket(place: &Place) -> PathBuf {
    let found = place.tree().into_iter().find(|path| path.ends_with("control.sock"));
    found.expect("a session has a control socket")
}

fn attack(turn: &mut Turn, session: &mut Watched, socket: &PathBuf) {
    let before = held(session.pid());
    let mut silent: Vec<UnixStream> = Vec::new();
    while let Some((batch, mut dice)) = turn.next() {
        let dice = &mut dice;
        if silent.len() == SILENT {
            silent.remove(dice.below(SILENT));
        }
        let Ok(mut client) = UnixStream::connect(socket) else {
            return turn.found(
                Kind::Exit,
                batch,
                "the session is gone after the batch before".to_owned(),
            );
        };
        let _ = client.write_all(&TEMPLATES[0].as_bytes()[..dice.below(20)]);
        silent.push(client);
        let count = turn.surface.batch();
        match talk(dice, socket, count, batch) {
            Ok(()) => turn.inputs += count as u64,
            Err(end) => turn.found(Kind::Broken, batch, format!("requests ended it: {end:?}")),
        }
        session.drain();
        turn.panicked(batch, &mut session.panics);
        turn.measured(batch, session.peak, SUPERVISOR);
        if let Some(status) = session.has_ended() {
            return turn.found(Kind::Exit, batch, format!("the session ended with {status}"));
        }
    }
    drop(silent);
    let after = settled(session.pid(), before);
    if after.descriptors > before.descriptors {
        turn.found(Kind::Broken, 0, format!("{after:?}, {before:?} before"));
    }
    turn.held = Some((before, after));
}

/// Wrong requests, and a right one whose answer says that all of them were taken.
fn talk(dice: &mut Dice, socket: &PathBuf, count: usize, batch: u64) -> Result<(), End> {
    let mut stream = UnixStream::connect(socket).map_err(|_| End::Cut)?;
    stream.set_nonblocking(true).unwrap();
    let mut bytes = Vec::new();
    for _ in 1..count {
        let mut line = mutate::line(dice, &TEMPLATES, false, LINE_BYTES - 1);
        if mutate::ends(&line, "type", "stop") {
            line = b"{\"type\":\"stop\"}".to_vec();
        }
        bytes.extend(line);
        bytes.push(b'\n');
    }
    // Above every number that a line of the batch can have, and below what JSON in general can.
    let id = (1 << 52) + batch;
    bytes.extend(format!("{{\"id\":{id},\"type\":\"ping\"}}\n").into_bytes());
    let last = format!("{{\"id\":{id},\"type\":\"pong\"");
    let mut answers = Vec::new();
    exchange(&mut stream, &bytes, |more| {
        answers.extend_from_slice(more);
        let end = answers.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut found = None;
        for line in answers[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            serde_json::from_slice::<serde::de::IgnoredAny>(line).map_err(|error| {
                End::Breach(format!("{error}: {:?}", String::from_utf8_lossy(line)))
            })?;
            if line.starts_with(last.as_bytes()) {
                found = Some(());
            }
        }
        answers.drain(..end);
        Ok(found)
    })?;
    if dice.once_in(4) {
        // What cannot be read on from: a line without end, or the end in the middle of one.
        stream.set_nonblocking(false).unwrap();
        let _ = stream.write_all(&vec![b'x'; dice.below(2 * LINE_BYTES)]);
    }
    Ok(())
}
