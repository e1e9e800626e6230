//! Boxes that no client makes, from a participant who is in the room.

use serde_json::{Value, json};

use super::bare::{self, Bare};
use super::hostile_guests::{pair, talk};
use super::member::{Shown, encode};
use super::room::Room;
use super::transport::socket;

/// What the relay refuses of a participant who is in the room, and what it lets through that the others
/// then show as bad.
#[test]
fn boxes_that_no_client_makes_are_refused_or_shown_as_bad() {
    let room = Room::with_config(r#"{"rate":{"per_second":0},"message_bytes":1000}"#, &[]);
    let (mut ana, mut bo) = pair(&room);
    let mut eve = Bare::join(Box::new(socket(&room.link)), &room.link.ticket, "Eve");
    while ana.member.others().len() < 2 {
        ana.until_circle();
    }
    while bo.member.others().len() < 2 {
        bo.until_circle();
    }
    let (key, number) = (eve.room_key(&eve.welcome), eve.number());
    let generation = u32::try_from(eve.welcome["generation"].as_u64().unwrap()).unwrap();
    let content = |kind: u8, previous: u32, text: &[u8]| {
        [&[kind][..], &previous.to_be_bytes(), text].concat()
    };
    let message = content(1, 0, b"hi");
    let own = |counter| bare::head(generation, number, counter);
    let good = eve.seal_box(&key, &own(1), &message);

    let mut refused = |body: Value| {
        eve.transport.send(&json!({ "t": "say", "body": body }));
        let refused = eve.until("refused");
        assert!(refused["text"].as_str().unwrap().len() > 10, "{refused}");
        refused["why"].as_str().unwrap().to_owned()
    };
    // Of Ana, of Bo, of the host, of no one; of a generation to come and of none.
    for head in [1, 2, 0, 99, u32::MAX].map(|number| bare::head(generation, number, 1)) {
        let foreign = bare::seal(&key, b"chattrace-1 box", &head, &message);
        assert_eq!(refused(json!(encode(&foreign))), "bad_json");
    }
    for other in [generation + 1, 0, u32::MAX] {
        let sealed = bare::seal(&key, b"chattrace-1 box", &bare::head(other, number, 1), &message);
        assert_eq!(refused(json!(encode(&sealed))), "bad_json", "{other}");
    }
    for body in [json!(""), json!("A"), json!(encode(&good) + "="), json!(7), json!("ä")] {
        assert_eq!(refused(body), "bad_json");
    }
    for length in [1, 12, 28, 283, 285, 300, 8221] {
        let mut bytes = own(1).to_vec();
        bytes.resize(length, 0);
        let why = refused(json!(encode(&bytes)));
        assert!(["bad_json", "too_long"].contains(&&*why), "{length}: {why}");
    }
    let mut huge = own(1).to_vec();
    huge.resize(12 + 8192 + 16, 0);
    assert_eq!(refused(json!(encode(&huge))), "too_long");

    // The relay cannot tell these from messages.
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    let mut strange = vec![altered];
    strange.push(eve.seal_box(&[9; 32], &own(2), &message));
    for (counter, content) in
        [content(2, 0, b"announced"), content(3, 0, b"http://x/"), content(0, 0, b""), vec![1]]
            .into_iter()
            .enumerate()
    {
        strange.push(eve.seal_box(&key, &own(3 + u32::try_from(counter).unwrap()), &content));
    }
    strange.push(eve.seal_box(&key, &own(20), &content(1, 20, b"its own counter")));
    strange.push(eve.seal_box(&key, &own(21), &content(1, 0, b"\xff")));
    for body in &strange {
        eve.transport.send(&json!({ "t": "say", "body": encode(body) }));
    }
    let last = eve.seal_box(&key, &own(30), &content(1, 0, b"a good one"));
    for _ in 0..2 {
        eve.transport.send(&json!({ "t": "say", "body": encode(&last) }));
    }
    for person in [&mut ana, &mut bo] {
        let shown = person.until(|shown| *shown == Shown::Repeat);
        let bad = shown.iter().filter(|shown| matches!(shown, Shown::Bad(_))).count();
        assert_eq!((bad, shown.len()), (strange.len(), strange.len() + 2), "{shown:#?}");
    }
    talk(&mut ana, &mut bo, "unharmed");
    room.end();
}
