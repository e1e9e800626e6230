//! Properties of everything that parses, and of rooms as a whole.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::box_head::{BoxHead, PADDED_BYTES};
use crate::seal::letter::{CONTENT_BYTES, Letter};
use crate::seal::roster::{self, parse_entries};
use crate::seal::sealed_box::{self, Content, Kind, Signers};
use crate::seal::signing::SigningSecret;
use crate::seal::{
    Changed, Entry, Guest, Knock, MAX_CONTENT_BYTES, Received, RequestError, RoomKey, SecretBytes,
    Ticket, Violation, envelope, padding,
};

use super::room::{Room, START};

/// Bytes of any length, and of the lengths that sealed contents have.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0..1100_usize, (0..4_usize).prop_map(|step| 28 + PADDED_BYTES[step])];
    length.prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
}

fn any_head() -> impl Strategy<Value = BoxHead> {
    any::<(u32, u32, u32)>().prop_map(|(generation, number, counter)| BoxHead {
        generation,
        number,
        counter,
    })
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (any::<u32>(), "[!-~]{3}", any::<[u8; 32]>(), ".{0,60}").prop_map(
        |(number, tag, signing, name)| Entry {
            number,
            tag: tag.as_bytes().try_into().unwrap(),
            signing,
            name,
        },
    )
}

fn room_key(bytes: [u8; 32]) -> RoomKey {
    RoomKey::new(SecretBytes::copy_from(&bytes))
}

fn flip(bytes: &[u8], bit: prop::sample::Index) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let bit = bit.index(flipped.len() * 8);
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

proptest! {
    #[test]
    fn a_content_has_one_padding(content in any_bytes()) {
        let padded = padding::pad(&[&content]).unwrap();
        prop_assert_eq!(padding::unpad(&padded), Some(&content[..]));
        prop_assert!(PADDED_BYTES.contains(&padded.len()));
    }

    #[test]
    fn what_is_unpadded_was_padded_so(bytes in any_bytes(), length in any::<u16>(), zeros in 0..8300_usize) {
        // Mostly zeros, so that some are paddings.
        let mut mostly_zeros = vec![0; zeros];
        mostly_zeros.splice(0..zeros.min(2), length.to_be_bytes());
        for bytes in [bytes, mostly_zeros] {
            if let Some(content) = padding::unpad(&bytes) {
                prop_assert_eq!(&*padding::pad(&[content]).unwrap(), &bytes);
            }
        }
    }

    #[test]
    fn a_head_survives_and_other_lengths_have_none(head in any_head(), bytes in any_bytes()) {
        let mut sealed = vec![0; 28 + 512];
        sealed[..12].copy_from_slice(&head.to_bytes());
        prop_assert_eq!(BoxHead::parse(&sealed), Some(head));
        if let Some(head) = BoxHead::parse(&bytes) {
            prop_assert_eq!(&head.to_bytes()[..], &bytes[..12]);
            prop_assert!(PADDED_BYTES.contains(&(bytes.len() - 28)));
        }
    }

    #[test]
    fn entries_survive(entries in proptest::collection::vec(any_entry(), 0..6)) {
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| entry.write_to(&mut bytes));
        prop_assert_eq!(parse_entries(&bytes), Some(entries.clone()));
        if bytes.pop().is_some() {
            prop_assert_ne!(parse_entries(&bytes), Some(entries));
        }
    }

    #[test]
    fn what_parses_as_entries_is_written_the_same(bytes in any_bytes(), name in any::<Vec<u8>>()) {
        let mut likely = [b"\0\0\0\x01abc".as_slice(), &[7; 32], &[name.len() as u8]].concat();
        likely.extend(name);
        for bytes in [bytes, likely] {
            let Some(entries) = parse_entries(&bytes) else { continue };
            let mut written = Vec::new();
            entries.iter().for_each(|entry| entry.write_to(&mut written));
            prop_assert_eq!(written, bytes);
        }
    }

    #[test]
    fn letters_survive_and_have_one_length(key in any::<[u8; 32]>(), circle in any::<[u8; 32]>(), seconds: u32, bytes in any_bytes()) {
        let content = Letter { key: room_key(key), circle, seconds }.to_bytes();
        let parsed = Letter::parse(content.as_bytes()).unwrap();
        prop_assert_eq!((parsed.key.as_bytes(), parsed.circle, parsed.seconds), (&key, circle, seconds));
        prop_assert_eq!(Letter::parse(&bytes).is_some(), bytes.len() == CONTENT_BYTES);
    }

    #[test]
    fn an_envelope_opens_with_its_key_and_purpose_alone(
        key: [u8; 32], head in any_head(), content in any_bytes(), bit: prop::sample::Index, other: [u8; 32],
    ) {
        let sealed = envelope::seal(&room_key(key), &[b"one"], head, &[&content]).unwrap();
        let opened = envelope::open(&room_key(key), &[b"one"], &sealed);
        prop_assert_eq!(opened.map(|(head, content)| (head, content.to_vec())), Some((head, content)));
        prop_assert!(envelope::open(&room_key(key), &[b"other"], &sealed).is_none());
        prop_assert!(key == other || envelope::open(&room_key(other), &[b"one"], &sealed).is_none());
        prop_assert!(envelope::open(&room_key(key), &[b"one"], &flip(&sealed, bit)).is_none());
    }

    #[test]
    fn a_box_opens_as_it_was_sealed(
        key: [u8; 32], seed: [u8; 32], host: [u8; 32], head in any_head(), text in ".{0,400}", previous: u32,
        bit: prop::sample::Index,
    ) {
        let key = room_key(key);
        let secret = SigningSecret::new(&SecretBytes::copy_from(&seed));
        let kind = if head.number == 0 { Kind::Announcement } else { Kind::Message };
        let content = Content { kind, previous, text };
        let sealed = sealed_box::seal(&key, &secret, &host, head, &content).unwrap();
        let signers = Signers { author: &secret.public(), host: &host };
        let opened = sealed_box::open(&key, signers, &sealed);
        prop_assert_eq!(opened.is_ok(), previous < head.counter);
        prop_assert!(opened.is_err() || opened == Ok(content));
        prop_assert!(sealed_box::open(&key, signers, &flip(&sealed, bit)).is_err());
        let elsewhere = Signers { author: &secret.public(), host: &[!host[0]; 32] };
        prop_assert!(sealed_box::open(&key, elsewhere, &sealed).is_err());
    }

    #[test]
    fn tickets_are_canonical(text in "[A-Za-z0-9_=+/-]{20,24}") {
        if let Some(ticket) = Ticket::parse(&text) {
            prop_assert_eq!(ticket.to_text(), text);
        }
    }
}

/// A host, and a guest who waits at each step.
fn knock(room: &Room) -> Knock {
    Knock::new(room.link.ticket(), SecretBytes::copy_from(&[9; 32]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_handshake_takes_no_other_bytes(bytes in any_bytes(), short in any::<[u8; 48]>(), long in any::<[[u8; 48]; 2]>(), bit: prop::sample::Index) {
        let room = Room::new();
        let secret = || SecretBytes::copy_from(&[8; 32]);
        let message_1 = *knock(&room).message();
        for bytes in [&bytes[..], &short, long.as_flattened(), &flip(&message_1, bit)] {
            prop_assert!(room.link.answer(bytes, secret()).is_err());
        }
        let (message_2, session) = room.link.answer(&message_1, secret()).unwrap();
        for bytes in [&bytes[..], &short, long.as_flattened(), &flip(&message_2, bit)] {
            prop_assert_eq!(knock(&room).open_answer(bytes).err(), Some(Violation::Answer));
        }
        let answered = knock(&room).open_answer(&message_2).unwrap();
        let (applicant, sealed) = answered.request("Ana", &secret()).unwrap();
        for bytes in [&bytes[..], &short, &flip(&sealed, bit), &[]] {
            let outcome = session.open_request(bytes, |_| false);
            prop_assert_eq!(outcome.err(), Some(RequestError::Unreadable));
            prop_assert_eq!(applicant.open_refusal(bytes), Err(Violation::Refusal));
        }
        prop_assert!(session.open_request(&sealed, |_| false).is_ok());
        let refusal = session.seal_refusal("{}").unwrap();
        prop_assert_eq!(applicant.open_refusal(&flip(&refusal, bit)), Err(Violation::Refusal));
        prop_assert_eq!(applicant.open_refusal(&refusal), Ok("{}".to_owned()));
    }

    #[test]
    fn names_of_any_length_are_asked_for_or_refused(length in 0..9000_usize) {
        let room = Room::new();
        let (message_2, session) = room.link.answer(knock(&room).message(), SecretBytes::copy_from(&[8; 32])).unwrap();
        let answered = knock(&room).open_answer(&message_2).unwrap();
        let name = "n".repeat(length);
        match answered.request(&name, &SecretBytes::copy_from(&[7; 32])) {
            Ok((_, sealed)) => prop_assert_eq!(session.open_request(&sealed, |_| false).unwrap().name, name),
            Err(_) => prop_assert!(length + 32 > MAX_CONTENT_BYTES),
        }
    }

    /// Neither bytes of any kind nor an altered letter or part are taken for the host's.
    #[test]
    fn a_change_takes_no_other_bytes(bytes in any_bytes(), bit: prop::sample::Index) {
        let mut room = Room::new();
        let (mut ana, _) = room.join("Ana", 10, START);
        let (_, event) = room.join("Bo", 20, START);
        let letter = room.letter(1);
        for letter in [&bytes, &flip(&letter, bit)] {
            let outcome = ana.change(&event.change(Some(letter)), START);
            prop_assert_eq!(outcome, Err(Violation::Letter));
        }
        for part in [bytes.clone(), flip(&event.came[0], bit), event.roster[0][..28].to_vec()] {
            prop_assert!(roster::open_part(&room_key([1; 32]), 2, &part).is_none());
            let mut altered = event.change(Some(&letter));
            let came = [part];
            altered.came = &came;
            prop_assert_eq!(ana.change(&altered, START), Err(Violation::Part));
        }
        prop_assert!(matches!(ana.change(&event.change(Some(&letter)), START), Ok(Changed::Next(_))));
    }

    /// A box is accepted once, and only as it was sealed, no matter what comes in between.
    #[test]
    fn a_receiver_takes_no_other_bytes(bytes in any_bytes(), head in any_head(), bit: prop::sample::Index) {
        let mut room = Room::new();
        let (mut ana, _) = room.join("Ana", 10, START);
        let sealed = room.announce("hello");
        let mut with_head = bytes.clone();
        let length = with_head.len().min(12);
        with_head[..length].copy_from_slice(&head.to_bytes()[..length]);
        for bytes in [bytes, with_head, flip(&sealed, bit)] {
            prop_assert!(!matches!(ana.open_box(&bytes), Received::Said(_) | Received::Repeat));
        }
        prop_assert!(matches!(ana.open_box(&sealed), Received::Said(_)));
    }

    /// Each box arrives any number of times, in any order: none is accepted twice, counters rise, and in
    /// their own order exactly those that were left out are shown as missing.
    #[test]
    fn boxes_are_accepted_once_and_missing_ones_are_counted(order in proptest::collection::vec(0..12_usize, 0..24)) {
        let mut room = Room::new();
        let (mut ana, _) = room.join("Ana", 10, START);
        let (mut bo, event) = room.join("Bo", 20, START);
        room.send(&event, &mut ana, START).unwrap();
        let boxes: Vec<Vec<u8>> = (0..12).map(|_| bo.seal_message("x", START).unwrap()).collect();
        let (mut last, mut accepted, mut missing) = (0, 0, 0);
        for at in order {
            let received = ana.open_box(&boxes[at]);
            let Received::Said(said) = received else {
                prop_assert_eq!((received, boxes[at][11] <= last as u8), (Received::Repeat, true));
                continue;
            };
            prop_assert!(said.head.counter > last);
            last = said.head.counter;
            accepted += 1;
            missing += said.missing;
        }
        prop_assert_eq!(accepted + missing, last);
    }
}

/// What happens to a circle of people.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join,
    Leave(prop::sample::Index),
    Return(prop::sample::Index),
    Renew,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Join),
        Just(Step::Join),
        any::<prop::sample::Index>().prop_map(Step::Leave),
        any::<prop::sample::Index>().prop_map(Step::Return),
        Just(Step::Renew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// After every step, exactly those who are in read what is said, and all have the host's roster.
    #[test]
    fn exactly_those_in_the_circle_read_what_is_said_in_it(steps in proptest::collection::vec(any_step(), 1..14)) {
        let mut room = Room::new();
        let mut present: BTreeMap<u32, Guest> = BTreeMap::new();
        let mut away: BTreeMap<u32, (Guest, Entry)> = BTreeMap::new();
        for step in steps {
            let (mut came, mut went, mut applicant, mut returning) = (vec![], vec![], None, None);
            match step {
                Step::Join => {
                    let (number, newcomer) = room.apply("somebody");
                    came.push(number);
                    applicant = Some((number, newcomer));
                }
                Step::Leave(at) if !present.is_empty() => {
                    let number = *present.keys().nth(at.index(present.len())).unwrap();
                    went.push(number);
                    away.insert(number, (present.remove(&number).unwrap(), room.entries[&number].clone()));
                }
                Step::Return(at) if !away.is_empty() => {
                    let number = *away.keys().nth(at.index(away.len())).unwrap();
                    let (guest, entry) = away.remove(&number).unwrap();
                    room.entries.insert(number, entry);
                    came.push(number);
                    returning = Some(guest);
                }
                Step::Leave(_) | Step::Return(_) | Step::Renew => {}
            }
            let event = room.begin(&came, &went, 10);
            for guest in present.values_mut() {
                prop_assert!(matches!(room.send(&event, guest, START), Ok(Changed::Next(_))));
            }
            if let Some(newcomer) = applicant {
                let guest = room.admit(newcomer, &event, START).unwrap();
                present.insert(guest.number(), guest);
            }
            if let Some(mut guest) = returning {
                room.send_welcome(&event, &mut guest, START).unwrap();
                present.insert(guest.number(), guest);
            }
            let mut said = vec![room.announce("hello")];
            said.extend(present.values_mut().map(|guest| guest.seal_message("hello", START).unwrap()));
            for guest in present.values_mut() {
                prop_assert!(guest.roster().eq(room.entries.values()));
                for sealed in &said {
                    prop_assert!(matches!(guest.open_box(sealed), Received::Said(said) if said.missing == 0));
                }
            }
            for (guest, _) in away.values_mut() {
                for sealed in &said {
                    prop_assert_eq!(guest.open_box(sealed), Received::Behind);
                }
            }
        }
    }
}
