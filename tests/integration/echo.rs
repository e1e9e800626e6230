//! What was typed, or stood in the environment or in a file, is shown again when it is wrong: never
//! so that the terminal acts on it.

use std::process::Command;

use crate::harness::{CHATTRACE, CLEAN, Ended, Place, Program, SERVE, TUNNEL};

const PROGRAMS: [&str; 4] = [CHATTRACE, SERVE, TUNNEL, CLEAN];

/// All that a terminal acts on, or that reorders or hides what is read, but for NUL, which no
/// argument can hold: C0, DEL, C1, separators, bidirectional and invisible formatting.
fn acting() -> Vec<char> {
    ('\u{1}'..=' ')
        .filter(|c| *c != ' ')
        .chain('\u{7f}'..='\u{9f}')
        .chain("\u{ad}\u{61c}\u{180e}\u{feff}\u{e0041}".chars())
        .chain('\u{200b}'..='\u{200f}')
        .chain('\u{2028}'..='\u{202e}')
        .chain('\u{2060}'..='\u{206f}')
        .collect()
}

/// All of them between letters, and the sequences that are made of them: a title (OSC), an erased
/// screen (CSI), a line of its own.
fn hostile() -> String {
    let all: String = acting().iter().flat_map(|c| [*c, 'x']).collect();
    format!("{all}\u{1b}]0;x\u{7}\u{9b}2J\u{1b}[2J\r\nerror: forged")
}

/// Ended with `code`, said something of `x`, and nothing that acts; with as many lines as when the
/// same was said of a harmless word.
fn assert_harmless(command: Command, code: i32, plain: Command) {
    let told = format!("{command:?}");
    let ended = Program::run(command).expect_code(code);
    let lines = |ended: &Ended| ended.stderr.lines().count();
    let plain = Program::run(plain).expect_code(code);
    assert!(ended.stderr.contains("\\u{"), "{told}: not named: {ended:#?}");
    let left: Vec<char> = ended
        .stderr
        .chars()
        .chain(ended.stdout.chars())
        .filter(|c| *c != '\n' && acting().contains(c))
        .collect();
    assert!(left.is_empty(), "{told}: {left:?} in {ended:#?}");
    assert_eq!(lines(&ended), lines(&plain), "{told}: {ended:#?} {plain:#?}");
    assert!(!ended.stderr.lines().any(|line| line.starts_with("error: forged")), "{ended:#?}");
}

#[test]
fn arguments_are_shown_harmlessly() {
    let place = Place::new();
    for program in PROGRAMS {
        let value = if program == TUNNEL || program == CLEAN { "--lifeline" } else { "--listen" };
        for form in [
            &["--@"][..],
            &["--@=1"],
            &["-@"],
            &["--json=@"],
            &[value, "@"],
            &[value, "1", "@", "@"],
            &["--", "@", "@"],
            &["--help=@"],
        ] {
            // A short option is a letter; what follows it is another.
            let with = |word: &str| {
                let mut command = place.command(program);
                command.args(form.iter().map(|part| part.replace('@', word)));
                command
            };
            assert_harmless(with(&hostile()), 2, with("xyz"));
        }
    }
}

/// The name under which a program was started is the caller's, too.
#[test]
fn the_name_of_the_program_is_its_own() {
    use std::os::unix::process::CommandExt as _;

    let place = Place::new();
    for program in PROGRAMS {
        let mut command = place.command(program);
        command.arg0(hostile()).arg("--no-such-option");
        let ended = Program::run(command).expect_code(2);
        assert!(!ended.stderr.contains("forged"), "{ended:#?}");
        assert!(!ended.stderr.chars().any(|c| c != '\n' && acting().contains(&c)), "{ended:#?}");
    }
}

#[test]
fn the_environment_is_shown_harmlessly() {
    let place = Place::new();
    for (program, name, code) in [
        (CHATTRACE, "CHATTRACE_LISTEN", 2),
        (CHATTRACE, "CHATTRACE_MODE", 2),
        (CHATTRACE, "CHATTRACE_TUNNEL", 2),
        (SERVE, "CHATTRACE_LISTEN", 2),
        (SERVE, "CHATTRACE_MODE", 2),
        (CHATTRACE, "CHATTRACE_CONFIG", 78),
        (SERVE, "CHATTRACE_CONFIG", 78),
        (TUNNEL, "CHATTRACE_CONFIG", 78),
        (CLEAN, "CHATTRACE_CONFIG", 78),
    ] {
        let with = |word: &str| {
            let mut command = place.command(program);
            command.env(name, word);
            if program == TUNNEL {
                command.arg("http://127.0.0.1:1");
            }
            command
        };
        assert_harmless(with(&hostile()), code, with("xyz"));
    }
}

#[test]
fn paths_and_files_are_shown_harmlessly() {
    let place = Place::new();
    // JSON has an escape for what acts.
    let escaped: String = hostile().chars().flat_map(|c| escape(c).into_iter()).collect();
    for (at, text) in [
        "{\"@\": 1}",
        "{\"room\": {\"@\": 1}}",
        "{\"logs\": \"@\"}",
        "{\"listen\": \"@\"}",
        "{\"tunnel\": {\"provider\": \"@\"}}",
        "{\"tunnel\": {\"download_base\": 1}}",
        "{\"room\": \"@\"}",
        "{\"room\": {\"backlog\": \"@\"}}",
        "{\"room\": {\"ring\": {\"events\": \"@\"}}}",
    ]
    .iter()
    .enumerate()
    {
        // The path of the file acts as well.
        let file = |name: &str, word: &str| {
            let path = place.root().join(format!("{at}{}", name.replace('/', "")));
            std::fs::write(&path, text.replace('@', word)).unwrap();
            path
        };
        let short = "\u{1b}]0;x\u{7}\u{9b}\u{202e}\r\nerror: forged";
        let (bad, good) = (file(short, &escaped), file("xyz", "xyz"));
        for program in PROGRAMS {
            let with = |path: &std::path::Path| {
                let mut command = place.command(program);
                command.arg("--config").arg(path);
                if program == TUNNEL {
                    command.arg("http://127.0.0.1:1");
                }
                command
            };
            assert_harmless(with(&bad), 78, with(&good));
        }
    }
}

fn escape(c: char) -> Vec<char> {
    let mut units = [0; 2];
    if c.is_ascii_graphic() || c == ' ' {
        return vec![c];
    }
    c.encode_utf16(&mut units)
        .iter()
        .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>())
        .collect()
}
