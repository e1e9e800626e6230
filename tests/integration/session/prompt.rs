//! The prompt on an emulated screen: what is typed there, while lines come and the window changes its size.

use super::guest::Guest;
use super::stage::{Link, Stage};
use crate::harness::Tmux;
use crate::harness::cloudflared::HAPPY;

/// A session without colour and QR code in a window of this size, at its prompt.
pub(super) fn session(stage: &Stage, columns: u16, rows: u16) -> (Tmux, Link) {
    let mut command = stage.local(&["--no-qr"]);
    command.env("NO_COLOR", "1");
    let mut window = Tmux::start(&command, columns, rows);
    let screen = window.wait_until_unwrapped(|lines| {
        let starts = |start: &str| lines.iter().any(|line| line.starts_with(start));
        starts("http") && starts(">") && starts("  ● local only")
    });
    let link = screen.iter().find(|line| line.starts_with("http")).unwrap();
    (window, Link::local(link))
}

/// The rows of prompts.
pub(super) fn prompts(screen: &[String]) -> Vec<&str> {
    let is_prompt = |row: &&String| row.as_str() == ">" || row.starts_with("> ");
    screen.iter().filter(is_prompt).map(String::as_str).collect()
}

/// Waits until the screen shows this prompt, and no other.
pub(super) fn wait_for_prompt(window: &mut Tmux, row: &str) -> Vec<String> {
    window.wait_until(|screen| prompts(screen) == [row])
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_line_is_edited_and_its_answer_comes_above_it() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    window.type_text("no such lonk");
    wait_for_prompt(&mut window, "> no such lonk");
    window.type_keys("Left Left BSpace i Home Delete Delete Delete C-e x BSpace");
    wait_for_prompt(&mut window, "> such link");
    window.type_keys("C-a C-k");
    wait_for_prompt(&mut window, ">");
    window.type_text("qqq\r");
    let screen = window.wait_until(|screen| {
        prompts(screen) == [">"] && has(screen, "there is no command \"qqq\"")
    });
    let at = screen.iter().position(|row| row == ">").unwrap();
    // The link and the status below, and nothing else.
    assert!(screen[at + 1].starts_with("http") && screen[at + 2].contains('●'), "{screen:#?}");
    assert!(screen[at + 3..].iter().all(String::is_empty), "{screen:#?}");
    window.type_keys("Up");
    wait_for_prompt(&mut window, "> qqq");
    window.type_keys("Down");
    wait_for_prompt(&mut window, ">");
}

fn has(screen: &[String], text: &str) -> bool {
    screen.iter().any(|row| row.contains(text))
}

/// The cursor stands where the terminal itself has put it.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_cursor_is_in_the_prompt_where_the_next_character_goes() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 80, 24);
    let _ana = Guest::join(&link, "Ana");
    window.wait_for("1 here · Ctrl+C");
    window.type_text("kick 田é");
    let screen = wait_for_prompt(&mut window, "> kick 田é");
    let row = screen.iter().position(|row| row.starts_with("> kick")).unwrap();
    assert_eq!(window.cursor(), (10, u16::try_from(row).unwrap()));
    window.type_keys("Left Left");
    let before = u16::try_from(row).unwrap();
    window.wait_until_cursor((7, before));
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn lines_that_come_tear_nothing_of_what_is_typed() {
    let stage = Stage::new(HAPPY);
    for (columns, rows) in [(40, 10), (80, 24), (120, 40)] {
        let (mut window, link) = session(&stage, columns, rows);
        let mut guests = Vec::new();
        let mut typed = String::new();
        for number in 1..=40 {
            guests.push(Guest::join(&link, &format!("guest {number}")));
            if number % 2 == 0 {
                typed.push('x');
                window.type_text("x");
            }
            // At each moment of a drawing the prompt is whole, and there is one.
            let shown = window.screen();
            assert!(prompts(&shown).len() <= 1, "{shown:#?}");
        }
        window.wait_for("40 here");
        let screen = wait_for_prompt(&mut window, &format!("> {typed}"));
        assert!(has(&screen, "40 here"), "{screen:#?}");
        let history = window.history();
        assert_eq!(prompts(&history).len(), 1, "{history:#?}");
        assert_eq!(history.iter().filter(|row| row.contains('●')).count(), 1, "{history:#?}");
        drop(window);
        drop(guests);
    }
}

/// The link is on the screen once, also after Enter twice in a row.
#[test]
#[ignore = "needs tmux: tests/run"]
fn enter_leaves_no_second_copy_of_anything() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 80, 24);
    window.type_text(&"\r".repeat(20));
    window.type_text("\u{4}");
    window.wait_for("help lists the commands");
    let _ana = Guest::join(&link, "Ana");
    window.wait_for("1 here");
    let history = window.history();
    for start in ["http", ">", "  ●"] {
        let count = history.iter().filter(|row| row.starts_with(start)).count();
        assert_eq!(count, 1, "{start}: {history:#?}");
    }
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_long_line_scrolls_sideways_at_40_columns() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 40, 10);
    // 80 columns of two-column characters, and an ASCII end.
    window.type_text(&format!("say {}end", "田".repeat(40)));
    let screen = window.wait_until(|screen| {
        let prompts = prompts(screen);
        prompts.len() == 1 && prompts[0].starts_with("> …") && prompts[0].ends_with("田end")
    });
    assert!(has(&screen, "●") && has(&screen, "http"), "{screen:#?}");
    window.type_keys("Home");
    window.wait_until(|screen| {
        let prompts = prompts(screen);
        prompts.len() == 1 && prompts[0].starts_with("> say 田") && prompts[0].ends_with('…')
    });
    window.type_keys("C-k");
    wait_for_prompt(&mut window, ">");
}

/// What is drawn wider than it was counted is cut, and never wraps.
#[test]
#[ignore = "needs tmux: tests/run"]
fn characters_of_doubtful_width_keep_to_their_row() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 40, 12);
    for text in [
        "👍🏽",
        "👩\u{200d}👩\u{200d}👧",
        "⌚\u{fe0e}",
        "❤\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "لا",
        "\u{ad}",
        "🇩🇪",
    ] {
        window.type_text(&text.repeat(40));
        let screen =
            window.wait_until(|screen| prompts(screen).iter().any(|row| row.starts_with("> …")));
        assert_eq!(prompts(&screen).len(), 1, "{text}: {screen:#?}");
        let at = screen.iter().position(|row| row.starts_with("> ")).unwrap();
        assert!(screen[at + 1].starts_with("http"), "{text}: {screen:#?}");
        window.type_keys("C-u");
        wait_for_prompt(&mut window, ">");
    }
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_paste_of_several_lines_is_one_line_that_waits() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    window.paste("panic\nend\n\tclear\n");
    wait_for_prompt(&mut window, "> panic end  clear");
    // The paste has ended: keys have their effect again.
    window.type_keys("C-u");
    wait_for_prompt(&mut window, ">");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn ctrl_z_says_what_it_would_do_and_the_line_stays() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    window.type_text("mute An");
    wait_for_prompt(&mut window, "> mute An");
    window.type_keys("C-z");
    window.wait_for("Ctrl+Z would leave the room open without you");
    window.type_text("a");
    wait_for_prompt(&mut window, "> mute Ana");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_key_that_is_no_key_and_a_lone_escape_change_nothing() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    window.type_text("a\u{1b}[15~\u{1b}[5~\u{1b}]0;title\u{7}\u{9b}b");
    wait_for_prompt(&mut window, "> ab");
    // An ESC waits a moment for the rest of a key, and nothing shows when it no longer does. The status counts
    // the seconds meanwhile: of two changes, one whole second lies between.
    window.type_text("\u{15}end in 1m\r");
    wait_for_prompt(&mut window, ">");
    window.type_text("c\u{1b}");
    let screen = wait_for_prompt(&mut window, "> c");
    let first = wait_for_another_second(&mut window, &screen);
    wait_for_another_second(&mut window, &first);
    // With the ESC before it, this would be an answer of the terminal.
    window.type_text("[c.");
    wait_for_prompt(&mut window, "> c[c.");
}

/// Waits until the status shows another number of seconds than on this screen.
fn wait_for_another_second(window: &mut Tmux, screen: &[String]) -> Vec<String> {
    let status = |screen: &[String]| screen.iter().find(|row| row.contains('●')).cloned();
    let before = status(screen);
    window.wait_until(|screen| status(screen).is_some_and(|row| Some(row) != before))
}

/// The signal is sent, and the key that it came into is read all the same.
#[test]
#[ignore = "needs tmux: tests/run"]
fn ctrl_z_in_the_middle_of_a_key_and_of_a_paste_tears_neither() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    let hints = |screen: &[String]| {
        screen.iter().filter(|row| row.contains("Ctrl+Z would leave the room open")).count()
    };
    window.type_text("mute An\u{1b}[1\u{1a}");
    window.wait_until(|screen| hints(screen) == 1 && prompts(screen) == ["> mute An"]);
    window.type_text("Dx");
    wait_for_prompt(&mut window, "> mute Axn");
    window.type_text("\u{5}\u{15}\u{1b}[200~end\u{1a}\r");
    window.wait_until(|screen| hints(screen) == 2 && prompts(screen) == ["> end"]);
    window.type_text("panic\r\u{1b}[20\u{1a}1~");
    window.wait_until(|screen| hints(screen) == 3 && prompts(screen) == ["> end panic"]);
    window.type_text("\u{15}ok");
    wait_for_prompt(&mut window, "> ok");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn what_is_typed_is_whole_after_every_change_of_the_size() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage, 100, 30);
    let _ana = Guest::join(&link, "Ana");
    window.type_text("mute Ana 10m");
    wait_for_prompt(&mut window, "> mute Ana 10m");
    for (columns, rows) in [(40, 10), (120, 40), (60, 12), (40, 30), (200, 10), (80, 24)] {
        window.resize(columns, rows);
        window.wait_until(|screen| {
            let has_status = screen.iter().any(|row| row.contains("● local only · 1 here"));
            prompts(screen) == ["> mute Ana 10m"] && has_status
        });
    }
    // A storm, as of a window that is dragged.
    for columns in (40..100).rev().chain(40..90).rev() {
        window.resize(columns, 30);
    }
    window.resize(70, 24);
    window.type_text("\u{15}ok");
    // tmux may read a drawing in two pieces, and shows the first alone for a moment: the prompt without the
    // status. A second copy of either would stay.
    window.wait_until_history(|history| {
        let statuses = history.iter().filter(|row| row.contains('●')).count();
        prompts(history) == ["> ok"] && statuses == 1
    });
}

/// The first letters of a bidirectional line stand where the terminal puts them, and controls are shown.
#[test]
#[ignore = "needs tmux: tests/run"]
fn controls_that_are_typed_are_shown_and_not_obeyed() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage, 80, 24);
    window.type_text("a\u{202e}b\u{2028}c");
    wait_for_prompt(&mut window, "> a\\u{202e}b\\u{2028}c");
    // One Backspace takes one of them.
    window.type_keys("BSpace BSpace BSpace");
    wait_for_prompt(&mut window, "> a\\u{202e}");
}
