//! The time until an end that was set, in the status line.

use super::control::wait_for_room;
use super::guest::try_join;
use super::prompt::{session, wait_for_prompt};
use super::stage::{Link, Stage};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Terminal, Tmux};

#[test]
fn an_end_that_is_set_at_the_start_is_counted_down_from_the_link_on() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--no-qr", "--for", "8h"]), 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for("no one here · ends in 8 h · Ctrl+C ends it");
    for (command, status) in [
        ("end in 10m", "no one here · ends in 10 min · Ctrl+C ends it"),
        ("end in 2h", "no one here · ends in 120 min · Ctrl+C ends it"),
        ("stay", "no one here · Ctrl+C ends it"),
    ] {
        terminal.type_keys(&format!("{command}\r"));
        terminal.wait_for(status);
    }
    terminal.type_keys("\u{3}");
    stage.expect_end(terminal);
}

/// Seconds are counted in the last minute alone; each is drawn once, and nothing else is drawn meanwhile.
#[test]
fn each_second_of_the_last_minute_is_drawn_once() {
    let stage = Stage::new(HAPPY);
    let command = stage.local(&["--no-qr", "--logs", "delete"]);
    let mut terminal = Terminal::start(&command, 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for("no one here · Ctrl+C");
    terminal.type_keys("end in 4s\r");
    terminal.wait_for("the session ends in 4s");
    let until_end = terminal.wait_for("the time of this session is over");
    terminal.wait().expect_code(0);
    for second in 1..=3 {
        let count = until_end.matches(&format!("ends in {second} s ·")).count();
        assert_eq!(count, 1, "{second}: {until_end:?}");
    }
    stage.assert_nothing_left();
}

/// What is needed least is left out, and nothing is cut.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_status_is_whole_at_40_columns_with_everything_in_it() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 40, 10);
    let is_status = |window: &mut Tmux, status: &str| {
        window.wait_until(|screen| screen.iter().any(|row| row == status));
    };
    is_status(&mut window, "  ● local only · 0 here · Ctrl+C ends");
    window.type_text("end in 10m\r");
    is_status(&mut window, "  ● local · 0 here · ends in 10 min");
    window.type_text("lobby on\r");
    window.wait_for("lobby on:");
    wait_for_room(&stage);
    for name in ["Ana", "Bo"] {
        assert_eq!(try_join(&link, name)[0]["t"], "waiting");
    }
    is_status(&mut window, "  ● 0 here · 2 waiting · 10 min left");
    window.type_text("admit Ana\r");
    is_status(&mut window, "  ● 1 here · 1 waiting · 10 min left");
    window.type_text("kick");
    wait_for_prompt(&mut window, "> kick");
    window.resize(100, 20);
    is_status(&mut window, "  ● local only · 1 here · 1 waiting · ends in 10 min · Ctrl+C ends it");
    window.resize(40, 10);
    is_status(&mut window, "  ● 1 here · 1 waiting · 10 min left");
    window.type_text("\u{15}stay\r");
    is_status(&mut window, "  ● local · 1 here · 1 waiting");
}
