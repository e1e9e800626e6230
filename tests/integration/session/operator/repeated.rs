//! The same command twice, opposite ones at once, commands too early and too late, and what is no command.

use std::io::{BufRead as _, Write as _};

use super::super::ends::session_in;
use super::super::stage::Stage;
use super::{Operator, connect};
use crate::harness::cloudflared::HAPPY;

#[test]
fn what_is_no_command_is_refused_with_a_sentence() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    for command in ["", "dance", "kikc 3", "mute", "slow", "slow 0s", "fade -5m", "end in", "say"] {
        let text = operator.refused(command);
        assert!(!text.is_empty() && !text.contains('\n'), "{command}: {text}");
    }
    assert!(operator.refused("panik").contains("panic"));
    operator.refused(&"x".repeat(10_000));
    operator.refused("say \u{1b}]0;title\u{7}\u{202e}");
    assert!(operator.done("help").contains("kick"));
    operator.end();
    stage.assert_nothing_left();
}

/// Each of the two is in force at its turn, and the last one at the end.
#[test]
fn opposite_commands_at_once_leave_one_of_them_in_force() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let mut other = connect(&stage);
    for _ in 0..50 {
        let unlock = "{\"id\":7,\"type\":\"do\",\"command\":\"unlock\"}\n";
        other.get_mut().write_all(unlock.as_bytes()).unwrap();
        operator.done("lock");
        let mut answer = String::new();
        other.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"done\""), "{answer}");
    }
    let is_locked = operator.done("lock").starts_with("locked");
    assert!(is_locked);
    operator.end();
}

/// Rules are kept for the room; what needs people or a link has to wait for them.
#[test]
fn commands_before_the_room_is_open_are_answered() {
    let stage = Stage::new(HAPPY);
    let session = session_in(&stage, "preparing");
    let mut operator = connect(&stage);
    for command in ["say hello", "clear", "link", "invite", "relink", "kick 1", "admit all"] {
        let reply = give(&mut operator, command);
        assert_eq!(reply["type"], "refused", "{command}: {reply}");
    }
    for command in ["lock", "fade 10m", "end in 1h", "who", "links", "help kick"] {
        let reply = give(&mut operator, command);
        assert_eq!(reply["type"], "done", "{command}: {reply}");
    }
    let reply = give(&mut operator, "end");
    assert_eq!(reply["type"], "done", "{reply}");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

fn give(
    client: &mut std::io::BufReader<std::os::unix::net::UnixStream>,
    command: &str,
) -> serde_json::Value {
    let line = serde_json::json!({ "id": 3, "type": "do", "command": command }).to_string();
    client.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_line(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}
