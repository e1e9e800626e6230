//! What `panic` leaves on the terminal: one line, and nothing among the lines that have scrolled off.

use super::guest::Guest;
use super::stage::{Link, Stage, in_shell};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Tmux, Xterm};

/// A session with more lines than a screen has, in a window that stays when the session ends.
fn session(stage: &Stage) -> (Tmux, Link, Vec<Guest>) {
    let command = in_shell(&stage.local(&[]), "trap : INT; \"$0\" \"$@\"; exec sleep 3600");
    let mut window = Tmux::start(&command, 100, 20);
    let lines = window.wait_until_unwrapped(|lines| {
        let starts = |start: &str| lines.iter().any(|line| line.starts_with(start));
        starts("http") && starts(">") && starts("  ● local only")
    });
    let link = Link::local(lines.iter().find(|line| line.starts_with("http")).unwrap());
    let guests = (0..40).map(|at| Guest::join(&link, &format!("guest {at}"))).collect();
    window.wait_for("40 here");
    assert!(window.history().len() > 40);
    (window, link, guests)
}

/// Waits for the last line, above which there is nothing.
fn assert_cleared(window: &mut Tmux) {
    window.wait_until(|screen| screen[0] == "panic: nothing remains");
    assert_one_line(&window.history());
}

fn assert_one_line(history: &[String]) {
    let rows: Vec<&String> = history.iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(rows, ["panic: nothing remains"]);
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn panic_leaves_one_line_on_screen_and_scrollback() {
    let stage = Stage::new(HAPPY);
    let (mut window, _, _guests) = session(&stage);
    window.type_text("panic\r");
    assert_cleared(&mut window);
    stage.assert_nothing_left();
}

/// The terminal takes nothing then, and a write to it blocks.
#[test]
#[ignore = "needs tmux: tests/run"]
fn panic_clears_a_terminal_that_was_stopped_with_ctrl_s() {
    let stage = Stage::new(HAPPY);
    let (mut window, link, mut guests) = session(&stage);
    window.type_keys("C-s");
    // Lines that the terminal does not take.
    guests.extend((0..40).map(|at| Guest::join(&link, &format!("late {at}"))));
    super::control::ask(&stage, r#"{"id":1,"type":"do","command":"panic"}"#, drop);
    assert_cleared(&mut window);
    stage.assert_nothing_left();
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn panic_at_the_question_clears_it_too() {
    let stage = Stage::new(HAPPY);
    let (mut window, _, _guests) = session(&stage);
    window.type_keys("C-c");
    window.wait_for("nter alone deletes");
    window.type_text("panic\r");
    assert_cleared(&mut window);
    stage.assert_nothing_left();
}

#[test]
#[ignore = "needs xterm: tests/run"]
fn panic_leaves_one_line_in_xterm() {
    let stage = Stage::new(HAPPY);
    let folder = stage.env.root().join("bin");
    let mut window = Xterm::start(&stage.local(&[]), &folder, 100, 20);
    let rows = window.wait_until(|rows| {
        let starts = |start: &str| rows.iter().any(|row| row.starts_with(start));
        starts("http") && starts(">") && starts("  ● local only")
    });
    let link = Link::local(rows.iter().find(|row| row.starts_with("http")).unwrap());
    let _guests: Vec<_> = (0..40).map(|at| Guest::join(&link, &format!("guest {at}"))).collect();
    let rows = window.wait_until(|rows| rows.iter().any(|row| row.contains("40 here")));
    // More than the window has rows: the first are among those that have scrolled off.
    assert!(rows.iter().filter(|row| row.contains("guest ")).count() >= 40, "{rows:?}");
    super::control::ask(&stage, r#"{"id":1,"type":"do","command":"panic"}"#, drop);
    let last = window.wait_until(|rows| rows.iter().any(|row| row.starts_with("panic: ")));
    assert_one_line(&last);
    stage.assert_nothing_left();
}
