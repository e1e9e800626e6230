//! Signals that a launcher has blocked, ignored or left pending, and its timers.

use super::{assert_whole_session, launched, services, status};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Program, SERVE, Terminal};
use crate::session::ends::guard;
use crate::session::stage::{Stage, event, watched};
use crate::tunnel::command::{ORIGIN, tunnel};

/// What a launcher can do to signals. Each alone, so that a failure names it.
const LEFT: [&[&str]; 17] = [
    &["block=TERM"],
    &["block=CHLD"],
    &["block=PIPE,ALRM,SEGV,BUS,ILL,FPE,ABRT,TSTP,CONT,WINCH"],
    &["block=all"],
    &["ignore=CHLD"],
    &["ignore=HUP"],
    &["ignore=INT,QUIT"],
    &["ignore=TSTP,TTIN,TTOU"],
    &["ignore=XFSZ,XCPU,PIPE"],
    &["ignore=all"],
    &["block=all", "ignore=all"],
    &["pending=USR1"],
    &["block=all", "pending=ALRM,XFSZ,XCPU,PROF,IO,TSTP,TTIN,CHLD"],
    // Blocked or ignored: otherwise they could end the program while the loader still starts it.
    &["block=ALRM", "timer=real"],
    &["block=VTALRM", "timer=virtual"],
    &["block=PROF", "timer=profile"],
    &["ignore=ALRM,VTALRM,PROF", "timer=real", "timer=virtual", "timer=profile"],
];

#[test]
fn a_session_works_and_ends_by_term_whatever_was_done_to_signals() {
    let stage = Stage::new(HAPPY);
    for settings in LEFT {
        assert_whole_session(&stage, settings, &stage.public(&["--json"]));
        assert!(stage.stand_in.ended_by_term(), "{settings:?}");
    }
}

#[test]
fn every_request_to_end_is_received() {
    let stage = Stage::new(HAPPY);
    for name in ["INT", "HUP", "QUIT", "TERM"] {
        for how in ["block=all", "ignore=all"] {
            let mut session = watched(&launched(&[how], &stage.local(&["--json"])));
            event(&mut session, "link");
            session.signal(name);
            let ended = session.wait().expect_code(0);
            assert!(ended.stderr.contains("nothing remains"), "{name} {how}: {ended:#?}");
            stage.assert_nothing_left();
        }
    }
}

/// Of a Rust program, std ignores PIPE before `main`. ILL, FPE and SEGV cannot be caught by safe code;
/// a fault ends a program even if its signal is ignored. 32 and 33 belong to the C library.
#[test]
fn every_process_has_a_mask_of_its_own_and_cloudflared_an_empty_one() {
    const EXPECTED: [u32; 6] = [13, 4, 8, 11, 32, 33];
    let expected = EXPECTED.iter().fold(0, |bits, number| bits | 1_u64 << (number - 1));
    let stage = Stage::new(HAPPY);
    for settings in [&["block=all", "ignore=all"][..], &["umask=0"]] {
        let mut session = watched(&launched(settings, &stage.public(&["--json"])));
        event(&mut session, "link");
        let services = services(&session);
        let bits = |pid, name| u64::from_str_radix(&status(pid, name), 16).unwrap();
        let cloudflared = services[3];
        assert_eq!(bits(cloudflared, "SigBlk"), 0, "{settings:?}");
        for pid in services.into_iter().chain([session.pid()]) {
            let name = status(pid, "Name");
            assert_eq!(bits(pid, "SigIgn") & !expected, 0, "{settings:?} {name}");
            assert_eq!(status(pid, "Umask"), "0077", "{settings:?} {name}");
        }
        // Of the four: all that can end one of them in order, and all that reports a fault.
        for name in ["TERM", "INT", "HUP", "QUIT", "CHLD", "SEGV", "BUS", "ILL", "FPE", "ABRT"] {
            let signal: nix::sys::signal::Signal = format!("SIG{name}").parse().unwrap();
            let bit = 1 << (signal as i32 - 1);
            assert_eq!(bits(session.pid(), "SigBlk") & bit, 0, "{settings:?} {name}");
            assert_eq!(bits(services[1], "SigBlk") & bit, 0, "{settings:?} {name}");
            assert_eq!(bits(services[2], "SigBlk") & bit, 0, "{settings:?} {name}");
        }
        session.signal("TERM");
        session.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

#[test]
fn the_guard_still_notices_the_death_of_the_supervisor() {
    let stage = Stage::new(HAPPY);
    for how in ["block=all", "ignore=all"] {
        let mut session = watched(&launched(&[how], &stage.public(&["--json"])));
        event(&mut session, "link");
        assert_ne!(guard(&session), 0);
        session.signal("KILL");
        let ended = session.wait();
        assert!(ended.stderr.contains("nothing remains"), "{how}: {ended:#?}");
        stage.assert_nothing_left();
    }
}

#[test]
fn on_a_terminal_its_keys_and_its_close_end_the_session() {
    let stage = Stage::new(HAPPY);
    for how in ["block=all", "ignore=all"] {
        let command = launched(&[how], &stage.local(&["--logs", "delete"]));
        let mut terminal = Terminal::start(&command, 80);
        terminal.wait_for("● local only");
        terminal.type_keys("\u{1a}");
        terminal.wait_for("Ctrl+Z would leave the room open without you");
        terminal.type_keys("\u{3}");
        terminal.wait_for("nothing remains");
        terminal.wait().expect_code(0);
        let mut terminal = Terminal::start(&command, 80);
        terminal.wait_for("● local only");
        terminal.close();
        terminal.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

/// The kernel sends SIGIO to the process that a launcher was, for every key.
#[test]
fn a_terminal_that_announces_its_input_ends_nothing() {
    let stage = Stage::new(HAPPY);
    let command = launched(&["async"], &stage.local(&["--logs", "delete"]));
    let mut terminal = Terminal::start(&command, 80);
    terminal.wait_for("● local only");
    terminal.type_keys("x\n");
    terminal.type_keys("\u{3}");
    terminal.wait_for("nothing remains");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn the_programs_alone_end_by_term_too() {
    let stage = Stage::new(HAPPY);
    let mut room = stage.env.command(SERVE);
    room.arg("--json");
    let tunnel = tunnel(&stage.env, &stage.stand_in, &[ORIGIN]);
    for settings in LEFT {
        for (command, ready) in [(&room, "\"ready\""), (&tunnel, "https://")] {
            let mut program = watched(&launched(settings, command));
            program.stdout_line_with(ready);
            program.signal("TERM");
            let ended = program.wait();
            assert_eq!(ended.status.code(), Some(0), "{settings:?}: {ended:#?}");
        }
        let mut clean = stage.env.command(CLEAN);
        clean.args(["--stale", "--yes"]);
        let ended = Program::run(launched(settings, &clean));
        assert_eq!(ended.status.code(), Some(0), "{settings:?}: {ended:#?}");
    }
}

/// A question that no key but Ctrl+C answers.
#[test]
fn ctrl_c_ends_the_question_of_chattrace_clean() {
    let stage = Stage::new(HAPPY);
    for how in ["block=all", "ignore=all"] {
        let downloads = stage.env.home().join(".local/share/chattrace");
        std::fs::create_dir_all(downloads.join("bin")).unwrap();
        let mut clean = stage.env.command(CLEAN);
        clean.arg("--all");
        let mut terminal = Terminal::start(&launched(&[how], &clean), 80);
        terminal.wait_for("?");
        terminal.type_keys("\u{3}");
        let ended = terminal.wait();
        assert_eq!(ended.status.code(), None, "by the signal: {how}: {ended:#?}");
        assert!(downloads.exists());
    }
}
