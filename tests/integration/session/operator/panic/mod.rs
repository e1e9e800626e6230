//! `panic` in every phase: no goodbye is waited for, no question asked, and nothing remains.

mod typed;
mod void;

use std::io::{BufRead as _, Write as _};

use super::super::ctl::ctl;
use super::super::ends::{child, session_in};
use super::super::guest::Guest;
use super::super::stage::{Link, Stage, event};
use super::{Operator, connect};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Output, Terminal, signal};
use typed::assert_cleared;

const CTRL_C: &str = "\u{3}";

#[test]
fn in_an_open_room_everyone_hears_the_end() {
    for mode in ["--open", "--sealed"] {
        let stage = Stage::new(HAPPY);
        let mut operator = Operator::start(&stage, &[mode]);
        let ana = (mode == "--open").then(|| Guest::join(&operator.link, "Ana"));
        let poll = ana.map(|mut ana| (ana.poll_after(ana.seq()), ana));
        let reply = operator.give("panic");
        assert_eq!(reply.kind, "done", "{reply:?}");
        let ended = operator.session.wait().expect_code(0);
        assert!(ended.stderr.ends_with("panic: nothing remains\n"), "{ended:#?}");
        assert!(!ended.stderr.contains("[s]ave"), "{ended:#?}");
        drop(poll);
        stage.assert_nothing_left();
    }
}

/// Before there is a room, before there is a link, and with one.
#[test]
fn over_the_socket_in_every_phase_before_the_end() {
    for phase in ["preparing", "opening", "open"] {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, phase);
        give_panic(&stage);
        assert_over(session.wait());
        stage.assert_nothing_left();
    }
}

/// While everyone is told the end, and while cloudflared is waited for.
#[test]
fn while_the_session_ends() {
    let stage = Stage::new(&format!("ignore-term\n{HAPPY}"));
    let mut session = session_in(&stage, "open");
    session.signal("TERM");
    event(&mut session, "closing");
    give_panic(&stage);
    assert_over(session.wait());
    stage.assert_nothing_left();
}

/// A process that hangs is not waited for.
#[test]
fn with_services_that_hang() {
    for name in ["chattrace-serve", "chattrace-tunnel", "chattrace-clean"] {
        let stage = Stage::new(HAPPY);
        let session = session_in(&stage, "open");
        signal("STOP", child(session.pid(), name));
        give_panic(&stage);
        assert_over(session.wait());
        stage.assert_nothing_left();
    }
}

/// `chattrace ctl` has its answer before the session exits.
#[test]
fn ctl_is_answered_in_every_phase() {
    for phase in ["preparing", "opening", "open", "closing"] {
        let stage = Stage::new(&format!("ignore-term\n{HAPPY}"));
        let session = if phase == "closing" {
            let mut session = session_in(&stage, "open");
            session.signal("TERM");
            event(&mut session, "closing");
            session
        } else {
            session_in(&stage, phase)
        };
        assert_answered(&stage);
        assert_over(session.wait());
        stage.assert_nothing_left();
        assert!(ctl(&stage, &["panic"]).expect_code(69).stderr.contains("no session is running"));
    }
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open"]), 80);
    Link::on_screen(&mut terminal);
    terminal.type_keys(CTRL_C);
    terminal.wait_for("[s]ave, [d]elete or [v]iew");
    assert_answered(&stage);
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

fn assert_answered(stage: &Stage) {
    let answered = ctl(stage, &["panic"]).expect_code(0);
    assert_eq!((&*answered.stdout, &*answered.stderr), ("wiping everything\n", ""));
}

fn give_panic(stage: &Stage) {
    let mut client = connect(stage);
    let request = "{\"id\":1,\"type\":\"do\",\"command\":\"panic\"}\n";
    client.get_mut().write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_line(&mut answer).unwrap();
    assert!(answer.contains("\"done\""), "{answer}");
}

fn assert_over(ended: Output) {
    let ended = ended.expect_code(0);
    assert!(ended.stderr.ends_with("panic: nothing remains\n"), "{ended:#?}");
    let last = ended.stdout.lines().last();
    assert_eq!(last, Some("{\"event\":\"closed\",\"remains\":[]}"), "{ended:#?}");
}
