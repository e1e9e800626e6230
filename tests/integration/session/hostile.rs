//! V-10, V-21: a room, a tunnel or a guard that was taken over, against the supervisor. The session
//! ends with one sentence and code 70, no message of the service has an effect, and nothing
//! remains.

use std::path::Path;
use std::process::Command;

use super::input::with_siblings;
use super::stage::{Stage, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Output, stand_in};

/// The most private memory, in KiB, that its services can make the supervisor use: heap and stacks.
pub(super) const CEILING_KIB: u64 = 32 * 1024;

const ALL: [&str; 3] = ["chattrace-serve", "chattrace-tunnel", "chattrace-clean"];

pub(crate) fn hello() -> String {
    format!("say {{\"type\":\"hello\",\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"))
}

/// Orders for a room that behaves until it is ready, and then does `more`.
pub(crate) fn room(more: &str) -> String {
    let ready =
        r#"{"type":"ready","protection":{"confinement":{"missing":[]},"locked":"nothing"}}"#;
    format!("{}say {ready}\n{more}\nhang\n", hello())
}

/// Orders for a tunnel that behaves until it was ordered to open, and then does `more`.
pub(super) fn tunnel(more: &str) -> String {
    let digest = "0".repeat(64);
    let found = format!(
        r#"{{"type":"found","path":"/c","version":null,"digest":"{digest}","source":"path"}}"#
    );
    format!("{}say {found}\nwait open\nsay {{\"type\":\"starting\"}}\n{more}\nhang\n", hello())
}

pub(super) fn joined(number: &str, name: &str, tag: &str, present: &str) -> String {
    format!(
        r#"{{"type":"joined","participant":{{"number":{number},"name":{name},"tag":{tag}}},"present":{present}}}"#
    )
}

/// A session in which `who` is the hostile service with these orders, and the others are real.
pub(crate) fn with_hostile(stage: &Stage, who: &str, orders: &str) -> Command {
    let others: Vec<_> =
        ALL.iter().filter(|name| **name != who).map(|name| (*name, None)).collect();
    let mut command = with_siblings(stage, &others);
    let env = Path::new(command.get_program()).with_file_name(who);
    let copied = Command::new("cp").arg(stand_in("hostile-service")).arg(&env).status();
    assert!(copied.unwrap().success());
    std::fs::write(env.with_extension("orders"), orders).unwrap();
    command.args(["--json", "--no-qr"]);
    command
}

/// Asserts that neither stream holds a control character, and that every event is JSON.
pub(crate) fn assert_harmless(ended: &Output, what: &str) {
    for text in [&ended.stdout, &ended.stderr] {
        let raw = |c: char| {
            c != '\n' && c.is_control()
                || ('\u{200b}'..='\u{200f}').contains(&c)
                || ('\u{2028}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
                || ('\u{e0000}'..='\u{e007f}').contains(&c)
        };
        assert!(!text.contains(raw), "{what}: {ended:#?}");
    }
    for line in ended.stdout.lines() {
        let event: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(event.is_ok(), "{what}: {line}");
    }
}

/// Runs such a session. Asserts that it ends with 70 and a sentence of these words about `who`.
pub(super) fn assert_killed(who: &str, orders: &str, words: &str) -> Output {
    let stage = Stage::new(HAPPY);
    let ended = watched(&with_hostile(&stage, who, orders)).wait();
    let what: String = orders.chars().take(600).collect();
    assert_eq!(ended.code(), 70, "{what}: {ended:#?}");
    let said = format!("chattrace: {who} {words}");
    assert!(ended.stderr.lines().any(|line| line.starts_with(&said)), "{what}: {said}: {ended:#?}");
    assert!(ended.stderr.contains("nothing remains"), "{what}: {ended:#?}");
    assert!(
        ended.stdout.ends_with("{\"event\":\"closed\",\"remains\":[]}\n"),
        "{what}: {ended:#?}"
    );
    assert_harmless(&ended, &what);
    stage.assert_nothing_left();
    ended
}

pub(super) const NOT_UNDERSTOOD: &str = "sent an invalid message (";
pub(super) const OUT_OF_ORDER: &str = "sent \"";

/// Invalid names, as JSON.
const WRONG_NAMES: [&str; 27] = [
    "\"\"",
    "null",
    "7",
    "[]",
    "{}",
    "\" Ana\"",
    "\"Ana \"",
    "\"Ana  Bob\"",
    "\"A\\u001b[2Jb\"",
    "\"A\\nb\"",
    "\"A\\rb\"",
    "\"A\\u007fb\"",
    "\"A\\u009bb\"",
    "\"A\\u202eb\"",
    "\"A\\u2066b\"",
    "\"A\\u2028b\"",
    "\"A\\u200bb\"",
    "\"A\\u00adb\"",
    "\"A\\u00a0b\"",
    "\"A\\u3000b\"",
    "\"A\\u3164b\"",
    "\"A\\udb40\\udc41b\"",
    "\"A\\u0000b\"",
    "\"A\\ud800b\"",
    "\"A\u{7f}b\"",
    "\"A\u{85}b\"",
    "\"A\u{202e}b\"",
];

#[test]
fn a_field_that_breaks_its_bound_ends_the_session() {
    let long = format!("\"{}\"", "x".repeat(65));
    let wide = format!("\"{}\"", "é".repeat(21));
    let endless = format!("\"{}\"", "x".repeat(15_000));
    let marks = format!("\"a{}\"", "\\u0301".repeat(9));
    let names = WRONG_NAMES.into_iter().chain([&*long, &*wide, &*endless, &*marks]);
    for name in names {
        assert_killed(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", name, "\"abc\"", "1"))),
            NOT_UNDERSTOOD,
        );
    }
    for number in [
        "0",
        "-1",
        "1.5",
        "NaN",
        "1e400",
        "\"1\"",
        "null",
        "18446744073709551616",
        "9007199254740992",
    ] {
        assert_killed(
            "chattrace-serve",
            &room(&format!("say {}", joined(number, "\"Ana\"", "\"abc\"", "1"))),
            NOT_UNDERSTOOD,
        );
    }
    for tag in ["\"\"", "\"ab\"", "\"abcd\"", "\"ABC\"", "\"a b\"", "\"ab0\"", "\"éa\"", "null"] {
        assert_killed(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", tag, "1"))),
            NOT_UNDERSTOOD,
        );
    }
    for present in ["-1", "1.5", "null", "\"1\""] {
        assert_killed(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", "\"abc\"", present))),
            NOT_UNDERSTOOD,
        );
    }
    for present in ["0", "10001", "18446744073709551615"] {
        assert_killed(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", "\"abc\"", present))),
            "sent a join with a count of",
        );
    }
}

#[test]
fn a_line_that_is_no_message_ends_the_session() {
    let nested = format!("say {}{}", "[".repeat(5000), "]".repeat(5000));
    let whole = joined("1", "\"Ana\"", "\"abc\"", "1");
    for more in [
        "say ",
        "say x",
        "say {",
        "say []",
        "say {}",
        "say null",
        "say {\"type\":7}",
        "say {\"type\":\"dance\"}",
        "say {\"type\":\"joined\"}",
        "raw \\xff\\xfe\\n",
        "raw {\"type\":\"dra\\x00ined\"}\\n",
        "raw \\x00\\n",
        &nested,
        &format!("say {}", whole.replace("\"present\":1", "\"present\":1,\"more\":2")),
        &format!("say {}", whole.replace("\"present\":1", "\"present\":1,\"present\":2")),
        &format!("say {}", whole.replace("\"number\":1", "\"number\":1,\"number\":1")),
        &format!("say {}", whole.replace("\"number\":1", "\"number\":1,\"key\":1")),
        &format!("say {}", whole.replace("\"present\":1", "\"present\":1,\"type\":\"left\"")),
        &format!("say {}", whole.replace(",\"tag\":\"abc\"", "")),
        &format!("say {whole}{whole}"),
        "say {\"type\":\"\\u001b]0;title\\u0007\\u202e\"}",
    ] {
        assert_killed("chattrace-serve", &room(more), NOT_UNDERSTOOD);
    }
    for more in ["endless 40000 x", "endless 9000000 x", "endless 20000 \\x00"] {
        assert_killed("chattrace-serve", &room(more), "sent a line that is too long");
    }
}

#[test]
fn a_message_out_of_its_time_ends_the_session() {
    let ana = joined("1", "\"Ana\"", "\"abc\"", "1");
    let bob = joined("1", "\"Bob\"", "\"abc\"", "1");
    let ready = room("").lines().nth(1).unwrap().to_owned();
    for more in [
        hello().trim_end(),
        &ready,
        "say {\"type\":\"drained\"}",
        &format!("deaf\nsay {{\"type\":\"drained\"}}\nsay {ana}"),
    ] {
        assert_killed("chattrace-serve", &room(more), OUT_OF_ORDER);
    }
    assert_killed(
        "chattrace-serve",
        &room(&format!("say {ana}\nsay {bob}")),
        "gave one number to two",
    );
    let early = format!("{}say {ana}\nhang\n", hello());
    assert_killed("chattrace-serve", &early, OUT_OF_ORDER);
    assert_killed("chattrace-serve", &format!("say {ana}\nhang\n"), "did not send its version");
    let guard = format!("{}{}hang\n", hello(), hello());
    assert_killed("chattrace-clean", &guard, OUT_OF_ORDER);
}
