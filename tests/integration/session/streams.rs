//! Standard streams that are closed or cannot be written to: no panic, and an end like any other.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use super::control::ask;
use super::guest::Guest;
use super::stage::{Link, Stage, end_at_question, in_shell, scripted};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, Program, Terminal};

/// A FIFO to which the stand-in writes once it has registered: a signal to the test without a
/// stream of the session.
struct Fifo(File);

impl Fifo {
    /// A FIFO for the stand-in of `stage`.
    fn with_stand_in(stage: &Stage) -> Self {
        stage.stand_in.order(&format!("{HAPPY}touch here\n"));
        let path = stage.stand_in.file("here");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        // Opened for both, so that opening does not wait for the other side (fifo(7)).
        Self(File::options().read(true).write(true).open(path).unwrap())
    }

    fn wait(self) {
        let (sender, met) = channel();
        std::thread::spawn(move || sender.send((&self.0).read_exact(&mut [0; 4])));
        met.recv_timeout(DEADLINE).expect("the stand-in did not write").unwrap();
    }
}

/// stdin and stderr closed, unreadable, unwritable or full, and a stdout without a reader: std opens
/// `/dev/null` for a closed one. `undelivered` has a stdout that cannot be written.
const STREAMS: [&str; 9] = [
    "<&-",
    ">&-",
    "2>&-",
    "<&- >&- 2>&-",
    ">&- 2>&-",
    "1>/dev/null",
    "2</dev/null",
    "0>/dev/null 2</dev/null",
    "2>/dev/full",
];

#[test]
fn closed_and_unwritable_streams_do_not_matter() {
    for streams in STREAMS {
        for arguments in [&[][..], &["--json"]] {
            let stage = Stage::new(HAPPY);
            let meeting = Fifo::with_stand_in(&stage);
            let script = format!("exec \"$0\" \"$@\" {streams}");
            let session = scripted(&stage.public(arguments), &script);
            meeting.wait();
            session.signal("TERM");
            let ended = session.wait();
            assert_eq!(ended.status.code(), Some(0), "{streams}: {ended:#?}");
            assert!(!ended.stderr.contains("panicked"), "{streams}: {ended:#?}");
            assert!(stage.stand_in.ended_by_term(), "{streams}");
            stage.assert_nothing_left();
        }
    }
}

/// The link goes to a file, and the rest stays on the screen.
#[test]
fn stdout_into_a_file_keeps_the_link_and_the_screen() {
    let stage = Stage::new(HAPPY);
    let command = in_shell(&stage.local(&[]), "exec \"$0\" \"$@\" > link.txt");
    let mut terminal = Terminal::start(&command, 80);
    let link = Link::on_screen(&mut terminal);
    Guest::join(&link, "Ana").leave();
    terminal.wait_for("- Ana #");
    terminal.type_keys("\u{3}");
    end_at_question(terminal);
    let file = stage.env.work().join("link.txt");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n", link.url));
    std::fs::remove_file(file).unwrap();
    stage.assert_nothing_left();
}

/// With `--quiet` only the link is printed, on a terminal too.
#[test]
fn quiet_on_a_terminal_is_the_link_alone() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--quiet"]), 80);
    let link = Link::on_screen(&mut terminal);
    Guest::join(&link, "Ana").leave();
    terminal.type_keys("\u{3}");
    let ended = terminal.wait().expect_code(0);
    assert_eq!(ended.stderr.trim_end_matches("^C").trim_end(), link.url);
    stage.assert_nothing_left();
}

/// Only the end of a pipe is a request to end. A file, `/dev/null` and a closed stdin are none.
#[test]
fn an_input_without_anybody_behind_it_does_not_end_it() {
    for input in ["</dev/null", "<&-", "<\"$0\""] {
        let stage = Stage::new(HAPPY);
        let script = format!("exec \"$0\" \"$@\" {input}");
        let mut session = scripted(&stage.local(&[]), &script);
        let link = Link::local(&session.stdout_line());
        let mut ana = Guest::join(&link, "Ana");
        ana.say("still here");
        session.signal("TERM");
        session.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

/// Both streams redirected into one file.
#[test]
fn both_streams_in_one_file_hold_the_link_as_a_line() {
    let stage = Stage::new(HAPPY);
    let script = "exec \"$0\" \"$@\" 2>&1";
    let mut session = Program::start(in_shell(&stage.local(&["--no-qr"]), script));
    let link = session.stdout_line_with("http://");
    assert_eq!(Link::local(&link).url, link);
    session.signal("TERM");
    session.wait().expect_code(0);
}

/// A reader such as a pager, which reads its first screen and no further.
#[test]
fn a_reader_of_the_events_that_is_stuck_does_not_stop_the_session() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let link = Link::local(event["url"].as_str().unwrap());
    // Two events each: far more than the 64 KiB that a pipe holds (pipe(7)).
    for number in 0..600 {
        Guest::join(&link, &format!("N{number}")).leave();
    }
    ask(&stage, r#"{"id":1,"type":"stop"}"#, |answer| assert_eq!(answer["type"], "stopping"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    stage.assert_nothing_left();
    drop(stdout);
}
