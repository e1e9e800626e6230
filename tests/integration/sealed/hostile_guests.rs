//! Participants and strangers who do what no client does; the others go on.

use std::net::TcpStream;

use serde_json::{Value, json};

use super::bare::{Bare, initiate, knock_line, pad};
use super::member::{decode, encode};
use super::participant::Participant;
use super::room::Room;
use super::transport::{Polls, socket};
use crate::serve::client::Client;

/// Shared with no test that depends on the rate.
const UNLIMITED: &str = r#"{"rate":{"per_second":0},"max_participants":1000}"#;

fn ticket(room: &Room) -> Vec<u8> {
    decode(&room.link.ticket.clone().into())
}

/// A socket that has sent this line.
fn sent(room: &Room, line: &Value) -> Client {
    let mut client = socket(&room.link);
    client.send_line(line);
    client
}

/// The code of the refusal of this first line, in clear.
fn refusal(room: &Room, line: &Value) -> String {
    let refused = sent(room, line).wait("refused");
    refused["why"].as_str().unwrap().to_owned()
}

/// Two who are in the room talk in both directions.
pub(super) fn talk(ana: &mut Participant, bo: &mut Participant, text: &str) {
    ana.say(&format!("{text}, there"));
    bo.until_said(&format!("{text}, there"));
    bo.say(&format!("{text}, back"));
    ana.until_said(&format!("{text}, back"));
}

pub(super) fn pair(room: &Room) -> (Participant, Participant) {
    let mut ana = Participant::join(&room.link, "Ana");
    let bo = Participant::join_by_polls(&room.link, "Bo");
    ana.until_circle();
    (ana, bo)
}

/// None of them ever asks for more than an answer. One who comes after them all waits for a place, and gets
/// one.
#[test]
fn a_thousand_half_finished_handshakes_keep_nobody_out() {
    let room = Room::with_config(UNLIMITED, &[]);
    let (mut ana, mut bo) = pair(&room);
    let ticket = ticket(&room);
    let knock = knock_line(&ticket, &initiate(&ticket).1);
    let halves: Vec<Client> = (0..1000).map(|_| sent(&room, &knock)).collect();
    Participant::join(&room.link, "Cy").leave();
    talk(&mut ana, &mut bo, "in between");
    drop(halves);
    Participant::join(&room.link, "Dee").leave();
    talk(&mut ana, &mut bo, "afterwards");
    room.end();
}

/// Knocks that no one waits for, by hundreds of connections at once: an honest one gets in.
#[test]
fn a_flood_of_knocks_keeps_nobody_out() {
    let room = Room::with_config(UNLIMITED, &[]);
    let (mut ana, mut bo) = pair(&room);
    let ticket = ticket(&room);
    let (right, wrong) = (initiate(&ticket).1, vec![7; 48]);
    let mut flood = Vec::new();
    for round in 0..300 {
        flood.push(sent(&room, &knock_line(&ticket, &right)));
        flood.push(sent(&room, &knock_line(&ticket, &wrong)));
        if round % 50 == 0 {
            flood.clear();
            Participant::join(&room.link, &format!("guest {round}")).leave();
        }
    }
    talk(&mut ana, &mut bo, "in between");
    drop(flood);
    Participant::join(&room.link, "Cy").leave();
    room.end();
}

#[test]
fn a_knock_that_is_not_one_is_refused_before_it_reaches_the_host() {
    let room = Room::start();
    let (mut ana, mut bo) = pair(&room);
    let ticket = ticket(&room);
    let good = knock_line(&ticket, &initiate(&ticket).1);
    let with = |field: &str, value: Value| {
        let mut line = good.clone();
        line[field] = value;
        line
    };
    let zeros = |count: usize| json!(encode(&vec![0; count]));
    assert_eq!(refusal(&room, &with("door", zeros(16))), "bad_ticket");
    for (field, value) in [
        ("door", json!("")),
        ("door", json!(7)),
        ("door", zeros(15)),
        ("noise", zeros(97)),
        ("noise", json!("AB=")),
        ("noise", json!("A")),
        ("noise", Value::Null),
        ("sealed", zeros(284)),
        ("name", json!("Ana")),
        ("ticket", json!(room.link.ticket)),
    ] {
        let line = with(field, value);
        let why = refusal(&room, &line);
        assert!(["bad_json", "bad_ticket"].contains(&&*why), "{line}: {why}");
    }
    // Of the right length, it reaches the host, which cannot open it: a point of small order.
    for count in [0, 1, 47, 48, 49, 96] {
        let expected = if count == 48 { "bad_ticket" } else { "bad_json" };
        assert_eq!(refusal(&room, &with("noise", zeros(count))), expected, "{count}");
    }
    for line in [
        json!({ "t": "join", "sealed": encode(&[0; 272]) }),
        json!({ "t": "join", "name": "Ana", "ticket": room.link.ticket }),
        json!({ "t": "say", "body": encode(&[0; 284]) }),
        json!({ "t": "answer", "noise": encode(&[0; 96]) }),
        json!({ "t": "keys", "generation": 9, "came": [], "went": [1] }),
        json!({ "t": "join", "resume": "1.AAAAAAAAAAAAAAAAAAAAAA" }),
    ] {
        let why = refusal(&room, &line);
        assert!(["bad_json", "bad_ticket"].contains(&&*why), "{line}: {why}");
    }
    talk(&mut ana, &mut bo, "unharmed");
    room.end();
}

/// Points under which everybody can sign (the eight of small order, RFC 8032), one that is not canonical,
/// and keys of people who are in the room; then names that are none.
#[test]
fn a_request_with_a_key_or_a_name_that_is_none_is_refused() {
    let room = Room::start();
    let (mut ana, mut bo) = pair(&room);
    let mut eve = Bare::join(Box::new(socket(&room.link)), &room.link.ticket, "Eve");
    while ana.member.others().len() < 2 {
        ana.until_circle();
    }
    let ask = |content: &[u8]| {
        let mut bare = Bare::knock(Box::new(socket(&room.link)), &room.link.ticket);
        bare.request(content)["why"].as_str().unwrap().to_owned()
    };
    let with_key = |key: &[u8; 32]| pad(&[&key[..], b"Mallory"].concat());
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut order_two = [0xff; 32];
    (order_two[0], order_two[31]) = (0xec, 0x7f);
    let mut not_canonical = [0xff; 32];
    (not_canonical[0], not_canonical[31]) = (0xee, 0x7f);
    let mut keys = vec![[0; 32], identity, order_two, not_canonical, [0xff; 32]];
    // The host's, and those of the others.
    keys.extend(eve.roster().into_iter().map(|(_, key, _)| key));
    assert_eq!(keys.len(), 9);
    for key in keys {
        assert_eq!(ask(&with_key(&key)), "bad_key", "{key:?}");
    }
    let good = bare_key();
    for name in [&b""[..], b"\xff\xfe", b"a\x00b", &[b'x'; 8000]] {
        let why = ask(&pad(&[&good[..], name].concat()));
        assert!(["bad_name", "bad_json", "bad_ticket"].contains(&&*why), "{name:?}: {why}");
    }
    // Not padded, too short for a key, a wrong length, zeros that are none.
    let mut dirty = with_key(&bare_key());
    *dirty.last_mut().unwrap() = 1;
    for content in [&[][..], &[0; 255], &[0; 256], &pad(&[1; 31]), &[0xff; 256], &dirty] {
        let why = ask(content);
        assert!(why.starts_with("bad_"), "{}: {why}", content.len());
    }
    talk(&mut ana, &mut bo, "unharmed");
    let after = eve.until("said");
    assert!(after["body"].is_string());
    room.end();
}

fn bare_key() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes()
}

/// Two requests in one handshake, a second knock, a request before the answer: each is refused, and no
/// letter is sent twice.
#[test]
fn a_handshake_admits_once() {
    let room = Room::start();
    let (mut ana, mut bo) = pair(&room);
    let mut eve = Bare::join(Box::new(socket(&room.link)), &room.link.ticket, "Eve");
    let request = pad(&[&bare_key()[..], b"Eve again"].concat());
    let sealed = encode(&eve.seal_transport(0, &request));
    let ticket = ticket(&room);
    for line in [
        json!({ "t": "join", "sealed": sealed }),
        knock_line(&ticket, &initiate(&ticket).1),
        json!({ "t": "join", "resume": eve.welcome["resume"] }),
    ] {
        eve.transport.send(&line);
        let why = eve.until("refused")["why"].clone();
        assert_eq!(why, "bad_json", "{line}");
    }
    // By polls: the token of a knock is good for one request.
    let mut dee = Bare::knock(Box::new(Polls::to(&room.link)), &room.link.ticket);
    let padded = pad(&[&bare_key()[..], b"Ana"].concat());
    assert_eq!(dee.request(&padded)["why"], "name_taken");
    let again = encode(&dee.seal_transport(0, &padded));
    dee.transport.send(&json!({ "t": "join", "sealed": again }));
    let refused = dee.transport.next().unwrap();
    assert_eq!(refused["t"], "refused", "{refused}");
    let mut early = socket(&room.link);
    let knock = knock_line(&ticket, &initiate(&ticket).1);
    early.send_text(&format!("{knock}\n{}", json!({ "t": "join", "sealed": sealed })));
    assert_eq!(early.wait("refused")["why"], "bad_json");
    talk(&mut ana, &mut bo, "unharmed");
    room.end();
}

/// Connections that break at each step of the handshake: the host forgets them, and their names are free.
#[test]
fn connections_that_break_in_a_handshake_leave_nothing() {
    let room = Room::start();
    let (mut ana, mut bo) = pair(&room);
    let ticket = ticket(&room);
    for _ in 0..40 {
        drop(TcpStream::connect(&room.link.address).unwrap());
        drop(sent(&room, &knock_line(&ticket, &initiate(&ticket).1)));
        let mut answered = sent(&room, &knock_line(&ticket, &initiate(&ticket).1));
        answered.wait("answer");
        drop(answered);
        let mut asked = Bare::knock(Box::new(socket(&room.link)), &room.link.ticket);
        let padded = pad(&[&bare_key()[..], b"Eve"].concat());
        let sealed = encode(&asked.seal_transport(0, &padded));
        asked.transport.send(&json!({ "t": "join", "sealed": sealed }));
    }
    talk(&mut ana, &mut bo, "unharmed");
    room.end();
}
