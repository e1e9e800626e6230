//! The control socket, as scripts use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::guest::Guest;
use super::stage::{Link, Stage, watched};
use crate::harness::DEADLINE;
use crate::harness::cloudflared::HAPPY;

/// The control socket of the only session on the stage.
pub(crate) fn socket(stage: &Stage) -> PathBuf {
    stage.run_dirs()[0].join("control.sock")
}

/// Sends one request to the only session on the stage.
pub(crate) fn ask(stage: &Stage, question: &str, check: impl FnOnce(Value)) {
    check(Script::connect(stage).ask(question));
}

struct Script(BufReader<UnixStream>);

impl Script {
    fn connect(stage: &Stage) -> Self {
        let stream = UnixStream::connect(socket(stage)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn ask(&mut self, question: &str) -> Value {
        self.0.get_mut().write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }
}

#[test]
fn a_script_can_ask_and_can_end_the_session() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let mut script = Script::connect(&stage);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        script.ask(r#"{"id":7,"type":"ping"}"#),
        json!({ "id": 7, "type": "pong", "version": version })
    );
    let _ana = Guest::join(&link, "Ana");
    super::stage::event(&mut session, "joined");
    let status = script.ask(r#"{"id":8,"type":"status"}"#);
    assert_eq!(status["phase"], "open");
    assert_eq!(status["present"], 1);
    assert!(!status.to_string().contains(&link.ticket), "{status}");
    assert_eq!(script.ask(r#"{"id":9,"type":"stop"}"#), json!({ "id": 9, "type": "stopping" }));
    let ended = session.wait().expect_code(0);
    assert!(ended.stdout.contains("stopped over the control socket"), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn garbage_is_answered_and_the_conversation_goes_on() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let mut script = Script::connect(&stage);
    for garbage in [
        "",
        "{}",
        "dance",
        r#"{"id":1}"#,
        r#"{"id":1,"type":"dance"}"#,
        r#"{"id":1,"type":2}"#,
        r#"{"id":1,"type":["stop"]}"#,
        r#"{"id":1,"type":"stop","type":"ping"}"#,
        "[1,2",
    ] {
        let answer = script.ask(garbage);
        assert_eq!((&answer["id"], &answer["type"]), (&json!(0), &json!("error")), "{garbage}");
    }
    // The error about the longest line fits into a line itself.
    for letter in ["x", "\u{7f}", "\u{202e}"] {
        let long = letter.repeat(15_000 / letter.len());
        let answer = script.ask(&format!(r#"{{"id":1,"type":"{long}"}}"#));
        assert_eq!(answer["type"], "error");
    }
    assert_eq!(script.ask(r#"{"id":1,"type":"ping"}"#)["type"], "pong");
    // A line past the bound closes its connection, and no other.
    let mut endless = Script::connect(&stage);
    // The supervisor may close before it has read everything.
    let _ = endless.0.get_mut().write_all(&vec![b'x'; 20 * 1024]);
    let mut rest = Vec::new();
    let _ = endless.0.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert_eq!(script.ask(r#"{"id":2,"type":"ping"}"#)["type"], "pong");
    script.ask(r#"{"id":3,"type":"stop"}"#);
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn nobody_else_may_open_it() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let socket = socket(&stage);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    assert_eq!(mode(socket.parent().unwrap().parent().unwrap()), 0o700);
    session.signal("TERM");
    session.wait().expect_code(0);
}

/// Responses wait for clients that never read them, and hold up no one else.
#[test]
fn clients_that_never_read_harm_nobody() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let question = "{\"id\":1,\"type\":\"status\"}\n".repeat(4000);
    let deaf: Vec<UnixStream> = (0..20)
        .map(|_| {
            let mut stream = UnixStream::connect(socket(&stage)).unwrap();
            stream.set_nonblocking(true).unwrap();
            // As much as the socket buffer takes.
            let _ = stream.write(question.as_bytes());
            stream
        })
        .collect();
    let mut ana = Guest::join(&link, "Ana");
    ana.say("still here");
    session.signal("TERM");
    session.wait().expect_code(0);
    drop(deaf);
    stage.assert_nothing_left();
}
