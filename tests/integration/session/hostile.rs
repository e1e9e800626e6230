//! V-10, V-21: a room, a tunnel or a guard that was taken over, against the supervisor. Each is ended
//! with a sentence and 70, nothing of it is obeyed or believed, and nothing remains.

use std::path::Path;
use std::process::Command;

use super::input::moved;
use super::stage::{Stage, event, scripted, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Ended, Terminal, stand_in};

/// Most memory of its own that the supervisor may take, in KiB, whatever its services do: the heap
/// and all stacks.
const CEILING_KIB: u64 = 32 * 1024;

const ALL: [&str; 3] = ["chattrace-serve", "chattrace-tunnel", "chattrace-clean"];

fn hello() -> String {
    format!("say {{\"type\":\"hello\",\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"))
}

/// Orders of a room that is as it should be, and then does `more`.
fn room(more: &str) -> String {
    let ready =
        r#"{"type":"ready","protection":{"confinement":{"missing":[]},"locked":"nothing"}}"#;
    format!("{}say {ready}\n{more}\nhang\n", hello())
}

/// Orders of a tunnel that has found cloudflared and was asked for an address, and then does `more`.
fn tunnel(more: &str) -> String {
    let digest = "0".repeat(64);
    let found = format!(
        r#"{{"type":"found","path":"/c","version":null,"digest":"{digest}","source":"path"}}"#
    );
    format!("{}say {found}\nwait open\nsay {{\"type\":\"starting\"}}\n{more}\nhang\n", hello())
}

fn joined(number: &str, name: &str, tag: &str, present: &str) -> String {
    format!(
        r#"{{"type":"joined","participant":{{"number":{number},"name":{name},"tag":{tag}}},"present":{present}}}"#
    )
}

/// A session in which `who` has these orders and the others are real.
fn taken_over(stage: &Stage, who: &str, orders: &str) -> Command {
    let others: Vec<_> =
        ALL.iter().filter(|name| **name != who).map(|name| (*name, None)).collect();
    let mut command = moved(stage, &others);
    let place = Path::new(command.get_program()).with_file_name(who);
    let copied = Command::new("cp").arg(stand_in("hostile-service")).arg(&place).status();
    assert!(copied.unwrap().success());
    std::fs::write(place.with_extension("orders"), orders).unwrap();
    command.args(["--json", "--no-qr"]);
    command
}

/// Nothing on either stream acts on a terminal, and every event is JSON.
fn assert_harmless(ended: &Ended, what: &str) {
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

/// Runs it to its end, which is 70, with one sentence that names the service and has these words.
fn ends(who: &str, orders: &str, words: &str) -> Ended {
    let stage = Stage::new(HAPPY);
    let ended = watched(&taken_over(&stage, who, orders)).wait();
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

const NOT_UNDERSTOOD: &str = "said something that this version does not understand (";
const OUT_OF_ORDER: &str = "said \"";

/// No names, as JSON has them.
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
        ends(
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
        ends(
            "chattrace-serve",
            &room(&format!("say {}", joined(number, "\"Ana\"", "\"abc\"", "1"))),
            NOT_UNDERSTOOD,
        );
    }
    for tag in ["\"\"", "\"ab\"", "\"abcd\"", "\"ABC\"", "\"a b\"", "\"ab0\"", "\"éa\"", "null"] {
        ends(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", tag, "1"))),
            NOT_UNDERSTOOD,
        );
    }
    for present in ["-1", "1.5", "null", "\"1\""] {
        ends(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", "\"abc\"", present))),
            NOT_UNDERSTOOD,
        );
    }
    for present in ["0", "10001", "18446744073709551615"] {
        ends(
            "chattrace-serve",
            &room(&format!("say {}", joined("1", "\"Ana\"", "\"abc\"", present))),
            "let in one and counts",
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
        ends("chattrace-serve", &room(more), NOT_UNDERSTOOD);
    }
    for more in ["endless 40000 x", "endless 9000000 x", "endless 20000 \\x00"] {
        ends("chattrace-serve", &room(more), "said a line that is too long");
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
        ends("chattrace-serve", &room(more), OUT_OF_ORDER);
    }
    ends("chattrace-serve", &room(&format!("say {ana}\nsay {bob}")), "gave one number to two");
    let early = format!("{}say {ana}\nhang\n", hello());
    ends("chattrace-serve", &early, OUT_OF_ORDER);
    ends("chattrace-serve", &format!("say {ana}\nhang\n"), "did not say its version");
    let guard = format!("{}{}hang\n", hello(), hello());
    ends("chattrace-clean", &guard, OUT_OF_ORDER);
}

#[test]
fn a_tunnel_that_lies_ends_the_session() {
    let url = |url: &str| format!("say {{\"type\":\"url\",\"url\":{url}}}");
    let long = format!("\"https://{}.example\"", "a".repeat(64));
    for wrong in [
        "\"\"",
        "7",
        "null",
        "\"http://a.example\"",
        "\"https://\"",
        "\"https://a\"",
        "\"https://a.example/\"",
        "\"https://a.example:443\"",
        "\"https://u@a.example\"",
        "\"https://a.example\\u001b[2J\"",
        "\"https://A.example\"",
        "\"https://a..example\"",
        "\"https://-a.example\"",
        "\"https://127.0.0.1\"",
        "\"https://a.example\\n\"",
        "\"https://a .example\"",
        "\"https://ä.example\"",
        "\"https://a.example\\u202e\"",
        &long,
    ] {
        ends("chattrace-tunnel", &tunnel(&url(wrong)), NOT_UNDERSTOOD);
    }
    let right = url("\"https://a.example\"");
    for more in [
        format!(
            "{right}\nsay {{\"type\":\"registered\",\"url\":\"https://a.example\",\"settle_seconds\":86401}}"
        ),
        format!(
            "{right}\nsay {{\"type\":\"registered\",\"url\":\"https://a.example\",\"settle_seconds\":-1}}"
        ),
        "say {\"type\":\"lost\",\"why\":\"\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no  net\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no\\nnet\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no\",\"retry_after\":9999999}".to_owned(),
        format!("say {{\"type\":\"lost\",\"why\":\"{}\",\"retry_after\":null}}", "x".repeat(513)),
        format!("say {{\"type\":\"unconfined\",\"what\":\"{}\"}}", "x".repeat(9000)),
    ] {
        ends("chattrace-tunnel", &tunnel(&more), NOT_UNDERSTOOD);
    }
    for more in [
        "say {\"type\":\"up\",\"url\":\"https://a.example\"}".to_owned(),
        format!("{right}\nsay {{\"type\":\"up\",\"url\":\"https://b.example\"}}"),
        format!("{right}\n{right}"),
        "say {\"type\":\"fetched\",\"bytes\":1}".to_owned(),
        "say {\"type\":\"reconnecting\"}".to_owned(),
        "say {\"type\":\"closed\"}\nsay {\"type\":\"starting\"}".to_owned(),
    ] {
        ends("chattrace-tunnel", &tunnel(&more), OUT_OF_ORDER);
    }
    let fetching = r#"{"type":"fetching","version":"1","from":"https://a.example","size":1,"resumed_at":0,"to":"/c"}"#;
    for (from, to) in [
        ("\"size\":1", "\"size\":-1"),
        ("\"size\":1", "\"size\":1099511627777"),
        ("\"to\":\"/c\"", "\"to\":\"c\""),
        ("\"version\":\"1\"", "\"version\":\"1\\u001b\""),
        ("https://a.example", "\\u202e"),
    ] {
        let orders = format!("{}say {}\nhang\n", hello(), fetching.replace(from, to));
        ends("chattrace-tunnel", &orders, NOT_UNDERSTOOD);
    }
    let early = format!("{}say {{\"type\":\"up\",\"url\":\"https://a.example\"}}\nhang\n", hello());
    ends("chattrace-tunnel", &early, OUT_OF_ORDER);
    ends("chattrace-tunnel", &tunnel("flood 100000 {\"type\":\"starting\"}"), "talks too much");
    ends("chattrace-tunnel", &tunnel("err 3000000 noise"), "talks too much");
}

/// A service that ends, or that stays and says nothing.
#[test]
fn an_end_in_the_middle_is_a_failure_and_silence_is_one_in_time() {
    for (orders, words) in [
        (room("raw {\"type\":\"joi\nexit 0").as_str(), "ended with code 0: the room is gone"),
        (&room("abort"), "was ended by SIGABRT: the room is gone"),
        (
            &room("err 1 \\x1b[2J\\xff\\x00    last\nexit 3"),
            "ended with code 3: \\u{1b}[2J\u{fffd}\\u{0} last: the room",
        ),
        ("exit 9\n", "ended with code 9: the room is gone"),
    ] {
        ends("chattrace-serve", orders, words);
    }
    let silent = "deaf\nhang\n";
    ends("chattrace-serve", silent, "did not become ready");
    ends("chattrace-tunnel", silent, "was silent for 15 s while it had to answer");
    ends(
        "chattrace-serve",
        &format!("{}raw {{\"type\"\ndeaf\nhang\n", hello()),
        "did not become ready",
    );
}

/// Half a line is one that may still be ended: it costs its own length and no more, and the session
/// ends as it is asked to. So it does when the service closes its end, and when it talks on after its
/// goodbye.
#[test]
fn half_a_line_and_talk_after_the_goodbye_do_not_hold_up_the_end() {
    let after = "wait drain\nsay {\"type\":\"drained\"}\nflood 100000 {\"type\":\"drained\"}";
    for more in ["raw {\"type\":", "deaf", "close", after] {
        let stage = Stage::new(HAPPY);
        let mut command = taken_over(&stage, "chattrace-serve", &room(more));
        command.args(["--tunnel", "none"]);
        let mut session = watched(&command);
        event(&mut session, "link");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("nothing remains"), "{more}: {ended:#?}");
        assert_harmless(&ended, more);
        stage.assert_nothing_left();
    }
}

/// Floods that are counted, not timed: each is many times what may be said. The kernel gives the
/// supervisor no more memory of its own than the ceiling (`RLIMIT_DATA`, getrlimit(2)): a program of
/// ours that asks for more is aborted.
#[test]
fn floods_are_ended_below_the_ceiling() {
    let name = format!("\"{}\"", "é".repeat(20));
    let longest = joined("{n}", &name, "\"abc\"", "1");
    let long = joined("{n}", &format!("\"{}\"", "x".repeat(15_000)), "\"abc\"", "1");
    for (more, words) in [
        (format!("flood 1000000 {longest}"), "talks too much (more than 32768"),
        (format!("flood 40000 {long}"), "said something that"),
        ("endless 100000000 x".to_owned(), "said a line that is"),
        ("err 20000000 noise".to_owned(), "talks too much (more than 16777216"),
        ("err 1000 x\nendless 1 x\nraw \\n".to_owned(), "said something that"),
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = taken_over(&stage, "chattrace-serve", &room(&more));
        command.args(["--tunnel", "none"]);
        let script = format!("ulimit -d {CEILING_KIB}; exec 9>&1; exec \"$0\" \"$@\" >/dev/null");
        let ended = scripted(&command, &script).wait();
        let last: Vec<&str> = ended.stderr.lines().rev().take(4).collect();
        assert_eq!(ended.status.code(), Some(70), "{more}: {last:#?}");
        let said = format!("chattrace: chattrace-serve {words}");
        assert!(ended.stderr.lines().any(|line| line.starts_with(&said)), "{said}: {last:#?}");
        stage.assert_nothing_left();
    }
}

/// The longest name that is one, in full width, on terminals of every width: each participant has one
/// row, and no row begins with what the network said.
#[test]
fn a_line_about_a_participant_is_one_row() {
    let name = format!("\"{}\"", "田".repeat(20));
    let long = format!(
        "say {}\nsay {}",
        joined("1", &name, "\"abc\"", "1"),
        joined("2", "\"Bob\"", "\"abd\"", "2")
    );
    for columns in [30, 40, 60, 80, 120] {
        let stage = Stage::new(HAPPY);
        let mut command = taken_over(&stage, "chattrace-serve", &room(&long));
        command.args(["--tunnel", "none"]);
        let mut terminal = Terminal::start(&command, columns);
        terminal.see("+ B");
        terminal.type_keys("\u{3}");
        terminal.see("[v]iew");
        terminal.type_keys("\r");
        let ended = terminal.wait().expect_code(0);
        let rows: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("  + ")).collect();
        assert_eq!(rows.len(), 2, "{columns}: {ended:#?}");
        for row in rows {
            let row = row.rsplit('\r').next().unwrap().trim_end();
            assert!(console::measure_text_width(row) <= usize::from(columns), "{columns}: {row}");
        }
    }
}

/// A cleaner that lies is said and changes nothing.
#[test]
fn a_cleaner_that_lies_is_not_believed() {
    let line = r#"{"path":"/x","bytes":0,"kind":"lock","removed":true}"#;
    for (more, words) in [
        ("out 1 x\nexit 0".to_owned(), "said something that is not understood"),
        ("out 1 {\"removed\":true}\nexit 0".to_owned(), "said something that is not understood"),
        (format!("out 400000 {line}\nexit 0"), "talks too much"),
        (format!("out 3 {line}\nexit 0"), "3 things left behind by dead ones"),
    ] {
        let stage = Stage::new(HAPPY);
        let orders = format!("guard {}\n{more}\n", crate::harness::CLEAN);
        let mut command = taken_over(&stage, "chattrace-clean", &orders);
        command.args(["--tunnel", "none"]);
        let mut session = watched(&command);
        let said = session.stderr_with("old sessions");
        assert!(said.contains(words), "{more}: {said}");
        event(&mut session, "link");
        session.signal("TERM");
        assert_harmless(&session.wait().expect_code(0), &more);
        stage.assert_nothing_left();
    }
}
