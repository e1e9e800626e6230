//! Every value of the vectors, one by one.

use crate::seal::roster::{self, parse_entries};
use crate::seal::sealed_box::{self, Signers};
use crate::seal::signing::{SigningSecret, is_signed};
use crate::seal::{
    Content, Entry, Kind, RequestError, Ticket, WrongTicket, circle_hash, noise, padding,
};

use super::vectors::{
    VECTORS, array, generation, hex, host, host_session, link, name_of, number, public, room_key,
    roster, roster_vector, secret, text, transcript, wire, wires,
};
use crate::box_head::BoxHead;

#[test]
fn public_keys_follow_from_their_secrets() {
    let secrets = VECTORS["secrets"].as_object().unwrap();
    assert_eq!(secrets.len(), 13);
    for name in secrets.keys() {
        let derived = match name.ends_with("signing") {
            true => SigningSecret::new(&secret(name)).public(),
            false => noise::public_key(&secret(name)),
        };
        assert_eq!(derived, public(name), "{name}");
    }
}

#[test]
fn ticket_door_and_psk_follow_from_the_static_key() {
    let ticket = Ticket::of(&public("host static"));
    assert_eq!(format!("#1.{}", ticket.to_text()), text(&VECTORS["ticket"]["link"]));
    assert_eq!(ticket, Ticket::parse(&ticket.to_text()).unwrap());
    assert_eq!(ticket.door().as_bytes().as_slice(), hex(&VECTORS["door"]));
    assert_eq!(ticket.door_text(), text(&transcript("Ana")[0]["out"]["door"]));
    assert_eq!(ticket.psk().as_bytes().as_slice(), hex(&VECTORS["psk"]));
    assert_eq!(link().ticket(), &ticket);
}

#[test]
fn the_host_answers_knocks_and_opens_requests() {
    for who in ["Ana", "Bo", "Çiğdem"] {
        let (answer, session) = host_session(who);
        assert_eq!(Some(answer), wire(&transcript(who)[1]["in"]["noise"]), "{who}");
        let sealed = wire(&transcript(who)[2]["out"]["sealed"]).unwrap();
        let request = session.open_request(&sealed, |_| false).unwrap();
        assert_eq!(
            (request.name.as_str(), request.signing),
            (who, public(&format!("{who} signing")))
        );
        let padded = padding::pad(&[&request.signing, who.as_bytes()]).unwrap();
        assert_eq!(*padded, hex(&VECTORS["requests"][who]));
    }
}

#[test]
fn the_host_refuses_in_a_sealed_message() {
    let refusal = &VECTORS["refusal"];
    let (_, session) = host_session(text(&refusal["to"]));
    assert_eq!(session.seal_refusal(text(&refusal["plain"])).ok(), wire(&refusal["sealed"]));
}

/// Each case of `refuses`: the first knock does not open, the others ask with a key that is not accepted,
/// or with a name that `chat` judges.
#[test]
fn the_host_refuses_what_is_not_acceptable() {
    let cases = array(&VECTORS["refuses"]);
    assert_eq!(cases.len(), 7);
    let present = roster(1);
    for case in cases {
        let known = |key: &[u8; 32]| present.values().any(|entry| entry.signing == *key);
        let outcome = if case.get("knock").is_some() {
            let answer =
                link().answer(&wire(&case["knock"]).unwrap(), secret("impostor ephemeral"));
            assert_eq!(answer.err(), Some(WrongTicket));
            "bad_ticket"
        } else {
            let (_, session) = host_session("Bo");
            match session.open_request(&wire(&case["join"]).unwrap(), known) {
                Ok(request) if present.values().any(|it| it.name == request.name) => "name_taken",
                Ok(_) => "accepted",
                Err(RequestError::BadKey) => "bad_key",
                Err(RequestError::Unreadable) => "unreadable",
            }
        };
        assert_eq!(outcome, text(&case["must"]), "{}", case["name"]);
    }
}

#[test]
fn rosters_are_hashed_and_sealed() {
    for (vector, number) in array(&VECTORS["rosters"]).iter().zip(1..) {
        assert_eq!(vector["generation"], number);
        for (entry, bytes) in roster(number).values().zip(array(&vector["entries"])) {
            assert_eq!(entry_bytes([entry]), hex(bytes));
        }
        assert_eq!(circle_hash(roster(number).values()).as_slice(), hex(&vector["hash"]));
        let key = room_key(number).derive(&[b"chattrace-1 roster"]);
        assert_eq!(key.as_bytes().as_slice(), hex(&vector["sheet_key"]));
        for part in wires(&vector["came"]) {
            assert!(!roster::open_part(&room_key(number), number, &part).unwrap().is_empty());
        }
    }
}

/// The parts of one generation are counted: first those who came, then all, for the welcome.
#[test]
fn the_host_seals_the_roster_of_each_generation() {
    for (number, welcomed) in [(1, "Ana"), (2, "Bo"), (3, "Çiğdem")] {
        let mut generation = generation(number);
        let now = roster(number);
        let came = now.values().filter(|it| it.name == welcomed);
        assert_eq!(generation.seal_parts(came), wires(&roster_vector(number)["came"]));
        let welcome = &transcript(welcomed)[3]["in"];
        assert_eq!(generation.seal_parts(now.values()), wires(&welcome["roster"]), "{welcomed}");
    }
}

#[test]
fn the_host_writes_letters() {
    let letters = array(&VECTORS["letters"]);
    assert_eq!(letters.len(), 8);
    for vector in letters {
        let (_, session) = host_session(name_of(number(&vector["n"])));
        let generation = generation(number(&vector["generation"]));
        let letter = session.letter(&generation).to_vec();
        assert_eq!(letter, session.letter(&generation), "the same bytes each time");
        assert_eq!(Some(letter), wire(&vector["letter"]));
    }
}

#[test]
fn boxes_are_signed_padded_and_sealed() {
    let boxes = array(&VECTORS["boxes"]);
    assert_eq!(boxes.len(), 7);
    for vector in boxes {
        let [generation, n, counter, previous] =
            ["generation", "n", "counter", "previous"].map(|field| number(&vector[field]));
        let head = BoxHead { generation, number: n, counter };
        let kind =
            [Kind::Message, Kind::Announcement, Kind::Moved][number(&vector["kind"]) as usize - 1];
        let content = Content { kind, previous, text: text(&vector["text"]).to_owned() };
        let name = format!("{} signing", name_of(n));
        let (author, host) = (public(&name), public("host signing"));
        let key = room_key(generation);

        let derived = key.derive(&[b"chattrace-1 box", &author]);
        assert_eq!(derived.as_bytes().as_slice(), hex(&vector["key"]));
        let signed = hex(&vector["signed"]);
        let signature = SigningSecret::new(&secret(&name)).sign(&signed);
        assert_eq!(signature.as_slice(), hex(&vector["signature"]));
        assert!(is_signed(&author, &signed, &signature));
        let said = &signed[b"chattrace-1 said".len() + 32 + 12..];
        assert_eq!(*padding::pad(&[&signature, said]).unwrap(), hex(&vector["padded"]));

        let body = wire(&vector["body"]).unwrap();
        let secret = SigningSecret::new(&secret(&name));
        assert_eq!(sealed_box::seal(&key, &secret, &host, head, &content).unwrap(), body);
        assert_eq!(BoxHead::parse(&body), Some(head));
        let signers = Signers { author: &author, host: &host };
        assert_eq!(sealed_box::open(&key, signers, &body), Ok(content));
    }
}

#[test]
fn the_host_announces_and_moves() {
    let boxes = array(&VECTORS["boxes"]).iter().filter(|vector| vector["n"] == 0);
    let mut host = host();
    let mut made = 0;
    for (vector, kind) in boxes.zip([Kind::Announcement, Kind::Moved]) {
        let generation = generation(number(&vector["generation"]));
        let sealed = host.seal_box(&generation, kind, text(&vector["text"]));
        assert_eq!(sealed.ok(), wire(&vector["body"]));
        made += 1;
    }
    assert_eq!(made, 2);
}

#[test]
fn the_host_is_in_every_roster() {
    for number in 1..=4 {
        assert_eq!(roster(number)[&0], host().entry());
        let bytes = entry_bytes(roster(number).values());
        assert_eq!(parse_entries(&bytes).unwrap().len(), roster(number).len());
    }
}

fn entry_bytes<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<u8> {
    let mut bytes = Vec::new();
    entries.into_iter().for_each(|entry| entry.write_to(&mut bytes));
    bytes
}
