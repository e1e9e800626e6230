//! The operator's screen, on terminals wide and narrow, with and without colour.

use std::process::Command;

use super::guest::Guest;
use super::stage::{Link, Stage, event, watched};
use crate::harness::cloudflared::{HAPPY, HOST};
use crate::harness::{Output, Terminal};

/// Runs a session on a terminal, with a join and a leave, to its end.
fn run_on_terminal(stage: &Stage, command: &Command, columns: u16) -> Output {
    let mut terminal = Terminal::start(command, columns);
    let link = Link::on_screen(&mut terminal);
    let ana = Guest::join(&link, "Ana");
    terminal.wait_for("+ Ana #");
    ana.leave();
    terminal.wait_for("- Ana #");
    terminal.type_keys("\u{3}");
    let ended = stage.expect_end(terminal);
    assert!(!ended.stdout.contains("panicked"), "{ended:#?}");
    ended
}

/// The lines that stay on the screen. Text that was written over is gone.
fn lines(ended: &Output) -> Vec<&str> {
    let lines = ended.stderr.lines();
    lines.map(|line| line.rsplit('\r').next().unwrap().trim_end()).collect()
}

#[test]
fn a_wide_terminal_shows_everything_in_its_place() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--verbose"]);
    command.env("LC_ALL", "C.UTF-8");
    let ended = run_on_terminal(&stage, &command, 100);
    let lines = lines(&ended);
    assert!(lines.iter().any(|line| line.contains("___| |__")), "banner: {ended:#?}");
    let fact = |name: &str| {
        let found =
            lines.iter().find(|line| line.chars().skip(4).collect::<String>().starts_with(name));
        found.unwrap_or_else(|| panic!("{name}: {ended:#?}")).to_string()
    };
    for name in
        ["sandbox", "memory", "swap", "core dumps", "runtime folder", "old sessions", "room"]
    {
        let line: Vec<char> = fact(name).chars().collect();
        assert!("✓!✗".contains(line[2]), "{line:?}");
        assert!(line[20] == ' ' && line[21] != ' ', "aligned: {line:?}");
    }
    // Alone on its line, without anything behind it, so that only the link is copied.
    let link = lines.iter().position(|line| line.starts_with("http://127.0.0.1:")).unwrap();
    assert_eq!(lines[link - 1], ">", "{lines:#?}");
    assert!(
        ended.stdout.contains(&format!("{}\u{1b}[0m\u{1b}[?7h\r\n", lines[link])),
        "{ended:#?}"
    );
    assert!(lines.iter().filter(|line| line.contains('▀')).count() > 10, "QR code");
    assert!(ended.stderr.contains("this computer can read what is said"));
    assert!(ended.stderr.contains("Ctrl+C ends the session for everyone; no message is kept"));
    assert_eq!(lines.last().unwrap().trim(), "✓ nothing remains");
}

#[test]
fn the_public_link_says_who_can_read_along() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.public(&[]), 100);
    terminal.wait_for("2026.8.2 (as configured)");
    let mut until = terminal.wait_for("this computer and Cloudflare can read what is said");
    until += &terminal.wait_for(&format!("https://{HOST}/t/"));
    assert!(!until.contains("http://127.0.0.1"), "{until}");
    terminal.wait_for("● public · no one here · Ctrl+C ends it");
    // A second Ctrl+C at the question kills.
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\u{3}");
    terminal.wait().expect_code(130);
    stage.assert_nothing_left();
}

#[test]
fn narrow_terminals_get_less_and_never_a_broken_link() {
    for columns in [59, 20, 1] {
        let stage = Stage::new(HAPPY);
        let ended = run_on_terminal(&stage, &stage.local(&[]), columns);
        let lines = lines(&ended);
        assert!(!ended.stderr.contains("___| |__"), "no banner: {ended:#?}");
        assert!(lines.iter().any(|line| line.starts_with("http://127.0.0.1:")), "{ended:#?}");
        let code = lines.iter().filter(|line| line.contains('▀'));
        let widest = code.map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= usize::from(columns), "{columns}: {ended:#?}");
    }
}

#[test]
fn without_colour_nothing_is_painted_and_a_dumb_terminal_gets_plain_lines() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&[]);
    command.env("NO_COLOR", "1");
    let ended = run_on_terminal(&stage, &command, 100);
    // The footer is erased and drawn where the cursor is, at once, its prompt and status without wrapping,
    // and pastes are marked; no other sequence is used.
    let moves = ["[K", "[J", "[C", "7", "8", "[1A", "[2A", "[3A"];
    let switches = ["[?7l", "[?7h", "[?2004l", "[?2004h", "[?2026l", "[?2026h"];
    let moves = moves.iter().chain(&switches).map(|sequence| format!("\u{1b}{sequence}"));
    let moves: usize = moves.map(|sequence| ended.stdout.matches(&sequence).count()).sum();
    assert_eq!(ended.stdout.matches('\u{1b}').count(), moves, "{ended:#?}");
    let mut command = stage.local(&[]);
    command.env("TERM", "dumb");
    let ended = run_on_terminal(&stage, &command, 100);
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:#?}");
}

#[test]
fn a_terminal_that_changes_its_size_is_followed() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&[]), 100);
    let link = Link::on_screen(&mut terminal);
    terminal.wait_for("no one here · Ctrl+C ends it");
    terminal.resize(30);
    let _ana = Guest::join(&link, "Ana");
    terminal.wait_for("+ Ana #");
    terminal.wait_for("● local · 1 here");
    terminal.resize(0);
    let _bo = Guest::join(&link, "Bo");
    terminal.wait_for("+ Bo #");
    terminal.resize(500);
    let _cy = Guest::join(&link, "Cy");
    terminal.wait_for("3 here · Ctrl+C ends it");
    terminal.type_keys("\u{1c}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\n");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn no_qr_is_no_qr_and_quiet_is_quiet() {
    let stage = Stage::new(HAPPY);
    let ended = run_on_terminal(&stage, &stage.local(&["--no-qr"]), 100);
    assert!(!ended.stderr.contains('▀'), "{ended:#?}");
    // The events on stdout, and nothing on the screen.
    let mut terminal = Terminal::start(&stage.public(&["--quiet", "--json"]), 100);
    terminal.wait_for("\"event\":\"link\"");
    terminal.type_keys("\u{3}");
    let ended = terminal.wait().expect_code(0);
    assert!(ended.stderr.lines().all(|line| line.starts_with(['{', '^'])), "{ended:#?}");
    stage.assert_nothing_left();
}

/// V-10: no name that the room accepts moves the cursor.
#[test]
fn no_name_moves_the_cursor() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&[]), 100);
    let link = Link::on_screen(&mut terminal);
    let hostile = ["\u{1b}[2J", "a\rb", "a\nb", "\u{9b}2J", "\u{202e}abc", "a\u{7}", "a\u{2028}b"];
    let mut let_in = 0;
    for name in hostile {
        let answer = super::guest::try_join(&link, name);
        let_in += usize::from(answer.iter().any(|line| line["t"] == "welcome"));
    }
    Guest::join(&link, "12.00.00 - nobody").leave();
    terminal.wait_for("- 12.00.00 - nobody #");
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("d\r");
    let ended = terminal.wait().expect_code(0);
    for c in ['\u{7}', '\u{9b}', '\u{202e}', '\u{2028}'] {
        assert!(!ended.stdout.contains(c), "{let_in}: {ended:#?}");
    }
    assert!(!ended.stdout.contains("\u{1b}[2J"), "{let_in}: {ended:#?}");
}

/// stdout holds one link per line, and nothing of the screen.
#[test]
fn a_pipe_gets_the_link_alone() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&[]));
    let link = session.stdout_line();
    assert!(link.starts_with(&format!("https://{HOST}/t/")), "{link}");
    session.signal("HUP");
    let ended = session.wait().expect_code(0);
    assert_eq!(ended.stdout, format!("{link}\n"));
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:#?}");
    assert!(!ended.stderr.contains("[v]iew"), "not a terminal: {ended:#?}");
    stage.assert_nothing_left();
}

/// V-14: an address that the edge does not know yet is told to no one, who might look it up too
/// early.
#[test]
fn the_link_is_told_only_after_the_edge_has_registered() {
    let orders = format!("greet\nbox {HOST}\nmetrics\ntouch boxed\nwait go\nregister\n");
    let stage = Stage::new(&orders);
    let mut session = watched(&stage.public(&["--json"]));
    let mut told = vec![event(&mut session, "tunnel"), event(&mut session, "tunnel")];
    assert_eq!(told.pop().unwrap()["state"], "url");
    // The response to a request comes after every event before it.
    super::control::ask(&stage, r#"{"id":1,"type":"status"}"#, |answer| {
        assert_eq!(answer["phase"], "opening");
        assert!(answer["public"].is_null(), "{answer}");
    });
    stage.stand_in.release("go");
    let line = session.stdout_line();
    assert!(line.contains("\"event\":\"link\""), "{line}");
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}
