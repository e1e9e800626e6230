//! Joining and leaving: under which names, and what the others see of it.

use serde_json::{Value, json};

use super::client::kinds;
use super::server::Server;

#[test]
fn a_newcomer_is_welcomed_and_announced() {
    let mut server = Server::start();
    let mut ana = server.join("Ana");
    let expected = json!({"n": 1, "tag": ana.welcome["you"]["tag"], "name": "Ana"});
    assert_eq!(ana.welcome["you"], expected);
    assert_eq!(ana.welcome["present"], json!([]));
    assert_eq!(ana.welcome["mode"], "open");
    let limits =
        json!({"max_participants": 100, "message_bytes": 4096, "per_second": 2, "burst": 10});
    assert_eq!(ana.welcome["limits"], limits);
    let bo = server.join("Bo");
    assert_eq!(bo.welcome["present"], json!([expected]));
    assert_eq!(bo.welcome["epoch"], ana.welcome["epoch"]);
    let joined = ana.wait("joined");
    assert_eq!(joined["who"], bo.welcome["you"]);
    assert_eq!(joined["seq"], bo.welcome["seq"]);
    for (name, present) in [("Ana", 1), ("Bo", 2)] {
        let event = server.event("joined");
        assert_eq!(event["participant"]["name"], name);
        assert_eq!(event["present"], present);
    }
}

/// V-03: a participant who has left gets nothing more, over any transport.
#[test]
fn leaving_ends_receiving_at_once() {
    let mut server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    bo.send_line(&json!({"t": "leave"}));
    let left = ana.wait("left");
    assert_eq!(left["n"], bo.number());
    ana.say("he is gone");
    ana.until_said("he is gone");
    assert_eq!(bo.rest(), (vec![], Some(4001)));
    let event = server.event("left");
    assert_eq!((&event["participant"]["name"], &event["present"]), (&"Bo".into(), &1.into()));
    // The seat is given up: its token resumes nothing.
    let resume = bo.welcome["resume"].as_str().unwrap();
    let poll = format!("Authorization: Bearer {resume}\r\nContent-Length: 0\r\n");
    assert_eq!(server.request("POST /poll", &poll).status, 401);
}

/// V-02, V-03: lines that only look like leaving change nothing. A client cannot read on without being
/// listed.
#[test]
fn made_up_leaves_are_refused_and_the_participant_stays_listed() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    for kind in ["left", "disconnect", "exit", "end", "part"] {
        bo.send_line(&json!({"t": kind, "n": 1}));
        assert_eq!(bo.wait("refused")["why"], "bad_json", "{kind}");
    }
    ana.say("still here?");
    bo.until_said("still here?");
    let cy = server.join("Cy");
    assert_eq!(cy.welcome["present"].as_array().unwrap().len(), 2);
    assert_eq!(kinds(&ana.until_said("still here?")), ["joined", "said"]);
}

/// V-02: a socket that has not joined receives nothing, and after its join nothing from before.
#[test]
fn no_client_receives_anything_before_its_join() {
    let server = Server::start();
    let mut early = server.open_socket();
    let mut ana = server.join("Ana");
    ana.say("before");
    ana.until_said("before");
    early.send_line(&server.join_line("Early"));
    let welcome = early.next().unwrap();
    assert_eq!(welcome["t"], "welcome");
    assert_eq!(kinds(&ana.until(|event| event["t"] == "joined")), ["joined"]);
    ana.say("after");
    assert_eq!(early.next().unwrap()["body"], "after");
}

#[test]
fn newcomers_get_a_backlog_if_the_operator_allows_it() {
    let server = Server::with(&["--backlog", "2"], "{}");
    let mut ana = server.join("Ana");
    for body in ["one", "two", "three"] {
        ana.say(body);
    }
    ana.until_said("three");
    let mut bo = server.join("Bo");
    assert_eq!(bo.next().unwrap()["body"], "two");
    assert_eq!(bo.next().unwrap()["body"], "three");
    ana.say("four");
    assert_eq!(bo.next().unwrap()["body"], "four");
    let page = server.request("GET /", "").body;
    assert!(page.contains("shown earlier messages"));
}

fn taken(server: &Server, name: &str) -> Value {
    let refused = server.refusal(&server.join_line(name));
    assert_eq!(refused["why"], "name_taken", "{name}");
    refused
}

/// V-04: a name and all that look like it belong to one participant; a free one is suggested.
#[test]
fn a_name_that_is_taken_or_looks_like_one_is_refused_with_a_suggestion() {
    let server = Server::start();
    let _here = [server.join("Alice"), server.join("scope"), server.join("José")];
    for (name, free) in [
        ("Alice", "Alice 2"),
        ("  Alice ", "Alice 2"),
        ("ALICE", "ALICE 2"),
        ("AIice", "AIice 2"),
        ("ѕсоре", "ѕсоре 2"),
        ("Jose", "Jose 2"),
    ] {
        assert_eq!(taken(&server, name)["suggest"], free, "{name}");
    }
    let second = server.join("Alice 2");
    assert_eq!(second.welcome["you"]["n"], 4);
    assert_eq!(taken(&server, "Alice")["suggest"], "Alice 3");
}

/// V-04.
#[test]
fn invalid_names_are_refused_with_a_sentence() {
    let server = Server::start();
    for name in [
        "",
        " ",
        "A\u{200b}lice",
        "Аlice",
        "\u{202e}ecilA",
        "Bob\nAdmin has left",
        "admin",
        "0perator",
        "<img src=x>",
        "a#k7q",
        &"x".repeat(21),
        &"x".repeat(5000),
    ] {
        let refused = server.refusal(&server.join_line(name));
        assert_eq!(refused["why"], "bad_name", "{name}");
        let text = refused["text"].as_str().unwrap();
        assert!(text.contains("name") && text.len() > 20, "{text}");
    }
    assert_eq!(server.join("Ana").welcome["you"]["n"], 1);
}

/// V-04: no client gets the name of a participant who has just left.
#[test]
fn names_of_participants_who_left_stay_reserved() {
    let server = Server::start();
    let mut bo = server.join("Bo");
    bo.send_line(&json!({"t": "leave"}));
    assert_eq!(bo.rest().1, Some(4001));
    assert_eq!(taken(&server, "Bo")["suggest"], "Bo 2");
    let disconnected = server.join("Cy").disconnect();
    assert_eq!(taken(&server, "Cy")["suggest"], "Cy 2");
    assert_eq!(server.resume(&disconnected, 0).welcome["you"], disconnected["you"]);
}
