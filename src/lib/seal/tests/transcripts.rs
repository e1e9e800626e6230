//! What each participant of the vectors sends, is sent, and shows, line by line.

use std::time::Duration;

use serde_json::{Value, json};

use crate::seal::{
    Applicant, BoxHead, Change, Changed, Circle, Entry, Guest, Kind, Knock, Received, Said, Ticket,
    Violation, Welcome,
};

use super::vectors::{
    RING_AGE, VECTORS, array, link, number, secret, text, transcript, wire, wires,
};

/// One participant, who has come that far.
pub(super) enum Participant {
    Knocking(Knock),
    Applying(Applicant),
    In(Box<Guest>),
}

/// What became of a line.
#[derive(Debug)]
pub(super) enum Outcome {
    Quiet,
    Changed(Changed),
    Received(Received),
    Violation(Violation),
}

/// The vectors have no time; this one is as good as any.
const NOW: Duration = Duration::from_secs(7);

impl Participant {
    pub(super) fn knocking(who: &str) -> Self {
        let ephemeral = secret(&format!("{who} ephemeral"));
        Self::Knocking(Knock::new(link().ticket(), ephemeral))
    }

    /// Replays their transcript up to and with the line `last`, and checks each line.
    pub(super) fn replay(who: &str, last: usize) -> Self {
        let first = Self::knocking(who);
        (0..=last).fold(first, |participant, at| participant.step(who, at))
    }

    /// The line `at` of their transcript, which they send or are sent.
    pub(super) fn step(self, who: &str, at: usize) -> Self {
        let line = &transcript(who)[at];
        let Some(sent) = line.get("out") else {
            let (next, outcome) = self.hear(who, &line["in"]);
            let shown = next.shown(&line["in"], &outcome);
            let expected = line.get("shows").cloned().unwrap_or_else(|| json!([]));
            assert_eq!(shown, expected, "{who}, line {at}");
            return next;
        };
        self.send(who, sent)
    }

    fn send(mut self, who: &str, sent: &Value) -> Self {
        match (&mut self, text(&sent["t"])) {
            (Self::Knocking(knock), "knock") => {
                let ticket = Ticket::parse(&text(&VECTORS["ticket"]["link"])[3..]).unwrap();
                assert_eq!(ticket.door_text(), text(&sent["door"]));
                assert_eq!(wire(&sent["noise"]).unwrap(), knock.message());
            }
            // Made together with the answer that came before.
            (Self::Applying(_), "join") => {}
            (Self::In(guest), "say") => {
                let body = wire(&sent["body"]).unwrap();
                let vector = array(&VECTORS["boxes"]).iter().find(|it| it["body"] == sent["body"]);
                let said = text(&vector.unwrap()["text"]);
                assert_eq!(guest.seal_message(said, NOW), Ok(body), "{who}");
            }
            (_, other) => panic!("{who} cannot send {other} yet"),
        }
        self
    }

    /// Takes a line that they are sent.
    pub(super) fn hear(self, who: &str, line: &Value) -> (Self, Outcome) {
        match (self, text(&line["t"])) {
            (Self::Knocking(knock), "answer") => answered(knock, who, line),
            (Self::Applying(applicant), "welcome") => {
                let (letter, roster) = (wire(&line["letter"]).unwrap(), wires(&line["roster"]));
                let generation = number(&line["generation"]);
                let welcome = Welcome { generation, letter: &letter, roster: &roster };
                match applicant.welcome(&welcome, RING_AGE, NOW) {
                    Ok(guest) => (Self::In(Box::new(guest)), Outcome::Quiet),
                    Err(error) => (Self::knocking(who), Outcome::Violation(error)),
                }
            }
            (Self::In(mut guest), t) => {
                let outcome = in_room(&mut guest, t, line);
                (Self::In(guest), outcome)
            }
            (_, other) => panic!("{who} cannot be sent {other} yet"),
        }
    }

    /// What they show of a line, in the form of the vectors.
    fn shown(&self, line: &Value, outcome: &Outcome) -> Value {
        match (self, outcome) {
            (Self::In(guest), Outcome::Quiet) => {
                let own = guest.entry(guest.number()).unwrap();
                let mut shown =
                    json!({ "t": "in", "n": own.number, "generation": guest.generation() });
                shown["tag"] = json!(str::from_utf8(&own.tag).unwrap());
                shown["name"] = json!(own.name);
                shown["present"] = guest.roster().map(entry_json).collect();
                json!([shown])
            }
            (_, Outcome::Quiet) => json!([]),
            (_, Outcome::Changed(Changed::Next(circle))) => circle_json(circle),
            (Self::In(guest), Outcome::Received(Received::Said(said))) => {
                json!([said_json(guest, line, said)])
            }
            (_, other) => panic!("not in a transcript: {other:?}"),
        }
    }
}

fn answered(knock: Knock, who: &str, line: &Value) -> (Participant, Outcome) {
    let answered = match knock.open_answer(&wire(&line["noise"]).unwrap()) {
        Ok(answered) => answered,
        Err(error) => return (Participant::knocking(who), Outcome::Violation(error)),
    };
    let signing = secret(&format!("{who} signing"));
    let (applicant, sealed) = answered.request(who, &signing).unwrap();
    assert_eq!(Some(sealed), wire(&transcript(who)[2]["out"]["sealed"]), "{who}");
    (Participant::Applying(applicant), Outcome::Quiet)
}

fn in_room(guest: &mut Guest, t: &str, line: &Value) -> Outcome {
    if t != "keys" {
        let bytes = wire(&line["body"]).unwrap_or_default();
        return Outcome::Received(guest.open_box(&bytes));
    }
    let letter = line.get("letter").map(|letter| wire(letter).unwrap());
    let went: Vec<u32> = array(&line["went"]).iter().map(number).collect();
    let change = Change {
        generation: number(&line["generation"]),
        letter: letter.as_deref(),
        came: &wires(&line["came"]),
        went: &went,
    };
    match guest.change(&change, NOW) {
        Ok(changed) => Outcome::Changed(changed),
        Err(error) => Outcome::Violation(error),
    }
}

fn entry_json(entry: &Entry) -> Value {
    let key: String = entry.signing.iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = str::from_utf8(&entry.tag).unwrap();
    json!({ "n": entry.number, "tag": tag, "name": entry.name, "key": key })
}

fn circle_json(circle: &Circle) -> Value {
    let joined = circle.joined.iter().map(|who| json!({ "t": "joined", "who": entry_json(who) }));
    let left = circle.left.iter().map(|who| json!({ "t": "left", "who": entry_json(who) }));
    let keys = json!({ "t": "keys", "generation": circle.generation });
    joined.chain(left).chain([keys]).collect()
}

/// What the relay adds (`seq`, `at`, `ref`) is passed on.
fn said_json(guest: &Guest, line: &Value, said: &Said) -> Value {
    let author = guest.entry(said.head.number).unwrap();
    let BoxHead { generation, number, counter } = said.head;
    let kind = match said.content.kind {
        Kind::Message => 1,
        Kind::Announcement => 2,
        Kind::Moved => 3,
    };
    let mut shown = json!({
        "t": "said", "n": number, "name": author.name, "tag": str::from_utf8(&author.tag).unwrap(),
        "generation": generation, "counter": counter, "missing": said.missing, "kind": kind,
        "previous": said.content.previous, "body": said.content.text,
    });
    for field in ["seq", "at", "ref"] {
        if let Some(value) = line.get(field) {
            shown[field] = value.clone();
        }
    }
    shown
}

#[test]
fn all_participants_send_and_show_what_the_vectors_say() {
    for (who, lines) in [("Ana", 17), ("Bo", 14), ("Çiğdem", 7)] {
        assert_eq!(transcript(who).len(), lines, "{who}");
        Participant::replay(who, lines - 1);
    }
}

/// A refusal stands where a welcome would.
#[test]
fn a_refusal_is_read_by_its_receiver_alone() {
    let refusal = &VECTORS["refusal"];
    let sealed = wire(&refusal["sealed"]).unwrap();
    let applying = |who| match Participant::replay(who, 2) {
        Participant::Applying(applicant) => applicant,
        Participant::Knocking(_) | Participant::In(_) => panic!("{who} has not asked"),
    };
    assert_eq!(applying("Bo").open_refusal(&sealed).as_deref(), Ok(text(&refusal["plain"])));
    assert_eq!(applying("Ana").open_refusal(&sealed), Err(Violation::Refusal));
}
