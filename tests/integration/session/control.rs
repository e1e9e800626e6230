//! The control socket, as scripts use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::guest::Guest;
use super::stage::{Link, Stage, event, events, watched};
use crate::harness::DEADLINE;
use crate::harness::cloudflared::HAPPY;

/// The control socket of the only session on the stage.
pub(crate) fn socket(stage: &Stage) -> PathBuf {
    stage.run_dirs()[0].join("control.sock")
}

/// Waits until what was ordered is so in the room: its process answers this after it has read what came before.
pub(crate) fn wait_for_room(stage: &Stage) {
    ask(stage, r#"{"id":1,"type":"who"}"#, drop);
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

    /// Every line until the session closes the connection.
    fn rest(self) -> Vec<String> {
        self.0.lines().map(Result::unwrap).collect()
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
    event(&mut session, "joined");
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

#[test]
fn a_script_gives_commands_and_lists_people() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let mut script = Script::connect(&stage);
    let _ana = Guest::join(&link, "Ana");
    event(&mut session, "joined");
    let done = script.ask(r#"{"id":1,"type":"do","command":"mute Ana 10m"}"#);
    assert_eq!((&done["id"], &done["type"]), (&json!(1), &json!("done")), "{done}");
    assert!(done["text"].as_str().unwrap().starts_with("muted Ana"), "{done}");
    let refused = script.ask(r#"{"id":2,"type":"do","command":"mute Bo"}"#);
    assert_eq!((&refused["id"], &refused["type"]), (&json!(2), &json!("refused")), "{refused}");
    let listed = script.ask(r#"{"id":3,"type":"who"}"#);
    let ana = &listed["participants"][0];
    assert_eq!(
        (&ana["name"], &ana["number"], &ana["muted"]),
        (&json!("Ana"), &json!(1), &json!(true))
    );
    assert!(ana["since"].as_u64() > Some(1_700_000_000_000), "{listed}");
    let garbage = script.ask(r#"{"id":4,"type":"do"}"#);
    assert_eq!((&garbage["id"], &garbage["type"]), (&json!(0), &json!("error")));
    script.ask(r#"{"id":5,"type":"do","command":"end"}"#);
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn a_watcher_gets_the_events_that_stdout_gets() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let mut watcher = Script::connect(&stage);
    assert_eq!(watcher.ask(r#"{"id":9,"type":"watch"}"#), json!({ "id": 9, "type": "watching" }));
    Guest::join(&link, "Ana").leave();
    let mut script = Script::connect(&stage);
    for command in ["lock", "say hello", "clear", "invite 2", "end"] {
        script.ask(&json!({ "id": 1, "type": "do", "command": command }).to_string());
    }
    let ended = session.wait().expect_code(0);
    let seen: Vec<Value> =
        watcher.rest().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The link came before it watched.
    assert_eq!(seen, events(&ended)[1..]);
    assert!(seen.len() >= 8 && !ended.stdout.contains("hello"), "{seen:?}");
    stage.assert_nothing_left();
}

#[test]
fn a_ninth_client_is_told_that_there_are_eight() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let mut clients: Vec<Script> = (0..8).map(|_| Script::connect(&stage)).collect();
    for client in &mut clients {
        assert_eq!(client.ask(r#"{"id":1,"type":"ping"}"#)["type"], "pong");
    }
    let refused = Script::connect(&stage).rest();
    assert!(refused.len() == 1 && refused[0].contains("8 programs are connected"), "{refused:?}");
    let refused = super::ctl::ctl(&stage, &["lock"]).expect_code(69);
    assert!(refused.stderr.contains("8 programs are connected"), "{refused:#?}");
    // Those that are connected are served, and one that leaves makes room.
    assert_eq!(clients[7].ask(r#"{"id":3,"type":"stop"}"#)["type"], "stopping");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// Each command is carried out whole, and the last one holds.
#[test]
fn opposite_commands_of_two_clients_leave_one_of_their_states() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let clients = ["lock", "unlock"].map(|command| {
        let mut client = Script::connect(&stage);
        std::thread::spawn(move || {
            for id in 1..=100 {
                let request = json!({ "id": id, "type": "do", "command": command });
                let answer = client.ask(&request.to_string());
                assert_eq!(
                    (&answer["id"], &answer["type"]),
                    (&json!(id), &json!("done")),
                    "{answer}"
                );
            }
        })
    });
    for client in clients {
        client.join().unwrap();
    }
    Script::connect(&stage).ask(r#"{"id":1,"type":"do","command":"end"}"#);
    let ended = session.wait().expect_code(0);
    let states: Vec<bool> = events(&ended)
        .iter()
        .filter(|event| event["event"] == "rules")
        .map(|event| event["locked"].as_bool().unwrap())
        .collect();
    // No change is reported that is none.
    assert!(states.windows(2).all(|pair| pair[0] != pair[1]), "{states:?}");
    assert_eq!(states.first(), Some(&true));
}

/// The folder and the socket are open to all, by mistake: the user of the peer is what counts.
#[test]
fn another_user_on_the_socket_is_not_answered() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let path = socket(&stage);
    let above = stage.env.root().parent().unwrap();
    let allow = |mode: u32| {
        for path in socket(&stage).ancestors().take_while(|path| *path != above) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o777);
    // Of this thread alone.
    let other = std::thread::spawn(move || {
        let nobody = rustix::process::Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        let mut stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let _ = stream.write_all(b"{\"id\":1,\"type\":\"stop\"}\n");
        let mut answer = Vec::new();
        // The session may close before it has read.
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    assert_eq!(other.join().unwrap(), b"");
    // A session removes no folder that others may enter.
    allow(0o700);
    assert_eq!(Script::connect(&stage).ask(r#"{"id":1,"type":"status"}"#)["phase"], "open");
    session.signal("TERM");
    session.wait().expect_code(0);
}
