//! What the operator types is not in the memory of the supervisor once it is done with: a line after the
//! history forgets it, and everything once the prompt has ended.

use super::at_exit::assert_empty;
use super::canaries::Canaries;
use super::process_memory::{ExitTracer, wait_for_copies};
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;
use crate::session::stage::{Link, Stage, end_at_question};

/// Lines that Up can bring back.
const HISTORY: usize = 64;

/// A session at its prompt.
fn at_prompt(stage: &Stage) -> Terminal {
    let mut terminal = Terminal::start(&stage.local(&["--no-qr"]), 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for("no one here · Ctrl+C");
    terminal
}

/// Types a line, and waits for its answer.
fn give(terminal: &mut Terminal, line: &str) {
    terminal.type_keys(&format!("{line}\r"));
    terminal.wait_for("there is no command \"qqq\"");
}

/// A line that was carried out is in the history, which Up shows, and nowhere else.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_typed_line_is_kept_in_the_history_alone() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_prompt(&stage);
    let mut canaries = Canaries::new();
    let line = format!("qqq {}", canaries.text("a line"));
    terminal.type_keys(&line);
    terminal.wait_for(&line);
    give(&mut terminal, "");
    wait_for_copies(terminal.pid(), &canaries, 1);
    // What was typed and deleted.
    let mut deleted = Canaries::new();
    let half = deleted.text("a deleted line");
    terminal.type_keys(&half);
    terminal.wait_for(&half);
    terminal.type_keys("\u{15}ok");
    terminal.wait_for("> ok");
    wait_for_copies(terminal.pid(), &deleted, 0);
    // The history forgets its oldest line for a new one.
    terminal.type_keys("\u{15}");
    for number in 0..HISTORY {
        give(&mut terminal, &format!("qqq {number}"));
    }
    wait_for_copies(terminal.pid(), &canaries, 0);
    terminal.type_keys("\u{3}");
    end_at_question(terminal);
}

/// With a line that was carried out, one of the history that is shown, and a new one behind it.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn nothing_typed_is_left_once_the_prompt_has_ended() {
    for end in ["\u{3}", "\u{1c}"] {
        let stage = Stage::new(HAPPY);
        let mut terminal = at_prompt(&stage);
        let mut canaries = Canaries::new();
        let line = format!("qqq {}", canaries.text("a line"));
        give(&mut terminal, &line);
        let draft = canaries.text("a draft");
        terminal.type_keys(&draft);
        terminal.wait_for(&draft);
        terminal.type_keys("\u{10}");
        terminal.wait_for(&format!("> {line}"));
        super::at_exit::assert_finds(terminal.pid(), &canaries, &["a line", "a draft"]);
        terminal.type_keys(end);
        terminal.wait_for("[v]iew");
        wait_for_copies(terminal.pid(), &canaries, 0);
        terminal.type_keys("\r");
        terminal.wait().expect_code(0);
    }
}

#[test]
#[ignore = "needs ptrace: tests/run"]
fn nothing_typed_is_left_at_the_exit() {
    for end in ["panic\r", "\u{3}"] {
        let stage = Stage::new(HAPPY);
        let mut terminal = at_prompt(&stage);
        let mut canaries = Canaries::new();
        let line = format!("qqq {}", canaries.text("a line"));
        give(&mut terminal, &line);
        let half = canaries.text("half a line");
        terminal.type_keys(&half);
        terminal.wait_for(&half);
        let tracer = ExitTracer::attach(terminal.pid());
        terminal.type_keys(if end == "\u{3}" { end } else { "\u{15}panic\r" });
        if end == "\u{3}" {
            terminal.wait_for("[v]iew");
            terminal.type_keys("\r");
        }
        terminal.wait().expect_code(0);
        assert_empty("chattrace", &tracer.memory_at_exit(), &canaries);
    }
}
