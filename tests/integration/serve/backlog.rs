//! Messages from before a join: no client gets them, except for a backlog that the operator allows, and
//! that once.

use serde_json::{Value, json};

use super::client::{bodies, kinds};
use super::server::{Server, UNLIMITED};

/// Positions that a client may claim to have read up to.
const CURSORS: [u64; 6] = [0, 1, 2, 3, 7, u64::MAX - 1];

/// The answer to a poll for the seat of `welcome` that claims `after`, and sends a message, so that
/// there is something new.
fn polled(server: &Server, welcome: &Value, after: &str) -> Vec<Value> {
    let bearer = format!("Authorization: Bearer {}\r\n", welcome["resume"].as_str().unwrap());
    let say = json!({"t": "say", "body": "news"}).to_string();
    server.post(&format!("/poll{after}"), &bearer, &say).events()
}

#[test]
fn no_position_gives_a_newcomer_anything_from_before_its_join() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut gone) = (server.join("Ana"), server.join("Gone"));
    gone.say("secret");
    gone.send_line(&json!({"t": "leave"}));
    gone.rest();
    ana.say("secret too");
    ana.until_said("secret too");
    for (number, after) in CURSORS.into_iter().enumerate() {
        let welcome = server.join(&format!("Eve {number}")).disconnect();
        let joined = &welcome["seq"];
        let mut eve = server.resume(&welcome, after);
        assert_eq!(&eve.welcome["seq"], joined, "{after}");
        assert_eq!(eve.welcome.get("gone"), None, "{after}: participants from before");
        eve.say("hello");
        assert_eq!(kinds(&eve.until_said("hello")), ["said"], "{after}");
        let welcome = server.join(&format!("Polly {number}")).disconnect();
        for after in [format!("?after={after}"), String::new()] {
            let events = polled(&server, &welcome, &after);
            let before = |event: &&Value| {
                event["t"] != "welcome" && event["seq"].as_u64() <= welcome["seq"].as_u64()
            };
            assert_eq!(events.iter().find(before), None, "{after}");
        }
    }
}

/// In any number of pieces, and for any position that the client claims later.
#[test]
fn a_backlog_is_sent_once() {
    for after in CURSORS {
        let server = Server::with(&["--backlog", "2"], UNLIMITED);
        let mut ana = server.join("Ana");
        let mut gone = server.join("Gone");
        for body in ["one", "two"] {
            ana.say(body);
        }
        gone.say("three");
        gone.send_line(&json!({"t": "leave"}));
        gone.rest();
        ana.wait("left");
        let mut bo = server.join("Bo");
        assert_eq!(bo.welcome["gone"].as_array().unwrap().len(), 1, "an author of the backlog");
        ana.say("four");
        assert_eq!(bodies(&bo.until_said("four")), ["two", "three", "four"]);
        let mut back = server.resume(&bo.disconnect(), after);
        back.say("five");
        let events = back.until_said("five");
        assert!(events.iter().all(|event| event["body"] != "two" && event["body"] != "three"));
        let line = server.join_line("Polly").to_string();
        let events = server.post("/poll", "", &line).events();
        assert_eq!(bodies(&events), ["four", "five"]);
        let events = polled(&server, &events[0], &format!("?after={after}"));
        assert!(events.iter().all(|event| event["body"] != "four" && event["body"] != "five"));
    }
}

/// The rest of a backlog that does not fit into one answer is in the next ones.
#[test]
fn a_long_backlog_comes_in_pieces_over_polls() {
    let server = Server::with(&["--backlog", "100"], UNLIMITED);
    let mut ana = server.join("Ana");
    for number in 0..100 {
        ana.say(&format!("{number:04000}"));
        ana.wait("said");
    }
    let line = server.join_line("Polly").to_string();
    let answer = server.post("/poll", "", &line).events();
    let welcome = answer[0].clone();
    let bearer = format!("Authorization: Bearer {}\r\n", welcome["resume"].as_str().unwrap());
    let mut said: Vec<String> = bodies(&answer).into_iter().map(str::to_owned).collect();
    assert!(!said.is_empty() && said.len() < 100, "{}", said.len());
    while said.len() < 100 {
        // Claims each time to have read nothing.
        let answer = server.post("/poll?after=0", &bearer, "").events();
        said.extend(bodies(&answer).into_iter().map(str::to_owned));
    }
    let expected: Vec<String> = (0..100).map(|number| format!("{number:04000}")).collect();
    assert_eq!(said, expected);
}

/// A `typing` after `left` or `said` would be about a message that does not come.
#[test]
fn no_typing_follows_the_leave_or_the_message_of_a_participant() {
    let server = Server::with(&["--max-participants", "300"], UNLIMITED);
    let mut ana = server.join("Ana");
    for round in 0..200 {
        let mut bo = server.join(&format!("Bo {round}"));
        let number = bo.number();
        let last = if round % 2 == 0 { r#"{"t":"leave"}"# } else { r#"{"t":"say","body":"x"}"# };
        bo.send_text(&format!("{{\"t\":\"typing\"}}\n{last}"));
        ana.say("round");
        let events = ana.until_said("round");
        let over =
            |event: &Value| (event["t"] == "left" || event["t"] == "said") && event["n"] == number;
        let end = events.iter().position(over);
        let typing = |event: &Value| event["t"] == "typing" && event["n"] == number;
        let late = end.is_some_and(|end| events[end..].iter().any(typing));
        assert!(!late, "{events:?}");
    }
}
