//! People of every language join under their names, and what they write arrives as they wrote it.

use serde_json::Value;

use super::client::bodies;
use super::http::say;
use super::server::{Server, UNLIMITED};

fn samples() -> Vec<Value> {
    let samples = include_str!("../../fixtures/languages.json");
    serde_json::from_str(samples).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn common_names_of_every_language_join() {
    let server = Server::with(&[], UNLIMITED);
    let mut refused = Vec::new();
    let mut count = 0;
    for sample in samples() {
        for name in strings(&sample["names"]) {
            let lines = format!("{}\n{{\"t\":\"leave\"}}\n", server.join_line(name));
            let first = server.post("/poll", "", &lines).events().remove(0);
            // Names that look alike, in several languages.
            if first["why"] != "name_taken" && first["t"] != "welcome" {
                refused.push(format!("{} {name}: {first}", sample["language"]));
            }
            count += 1;
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(count > 250, "{count}");
}

#[test]
fn a_paragraph_of_every_language_arrives_as_it_was_written() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    let samples = samples();
    let paragraphs: Vec<&str> =
        samples.iter().map(|sample| sample["paragraph"].as_str().unwrap()).collect();
    for (number, paragraph) in paragraphs.iter().enumerate() {
        ana.send_line(&say(&number.to_string(), paragraph));
    }
    ana.say("the end");
    for client in [&mut ana, &mut bo] {
        let events = client.until(|event| event["t"] == "refused" || event["body"] == "the end");
        let mut arrived = bodies(&events);
        assert_eq!(arrived.pop(), Some("the end"), "{:?}", events.last());
        assert_eq!(arrived, paragraphs);
    }
}

/// Nothing is cut or dropped from what a participant wrote: it arrives, or comes back with a sentence.
#[test]
fn what_cannot_be_sent_is_refused_with_a_sentence() {
    let server = Server::with(&[], UNLIMITED);
    let (mut ana, mut bo) = (server.join("Ana"), server.join("Bo"));
    for (word, body) in [
        ("marks", format!("A{}", "\u{301}".repeat(5))),
        ("marks", format!("ก{}", "\u{e47}".repeat(11))),
        ("U+001B", "a\u{1b}[31mb".into()),
        ("U+0000", "a\0b".into()),
        ("U+009B", "a\u{9b}b".into()),
        ("reverses letters", "file\u{202e}gpj.exe".into()),
        ("U+E0041", "a\u{e0041}".into()),
    ] {
        ana.send_line(&say("a1", &body));
        let refused = ana.wait("refused");
        assert_eq!(refused["ref"], "a1", "{refused}");
        let text = refused["text"].as_str().unwrap();
        assert!(text.contains(word) && text.contains(';'), "{text}");
    }
    let kept = format!("A{}\u{200b}\u{2067}x\u{2069}\u{ad}", "\u{301}".repeat(4));
    ana.say(&kept);
    assert_eq!(bodies(&bo.until_said(&kept)), [kept]);
}
