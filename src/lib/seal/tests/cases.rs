//! Lines that were altered, repeated, held back or forged: what a receiver makes of each.

use serde_json::Value;

use crate::seal::{Changed, Received, SealError};

use super::transcripts::{Outcome, Participant};
use super::vectors::{VECTORS, array, text, transcript};

/// The outcome in the words of the vectors.
fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Quiet | Outcome::Changed(Changed::Next(_)) => "accepted".to_owned(),
        Outcome::Changed(Changed::Known) => "nothing".to_owned(),
        Outcome::Changed(Changed::Behind) | Outcome::Received(Received::Behind) => {
            "behind".to_owned()
        }
        Outcome::Received(Received::Said(said)) if said.missing == 0 => "said".to_owned(),
        Outcome::Received(Received::Said(said)) => format!("said, {} missing", said.missing),
        Outcome::Received(Received::Bad(_)) => "bad".to_owned(),
        Outcome::Received(Received::Repeat) => "repeat".to_owned(),
        Outcome::Received(Received::NotForUs) => "not for you".to_owned(),
        Outcome::Violation(_) => "betrayed".to_owned(),
    }
}

fn last_line(case: &Value) -> (&str, usize) {
    (text(&case["who"]), case["after"].as_u64().unwrap() as usize)
}

#[test]
fn every_case_is_judged_as_the_vectors_say() {
    let cases = array(&VECTORS["cases"]);
    assert_eq!(cases.len(), 46);
    for case in cases {
        let (who, after) = last_line(case);
        let (_, outcome) = Participant::replay(who, after).hear(who, &case["line"]);
        assert_eq!(verdict(&outcome), text(&case["must"]), "{}: {outcome:?}", case["name"]);
    }
}

/// A case that is refused for another reason than the one it was made for would prove nothing.
#[test]
fn each_case_is_refused_for_its_own_reason() {
    let reason = |name: &str| match name {
        "bit flipped"
        | "counter changed"
        | "dirty padding"
        | "wide padding"
        | "length beyond the end" => "DoesNotOpen",
        "number changed" | "of a removed one" | "of nobody" => "UnknownAuthor",
        "padded base64" | "stray bits" | "cut short" => "Malformed",
        "another signer" | "as the host" | "second signature" | "signature of another circle" => {
            "NotSigned"
        }
        "announcement of a member"
        | "address of a member"
        | "message of the host"
        | "unknown kind"
        | "not UTF-8"
        | "no content"
        | "half a head"
        | "follows itself" => "BadContent",
        "another’s letter" | "letter of another circle" | "welcome of another circle" => "Letter",
        "hidden newcomer"
        | "false farewell"
        | "kept in"
        | "another key"
        | "welcome without Ana" => "Roster",
        "half an entry" => "Part",
        "an impostor" => "Host",
        "another’s answer" => "Answer",
        other => panic!("no reason for {other}"),
    };
    for case in array(&VECTORS["cases"]) {
        let (who, after) = last_line(case);
        let (_, outcome) = Participant::replay(who, after).hear(who, &case["line"]);
        match outcome {
            Outcome::Received(Received::Bad(bad)) => {
                assert_eq!(format!("{bad:?}"), reason(text(&case["name"])));
            }
            Outcome::Violation(violation) => {
                assert_eq!(format!("{violation:?}"), reason(text(&case["name"])));
            }
            Outcome::Quiet | Outcome::Changed(_) | Outcome::Received(_) => {}
        }
    }
}

/// What is dropped or shown as bad changes nothing: the transcript goes on as if it had not come, and at
/// its end the next message of the first case is accepted.
#[test]
fn what_is_not_accepted_changes_nothing() {
    let mut judged = 0;
    let cases = array(&VECTORS["cases"]);
    let good = &cases[0]["line"];
    for case in cases {
        let (who, after) = last_line(case);
        if !["bad", "repeat", "not for you", "nothing"].contains(&text(&case["must"])) {
            continue;
        }
        let (participant, _) = Participant::replay(who, after).hear(who, &case["line"]);
        let rest = after + 1..transcript(who).len();
        let participant = rest.fold(participant, |participant, at| participant.step(who, at));
        let (_, outcome) = participant.hear(who, good);
        assert_eq!(verdict(&outcome), "said", "{}", case["name"]);
        judged += 1;
    }
    assert_eq!(judged, 27);
}

#[test]
fn a_client_that_is_behind_seals_nothing() {
    let mut judged = 0;
    for case in array(&VECTORS["cases"]).iter().filter(|case| case["must"] == "behind") {
        let (who, after) = last_line(case);
        let (participant, _) = Participant::replay(who, after).hear(who, &case["line"]);
        let Participant::In(mut guest) = participant else { panic!("{who} is not in") };
        assert!(guest.is_behind());
        let sealed = guest.seal_message("hello", std::time::Duration::ZERO);
        assert_eq!(sealed, Err(SealError::Behind), "{}", case["name"]);
        judged += 1;
    }
    assert_eq!(judged, 3);
}
