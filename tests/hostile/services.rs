//! Messages of services to the supervisor: a whole session, with a rogue program in the place of
//! `chattrace-serve` or `chattrace-tunnel`.

use nix::sys::resource::{UsageWho, getrusage};
use std::path::Path;

use crate::campaign::{Campaign, Failure};
use crate::control::MAX_SUPERVISOR_MEMORY;
use crate::harness::{CHATTRACE, CLEAN, SERVE, Stream, TestEnv};
use crate::monitor::Monitored;
use crate::output::find_control_char;
use crate::rogue_service::{LAST, ORDERS, SENT};

pub(crate) fn run(campaign: &mut Campaign) {
    while let Some((batch, _)) = campaign.next_batch() {
        let env = TestEnv::new();
        let bin = env.root().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let own = std::env::current_exe().unwrap();
        let own = own.to_string_lossy();
        // The other service, if there is one, is genuine.
        let (serve, tunnel) = if batch.is_multiple_of(2) { (&*own, &*own) } else { (SERVE, &*own) };
        for (program, name) in [
            (CHATTRACE, "chattrace"),
            (CLEAN, "chattrace-clean"),
            (serve, "chattrace-serve"),
            (tunnel, "chattrace-tunnel"),
        ] {
            install(Path::new(program), &bin.join(name));
        }
        let count = campaign.surface.batch_inputs();
        std::fs::write(bin.join(ORDERS), format!("{} {batch} {count}", campaign.seed)).unwrap();
        let mut command = env.command(bin.join("chattrace"));
        command.args(["--json", "--logs", "delete"]);
        if batch.is_multiple_of(2) {
            command.args(["--tunnel", "none"]);
        }
        let mut session = Monitored::spawn(command);
        run_session(campaign, batch, &mut session);
        let sent = std::fs::read_to_string(bin.join(SENT)).unwrap_or_default();
        campaign.inputs += sent.lines().last().and_then(|last| last.parse().ok()).unwrap_or(0);
        let left: Vec<_> =
            env.tree().into_iter().filter(|path| path.ends_with("control.sock")).collect();
        if !left.is_empty() {
            campaign.report(Failure::Violation, batch, format!("left: {left:?}"));
        }
    }
}

/// Puts a program at `path`: as a hard link, or as a copy on another file system.
pub(crate) fn install(program: &Path, path: &Path) {
    if std::fs::hard_link(program, path).is_err() {
        let copied = std::process::Command::new("cp").arg(program).arg(path).status();
        assert!(copied.unwrap().success());
    }
}

/// Reads the output of the session up to the last message of its service, and terminates it.
fn run_session(campaign: &mut Campaign, batch: u64, session: &mut Monitored) {
    let mut violation = None;
    let mut lines = 0u32;
    let pid = session.pid();
    let mut peak = 0;
    let mut check = |from: Stream, line: &[u8]| {
        lines += 1;
        if lines.is_multiple_of(64) {
            peak = peak.max(crate::resources::peak_memory(pid).unwrap_or(0));
        }
        check(from, line).err().map(|what| violation.get_or_insert(what));
        line.windows(LAST.len()).any(|part| part == LAST.as_bytes())
    };
    session.read_until(&mut check);
    session.signal("TERM");
    let status = session.wait(|from, line| {
        check(from, line);
    });
    campaign.report_panics(batch, &mut session.panics);
    // A session may exit before its memory is sampled. The kernel keeps the maximum of all children
    // that were reaped, those of other surfaces included (getrusage(2), `ru_maxrss`).
    let reaped = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
    let reaped = u64::try_from(reaped).unwrap_or(0);
    campaign.record_memory(batch, session.peak.max(peak).max(reaped), MAX_SUPERVISOR_MEMORY);
    if let Some(what) = violation {
        campaign.report(Failure::Violation, batch, what);
    }
    // Ended as requested, without a service that it needs, or because of an invalid message.
    match status.as_ref().map(std::process::ExitStatus::code) {
        Ok(Some(0 | 69 | 70)) => {}
        other => campaign.report(Failure::Exit, batch, format!("{other:?}: {:?}", session.stderr)),
    }
}

/// Checks that a line of stdout is a JSON object, and that no line has a control character.
fn check(from: Stream, line: &[u8]) -> Result<(), String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Err(format!("invalid UTF-8: {:?}", String::from_utf8_lossy(line)));
    };
    if let Some(c) = find_control_char(text) {
        return Err(format!("{c:?} in a line of {from:?}: {text:?}"));
    }
    if from == Stream::Stdout {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("{error}: {text:?}"))?;
        if !value.is_object() {
            return Err(format!("not an object: {text:?}"));
        }
    }
    Ok(())
}
