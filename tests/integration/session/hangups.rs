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
    stage.expect_end(terminal);
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

/// The processor time that a process has used so far, in hundredths of a second (proc(5)).
fn processor_time(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    // Behind the name: state, and ten more before utime and stime.
    fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

/// A terminal on standard input that was closed is readable without end. The session goes on, as that of its
/// screen is another one, and its end is counted down meanwhile.
#[test]
fn a_closed_terminal_on_standard_input_makes_nothing_spin() {
    let stage = Stage::new(HAPPY);
    let shell = super::pipes::shell(&stage, "trap '' HUP; exec sleep 3600");
    let mut other = Terminal::start(&shell, 80);
    let script = format!("exec \"$0\" \"$@\" <{}", other.path());
    let command = in_shell(&stage.local(&["--no-qr", "--for", "59s"]), &script);
    let mut terminal = Terminal::start(&command, 100);
    Link::on_screen(&mut terminal);
    let before = terminal.wait_for(" s · Ctrl+C");
    let second = |shown: &str| shown.rsplit("ends in ").next().unwrap().to_owned();
    other.close();
    let used = processor_time(terminal.pid());
    let mut seconds = vec![second(&before)];
    while seconds.len() < 5 {
        let next = second(&terminal.wait_for(" s · Ctrl+C"));
        if seconds.last() != Some(&next) {
            seconds.push(next);
        }
    }
    // Three whole seconds and more have passed; a process that spins uses all of them.
    let used = processor_time(terminal.pid()) - used;
    assert!(used < 100, "{used}: {seconds:?}");
    terminal.signal("TERM");
    terminal.wait().expect_code(0);
}
