//! `panic` at the session's own terminal: one line is left.

use super::super::super::control::ask;
use super::super::super::guest::Guest;
use super::super::super::input::with_siblings;
use super::super::super::resist::room;
use super::super::super::stage::{Link, Stage};
use super::CTRL_C;
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;

/// What clears the screen and what has scrolled off it.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

#[test]
fn at_the_terminal_the_last_line_is_all_that_is_left() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open"]), 80);
    let link = Link::on_screen(&mut terminal);
    let _ana = Guest::join(&link, "Ana");
    terminal.wait_for("+ Ana #");
    terminal.type_keys("panic\r");
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

#[test]
fn at_the_question_about_the_log() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open"]), 80);
    Link::on_screen(&mut terminal);
    terminal.type_keys(CTRL_C);
    terminal.wait_for("[s]ave, [d]elete or [v]iew");
    terminal.type_keys("panic\r");
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

/// While everyone is told the end, which cloudflared holds up.
#[test]
fn at_the_terminal_while_the_session_closes() {
    let stage = Stage::new(&format!("ignore-term\n{HAPPY}"));
    let mut terminal = Terminal::start(&stage.public(&["--open"]), 80);
    terminal.wait_for("no one here");
    terminal.type_keys(CTRL_C);
    terminal.wait_for("ending the session");
    terminal.type_keys("panic\r");
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

/// While a room that ignores every order is waited for once more.
#[test]
fn at_the_terminal_while_the_processes_are_stopped() {
    let stage = Stage::new(HAPPY);
    let room = room("while :; do sleep 3600; done");
    let siblings =
        [("chattrace-serve", Some(&*room)), ("chattrace-tunnel", None), ("chattrace-clean", None)];
    let mut terminal = Terminal::start(&with_siblings(&stage, &siblings), 80);
    terminal.wait_for("no one here");
    terminal.type_keys(CTRL_C);
    terminal.wait_for("ending the session");
    let mut is_closing = true;
    while is_closing {
        ask(&stage, r#"{"id":1,"type":"status"}"#, |status| {
            is_closing = status["phase"] == "closing";
        });
    }
    terminal.type_keys("panic\r");
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

/// A log that would be saved is not.
#[test]
fn no_log_is_saved() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open", "--logs", "save"]), 80);
    Link::on_screen(&mut terminal);
    terminal.type_keys("panic\r");
    assert_cleared(terminal);
    stage.assert_nothing_left();
}

/// Waits for the last line, before which everything was cleared.
pub(super) fn assert_cleared(mut terminal: Terminal) {
    terminal.wait_for("panic: nothing remains");
    let raw = terminal.raw();
    terminal.wait().expect_code(0);
    let last = raw.rsplit(CLEAR).next().unwrap();
    assert_ne!(last.len(), raw.len(), "the screen was not cleared: {raw:?}");
    assert_eq!(last.trim(), "panic: nothing remains");
}
