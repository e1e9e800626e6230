//! An error message that repeats an argument, a variable or a part of a file escapes everything that a
//! terminal acts on.

use std::process::Command;

use crate::harness::{CHATTRACE, CLEAN, Output, Program, SERVE, TUNNEL, TestEnv};

const PROGRAMS: [&str; 4] = [CHATTRACE, SERVE, TUNNEL, CLEAN];

/// Every character that a terminal acts on, or that reorders or hides text: C0 but NUL, which no
/// argument can contain, DEL, C1, separators, bidirectional and invisible formatting.
fn control_characters() -> Vec<char> {
    ('\u{1}'..=' ')
        .filter(|c| *c != ' ')
        .chain('\u{7f}'..='\u{9f}')
        .chain("\u{ad}\u{61c}\u{180e}\u{feff}\u{e0041}".chars())
        .chain('\u{200b}'..='\u{200f}')
        .chain('\u{2028}'..='\u{202e}')
        .chain('\u{2060}'..='\u{206f}')
        .collect()
}

/// All of them between letters, then sequences: a window title (OSC), an erased screen (CSI), a forged
/// line.
fn hostile() -> String {
    let all: String = control_characters().iter().flat_map(|c| [*c, 'x']).collect();
    format!("{all}\u{1b}]0;x\u{7}\u{9b}2J\u{1b}[2J\r\nerror: forged")
}

/// `command` exits with `code` and an error that shows escapes, no control character, and as many lines
/// as that of `plain`, the same command with a harmless word.
fn assert_escaped(command: Command, code: i32, plain: Command) {
    let described = format!("{command:?}");
    let ended = Program::run(command).expect_code(code);
    let lines = |ended: &Output| ended.stderr.lines().count();
    let plain = Program::run(plain).expect_code(code);
    assert!(ended.stderr.contains("\\u{"), "{described}: not shown: {ended:#?}");
    let left: Vec<char> = ended
        .stderr
        .chars()
        .chain(ended.stdout.chars())
        .filter(|c| *c != '\n' && control_characters().contains(c))
        .collect();
    assert!(left.is_empty(), "{described}: {left:?} in {ended:#?}");
    assert_eq!(lines(&ended), lines(&plain), "{described}: {ended:#?} {plain:#?}");
    assert!(!ended.stderr.lines().any(|line| line.starts_with("error: forged")), "{ended:#?}");
}

#[test]
fn arguments_are_escaped() {
    let env = TestEnv::new();
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
            // In `-@` the first character is an option, the next another.
            let with = |word: &str| {
                let mut command = env.command(program);
                command.args(form.iter().map(|part| part.replace('@', word)));
                command
            };
            assert_escaped(with(&hostile()), 2, with("xyz"));
        }
    }
}

/// The caller chooses argv[0], too.
#[test]
fn argv_0_is_not_repeated() {
    use std::os::unix::process::CommandExt as _;

    let env = TestEnv::new();
    for program in PROGRAMS {
        let mut command = env.command(program);
        command.arg0(hostile()).arg("--no-such-option");
        let ended = Program::run(command).expect_code(2);
        assert!(!ended.stderr.contains("forged"), "{ended:#?}");
        assert!(
            !ended.stderr.chars().any(|c| c != '\n' && control_characters().contains(&c)),
            "{ended:#?}"
        );
    }
}

#[test]
fn the_environment_is_escaped() {
    let env = TestEnv::new();
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
            let mut command = env.command(program);
            command.env(name, word);
            if program == TUNNEL {
                command.arg("http://127.0.0.1:1");
            }
            command
        };
        assert_escaped(with(&hostile()), code, with("xyz"));
    }
}

#[test]
fn paths_and_files_are_escaped() {
    let env = TestEnv::new();
    let escaped: String = hostile().chars().flat_map(|c| json_escape(c).into_iter()).collect();
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
        // The path of the file contains control characters as well.
        let file = |name: &str, word: &str| {
            let path = env.root().join(format!("{at}{}", name.replace('/', "")));
            std::fs::write(&path, text.replace('@', word)).unwrap();
            path
        };
        let short = "\u{1b}]0;x\u{7}\u{9b}\u{202e}\r\nerror: forged";
        let (bad, good) = (file(short, &escaped), file("xyz", "xyz"));
        for program in PROGRAMS {
            let with = |path: &std::path::Path| {
                let mut command = env.command(program);
                command.arg("--config").arg(path);
                if program == TUNNEL {
                    command.arg("http://127.0.0.1:1");
                }
                command
            };
            assert_escaped(with(&bad), 78, with(&good));
        }
    }
}

/// Control characters are valid in JSON as escapes only.
fn json_escape(c: char) -> Vec<char> {
    let mut units = [0; 2];
    if c.is_ascii_graphic() || c == ' ' {
        return vec![c];
    }
    c.encode_utf16(&mut units)
        .iter()
        .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>())
        .collect()
}
