//! Names as WHO: the operator writes what the list of people shows.

use super::{By, SealedSession};
use crate::sealed::participant::Participant;

/// A name, and how it is written in a command.
const NAMES: [(&str, &str); 11] = [
    ("Ana Maria", "Ana Maria"),
    ("שלום", "שלום"),
    ("محمد", "محمد"),
    ("Fox 🦊", "fox 🦊"),
    ("lock", "lock"),
    ("kick 3", "kick 3"),
    ("all", "\"all\""),
    ("7", "\"7\""),
    ("Bo 10m", "\"Bo 10m\""),
    ("Li", "LI"),
    ("D'Arcy", "D'Arcy"),
];

/// Each is muted for a while, and then removed. There is no name with `#` in it.
#[test]
fn every_name_that_a_person_can_have_is_one_of_a_command() {
    for by in [By::Terminal, By::Ctl] {
        let mut session = SealedSession::start(by);
        let mut people: Vec<Participant> =
            NAMES.iter().map(|(name, _)| Participant::join(&session.link, name)).collect();
        for (person, (name, written)) in people.iter_mut().zip(NAMES) {
            session.done(&format!("mute {written} 10m"), "muted ");
            assert_eq!(person.until_line("refused")["why"], "muted", "{name}");
            session.done(&format!("kick {written}"), "removed ");
            person.until_line("removed");
        }
        session.refused("kick R2#D2", "is not here");
        session.done("who", "no one is in the room");
        session.end();
    }
}

/// By the tag that the list shows, also with the space that it stands behind there.
#[test]
fn a_name_with_its_tag_is_one_person() {
    let mut session = SealedSession::start(By::Ctl);
    let mut ana = Participant::join(&session.link, "Ana Maria");
    let tag = String::from_utf8(ana.member.guest.entry(1).unwrap().tag.to_vec()).unwrap();
    session.refused("kick Ana Maria#zzz", "is not here");
    session.done(&format!("mute ana maria#{tag}"), "muted Ana Maria #");
    session.done(&format!("kick Ana Maria #{tag}"), "removed Ana Maria #");
    ana.until_line("removed");
    session.end();
}
