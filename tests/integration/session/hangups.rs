//! The end of a terminal, of a pipe on standard input, or of the program that reads the link.

use super::ends::session_in;
use super::guest::Guest;
use super::stage::{Link, Stage, event, in_shell};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Program, Terminal};

#[test]
fn a_closed_terminal_ends_it() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.public(&[]), 80);
    terminal.wait_for("● public");
    terminal.close();
    terminal.wait().expect_code(0);
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}

/// SIGHUP reaches neither of these sessions; they notice that the terminal hung up.
#[test]
fn a_closed_terminal_ends_it_even_if_nobody_sends_a_signal() {
    let stage = Stage::new(HAPPY);
    for script in ["trap '' HUP; exec \"$0\" \"$@\"", "exec setsid -w \"$0\" \"$@\""] {
        let mut terminal = Terminal::start(&in_shell(&stage.local(&[]), script), 80);
        terminal.wait_for("● local only");
        terminal.close();
        terminal.wait();
        stage.assert_nothing_left();
    }
}

#[test]
fn ctrl_z_says_why_not_and_the_session_goes_on() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&[]), 80);
    let link = Link::on_screen(&mut terminal);
    terminal.wait_for("● local only");
    terminal.type_keys("\u{1a}");
    terminal.wait_for("Ctrl+Z would leave the room open without you; Ctrl+C ends it");
    let mut ana = Guest::join(&link, "Ana");
    ana.say("still here");
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// The program on the other side has exited. What it wrote before is not read.
#[test]
fn the_end_of_a_pipe_on_standard_input_ends_it() {
    for written in ["", "x", "anything\n"] {
        let stage = Stage::new(HAPPY);
        let mut session = session_in(&stage, "open");
        session.write(written);
        session.close_stdin();
        assert_eq!(event(&mut session, "closing")["text"], "standard input has ended");
        session.wait().expect_code(0);
        assert!(stage.stand_in.ended_by_term());
        stage.assert_nothing_left();
    }
}

/// The exit of the reader is noticed at once, not at the next write.
#[test]
fn a_reader_that_goes_away_ends_it() {
    let stage = Stage::new(HAPPY);
    let command = in_shell(&stage.public(&[]), "\"$0\" \"$@\" | head -1");
    let ended = Program::run(command).expect_code(0);
    assert!(ended.stdout.starts_with("https://"), "{ended:#?}");
    assert!(ended.stderr.contains("the program that reads the link has ended"), "{ended:#?}");
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}

/// After Ctrl+S, or in a frozen window, nothing can be shown, and the session still ends.
#[test]
fn a_terminal_that_takes_nothing_does_not_hold_up_the_end() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--logs", "delete"]), 80);
    let link = Link::on_screen(&mut terminal);
    terminal.wait_for("● local only");
    terminal.type_keys("\u{13}");
    // A join, which the session cannot show.
    let mut ana = Guest::join(&link, "Ana");
    ana.say("still here");
    terminal.signal("TERM");
    assert_eq!(ana.recv("end")["t"], "end");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}
