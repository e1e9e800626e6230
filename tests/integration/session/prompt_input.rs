//! Bad input at the prompt: each line is answered in a sentence, nothing is done, and the prompt is whole.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::control::{socket, wait_for_room};
use super::ends::child;
use super::guest::{Guest, try_join};
use super::prompt::{prompts, session, wait_for_prompt};
use super::stage::{Link, Stage, end_at_question};
use crate::harness::cloudflared::{HANGS, HAPPY};
use crate::harness::{DEADLINE, Terminal, Tmux, signal};

/// A client of the control socket.
struct Client(BufReader<UnixStream>);

impl Client {
    fn connect(stage: &Stage) -> Self {
        let stream = UnixStream::connect(socket(stage)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, command: &str) {
        let line = json!({ "id": 1, "type": "do", "command": command }).to_string();
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    /// Why a command is refused.
    fn refused(&mut self, command: &str) -> String {
        self.send(command);
        let answer = self.receive();
        assert_eq!(answer["type"], "refused", "{command}: {answer}");
        answer["text"].as_str().unwrap().to_owned()
    }
}

/// Waits until the screen has this text, and an empty prompt.
fn wait_for_answer(window: &mut Tmux, text: &str) {
    window.wait_until(|screen| {
        prompts(screen) == [">"] && screen.iter().any(|row| row.contains(text))
    });
}

/// What a line is refused with is the same at the prompt and over the socket.
#[test]
#[ignore = "needs tmux: tests/run"]
fn each_line_that_is_no_command_is_answered_in_a_sentence() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 200, 50);
    let mut client = Client::connect(&stage);
    let _ana = Guest::join(&link, "Ana");
    window.wait_for("1 here");
    for command in [
        // Unknown, misspelt, half-typed, and what looks like a command that cannot be taken back.
        "dance",
        "kikc 3",
        "mut",
        "mute",
        "panik",
        "pani",
        "ende",
        "clea",
        "panic now",
        "clear all",
        "lobby",
        "lobby of",
        "invite 0",
        "invite x",
        "say",
        "help dance",
        // A span of nothing, a negative one, too long ones, fractions.
        "slow 0s",
        "slow 0",
        "fade -5m",
        "end in",
        "end in 0m",
        "end in -1h",
        "end in 10000h",
        "end in 1.5h",
        "slow 1,5m",
        "slow 5",
        "mute Ana 99999999999999999999s",
        "invite 1 0s",
        // No one, by number, name, and tag.
        "kick 99",
        "kick Zoe",
        "mute Ana#zzz",
        "kick \"1\"",
        "kick -1",
        "admit all",
        "kick \"Ana",
        // What ends a line elsewhere.
        "kick a\u{2028}b",
    ] {
        let sentence = client.refused(command);
        window.type_text(&format!("{command}\r"));
        wait_for_answer(&mut window, &sentence);
        assert!(!sentence.contains(['\n', '\u{202e}', '\u{2028}']), "{command}: {sentence:?}");
    }
    // Nothing at all says nothing.
    let before = window.history();
    window.type_text("\r   \r\u{1b}[A\u{15}\u{0}\u{1f}x");
    wait_for_prompt(&mut window, "> x");
    window.type_text("\u{15}");
    wait_for_prompt(&mut window, ">");
    assert_eq!(window.history().len(), before.len());
    assert!(try_join(&link, "Bo").iter().any(|line| line["t"] == "welcome"));
}

/// It is refused whole, and not carried out without its end.
#[test]
#[ignore = "needs tmux: tests/run"]
fn a_line_of_10_000_bytes_is_refused_with_its_length() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 120, 40);
    let ana = Guest::join(&link, "Ana");
    window.wait_for("1 here");
    let text = "x".repeat(9_990);
    for part in ["say ", &text[..5_000], &text[5_000..], "theend"] {
        window.type_text(part);
    }
    window.wait_until(|screen| prompts(screen).iter().any(|row| row.ends_with("xtheend")));
    window.type_text("\r");
    wait_for_answer(
        &mut window,
        "a command has at most 4096 bytes, and this one 10000; shorten it",
    );
    window.type_text("say short\r");
    assert_eq!(ana.recv("announced")["body"], "short");
}

/// The second of two commands that are the same tells what is so, and changes nothing.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_same_command_twice_is_shown_twice_and_recorded_once() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 100, 30);
    window.type_text("lock\r");
    wait_for_answer(&mut window, "locked: no one new comes in");
    window.type_text("lock\r");
    window.wait_until(|screen| {
        screen.iter().filter(|row| row.contains("locked: no one new")).count() == 2
    });
    window.type_text("\u{3}");
    window.wait_for("[s]ave, [d]elete or [v]iew");
    window.type_text("v\r");
    let screen =
        window.wait_until(|screen| screen.iter().filter(|row| row.contains("[v]iew")).count() == 2);
    let log = screen.iter().position(|row| row.contains("chattrace event log")).unwrap();
    let recorded = screen[log..].iter().filter(|row| row.contains("locked: no one new"));
    assert_eq!(recorded.count(), 1, "{screen:#?}");
}

/// Each is carried out at its turn; the last line on the screen is what is so.
#[test]
fn opposite_commands_from_terminal_and_socket_at_once_leave_one_of_them_in_force() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--no-qr"]), 100);
    let link = Link::on_screen(&mut terminal);
    terminal.wait_for_modes(super::modes::is_prompt);
    let mut client = Client::connect(&stage);
    for number in 0..30 {
        terminal.type_keys("lock\r");
        client.send("unlock");
        assert_eq!(client.receive()["type"], "done");
        // What is typed is carried out in its order.
        terminal.type_keys(&format!("q{number}\r"));
        let lines = terminal.wait_for(&format!("no command \"q{number}\""));
        let locked = lines.rfind("locked: no one new comes in");
        let unlocked = lines.rfind("unlocked: ");
        assert!(locked.is_some(), "{lines}");
        let is_locked = locked > unlocked;
        wait_for_room(&stage);
        let answer = try_join(&link, &format!("guest {number}"));
        let is_refused = answer.iter().any(|line| line["why"] == "locked");
        assert_eq!(is_refused, is_locked, "{lines}: {answer:?}");
        client.send("unlock");
        client.receive();
    }
    terminal.signal("TERM");
    end_at_question(terminal);
}

/// Rules are kept for the room; what needs people or a link waits for them.
#[test]
#[ignore = "needs tmux: tests/run"]
fn commands_before_there_is_a_link_are_answered() {
    let stage = Stage::new(HAPPY);
    stage.stand_in.order(HANGS);
    let mut command = stage.public(&["--no-qr"]);
    command.env("NO_COLOR", "1");
    let mut window = Tmux::start(&command, 120, 40);
    window.wait_for("requesting a public address");
    window.type_text("link\r");
    wait_for_answer(&mut window, &Client::connect(&stage).refused("link"));
    window.type_text("lock\r");
    wait_for_answer(&mut window, "locked: no one new comes in");
    window.type_text("end in 1h\r");
    wait_for_answer(&mut window, "the session ends in 1h");
    window.type_text("half");
    wait_for_prompt(&mut window, "> half");
    window.type_text("\u{15}end\r");
    window.wait_for("[s]ave, [d]elete or [v]iew");
}

/// While everyone is told the end, commands are refused, and what is typed then answers no question.
#[test]
fn commands_while_the_session_ends_are_refused() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--no-qr"]), 100);
    Link::on_screen(&mut terminal);
    terminal.wait_for_modes(super::modes::is_prompt);
    signal("STOP", child(terminal.pid(), "chattrace-serve"));
    terminal.type_keys("end\r");
    terminal.wait_for("ending the session; every participant is told");
    terminal.type_keys("lock\r");
    // The room is continued for its goodbye, so the end may have come before.
    let shown = terminal.wait_for("[v]iew");
    assert!(!shown.contains("locked: "), "{shown}");
    terminal.type_keys("v\r");
    let log = terminal.wait_for("[v]iew");
    assert!(!log.contains("locked: "), "{log}");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// A terminal whose rows cannot change gives whole lines, and gets whole lines.
#[test]
fn a_dumb_terminal_has_no_prompt_and_every_command() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--no-qr"]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(&command, 40);
    let link = Link::on_screen(&mut terminal);
    let _ana = Guest::join(&link, "Ana");
    terminal.wait_for("+ Ana #");
    for (typed, shown) in [
        ("kcik Ana\u{7f}\u{7f}\u{7f}\r", "there is no command \"kcik\""),
        ("who\r", "1 in the room"),
        ("\u{4}", "help lists the commands"),
        ("kick Ana\r", "removed Ana #"),
    ] {
        terminal.type_keys(typed);
        terminal.wait_for(shown);
    }
    terminal.type_keys("end\r");
    let ended = stage.expect_end(terminal);
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:#?}");
}

/// Commands and names, in the form in which they are shown.
#[test]
#[ignore = "needs tmux: tests/run"]
fn tab_completes_commands_and_names_and_lists_what_fits() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 80, 24);
    let _guests = ["Jürgen Müller", "Ana", "אבגד"].map(|name| Guest::join(&link, name));
    window.wait_for("3 here · Ctrl+C");
    window.type_text("ki\t");
    wait_for_prompt(&mut window, "> kick");
    window.type_text("Jü\t");
    wait_for_prompt(&mut window, "> kick Jürgen Müller");
    window.type_text("\u{15}mute א\t");
    wait_for_prompt(&mut window, "> mute אבגד");
    // Several candidates are listed above, and what is typed stays.
    window.type_text("\u{15}un\t");
    window.wait_until(|screen| {
        let lists = |row: &String| row.contains("unmute") && row.contains("unlock");
        prompts(screen) == ["> un"] && screen.iter().any(lists)
    });
    // Nothing fits.
    window.type_text("\u{15}xyz\t!");
    wait_for_prompt(&mut window, "> xyz!");
}
