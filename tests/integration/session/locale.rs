//! The locale of the terminal: what people read is ASCII where the locale is not UTF-8.

use std::process::Command;

use super::guest::Guest;
use super::stage::{Link, Stage};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, CLEAN, Output, Program, SERVE, TUNNEL, Terminal, Tmux};

/// Sets the variables of the locale, and no other of them.
fn set_locale(command: &mut Command, variables: &[(&str, &str)]) {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
}

/// A session on a terminal of 100 columns and 40 rows, with a participant called `name`, to its end.
fn run(command: &Command, columns: u16, name: &str) -> Output {
    let mut terminal = Terminal::start(command, columns);
    let link = Link::on_screen(&mut terminal);
    let _guest = Guest::join(&link, name);
    // In the line of the participant, and in the status.
    terminal.wait_for("1 here");
    terminal.wait_for("1 here");
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("v\r");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0)
}

#[test]
fn a_locale_that_is_not_utf8_gets_ascii() {
    for locale in [
        &[] as &[(&str, &str)],
        &[("LANG", "C")],
        &[("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")],
        &[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "en_US.ISO-8859-1")],
        &[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "ja_JP.eucJP")],
        &[("LANG", "de_DE")],
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = stage.local(&[]);
        set_locale(&mut command, locale);
        let ended = run(&command, 100, "José 田中");
        assert!(ended.stdout.is_ascii(), "{locale:?}: {ended:#?}");
        for text in [
            "talk now, gone after",
            "\n  + protected        sandbox, memory, swap, core dumps",
            "+ Jos\\u{e9} \\u{7530}\\u{4e2d} #",
            "joined Jos\\u{e9} \\u{7530}\\u{4e2d} #",
            "* local only - 1 here - Ctrl+C ends it",
            "\n  + nothing remains",
        ] {
            assert!(ended.stderr.replace('\r', "").contains(text), "{text}: {ended:#?}");
        }
    }
}

#[test]
fn utf8_in_any_spelling_gets_signs() {
    for locale in [
        &[("LANG", "C.UTF-8")] as &[(&str, &str)],
        &[("LC_CTYPE", "UTF-8")],
        &[("LANG", "C"), ("LC_ALL", "de_DE.utf8@euro")],
        &[("LC_ALL", ""), ("LC_CTYPE", "ja_JP.Utf8"), ("LANG", "C")],
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = stage.local(&[]);
        set_locale(&mut command, locale);
        let ended = run(&command, 100, "José");
        for text in ["✓ protected", "+ José #", "● local only · 1 here · Ctrl+C ends it", "▀"]
        {
            assert!(ended.stderr.contains(text), "{locale:?}: {text}: {ended:#?}");
        }
    }
}

/// Two columns and a row for each module, so it needs a large window; a smaller one gets none.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_qr_code_is_ascii_where_it_fits() {
    for (colour, (columns, rows), fits) in [
        (true, (100, 60), true),
        (false, (100, 60), true),
        (false, (84, 60), true),
        (false, (70, 60), true),
        (false, (60, 60), false),
        (true, (100, 40), true),
        (true, (100, 30), false),
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = stage.local(&[]);
        set_locale(&mut command, &[]);
        if !colour {
            command.env("NO_COLOR", "1");
        }
        let mut window = Tmux::start(&command, columns, rows);
        window.wait_for("* local only");
        let screen = window.coloured_screen();
        // The upper edge of two finder patterns: seven modules each.
        let edge = if colour { "\u{1b}[40m              \u{1b}" } else { "##              ##" };
        let is_shown = screen.iter().any(|row| row.matches(edge).count() == 2);
        assert_eq!(is_shown, fits, "{colour} {columns} {rows}: {screen:#?}");
        assert!(screen.iter().all(|row| row.is_ascii()), "{screen:#?}");
        let says =
            screen.iter().any(|row| row.contains("drawn for light text on a dark background"));
        assert_eq!(says, fits && !colour, "{screen:#?}");
    }
}

/// The console of the kernel draws half blocks and letters, and none of our signs.
#[test]
fn the_console_of_the_kernel_gets_letters_and_half_blocks_but_no_signs() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&[]);
    command.env("TERM", "linux");
    let ended = run(&command, 100, "José");
    for text in ["+ protected", "+ José #", "* local only - 1 here - Ctrl+C ends it", "▀"] {
        assert!(ended.stderr.contains(text), "{text}: {ended:#?}");
    }
    for sign in ['✓', '✗', '●', '…'] {
        assert!(!ended.stderr.contains(sign), "{ended:#?}");
    }
}

/// A name as long as a name can be is cut at an escape, and number and tag stay in its row.
#[test]
fn an_escaped_name_keeps_to_its_row() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&["--no-qr"]);
    set_locale(&mut command, &[("LC_ALL", "C")]);
    let ended = run(&command, 60, "田中さくら花子山本太郎");
    let row = ended.stderr.lines().find(|line| line.contains("+ \\u{7530}")).unwrap();
    let row = row.rsplit('\r').find(|part| part.contains("+ ")).unwrap().trim_end();
    assert!(row.len() <= 60 && row.contains("}... #") && row.ends_with(" - 1 here"), "{row:?}");
}

/// The errors of each program, and what it prints by itself.
#[test]
fn every_program_speaks_ascii() {
    let stage = Stage::new(HAPPY);
    let missing = stage.env.root().join("größe");
    let missing = missing.to_str().unwrap();
    for (program, arguments) in [
        (CHATTRACE, &["--größe"] as &[&str]),
        (CHATTRACE, &["--config", missing]),
        (CHATTRACE, &["--help"]),
        (CHATTRACE, &["--explain-limits"]),
        (SERVE, &["--listen", "größe"]),
        (SERVE, &["--config", missing]),
        (SERVE, &["--help"]),
        (SERVE, &["--explain-limits"]),
        (TUNNEL, &["http://größe"]),
        (TUNNEL, &["--cloudflared", missing, "http://127.0.0.1:1"]),
        (TUNNEL, &["--help"]),
        (CLEAN, &["größe"]),
        (CLEAN, &["--help"]),
    ] {
        let mut command = stage.env.command(program);
        command.args(arguments);
        set_locale(&mut command, &[("LANG", "C")]);
        let ended = Program::run(command);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.is_empty() && said.is_ascii(), "{arguments:?}: {ended:#?}");
        let names_it = arguments.concat().contains("größe") && !said.contains("origin");
        assert!(!names_it || said.contains("gr\\u{f6}\\u{df}e"), "{arguments:?}: {ended:#?}");
    }
    let mut command = stage.env.command(TUNNEL);
    command.arg("--cloudflared").arg(stage.stand_in.path()).arg("http://127.0.0.1:1");
    set_locale(&mut command, &[]);
    let mut terminal = Terminal::start(&command, 100);
    terminal.wait_for("the public address works");
    terminal.type_keys("\u{3}");
    let ended = terminal.wait().expect_code(0);
    assert!(ended.stdout.is_ascii() && ended.stderr.contains("..."), "{ended:#?}");
}

/// A path on stdout is bytes, and no text: it is what the disk has.
#[test]
fn a_path_for_programs_is_not_changed() {
    let stage = Stage::new(HAPPY);
    let folder = stage.env.home().join("größe");
    std::fs::create_dir_all(folder.join("chattrace/bin")).unwrap();
    let mut command = stage.env.command(CLEAN);
    command.args(["--all", "--dry-run"]).env("XDG_DATA_HOME", &folder);
    set_locale(&mut command, &[("LANG", "C")]);
    let ended = Program::run(command).expect_code(0);
    assert!(ended.stdout.contains("größe/chattrace"), "{ended:#?}");
}
