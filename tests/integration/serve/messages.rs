//! Messages: from whom, to whom, in which form.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::bodies;
use super::server::{Server, UNLIMITED};

#[test]
fn a_message_goes_to_all_and_its_sender_gets_it_as_the_acknowledgement() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    ana.say_as("a1", "hello");
    for client in [&mut ana, &mut bo] {
        let said = client.wait("said");
        assert_eq!(
            (&said["n"], &said["ref"], &said["body"]),
            (&1.into(), &"a1".into(), &"hello".into())
        );
        // Milliseconds since 1970: some time after 2023.
        assert!(said["at"].as_u64().unwrap() > 1_700_000_000_000);
    }
    bo.say("without a ref");
    assert_eq!(ana.wait("said").get("ref"), None);
}

/// V-01: the connection decides who the sender is, and no field of the line can change that.
#[test]
fn no_client_can_send_under_another_name_or_number() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.join("Alice"), server.join("Bob"));
    for field in ["name", "n", "who", "from", "tag", "seq", "at"] {
        bob.send_line(&json!({"t": "say", "ref": field, "body": "I am Alice", field: 1}));
        assert_eq!(bob.wait("refused")["why"], "bad_json", "{field}");
    }
    bob.send_line(&json!({"t": "said", "n": 1, "seq": 9, "at": 1, "body": "I am Alice"}));
    bob.wait("refused");
    bob.say("I am Bob");
    let events = alice.until_said("I am Bob");
    assert_eq!(bodies(&events), ["I am Bob"]);
    assert_eq!(events.last().unwrap()["n"], bob.number());
}

#[test]
fn typing_is_sent_to_the_others_only() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    bo.send_line(&json!({"t": "typing"}));
    assert_eq!(ana.wait("typing"), json!({"t": "typing", "n": 2}));
    bo.say("done");
    assert_eq!(bo.next().unwrap()["t"], "said");
}

/// RFC 6455, section 5.5.1.
#[test]
fn a_close_frame_is_answered_with_the_same_code() {
    let server = Server::start();
    let (mut ana, mut stranger) = (server.join("Ana"), server.open_socket());
    for client in [&mut ana, &mut stranger] {
        let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
        client.send_frame(Message::Close(Some(frame))).unwrap();
        assert_eq!(client.rest(), (vec![], Some(1001)));
    }
    // A close is not a leave: the page may resume.
    let back = server.resume(&ana.welcome, 1);
    assert_eq!(back.number(), 1);
}

#[test]
fn a_beat_is_answered() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    ana.send_line(&json!({"t": "beat"}));
    assert_eq!(ana.next().unwrap(), json!({"t": "beat"}));
}

#[test]
fn one_frame_carries_many_lines_the_first_included() {
    let server = Server::start();
    let mut ana = server.open_socket();
    let lines = [
        server.join_line("Ana"),
        json!({"t": "say", "body": "one"}),
        json!({"t": "say", "body": "two"}),
    ];
    ana.send_text(&lines.map(|line| line.to_string()).join("\n"));
    assert_eq!(bodies(&ana.until_said("two")), ["one", "two"]);
    ana.send_text("{\"t\":\"say\",\"body\":\"three\"}\r\n\n{\"t\":\"beat\"}\n");
    ana.until_said("three");
}

/// V-09: markup is text, and travels as it was typed.
#[test]
fn markup_arrives_as_it_was_typed() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let corpus = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"'><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "{{style}} {{{script}}}",
        "</script><script>alert(1)",
        "a\nb",
        "👩‍👩‍👧 e\u{301} עברית",
    ];
    for body in corpus {
        ana.say(body);
    }
    assert_eq!(bodies(&bo.until_said(corpus[7])), corpus);
}

#[test]
fn control_characters_are_refused() {
    let server = Server::start();
    let mut ana = server.join("Ana");
    for body in ["a\u{1b}[31m\u{202e}b\u{9b}c\r\u{7}", "\u{200b}\u{1b} \n", "\u{200b} \n"] {
        ana.say(body);
        assert_eq!(ana.wait("refused")["why"], "bad_json", "{body:?}");
    }
}

#[test]
fn tabs_and_indentation_arrive_as_they_were_pasted() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let code = "if x {\n\tlet y =  1;\n\n        // eight spaces\n\t}\t\t// end";
    ana.say(&code.replace('\n', "\r\n"));
    assert_eq!(bodies(&bo.until_said(code)), [code]);
}

/// Half of an emoji is an escape in JSON that no text in UTF-8 has.
#[test]
fn a_line_whose_body_is_no_text_is_refused_under_its_ref() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    ana.send_text(
        "{\"t\":\"say\",\"ref\":\"a1\",\"body\":\"hi \\ud83d there\"}\n\
         {\"t\":\"say\",\"ref\":\"a2\",\"body\":\"whole\"}",
    );
    let refused = ana.wait("refused");
    assert_eq!((&refused["ref"], &refused["why"]), (&"a1".into(), &"bad_json".into()));
    assert_eq!(bodies(&bo.until_said("whole")), ["whole"]);
}

#[test]
fn too_long_and_too_many_lines_are_refused_with_the_ref() {
    let server = Server::start();
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    for (reference, body) in
        [("bytes", "x".repeat(4097)), ("wide", "é".repeat(2049)), ("lines", "x\n".repeat(31) + "x")]
    {
        ana.say_as(reference, &body);
        let refused = ana.wait("refused");
        assert_eq!(refused["ref"], reference);
        assert_eq!(refused["why"], "too_long");
        assert!(refused["text"].as_str().unwrap().contains("in parts"));
    }
    let longest = "x".repeat(4096);
    ana.say(&longest);
    assert_eq!(bodies(&bo.until_said(&longest)).len(), 1);
    // A message of characters that every encoder must escape fits into a frame. JSON allows to escape
    // any character as six bytes, for which the bound of a frame is too small.
    let escaped = "\"".repeat(4096);
    ana.say(&escaped);
    bo.until_said(&escaped);
}
