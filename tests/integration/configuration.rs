//! Configurations as editors on other systems, other programs and crashes leave them: read as they are
//! meant, or named with file, line, key and next step. The environment likewise.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use crate::harness::{CHATTRACE, CLEAN, Output, Program, SERVE, TUNNEL, TestEnv};

/// A configuration with lines, a nested key and a letter that is not ASCII; it changes the limits.
const CONFIG: &str =
    "{\n  \"archive_dir\": \"/tmp/é日𝄞\",\n  \"room\": { \"max_participants\": 7 }\n}\n";

/// Shows the limits of a room with this configuration file.
fn limits_with(env: &TestEnv, content: &[u8]) -> Output {
    let file = env.root().join("config.json");
    std::fs::write(&file, content).unwrap();
    limits_at(env, &file)
}

fn limits_at(env: &TestEnv, file: impl AsRef<OsStr>) -> Output {
    let mut command = env.command(SERVE);
    command.arg("--explain-limits").arg("--config").arg(file);
    Program::run(command)
}

/// Asserts that the file is refused with a sentence that has all these parts, in one line.
fn assert_named(env: &TestEnv, content: &[u8], parts: &[&str]) {
    let ended = limits_with(env, content);
    let shown = String::from_utf8_lossy(&content[..content.len().min(60)]).into_owned();
    assert_eq!(ended.code(), 78, "{shown}: {ended:#?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{shown}: {ended:#?}");
    let file = env.root().join("config.json").display().to_string();
    for part in [&[file.as_str()], parts].concat() {
        assert!(ended.stderr.contains(part), "{shown}: no {part:?} in {}", ended.stderr);
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().map(u32::from).flat_map(bytes).collect()
}

#[test]
fn what_editors_save_is_read_as_it_is_meant() {
    let env = TestEnv::new();
    let expected = limits_with(&env, CONFIG.as_bytes()).expect_code(0).stdout;
    assert_ne!(expected, limits_with(&env, b"{}").expect_code(0).stdout);
    for ends in ["\n", "\r\n", "\r"] {
        for marks in ["", "\u{feff}", "\u{feff}\u{feff}"] {
            let text = format!("{marks}{}", CONFIG.replace('\n', ends));
            for saved in [
                text.clone().into_bytes(),
                format!("{text}\0\0\0").into_bytes(),
                format!("{text}\u{1a}").into_bytes(),
                utf16(&text, u16::to_le_bytes),
                utf16(&text, u16::to_be_bytes),
                utf32(&text, u32::to_le_bytes),
                utf32(&text, u32::to_be_bytes),
            ] {
                let ended = limits_with(&env, &saved).expect_code(0);
                assert_eq!(ended.stdout, expected, "{ends:?} {marks:?}");
            }
        }
    }
}

#[test]
fn what_is_no_text_is_named() {
    let env = TestEnv::new();
    for (content, parts) in [
        (&b""[..], &["line 1", "empty", "write {} into it"][..]),
        (b"\n \r\n", &["empty"]),
        (b"\xef\xbb\xbf", &["empty"]),
        (&[0; 4096], &["NUL bytes only", "restore it"]),
        (b"{\"room\":\0\0\0\0", &["line 1", "cut off"]),
        (
            b"{\r\"logs\":\"ask\",\r\"archive_dir\":\"caf\xe9\"}",
            &["line 3", "\"archive_dir\"", "0xE9", "save the file as UTF-8"],
        ),
        (b"\xff\xfe{\0\n\0\x00\xdc}\0", &["line 2", "UTF-16", "save the file as UTF-8"]),
    ] {
        assert_named(&env, content, parts);
    }
}

#[test]
fn what_json_has_no_place_for_is_named() {
    let env = TestEnv::new();
    for (text, parts) in [
        ("{\r\n// mine\r\n}", &["line 2", "no comments"][..]),
        ("{\"logs\": \"ask\",\n}", &["remove the comma before }"]),
        ("{“logs”: \"ask\"}", &["quote “"]),
        ("{\"logs\": ‘ask’}", &["quote ‘"]),
        ("{\"logs”: \"ask\"}", &["line 1", "typographic quote (”)"]),
        ("{\n\u{a0}\"logs\": \"ask\"}", &["line 2", "U+00A0"]),
        ("{\"logs\"\u{200b}: \"ask\"}", &["U+200B"]),
        ("{\"room\": {\"backlog\": １}}", &["full-width １"]),
        ("{\"room\": {\"backlog\": −1}}", &["dash −", "write - instead"]),
        ("{'logs': 'ask'}", &["double quotes"]),
        ("{logs: \"ask\"}", &["double quotes"]),
        ("{\"logs\": ask}", &["key \"logs\"", "double quotes"]),
        ("logs = ask", &["begins with {"]),
        ("[\"127.0.0.1:80\"]", &["begins with {"]),
        ("{} {}", &["behind the last }"]),
    ] {
        assert_named(&env, text.as_bytes(), parts);
    }
}

#[test]
fn values_are_read_or_named_with_their_key() {
    let env = TestEnv::new();
    let backlog = |number: &str| format!("{{\"room\": {{\"backlog\": {number}}}}}");
    for same in ["1", "1.0", "1e0", "10e-1"] {
        limits_with(&env, backlog(same).as_bytes()).expect_code(0);
    }
    for same in ["0", "-0", "0.0", "null"] {
        limits_with(&env, backlog(same).as_bytes()).expect_code(0);
    }
    let long = "1".repeat(10_000);
    for number in ["007", "-1", "1.5", "1e400", "1e19", "0x10", "+1", "NaN", &long, "[]", "\"1\""] {
        assert_named(&env, backlog(number).as_bytes(), &["line 1", "key \"room"]);
    }
    for (text, parts) in [
        (
            "{\"logs\": \"ask\",\n\"logs\": \"save\"}",
            &["line 2", "key \"logs\" is there twice"][..],
        ),
        ("{\"room\": {\"backlog\": 1, \"backlog\": 2}}", &["key \"room.backlog\" is there twice"]),
        ("{\"room\": {}, \"room\": {}}", &["key \"room\" is there twice"]),
        ("{\"room\": []}", &["key \"room\"", "an object, in braces"]),
        ("{\"room\": [\"open\", 7]}", &["key \"room\"", "an object, in braces"]),
        ("{\"room\": 7}", &["key \"room\"", "an object, in braces"]),
        ("{\"archive_dir\": \"/é\n\"}", &["line", "key \"archive_dir\""]),
    ] {
        assert_named(&env, text.as_bytes(), parts);
    }
    for deep in ["[", "{\"a\":", "{\"room\":"] {
        assert_named(&env, deep.repeat(100_000).as_bytes(), &["line 1"]);
    }
    let deep = format!("{{\"listen\": {}", "[".repeat(100_000));
    assert_named(&env, deep.as_bytes(), &["line 1", "key \"listen"]);
}

#[test]
fn what_is_no_file_is_named_and_not_waited_for() {
    let env = TestEnv::new();
    let at = |name: &str| env.work().join(name);
    std::fs::create_dir(at("folder")).unwrap();
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("loop", at("loop")).unwrap();
    std::fs::File::create(at("huge")).unwrap().set_len(1 << 30).unwrap();
    for (name, reason) in [
        ("folder", "it is a folder, not a file; check"),
        ("fifo", "it is a pipe, not a file; check"),
        ("loop", "too many levels of symbolic links; check"),
        ("huge", "it is larger than 1048576 bytes; check"),
        ("/dev/zero", "it is a device, not a file; check"),
        ("missing", "no such file or directory; check"),
        ("-", "no such file or directory; check"),
    ] {
        let ended = limits_at(&env, name).expect_code(78);
        let named = format!("cannot read the configuration {name}: {reason}");
        assert!(ended.stderr.contains(&named), "{ended:#?}");
    }
}

/// A link that leads nowhere, in the place where the file is looked for.
#[test]
fn a_file_that_is_there_and_cannot_be_read_is_not_passed_over() {
    let env = TestEnv::new();
    let folder = env.home().join(".config/chattrace");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("elsewhere", folder.join("config.json")).unwrap();
    let mut command = env.command(SERVE);
    command.arg("--explain-limits");
    let ended = Program::run(command).expect_code(78);
    assert!(ended.stderr.contains("config.json: no such file"), "{ended:#?}");
}

/// As `. ./.env` leaves them when that file was saved with CRLF.
#[test]
fn white_space_around_a_variable_and_an_empty_one_mean_nothing() {
    let env = TestEnv::new();
    let file = env.root().join("config.json");
    std::fs::write(&file, "{\"room\": {\"backlog\": 900}}").unwrap();
    for (around, code) in [("\r", 78), ("\r\n", 78), (" \t", 78), ("", 78)] {
        let mut command = env.command(SERVE);
        command.arg("--explain-limits").env("CHATTRACE_CONFIG", with(&file, around));
        for (name, value) in [("CHATTRACE_LISTEN", "127.0.0.1:0"), ("CHATTRACE_MODE", "open")] {
            command.env(name, format!("{value}{around}"));
        }
        let ended = Program::run(command).expect_code(code);
        assert!(ended.stderr.contains("room.backlog is 900"), "{around:?}: {ended:#?}");
    }
    for nothing in ["", " ", "\r\n"] {
        for program in [CHATTRACE, SERVE, TUNNEL, CLEAN] {
            let mut command = env.command(program);
            command.arg("--stray");
            for name in ["CONFIG", "LISTEN", "MODE", "TUNNEL", "LOGS", "CLOUDFLARED"] {
                command.env(format!("CHATTRACE_{name}"), nothing);
            }
            let ended = Program::run(command).expect_code(2);
            assert!(ended.stderr.contains("--stray"), "{nothing:?}: {ended:#?}");
        }
    }
    // A flag still takes precedence.
    let mut command = env.command(SERVE);
    command.args(["--explain-limits", "--listen", "nowhere"]);
    let ended = Program::run({
        command.env("CHATTRACE_LISTEN", "127.0.0.1:0\r");
        command
    });
    assert!(ended.stderr.contains("'nowhere'"), "{ended:#?}");
}

fn with(path: &std::path::Path, end: &str) -> OsString {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path
}

#[test]
fn a_wrong_variable_is_named() {
    let env = TestEnv::new();
    for (name, value) in [
        ("CHATTRACE_LISTEN", b"localhost:80".to_vec()),
        ("CHATTRACE_LISTEN", b"\xff".to_vec()),
        ("CHATTRACE_MODE", b"\xff".to_vec()),
        ("CHATTRACE_LOGS", b"keep".to_vec()),
        ("CHATTRACE_TUNNEL", b"no\xe9".to_vec()),
    ] {
        let mut command = env.command(CHATTRACE);
        command.env(name, OsString::from_vec(value));
        let ended = Program::run(command).expect_code(2);
        assert!(ended.stderr.contains(name), "{ended:#?}");
    }
    let mut command = env.command(CHATTRACE);
    command.env("CHATTRACE_LOGS", "save").args(["--logs", "keep"]);
    let ended = Program::run(command).expect_code(2);
    assert!(!ended.stderr.contains("CHATTRACE_LOGS"), "{ended:#?}");
}
