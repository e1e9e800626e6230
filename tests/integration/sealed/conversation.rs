//! People talk: each of them shows what was said while they were in the room, and nothing else.

use super::member::Shown;
use super::participant::Participant;
use super::room::Room;

fn said(name: &str, text: &str) -> Shown {
    Shown::Said { name: name.to_owned(), text: text.to_owned(), missing: 0 }
}

fn circle(joined: &[&str], left: &[&str]) -> Shown {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Shown::Circle { joined: names(joined), left: names(left) }
}

#[test]
fn two_people_talk_and_the_host_shows_their_names() {
    let mut room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    assert_eq!(room.event("joined")["participant"]["name"], "Ana");
    let mut bo = Participant::join_by_polls(&room.link, "Bo");
    assert_eq!((bo.member.name(), bo.member.others()), ("Bo", vec!["Ana"]));
    assert_eq!(ana.until_circle(), [circle(&["Bo"], &[])]);
    ana.say("hello");
    assert_eq!(bo.until_said("hello"), [said("Ana", "hello")]);
    bo.say("hello, Ana");
    let both = [said("Ana", "hello"), said("Bo", "hello, Ana")];
    assert_eq!(ana.until_said("hello, Ana"), both);
    bo.leave();
    assert_eq!(room.event("left")["participant"]["name"], "Bo");
    assert_eq!(ana.until_circle(), [circle(&[], &["Bo"])]);
    let ended = room.end();
    assert!(!format!("{ended:?}").contains("hello"), "{ended:#?}");
}
