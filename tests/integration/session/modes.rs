//! The modes of the terminal: those of the prompt while there is one, and those from before on every way
//! out. A terminal that stays in them shows nothing of what is typed.

use std::time::Instant;

use nix::sys::termios::{LocalFlags, SpecialCharacterIndices, Termios};

use super::pipes::shell;
use super::stage::{Link, Stage, end_at_question};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, Terminal};

const CTRL_C: &str = "\u{3}";

/// Whether keys arrive one by one, as at the prompt. No shell uses this time between two bytes.
pub(super) fn is_prompt(modes: &Termios) -> bool {
    let keys = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::IEXTEN;
    let times = [SpecialCharacterIndices::VMIN, SpecialCharacterIndices::VTIME];
    !modes.local_flags.intersects(keys)
        && times.map(|at| modes.control_chars[at as usize]) == [1, 1]
}

/// A session on a terminal, at its prompt, and the modes before it.
fn at_prompt(stage: &Stage, arguments: &[&str]) -> (Terminal, Termios) {
    let mut terminal = Terminal::start(&stage.local(arguments), 100);
    let before = terminal.first_modes().clone();
    Link::on_screen(&mut terminal);
    terminal.wait_for_modes(is_prompt);
    (terminal, before)
}

#[test]
fn only_what_a_prompt_needs_is_changed() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, before) = at_prompt(&stage, &[]);
    let modes = terminal.modes();
    assert!(!is_prompt(&before), "{before:?}");
    assert_eq!(modes.input_flags, before.input_flags);
    assert_eq!(modes.output_flags, before.output_flags);
    assert_eq!(modes.control_flags, before.control_flags);
    let changed = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::IEXTEN | LocalFlags::NOFLSH;
    assert_eq!(modes.local_flags - changed, before.local_flags - changed);
    assert!(modes.local_flags.contains(LocalFlags::ISIG | LocalFlags::NOFLSH), "{modes:?}");
    terminal.type_keys(CTRL_C);
    end_at_question(terminal);
}

#[test]
fn every_end_restores_the_modes() {
    for (end, code) in [
        // Ctrl+C, then Enter at the question.
        (&[CTRL_C, "\r"][..], 0),
        // A second Ctrl+C.
        (&[CTRL_C, CTRL_C], 130),
        // Ctrl+\.
        (&["\u{1c}", "d\r"], 0),
        // In the middle of a line, of a sequence and of a paste.
        (&["kick An\u{3}", "\r"], 0),
        (&["\u{1b}[1\u{3}", "\r"], 0),
        (&["\u{1b}[200~who\u{3}", "\r"], 0),
        (&["\u{1b}\u{1c}", "\r"], 0),
        (&["\u{1b}[200~who\r\u{1c}", "\r"], 0),
        (&["\u{1b}]0;title\u{3}", "\r"], 0),
    ] {
        let stage = Stage::new(HAPPY);
        let (mut terminal, before) = at_prompt(&stage, &[]);
        terminal.type_keys(end[0]);
        terminal.wait_for("[v]iew");
        // The answer is typed in line mode.
        assert_eq!(terminal.modes(), before, "{end:?}");
        let held = terminal.hold_modes();
        terminal.type_keys(end[1]);
        assert!(terminal.reaches_eof_by(Instant::now() + DEADLINE), "{end:?}");
        assert_eq!(terminal.modes(), before, "{end:?}");
        drop(held);
        let ended = terminal.wait().expect_code(code);
        // Pastes are marked while there is a prompt, and no longer.
        let (marked, unmarked) = ("\u{1b}[?2004h", "\u{1b}[?2004l");
        let count = |sequence: &str| ended.stdout.matches(sequence).count();
        assert_eq!(count(marked), count(unmarked), "{ended:#?}");
        assert!(ended.stdout.rfind(marked) < ended.stdout.rfind(unmarked), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

/// Sent by another program, and not by a key.
#[test]
fn a_signal_restores_the_modes() {
    for signal in ["TERM", "INT", "QUIT", "HUP"] {
        let stage = Stage::new(HAPPY);
        let (mut terminal, before) = at_prompt(&stage, &["--logs", "delete"]);
        let held = terminal.hold_modes();
        terminal.signal(signal);
        terminal.wait_for_modes(|modes| *modes == before);
        drop(held);
        terminal.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

/// The guard does it.
#[test]
fn kill_9_restores_the_modes() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, before) = at_prompt(&stage, &[]);
    terminal.type_keys("half a li");
    terminal.wait_for("half a li");
    let held = terminal.hold_modes();
    terminal.signal("KILL");
    terminal.wait_for("chattrace was killed; its processes are ended, nothing remains");
    terminal.wait_for_modes(|modes| *modes == before);
    let screen = terminal.raw();
    let last = screen.rsplit("half a li").next().unwrap();
    assert!(last.contains("\u{1b}[?7h\u{1b}[?2004l\r\u{1b}[J"), "{last:?}");
    drop(held);
    stage.assert_nothing_left();
}

/// An error of the program itself, which is provoked by one of epoll_wait(2): tokio panics then.
#[test]
#[ignore = "needs ptrace, strace: tests/run"]
fn a_panic_of_the_program_restores_the_modes() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, before) = at_prompt(&stage, &[]);
    terminal.type_keys("half a li");
    terminal.wait_for("half a li");
    let held = terminal.hold_modes();
    let mut strace = std::process::Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", "trace=epoll_wait"]);
    strace.args(["-e", "inject=epoll_wait:error=EBADF", "-p", &terminal.pid().to_string()]);
    let mut strace = strace.spawn().unwrap();
    // Typed until strace is attached, so that the program waits once more.
    let deadline = Instant::now() + DEADLINE;
    while is_prompt(&terminal.modes()) && Instant::now() < deadline {
        terminal.type_keys("x\u{7f}");
    }
    assert_eq!(terminal.modes(), before);
    terminal.wait_for("internal error at");
    drop(held);
    let ended = terminal.wait();
    strace.wait().unwrap();
    assert_eq!(ended.status.code(), Some(101), "{ended:#?}");
    let last = ended.stdout.rsplit("half a li").next().unwrap();
    assert!(last.contains("\u{1b}[?2004l"), "{last:?}");
    stage.assert_nothing_left();
}

/// A guard that starts while the prompt is on the screen finds the modes of the prompt.
#[test]
fn a_replaced_guard_restores_the_modes_too() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, before) = at_prompt(&stage, &[]);
    super::ends::kill_guard(terminal.pid());
    terminal.wait_for("a new one was started");
    terminal.type_keys("x");
    terminal.wait_for("> x");
    let held = terminal.hold_modes();
    terminal.signal("KILL");
    terminal.wait_for("chattrace was killed");
    terminal.wait_for_modes(|modes| *modes == before);
    drop(held);
    stage.assert_nothing_left();
}

/// Another program has set its own modes since, as a shell does whose job was killed.
#[test]
fn the_guard_leaves_the_modes_of_another_program_alone() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, _) = at_prompt(&stage, &[]);
    terminal.set_modes("-icanon -echo min 1 time 0");
    let others = terminal.modes();
    let held = terminal.hold_modes();
    terminal.signal("KILL");
    terminal.wait_for("chattrace was killed");
    assert_eq!(terminal.modes(), others);
    drop(held);
    stage.assert_nothing_left();
}

/// Nor does the session itself at its end.
#[test]
fn an_end_leaves_the_modes_of_another_program_alone() {
    let stage = Stage::new(HAPPY);
    let (mut terminal, _) = at_prompt(&stage, &["--logs", "delete"]);
    terminal.set_modes("-icanon -echo min 1 time 0");
    let others = terminal.modes();
    let held = terminal.hold_modes();
    terminal.type_keys(CTRL_C);
    terminal.wait_for("nothing remains");
    assert_eq!(terminal.modes(), others);
    drop(held);
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn without_a_prompt_the_modes_stay_as_they_are() {
    let stage = Stage::new(HAPPY);
    let mut dumb = stage.local(&[]);
    dumb.env("TERM", "dumb");
    let quiet = stage.local(&["--quiet", "--json"]);
    let other_stdin = super::stage::in_shell(&stage.local(&[]), "exec \"$0\" \"$@\" </dev/null");
    for command in [dumb, quiet, other_stdin] {
        let mut terminal = Terminal::start(&command, 100);
        let before = terminal.modes();
        terminal.wait_for("http://");
        terminal.wait_for("\n");
        // It is beyond the place where a prompt would have begun.
        super::control::ask(&stage, r#"{"id":1,"type":"status"}"#, drop);
        assert_eq!(terminal.modes(), before, "{command:?}");
        assert!(!terminal.raw().contains("2004"), "{command:?}");
        terminal.signal("HUP");
        terminal.wait().expect_code(0);
    }
    stage.assert_nothing_left();
}

/// What is typed at one terminal cannot be shown on another.
#[test]
fn two_terminals_get_no_prompt() {
    let stage = Stage::new(HAPPY);
    let other = Terminal::start(&shell(&stage, "exec sleep 3600"), 80);
    let script = format!("exec \"$0\" \"$@\" <{}", other.path());
    let command = super::stage::in_shell(&stage.local(&[]), &script);
    let mut terminal = Terminal::start(&command, 100);
    let before = (terminal.modes(), other.modes());
    Link::on_screen(&mut terminal);
    super::control::ask(&stage, r#"{"id":1,"type":"status"}"#, drop);
    assert_eq!((terminal.modes(), other.modes()), before);
    terminal.signal("TERM");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}
