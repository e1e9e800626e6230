//! GNU screen, which differs from other terminals in what the prompt and `panic` rely on.

use super::guest::Guest;
use super::stage::{Link, Stage, in_shell};
use crate::harness::GnuScreen;
use crate::harness::cloudflared::HAPPY;

/// A session without colour and QR code in a window of this width, at its prompt. The window stays when the
/// session ends.
fn session(stage: &Stage, columns: u16, locale: &str) -> (GnuScreen, Link) {
    let mut command =
        in_shell(&stage.local(&["--no-qr"]), "trap : INT; \"$0\" \"$@\"; exec sleep 3600");
    command.env("NO_COLOR", "1").env("LANG", locale);
    let mut window = GnuScreen::start(&command, columns);
    let lines = window.wait_until(|lines| is_whole(lines, ">"));
    let at = lines.iter().position(|line| line.starts_with("http")).unwrap();
    let rest = lines[at..].iter().take_while(|line| !line.starts_with(' '));
    (window, Link::local(&rest.cloned().collect::<String>()))
}

/// Whether there is one prompt, with `typed`, directly above the only link, and the status below it.
fn is_whole(lines: &[String], typed: &str) -> bool {
    let count = |is: fn(&str) -> bool| lines.iter().filter(|line| is(line)).count();
    let is_prompt = |line: &str| line.starts_with('>');
    let prompt = lines.iter().position(|line| is_prompt(line));
    let is_status = |line: &str| line.starts_with("  ") && line.contains(" local");
    count(is_prompt) == 1
        && count(|line| line.starts_with("http")) == 1
        && count(is_status) == 1
        && prompt.is_some_and(|at| lines[at] == typed && lines[at + 1].starts_with("http"))
}

#[test]
#[ignore = "needs screen: tests/run"]
fn the_prompt_is_whole_at_80_and_at_40_columns() {
    for columns in [80, 40] {
        let stage = Stage::new(HAPPY);
        let (mut window, link) = session(&stage, columns, "C");
        window.type_keys("kick Ane\u{1b}[D\u{1b}[D\u{1b}[C\u{7f}n");
        window.wait_until(|lines| is_whole(lines, "> kick Ane"));
        let guests: Vec<Guest> =
            (0..50).map(|at| Guest::join(&link, &format!("guest {at}"))).collect();
        let lines = window.wait_until(|lines| lines.iter().any(|line| line.contains("50 here -")));
        assert!(is_whole(&lines, "> kick Ane"), "{lines:#?}");
        // A longer line scrolls sideways in its row.
        window.type_keys(&format!("\u{5}\u{15}say {}end", "x".repeat(200)));
        let width = usize::from(columns) - 3;
        let lines = window.wait_until(|lines| {
            lines.iter().any(|line| line.starts_with("> ...") && line.ends_with("xend"))
        });
        let prompt = lines.iter().find(|line| line.starts_with('>')).unwrap();
        assert!(prompt.len() <= width && is_whole(&lines, prompt), "{lines:#?}");
        window.type_keys("\u{15}qqq\r");
        let lines = window.wait_until(|lines| {
            is_whole(lines, ">") && lines.iter().any(|line| line.contains("no command \"qqq\""))
        });
        assert_eq!(lines.iter().filter(|line| line.contains("+ guest")).count(), 50, "{lines:#?}");
        drop(guests);
    }
}

/// It draws them wider than the standard counts them, and wraps them even where it is told to cut.
#[test]
#[ignore = "needs screen: tests/run"]
fn characters_of_doubtful_width_keep_to_their_row() {
    for columns in [80, 40] {
        let stage = Stage::new(HAPPY);
        let (mut window, _) = session(&stage, columns, "C.UTF-8");
        for text in ["👍🏽", "👩\u{200d}👩\u{200d}👧", "⌚\u{fe0e}", "❤\u{fe0f}", "لا", "\u{ad}", "田"]
        {
            window.type_keys(&text.repeat(60));
            window.type_keys(".");
            window.wait_until(|lines| {
                let prompt = lines.iter().find(|line| line.starts_with("> "));
                prompt.is_some_and(|prompt| prompt.ends_with('.') && is_whole(lines, prompt))
            });
            window.type_keys("\u{15}");
            window.wait_until(|lines| is_whole(lines, ">"));
        }
    }
}

#[test]
#[ignore = "needs screen: tests/run"]
fn a_window_that_becomes_narrower_and_wider_again_keeps_what_is_typed() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 100, "C");
    window.type_keys("mute Ana 10m");
    window.wait_until(|lines| is_whole(lines, "> mute Ana 10m"));
    for columns in [40, 100, 60, 80] {
        window.resize(columns);
        window.type_keys("0");
        window.wait_until(|lines| lines.iter().any(|line| line == "> mute Ana 10m0"));
        window.type_keys("\u{7f}");
        window.wait_until(|lines| is_whole(lines, "> mute Ana 10m"));
    }
}

/// It ignores the sequence that erases what has scrolled off.
#[test]
#[ignore = "needs screen: tests/run"]
fn panic_leaves_one_line_on_screen_and_scrollback() {
    for columns in [80, 40] {
        let stage = Stage::new(HAPPY);
        let (mut window, link) = session(&stage, columns, "C");
        let _guests: Vec<Guest> =
            (0..60).map(|at| Guest::join(&link, &format!("guest {at}"))).collect();
        let lines = window.wait_until(|lines| lines.iter().any(|line| line.contains("60 here -")));
        // More than the rows of the screen.
        assert!(lines.len() > 60, "{lines:#?}");
        window.type_keys("panic\r");
        let lines =
            window.wait_until(|lines| lines.iter().any(|line| line == "panic: nothing remains"));
        let left: Vec<&String> = lines.iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(left, ["panic: nothing remains"]);
        stage.assert_nothing_left();
    }
}
