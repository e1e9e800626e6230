//! Messages of services to their supervisor: a whole session with a hostile program in the place of
//! the room's or of the tunnel's.

use nix::sys::resource::{UsageWho, getrusage};
use std::path::Path;

use crate::control::SUPERVISOR;
use crate::harness::{CHATTRACE, CLEAN, Place, SERVE, Stream};
use crate::sibling::{LAST, ORDERS, TAKEN};
use crate::turn::{Kind, Turn};
use crate::watch::{Watched, commanding};

pub(crate) fn run(turn: &mut Turn) {
    while let Some((batch, _)) = turn.next() {
        let place = Place::new();
        let bin = place.root().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let own = std::env::current_exe().unwrap();
        let own = own.to_string_lossy();
        // One of the two is as it should be.
        let (serve, tunnel) = if batch.is_multiple_of(2) { (&*own, &*own) } else { (SERVE, &*own) };
        for (program, name) in [
            (CHATTRACE, "chattrace"),
            (CLEAN, "chattrace-clean"),
            (serve, "chattrace-serve"),
            (tunnel, "chattrace-tunnel"),
        ] {
            placed(Path::new(program), &bin.join(name));
        }
        let count = turn.surface.batch();
        std::fs::write(bin.join(ORDERS), format!("{} {batch} {count}", turn.seed)).unwrap();
        let mut command = place.command(bin.join("chattrace"));
        command.args(["--json", "--logs", "delete"]);
        if batch.is_multiple_of(2) {
            command.args(["--tunnel", "none"]);
        }
        let mut session = Watched::start(command);
        hear(turn, batch, &mut session);
        let taken = std::fs::read_to_string(bin.join(TAKEN)).unwrap_or_default();
        turn.inputs += taken.lines().last().and_then(|last| last.parse().ok()).unwrap_or(0);
        let left: Vec<_> =
            place.tree().into_iter().filter(|path| path.ends_with("control.sock")).collect();
        if !left.is_empty() {
            turn.found(Kind::Broken, batch, format!("left behind: {left:?}"));
        }
    }
}

/// Puts a program at `path`: a link where that works, else a copy.
pub(crate) fn placed(program: &Path, path: &Path) {
    if std::fs::hard_link(program, path).is_err() {
        let copied = std::process::Command::new("cp").arg(program).arg(path).status();
        assert!(copied.unwrap().success());
    }
}

/// Takes what the session says, up to the last message of its service, and ends it.
fn hear(turn: &mut Turn, batch: u64, session: &mut Watched) {
    let mut wrong = None;
    let mut lines = 0u32;
    let pid = session.pid();
    let mut peak = 0;
    let mut judge = |from: Stream, line: &[u8]| {
        lines += 1;
        if lines.is_multiple_of(64) {
            peak = peak.max(crate::watch::peak(pid).unwrap_or(0));
        }
        judge(from, line).err().map(|what| wrong.get_or_insert(what));
        line.windows(LAST.len()).any(|part| part == LAST.as_bytes())
    };
    session.until(&mut judge);
    session.signal("TERM");
    let status = session.wait(|from, line| {
        judge(from, line);
    });
    turn.panicked(batch, &mut session.panics);
    // A session that is ended at once is gone before it is looked at. The kernel keeps the largest of all
    // children that were collected, also of other surfaces (getrusage(2), `ru_maxrss`).
    let collected = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
    let collected = u64::try_from(collected).unwrap_or(0);
    turn.measured(batch, session.peak.max(peak).max(collected), SUPERVISOR);
    if let Some(what) = wrong {
        turn.found(Kind::Broken, batch, what);
    }
    // Ended as asked, without a service that is needed, or by a service that talks nonsense.
    match status.as_ref().map(std::process::ExitStatus::code) {
        Ok(Some(0 | 69 | 70)) => {}
        other => turn.found(Kind::Exit, batch, format!("{other:?}: {:?}", session.said)),
    }
}

/// What a session says is one object in each line of stdout, and nothing that a terminal obeys.
fn judge(from: Stream, line: &[u8]) -> Result<(), String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Err(format!("no UTF-8: {:?}", String::from_utf8_lossy(line)));
    };
    if let Some(sign) = commanding(text) {
        return Err(format!("{sign:?} in a line of {from:?}: {text:?}"));
    }
    if from == Stream::Stdout {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("{error}: {text:?}"))?;
        if !value.is_object() {
            return Err(format!("no object: {text:?}"));
        }
    }
    Ok(())
}
