//! The provider of the tunnel as an attacker: what it passes on to one participant, and what they are shown.
//! It works on lines, because it can read which is which: kinds, numbers, generations and sizes.

use serde_json::{Value, json};

use super::member::{Member, Shown, decode, encode};
use super::participant::Participant;
use super::room::Room;

/// A participant to whom the lines of the room are not delivered yet.
struct Victim {
    member: Member,
    lines: Vec<Value>,
}

/// Ana says four messages, after one that Bo has; after the second one Cy comes. Bo's lines are held back.
struct Scene {
    room: Room,
    bo: Victim,
}

const TEXTS: [&str; 4] = ["one", "two", "three", "four"];

impl Scene {
    fn new() -> Self {
        let room = Room::with_config(r#"{"rate":{"per_second":0}}"#, &[]);
        let mut ana = Participant::join(&room.link, "Ana");
        let mut bo = Participant::join(&room.link, "Bo");
        ana.until_circle();
        ana.say("zero");
        bo.until_said("zero");
        for (at, text) in TEXTS.into_iter().enumerate() {
            if at == 2 {
                Participant::join(&room.link, "Cy");
                ana.until_circle();
            }
            ana.say(text);
            ana.until_said(text);
        }
        let mut lines = Vec::new();
        while lines.iter().filter(|line: &&Value| line["t"] == "said").count() < TEXTS.len() {
            lines.push(bo.next_line().unwrap());
        }
        let kinds: Vec<_> = lines.iter().map(|line| line["t"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["said", "said", "keys", "said", "said"]);
        Self { room, bo: Victim { member: bo.disconnect(), lines } }
    }

    /// What Bo is shown of these lines, one word or text for each.
    fn shown(mut self, alter: impl FnOnce(&mut Vec<Value>)) -> String {
        alter(&mut self.bo.lines);
        let shown: Vec<String> =
            self.bo.lines.iter().map(|line| words(self.bo.member.receive(line))).collect();
        drop(self.room);
        shown.join(" · ")
    }
}

fn words(shown: Shown) -> String {
    match shown {
        Shown::Said { text, missing: 0, .. } => text,
        Shown::Said { text, missing, .. } => format!("[{missing} missing] {text}"),
        Shown::Circle { joined, left } => {
            let joined = joined.into_iter().map(|name| format!("+{name}"));
            let left = left.into_iter().map(|name| format!("-{name}"));
            joined.chain(left).collect::<Vec<_>>().join(" ")
        }
        Shown::Bad(error) => format!("[{error}]"),
        Shown::Violation(violation) => format!("END: {violation}"),
        Shown::Repeat => "(repeat)".to_owned(),
        Shown::Known => "(known)".to_owned(),
        Shown::Resumed => "(resumed)".to_owned(),
        Shown::Behind => "(returns to the present)".to_owned(),
        Shown::NotForUs => "(not for Bo)".to_owned(),
        Shown::Announced { .. } | Shown::Moved { .. } => "from the host".to_owned(),
        Shown::Line(line) => format!("({})", line["t"].as_str().unwrap_or("?")),
    }
}

/// Flips one bit of a field in base64url.
fn flip(line: &mut Value, field: &str, at: usize) {
    let mut bytes = decode(&line[field]);
    bytes[at] ^= 1;
    line[field] = json!(encode(&bytes));
}

fn swap_field(lines: &mut [Value], field: &str, one: usize, other: usize) {
    let first = lines[one][field].clone();
    lines[one][field] = lines[other][field].clone();
    lines[other][field] = first;
}

type Attack = (&'static str, fn(&mut Vec<Value>), &'static str);

/// The lines are one, two, the keys with which Cy comes, three, four.
const ATTACKS: &[Attack] = &[
    ("nothing", |_| {}, "one · two · +Cy · three · four"),
    ("drops a message", |lines| drop(lines.remove(0)), "[1 missing] two · +Cy · three · four"),
    ("drops two messages", |lines| drop(lines.drain(..2)), "+Cy · [2 missing] three · four"),
    ("drops the last message", |lines| drop(lines.pop()), "one · two · +Cy · three"),
    (
        "drops the keys",
        |lines| drop(lines.remove(2)),
        "one · two · (returns to the present) · (returns to the present)",
    ),
    (
        "repeats a message",
        |lines| lines.insert(2, lines[0].clone()),
        "one · two · (repeat) · +Cy · three · four",
    ),
    (
        "repeats the keys",
        |lines| lines.push(lines[2].clone()),
        "one · two · +Cy · three · four · (known)",
    ),
    (
        "swaps two messages",
        |lines| lines.swap(0, 1),
        "[1 missing] two · (repeat) · +Cy · three · four",
    ),
    ("delays a message past the keys", |lines| lines.swap(1, 2), "one · +Cy · two · three · four"),
    (
        "delivers a message before its keys",
        |lines| lines.swap(2, 3),
        "one · two · (returns to the present) · +Cy · [1 missing] four",
    ),
    (
        "alters the text",
        |lines| flip(&mut lines[0], "body", 100),
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "alters the counter",
        |lines| flip(&mut lines[0], "body", 11),
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "says that another said it",
        |lines| {
            // The number in the head, from Ana's 1 to Bo's 2.
            let mut bytes = decode(&lines[0]["body"]);
            bytes[7] = 2;
            lines[0]["body"] = json!(encode(&bytes));
            lines[0]["n"] = json!(2);
        },
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "says so outside of the box only",
        |lines| lines[0]["n"] = json!(2),
        "one · two · +Cy · three · four",
    ),
    (
        "names a person who is not there",
        |lines| {
            let mut bytes = decode(&lines[0]["body"]);
            bytes[4] = 9;
            lines[0]["body"] = json!(encode(&bytes));
        },
        "[its author is not in the room] · [1 missing] two · +Cy · three · four",
    ),
    (
        "gives a box an earlier generation",
        |lines| {
            let mut bytes = decode(&lines[0]["body"]);
            bytes[3] = 1;
            lines[0]["body"] = json!(encode(&bytes));
        },
        "(not for Bo) · [1 missing] two · +Cy · three · four",
    ),
    (
        "cuts a box",
        |lines| {
            let bytes = decode(&lines[0]["body"]);
            lines[0]["body"] = json!(encode(&bytes[..200]));
        },
        "[this is not a sealed message] · [1 missing] two · +Cy · three · four",
    ),
    (
        "empties a box",
        |lines| lines[0]["body"] = json!(""),
        "[this is not a sealed message] · [1 missing] two · +Cy · three · four",
    ),
    (
        "swaps two boxes",
        |lines| swap_field(lines, "body", 0, 1),
        "[1 missing] two · (repeat) · +Cy · three · four",
    ),
    (
        "makes an announcement of a message",
        |lines| lines[0]["t"] = json!("announced"),
        "one · two · +Cy · three · four",
    ),
    (
        "alters the letter",
        |lines| flip(&mut lines[2], "letter", 40),
        "one · two · END: the keys of the room are not from its host · (returns to the present) · \
         (returns to the present)",
    ),
    (
        "drops the letter",
        |lines| lines[2]["letter"] = Value::Null,
        "one · two · (returns to the present) · (returns to the present) · (returns to the present)",
    ),
    (
        "hides that Cy came",
        |lines| lines[2]["came"] = json!([]),
        "one · two · END: the roster is not the one of the host · (returns to the present) · \
         (returns to the present)",
    ),
    (
        "says that Ana went",
        |lines| lines[2]["went"] = json!([1]),
        "one · two · END: the roster is not the one of the host · (returns to the present) · \
         (returns to the present)",
    ),
    (
        "says that Bo went",
        |lines| lines[2]["went"] = json!([2]),
        "one · two · END: the roster is not the one of the host · (returns to the present) · \
         (returns to the present)",
    ),
    (
        "alters the roster",
        |lines| {
            let mut part = json!({ "part": lines[2]["came"][0] });
            flip(&mut part, "part", 60);
            lines[2]["came"] = json!([part["part"]]);
        },
        "one · two · END: a part of the roster was altered · (returns to the present) · \
         (returns to the present)",
    ),
    (
        "gives the keys a later generation",
        |lines| lines[2]["generation"] = json!(4),
        "one · two · (returns to the present) · (returns to the present) · (returns to the present)",
    ),
    (
        "gives the keys an earlier generation",
        |lines| lines[2]["generation"] = json!(1),
        "one · two · (known) · (returns to the present) · (returns to the present)",
    ),
    (
        "says that there was a gap",
        |lines| {
            lines.remove(0);
            lines.insert(0, json!({ "t": "gap", "missed": 1 }));
        },
        "(gap) · two · +Cy · three · four",
    ),
];

/// Shown as a table with `cargo test double -- --nocapture`.
#[test]
#[expect(clippy::print_stdout, reason = "shown to those who ask for it")]
fn what_a_participant_is_shown_of_each_attack() {
    println!("| the provider … | Bo is shown |\n|---|---|");
    for (attack, alter, expected) in ATTACKS {
        let shown = Scene::new().shown(alter);
        println!("| {attack} | {shown} |");
        assert_eq!(shown, *expected, "{attack}");
    }
}

/// A provider who holds the keys back cannot make a participant speak with the old ones: they know from the
/// first later box that a generation is missing, and return to the present.
#[test]
fn a_participant_without_the_keys_seals_nothing() {
    let Scene { room, mut bo } = Scene::new();
    bo.lines.remove(2);
    bo.lines.iter().for_each(|line| drop(bo.member.receive(line)));
    assert!(bo.member.guest.is_behind());
    assert!(bo.member.guest.seal_message("to whom?", std::time::Duration::ZERO).is_err());
    let mut bo = Participant::return_to_present(&room.link, bo.member);
    let Shown::Circle { joined, .. } = bo.next().unwrap() else { panic!("no welcome") };
    assert_eq!(joined, ["Cy"]);
    assert!(!bo.member.guest.is_behind());
    bo.say("to all of you");
    bo.until_said("to all of you");
}
