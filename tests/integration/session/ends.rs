//! V-11: no process outlives a session, and nothing is left, by whichever signal it ends.

use super::stage::{Link, Stage, event, watched};
use super::whole::SOON;
use crate::harness::cloudflared::{HANGS, HAPPY};
pub(crate) use crate::harness::signal;
use crate::harness::{Program, children};

/// The child of `parent` whose program has this name, of which the kernel keeps 15 bytes.
pub(crate) fn child(parent: u32, name: &str) -> u32 {
    let children = children(parent);
    let called = |pid: &u32| {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        comm.trim_end() == &name[..name.len().min(15)]
    };
    let found = children.iter().copied().find(called);
    found.unwrap_or_else(|| panic!("{name} is not among {children:?}"))
}

/// Kills a process, which the test has just found among its own descendants.
pub(super) fn kill(pid: u32) {
    signal("KILL", pid);
}

/// Kills a session together with its guard, so that nothing cleans up after it.
pub(crate) fn kill_with_guard(session: &Program) {
    // A stopped supervisor does not replace its guard.
    session.signal("STOP");
    kill(guard(session));
    session.signal("KILL");
    session.wait_exit();
}

/// Kills the guard of the session `supervisor`, and nothing else.
pub(super) fn kill_guard(supervisor: u32) {
    kill(child(supervisor, "chattrace-clean"));
}

/// The guard of a session. The cleaner, whose name is the same, must have exited.
pub(super) fn guard(session: &Program) -> u32 {
    child(session.pid(), "chattrace-clean")
}

/// A session that has reached this phase.
pub(crate) fn session_in(stage: &Stage, phase: &str) -> Program {
    match phase {
        "preparing" => stage.stand_in.version("hang"),
        "opening" => stage.stand_in.order(HANGS),
        _ => {}
    }
    let mut session = watched(&stage.public(&["--json", "--verbose"]));
    match phase {
        // The last line before it waits for cloudflared.
        "preparing" => drop(session.stderr_line_with("old sessions")),
        "opening" => drop(event(&mut session, "tunnel")),
        _ => drop(event(&mut session, "link")),
    }
    session
}

#[test]
fn every_signal_in_every_phase_ends_it_with_0() {
    for phase in ["preparing", "opening", "open"] {
        for signal in ["INT", "TERM", "HUP", "QUIT"] {
            let stage = Stage::new(HAPPY);
            let session = session_in(&stage, phase);
            session.signal(signal);
            let ended = session.wait().expect_code(0);
            let told = ended.stdout.lines().last().unwrap_or_default();
            assert_eq!(told, r#"{"event":"closed","remains":[]}"#, "{phase} {signal} {ended:#?}");
            stage.assert_nothing_left();
        }
    }
}

/// V-12: a second Ctrl+C does not wait for the goodbye.
#[test]
fn a_second_interrupt_kills_at_once_with_130() {
    for phase in ["preparing", "opening", "open"] {
        let stage = Stage::new(&format!("ignore-term\n{HAPPY}"));
        let mut session = session_in(&stage, phase);
        session.signal("INT");
        // A second signal is lost while the first one is pending (signal(7)).
        event(&mut session, "closing");
        session.signal("INT");
        let ended = session.wait();
        // Without a cloudflared that ignores TERM, the session may end before the second signal.
        if phase != "open" {
            assert!([0, 130].contains(&ended.code()), "{ended:#?}");
        } else {
            ended.expect_code(130);
        }
        stage.assert_nothing_left();
    }
}

/// V-12: the end does not wait for cloudflared's grace period.
#[test]
fn a_cloudflared_that_ignores_term_is_killed_in_time() {
    let stage = Stage::new(&format!("ignore-term\n{HAPPY}"));
    let session = session_in(&stage, "open");
    let begin = std::time::Instant::now();
    session.signal("TERM");
    session.wait().expect_code(0);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    stage.assert_nothing_left();
}

#[test]
fn killed_without_warning_it_takes_everybody_along_and_its_guard_cleans_up() {
    for phase in ["preparing", "opening", "open"] {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, phase);
        session.signal("KILL");
        let ended = session.wait();
        assert_eq!(ended.status.code(), None, "{ended:#?}");
        let word = "chattrace was killed; its processes are ended, nothing remains";
        assert_eq!(ended.stderr.lines().last(), Some(word), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

/// The death of the supervisor continues a guard that was stopped.
#[test]
fn a_guard_that_was_stopped_cleans_up_all_the_same() {
    let stage = Stage::new(HAPPY);
    let session = session_in(&stage, "open");
    signal("STOP", guard(&session));
    session.signal("KILL");
    session.wait();
    stage.assert_nothing_left();
}

#[test]
fn a_guard_that_is_lost_is_replaced_and_the_operator_reads_it() {
    let stage = Stage::new(HAPPY);
    let mut session = session_in(&stage, "open");
    kill(guard(&session));
    session.stderr_line_with(
        "the process that cleans up after a crash was ended by SIGKILL; a new one was started",
    );
    session.signal("KILL");
    let ended = session.wait();
    assert!(ended.stderr.ends_with("nothing remains\n"), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn killed_with_its_guard_it_takes_everybody_along_and_the_next_one_cleans_up() {
    for phase in ["preparing", "opening", "open"] {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, phase);
        kill_with_guard(&session);
        session.wait();
        assert_eq!(stage.run_dirs().len(), 1, "nobody was left to remove it");
        let mut next = watched(&stage.local(&["--json"]));
        next.stderr_line_with("old sessions     removed ");
        Link::printed(&mut next);
        assert_eq!(stage.run_dirs().len(), 1, "its own");
        next.signal("TERM");
        let ended = next.wait().expect_code(0);
        assert!(!ended.stderr.contains("nothing left to remove"), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

#[test]
fn killed_with_its_guard_chattrace_clean_removes_the_rest() {
    let stage = Stage::new(HAPPY);
    let session = session_in(&stage, "open");
    kill_with_guard(&session);
    session.wait();
    assert!(stage.clean().expect_code(0).stdout.contains("control.sock"));
    assert_eq!(stage.run_dirs().len(), 0);
}

#[test]
fn without_its_room_a_session_ends_with_70_and_says_so() {
    let stage = Stage::new(HAPPY);
    let mut session = session_in(&stage, "open");
    kill(child(session.pid(), "chattrace-serve"));
    assert!(event(&mut session, "closing")["text"].as_str().unwrap().contains("the room is gone"));
    let ended = session.wait().expect_code(70);
    let said = ended.stderr.lines().filter(|line| line.starts_with("chattrace: "));
    assert_eq!(
        said.collect::<Vec<_>>(),
        ["chattrace: chattrace-serve was ended by SIGKILL: the room is gone"]
    );
    stage.assert_nothing_left();
}

#[test]
fn without_its_tunnel_a_session_goes_on() {
    for name in ["chattrace-tunnel", "cloudflared"] {
        let stage = Stage::new(HAPPY);
        let mut session = session_in(&stage, "open");
        let link = Link::at("/t/0123456789012345678901", &stage.origin());
        let tunnel = child(session.pid(), "chattrace-tunnel");
        kill(if name == "cloudflared" { child(tunnel, name) } else { tunnel });
        let lost = event(&mut session, "tunnel");
        assert_eq!(lost["state"], "lost", "{lost}");
        assert!(lost["text"].as_str().unwrap().contains(name), "{lost}");
        // The room still responds.
        assert_eq!(super::guest::try_join(&link, "Ana")[0]["why"], "bad_ticket");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("; next try in 5 s"), "{ended:#?}");
        stage.assert_nothing_left();
    }
}
