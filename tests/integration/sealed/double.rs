//! The provider of the tunnel as an attacker: what it passes on to one participant, and what they are shown.
//! It works on lines, because it can read which is which: kinds, numbers, generations and sizes.

use chattrace::seal::Violation;
use serde_json::Value;

use super::attacks::ATTACKS;
use super::member::{Member, Shown};
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

    /// What Bo is shown of these lines until the end, a word or a text for each.
    fn shown(mut self, alter: impl FnOnce(&mut Vec<Value>)) -> String {
        alter(&mut self.bo.lines);
        let mut shown = Vec::new();
        for line in &self.bo.lines {
            let received = self.bo.member.receive(line);
            let is_over = matches!(received, Shown::Violation(_));
            shown.push(words(received));
            if is_over {
                break;
            }
        }
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

/// Letters can be asked for again at any time; an old one, or an old part of the roster, opens no later
/// generation.
#[test]
fn letters_are_the_same_each_time_and_old_ones_are_found_out() {
    let room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let mut bo = Participant::join(&room.link, "Bo").disconnect();
    let welcome = |bo: Member| {
        let mut bo = Participant::return_to_present(&room.link, bo);
        (bo.next_line().unwrap(), bo.disconnect())
    };
    let (first, second, later);
    (first, bo) = welcome(bo);
    (second, bo) = welcome(bo);
    for field in ["letter", "roster", "generation"] {
        assert_eq!(first[field], second[field], "{field}");
    }
    let _cy = Participant::join(&room.link, "Cy");
    while ana.member.others().len() < 2 {
        ana.until_circle();
    }
    (later, bo) = welcome(bo);
    assert_ne!(first["letter"], later["letter"]);
    for (field, expected) in [
        ("roster", Violation::Part),
        ("letter", Violation::Letter),
        ("generation", Violation::Letter),
    ] {
        let mut mixed = later.clone();
        mixed[field] = first[field].clone();
        assert_eq!(bo.receive(&mixed), Shown::Violation(expected), "{field}");
    }
    assert!(matches!(bo.receive(&later), Shown::Circle { .. }));
    assert_eq!(bo.receive(&first), Shown::Violation(Violation::WentBack));
}
