//! `--for`, `--idle`, `end in`, `stay`, `end`.

use super::super::guest::Guest;
use super::super::stage::{Link, Stage, event, events, watched};
use super::Operator;
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;

#[test]
fn a_session_with_a_time_ends_by_itself() {
    for mode in ["--open", "--sealed"] {
        let stage = Stage::new(HAPPY);
        let session = watched(&stage.local(&["--json", mode, "--for", "2s"]));
        let ended = session.wait().expect_code(0);
        assert!(ended.stdout.contains("the time of this session is over"), "{ended:#?}");
        assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

#[test]
fn the_time_is_told_to_those_inside_and_can_be_taken_back() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open", "--for", "1h"]);
    let ana = Guest::join(&operator.link, "Ana");
    assert!(operator.done("stay").starts_with("no end is set"));
    operator.event("staying");
    ana.recv_where(|line| line["t"] == "rules" && line["ends_at"].is_null());
    let bob = Guest::join(&operator.link, "Bob");
    assert_eq!(operator.done("end in 10m"), "the session ends in 10m");
    let ending = operator.event("ending");
    assert_eq!(ending["seconds"], 600);
    bob.recv_where(|line| line["t"] == "rules" && line["ends_at"] == ending["ends_at"]);
    operator.done("end in 1s");
    let ended = operator.session.wait().expect_code(0);
    assert!(ended.stdout.contains("the time of this session is over"), "{ended:#?}");
    assert_eq!(events(&ended).last().unwrap()["event"], "closed");
    stage.assert_nothing_left();
}

#[test]
fn an_empty_room_ends_after_its_time() {
    let stage = Stage::new(HAPPY);
    // Before the first one came.
    let session = watched(&stage.local(&["--json", "--open", "--idle", "1s"]));
    let ended = session.wait().expect_code(0);
    assert!(ended.stdout.contains("no one has been in the room"), "{ended:#?}");
    // After the last one left. While one is in it, the room may be silent for longer than that.
    let mut session = watched(&stage.local(&["--json", "--open", "--idle", "2s"]));
    let link = Link::printed(&mut session);
    let ana = Guest::join(&link, "Ana");
    event(&mut session, "joined");
    ana.leave();
    event(&mut session, "left");
    let ended = session.wait().expect_code(0);
    assert!(ended.stdout.contains("no one has been in the room"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// Its operator may be away.
#[test]
fn the_question_of_a_session_that_ended_by_itself_is_not_asked_for_ever() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open", "--for", "2s"]), 80);
    terminal.wait_for("the time of this session is over");
    terminal.wait_for("without an answer it is deleted in 20 s");
    terminal.wait_for("nothing remains");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn end_is_answered_and_ends() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    assert_eq!(operator.done("end"), "ending the session; every participant is told");
    operator.session.wait().expect_code(0);
    stage.assert_nothing_left();
}
