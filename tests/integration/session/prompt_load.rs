//! The prompt under load: a thousand lines a second, and signals in a burst of keys and of lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use super::control::socket;
use super::prompt::{prompts, session, wait_for_prompt};
use super::stage::{Link, Stage};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, Terminal};

/// What a connection to the control socket may ask at once.
const BURST: usize = 200;

/// Connections to the control socket.
const CONNECTIONS: usize = 8;

/// Gives commands over a connection of its own, each of which prints one line.
struct Printer(BufReader<UnixStream>);

impl Printer {
    fn connect(stage: &Stage) -> Self {
        let stream = UnixStream::connect(socket(stage)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Returns once `count` lines are printed, or wait for the terminal.
    fn print(&mut self, count: usize) {
        for number in 0..count {
            let command = format!("end in {}h", 100 + number % 2);
            let line = format!("{{\"id\":1,\"type\":\"do\",\"command\":\"{command}\"}}\n");
            self.0.get_mut().write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            self.0.read_line(&mut answer).unwrap();
            assert!(answer.contains("\"done\""), "{answer}");
        }
    }
}

/// Without NOFLSH (termios(3)), a signal throws away what was typed and not read yet.
#[test]
fn no_key_is_lost_in_a_burst_with_ctrl_z_in_between() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--no-qr"]), 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for_modes(super::modes::is_prompt);
    let typed: String = (0..400).map(|number| format!("q{number}\r\u{1a}")).collect();
    terminal.type_keys(&typed);
    for number in 0..400 {
        terminal.wait_for(&format!("there is no command \"q{number}\""));
    }
    assert!(terminal.transcript().contains("Ctrl+Z would leave the room open"));
    terminal.signal("TERM");
    stage.expect_end(terminal);
}

/// Nor does it throw away what the terminal has not taken yet.
#[test]
fn no_line_is_lost_in_a_burst_with_ctrl_c_at_its_end() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--no-qr"]), 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for_modes(super::modes::is_prompt);
    for _ in 0..2 {
        Printer::connect(&stage).print(BURST);
    }
    terminal.type_keys("half a li\u{3}");
    let ended = stage.expect_end(terminal);
    let printed = ended.stderr.matches("the session ends in").count();
    assert_eq!(printed, 2 * BURST, "{ended:#?}");
}

/// Whether the link and the status are below the prompt.
fn is_bottom_whole(screen: &[String]) -> bool {
    let prompt = screen.iter().position(|row| row.starts_with('>'));
    let row = |behind: usize| prompt.and_then(|at| screen.get(at + behind));
    row(1).is_some_and(|row| row.starts_with("http"))
        && row(2).is_some_and(|row| row.starts_with("  ● local only · "))
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn the_bottom_is_whole_in_every_snapshot_while_a_thousand_lines_a_second_come() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    let is_printing = AtomicBool::new(true);
    let mut typed = String::new();
    let (mut snapshots, mut whole) = (0, 0);
    std::thread::scope(|scope| {
        let printers = (0..CONNECTIONS).map(|_| Printer::connect(&stage));
        let printers: Vec<_> =
            printers.map(|mut printer| scope.spawn(move || printer.print(2 * BURST))).collect();
        scope.spawn(|| {
            printers.into_iter().for_each(|printer| printer.join().unwrap());
            is_printing.store(false, Ordering::Relaxed);
        });
        while is_printing.load(Ordering::Relaxed) {
            // Not more than has room in the row.
            let key = char::from(b'a' + u8::try_from(typed.len() % 26).unwrap());
            if typed.len() < 60 {
                typed.push(key);
                window.type_text(&key.to_string());
            }
            let screen = window.screen();
            snapshots += 1;
            let prompts = prompts(&screen);
            let shown = prompts.first().map_or("", |row| row.trim_start_matches(['>', ' ']));
            assert!(prompts.len() <= 1 && typed.starts_with(shown), "{typed}: {screen:#?}");
            whole += usize::from(is_bottom_whole(&screen));
        }
    });
    // Many lines in one drawing are read in pieces, and tmux shows the first alone for a moment.
    assert!(snapshots > 50 && whole * 2 > snapshots, "{whole} of {snapshots}");
    wait_for_prompt(&mut window, &format!("> {typed}"));
}
