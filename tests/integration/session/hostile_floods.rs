//! Hostile services, continued: a tunnel and a cleaner that lie, floods, silence, and what the
//! operator sees of all this. The messages of the room are in `hostile`.

use super::hostile::{
    CEILING_KIB, NOT_UNDERSTOOD, OUT_OF_ORDER, assert_harmless, assert_killed, hello, joined, room,
    tunnel, with_hostile,
};
use super::stage::{Stage, end_at_question, event, scripted, watched};
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;

#[test]
fn a_tunnel_that_lies_ends_the_session() {
    let url = |url: &str| format!("say {{\"type\":\"url\",\"url\":{url}}}");
    let long = format!("\"https://{}.trycloudflare.com\"", "a".repeat(64));
    for wrong in [
        "\"\"",
        "7",
        "null",
        "\"http://a.trycloudflare.com\"",
        "\"https://\"",
        "\"https://a\"",
        "\"https://a.example\"",
        "\"https://a.trycloudflare.com/\"",
        "\"https://a.trycloudflare.com:443\"",
        "\"https://u@a.trycloudflare.com\"",
        "\"https://a.trycloudflare.com\\u001b[2J\"",
        "\"https://A.trycloudflare.com\"",
        "\"https://a..trycloudflare.com\"",
        "\"https://-a.trycloudflare.com\"",
        "\"https://127.0.0.1\"",
        "\"https://a.trycloudflare.com\\n\"",
        "\"https://a .trycloudflare.com\"",
        "\"https://ä.trycloudflare.com\"",
        "\"https://a.trycloudflare.com\\u202e\"",
        &long,
    ] {
        assert_killed("chattrace-tunnel", &tunnel(&url(wrong)), NOT_UNDERSTOOD);
    }
    let right = url("\"https://a.trycloudflare.com\"");
    for more in [
        format!(
            "{right}\nsay {{\"type\":\"settling\",\"url\":\"https://a.trycloudflare.com\",\"settle_seconds\":86401}}"
        ),
        format!(
            "{right}\nsay {{\"type\":\"settling\",\"url\":\"https://a.trycloudflare.com\",\"settle_seconds\":-1}}"
        ),
        "say {\"type\":\"lost\",\"why\":\"\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no  net\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no\\nnet\",\"retry_after\":null}".to_owned(),
        "say {\"type\":\"lost\",\"why\":\"no\",\"retry_after\":9999999}".to_owned(),
        format!("say {{\"type\":\"lost\",\"why\":\"{}\",\"retry_after\":null}}", "x".repeat(513)),
        format!("say {{\"type\":\"unconfined\",\"what\":\"{}\"}}", "x".repeat(9000)),
    ] {
        assert_killed("chattrace-tunnel", &tunnel(&more), NOT_UNDERSTOOD);
    }
    for more in [
        "say {\"type\":\"registered\",\"url\":\"https://a.trycloudflare.com\"}".to_owned(),
        format!("{right}\nsay {{\"type\":\"registered\",\"url\":\"https://b.trycloudflare.com\"}}"),
        format!("{right}\n{right}"),
        "say {\"type\":\"fetched\",\"bytes\":1}".to_owned(),
        "say {\"type\":\"reconnecting\"}".to_owned(),
        "say {\"type\":\"closed\"}\nsay {\"type\":\"starting\"}".to_owned(),
    ] {
        assert_killed("chattrace-tunnel", &tunnel(&more), OUT_OF_ORDER);
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
        assert_killed("chattrace-tunnel", &orders, NOT_UNDERSTOOD);
    }
    let early = format!(
        "{}say {{\"type\":\"registered\",\"url\":\"https://a.trycloudflare.com\"}}\nhang\n",
        hello()
    );
    assert_killed("chattrace-tunnel", &early, OUT_OF_ORDER);
    assert_killed(
        "chattrace-tunnel",
        &tunnel("flood 100000 {\"type\":\"starting\"}"),
        "sent too many messages",
    );
    assert_killed(
        "chattrace-tunnel",
        &tunnel("err 3000000 noise"),
        "wrote too much to standard error",
    );
}

/// A service that exits, or stays and sends nothing.
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
        assert_killed("chattrace-serve", orders, words);
    }
    let silent = "deaf\nhang\n";
    assert_killed("chattrace-serve", silent, "was not ready within 15 s");
    assert_killed("chattrace-tunnel", silent, "did not answer for 15 s");
    assert_killed(
        "chattrace-serve",
        &format!("{}raw {{\"type\"\ndeaf\nhang\n", hello()),
        "was not ready within 15 s",
    );
}

/// Half a line may still be completed, so it costs no more than its length. Neither that, nor a
/// closed lifeline, nor messages after the goodbye keep the session from ending as requested.
#[test]
fn half_a_line_and_talk_after_the_goodbye_do_not_hold_up_the_end() {
    let after = "wait drain\nsay {\"type\":\"drained\"}\nflood 100000 {\"type\":\"drained\"}";
    for more in ["raw {\"type\":", "deaf", "close", after] {
        let stage = Stage::new(HAPPY);
        let mut command = with_hostile(&stage, "chattrace-serve", &room(more));
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

/// Each flood is counted, not timed, and many times what the protocol permits. The kernel gives the
/// supervisor no more private memory than the ceiling (`RLIMIT_DATA`, getrlimit(2)); it would abort
/// if it needed more.
#[test]
fn floods_are_ended_below_the_ceiling() {
    let name = format!("\"{}\"", "é".repeat(20));
    let longest = joined("{n}", &name, "\"abc\"", "1");
    let long = joined("{n}", &format!("\"{}\"", "x".repeat(15_000)), "\"abc\"", "1");
    for (more, words) in [
        (format!("flood 1000000 {longest}"), "sent too many messages (more than 32768"),
        (format!("flood 40000 {long}"), "sent an invalid message ("),
        ("endless 100000000 x".to_owned(), "sent a line that is"),
        ("err 20000000 noise".to_owned(), "wrote too much to standard error (more than 16777216"),
        ("err 1000 x\nendless 1 x\nraw \\n".to_owned(), "sent an invalid message ("),
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = with_hostile(&stage, "chattrace-serve", &room(&more));
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

/// With the longest name of wide characters, each participant has one row on terminals of every
/// width, and no row begins with text from the network.
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
        let mut command = with_hostile(&stage, "chattrace-serve", &room(&long));
        command.args(["--tunnel", "none"]);
        let mut terminal = Terminal::start(&command, columns);
        terminal.wait_for("+ B");
        terminal.type_keys("\u{3}");
        let ended = end_at_question(terminal);
        let rows: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("  + ")).collect();
        assert_eq!(rows.len(), 2, "{columns}: {ended:#?}");
        for row in rows {
            let row = row.rsplit('\r').next().unwrap().trim_end();
            assert!(console::measure_text_width(row) <= usize::from(columns), "{columns}: {row}");
        }
    }
}

/// Invalid output of a cleaner is reported and has no other effect.
#[test]
fn a_cleaner_that_lies_is_not_believed() {
    let line = r#"{"path":"/x","bytes":0,"kind":"lock","removed":true}"#;
    for (more, words) in [
        ("out 1 x\nexit 0".to_owned(), "printed an invalid line ("),
        ("out 1 {\"removed\":true}\nexit 0".to_owned(), "printed an invalid line ("),
        (format!("out 400000 {line}\nexit 0"), "printed too much"),
        (format!("out 3 {line}\nexit 0"), "removed 3 items that dead sessions left"),
    ] {
        let stage = Stage::new(HAPPY);
        let orders = format!("guard {}\n{more}\n", crate::harness::CLEAN);
        let mut command = with_hostile(&stage, "chattrace-clean", &orders);
        command.args(["--tunnel", "none"]);
        let mut session = watched(&command);
        let said = session.stderr_line_with("old sessions");
        assert!(said.contains(words), "{more}: {said}");
        event(&mut session, "link");
        session.signal("TERM");
        assert_harmless(&session.wait().expect_code(0), &more);
        stage.assert_nothing_left();
    }
}
