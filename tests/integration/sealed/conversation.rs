//! People talk: each of them shows what was said while they were in the room, and nothing else.

use super::bare::Bare;
use super::member::Shown;
use super::participant::Participant;
use super::room::Room;
use super::transport::{Polls, socket};

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

/// The relay holds everything that was said, and hands it to whoever asks. What came before a newcomer
/// does not open, over either transport.
#[test]
fn who_comes_later_cannot_open_what_was_said_before() {
    let room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let mut bo = Participant::join(&room.link, "Bo");
    ana.until_circle();
    let before = ana.member.say("before Cy came");
    ana.send(&before);
    bo.until_said("before Cy came");
    let mut newcomers =
        [Participant::join(&room.link, "Cy"), Participant::join_by_polls(&room.link, "Dee")];
    while ana.member.others().len() < 3 {
        ana.until_circle();
    }
    for newcomer in &mut newcomers {
        // As if the provider handed it to them.
        let mut line = before.clone();
        line["t"] = "said".into();
        assert_eq!(newcomer.member.receive(&line), Shown::NotForUs);
    }
    while !newcomers[0].member.others().contains(&"Dee") {
        newcomers[0].until_circle();
    }
    ana.say("now they are here");
    for newcomer in &mut newcomers {
        assert_eq!(newcomer.until_said("now they are here"), [said("Ana", "now they are here")]);
    }
    room.end();
}

/// The keys of a later generation are not in what one who left was sent, and the letter of another does
/// not open in their session.
#[test]
fn who_has_left_cannot_open_what_is_said_afterwards() {
    let room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let mut eve = Participant::join(&room.link, "Eve");
    let mut bare = Bare::join(Box::new(socket(&room.link)), &room.link.ticket, "Bo");
    while eve.member.others().len() < 2 {
        eve.until_circle();
    }
    eve.send(&serde_json::json!({ "t": "leave" }));
    let keys = bare.until("keys");
    assert_eq!(keys["went"].as_array().unwrap().len(), 1);
    while ana.member.others() != ["Bo"] {
        ana.until_circle();
    }
    let mut line = ana.member.say("without Eve");
    line["t"] = "said".into();
    assert_eq!(eve.member.receive(&line), Shown::Behind);
    // With the letter that the provider recorded for another.
    let stolen = eve.member.receive(&keys);
    assert!(matches!(stolen, Shown::Violation(_)), "{stolen:?}");
    assert_eq!(eve.member.receive(&line), Shown::Behind);
    room.end();
}

/// The circle changes and messages come while two are away; they return to where they were.
#[test]
fn who_returns_in_time_misses_nothing() {
    let room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let bo = Participant::join(&room.link, "Bo").disconnect();
    let cy = Participant::join_by_polls(&room.link, "Cy").disconnect();
    while ana.member.others().len() < 2 {
        ana.until_circle();
    }
    ana.say("one");
    ana.until_said("one");
    let dee = Participant::join(&room.link, "Dee");
    ana.until_circle();
    ana.say("two");
    ana.until_said("two");
    drop(dee);
    let mut bo = Participant::resume(&room.link, bo);
    let seen = bo.until_said("two");
    let since_cy = [said("Ana", "one"), circle(&["Dee"], &[]), said("Ana", "two")];
    assert_eq!(seen[..2], [Shown::Resumed, circle(&["Cy"], &[])]);
    assert_eq!(seen[2..], since_cy);
    let mut cy = Participant::return_by_polls(&room.link, cy, false);
    assert_eq!(cy.until_said("two"), since_cy);
    bo.say("back");
    cy.until_said("back");
    assert_eq!(ana.until_said("back"), [said("Bo", "back")]);
    room.end();
}

/// Without the number of the latest event there is a welcome to the newest generation, and what was said
/// meanwhile is not shown.
#[test]
fn who_returns_to_the_present_goes_on_in_the_same_session() {
    let room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let bo = Participant::join(&room.link, "Bo").disconnect();
    let cy = Participant::join_by_polls(&room.link, "Cy").disconnect();
    while ana.member.others().len() < 2 {
        ana.until_circle();
    }
    ana.say("meanwhile");
    ana.until_said("meanwhile");
    let mut bo = Participant::return_to_present(&room.link, bo);
    assert_eq!(bo.next(), Ok(circle(&["Cy"], &[])));
    let mut cy = Participant::return_by_polls(&room.link, cy, true);
    assert_eq!(cy.next(), Ok(circle(&[], &[])));
    ana.say("and now");
    for returned in [&mut bo, &mut cy] {
        assert_eq!(returned.until_said("and now"), [said("Ana", "and now")]);
    }
    bo.say("here");
    assert_eq!(ana.until_said("here"), [said("Ana", "and now"), said("Bo", "here")]);
    room.end();
}

/// Their number and their session are over; the resume token admits to nothing.
#[test]
fn who_has_said_goodbye_joins_as_another() {
    let mut room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let mut bo = Participant::join(&room.link, "Bo");
    bo.send(&serde_json::json!({ "t": "leave" }));
    assert_eq!(room.event("left")["participant"]["number"], 2);
    let mut returned = Participant::resume(&room.link, bo.disconnect());
    let Shown::Line(refused) = returned.next().unwrap() else { panic!("let in") };
    assert_eq!(refused["why"], "bad_ticket");
    while ana.member.others() != [""; 0] {
        ana.until_circle();
    }
    let bea = Participant::join(&room.link, "Bea");
    assert_eq!(bea.member.guest.number(), 3);
    room.end();
}

/// V-17: an absence of more than 30 s is announced, and so is the return after it, with the same number.
/// What was said meanwhile was not for them. The test waits for those 30 s.
#[test]
fn who_returns_late_is_the_same_person_and_has_missed_what_was_said() {
    let mut room = Room::start();
    let mut ana = Participant::join(&room.link, "Ana");
    let away = [
        Participant::join(&room.link, "Bo").disconnect(),
        Participant::join_by_polls(&room.link, "Cy").disconnect(),
    ];
    assert_eq!(room.event("left")["participant"]["name"], "Bo");
    assert_eq!(room.event("left")["participant"]["name"], "Cy");
    while ana.member.others() != [""; 0] || ana.member.guest.generation() < 4 {
        ana.until_circle();
    }
    ana.say("alone");
    ana.until_said("alone");
    let [bo, cy] = away;
    let mut back =
        [Participant::resume(&room.link, bo), Participant::return_by_polls(&room.link, cy, false)];
    for (person, name) in back.iter_mut().zip(["Bo", "Cy"]) {
        let first = person.next();
        assert!(matches!(first, Ok(Shown::Circle { .. })), "{name}: {first:?}");
        assert_eq!(person.member.name(), name);
    }
    for _ in 0..2 {
        let name = room.event("joined")["participant"]["name"].clone();
        assert!(name == "Bo" || name == "Cy", "{name}");
    }
    while ana.member.others() != ["Bo", "Cy"] {
        ana.until_circle();
    }
    while back[0].member.others() != ["Ana", "Cy"] {
        back[0].until_circle();
    }
    back[0].say("back again");
    for person in [&mut ana, &mut back[1]] {
        let shown = person.until_said("back again");
        assert!(!format!("{shown:?}").contains("alone"), "{shown:?}");
    }
    room.end();
}

#[test]
fn names_are_judged_as_in_an_open_room() {
    let room = Room::start();
    let _ana = Participant::join(&room.link, "Ana");
    let refused = |name: &str, by_polls: bool| {
        let transport: Box<dyn super::transport::Transport> =
            if by_polls { Box::new(Polls::to(&room.link)) } else { Box::new(socket(&room.link)) };
        Participant::try_join(transport, &room.link.ticket, name).err().unwrap()
    };
    for by_polls in [false, true] {
        let taken = refused("Ana", by_polls);
        assert_eq!(taken["why"], "name_taken");
        assert!(taken["suggest"].is_string(), "{taken}");
        assert_eq!(refused("ANA", by_polls)["why"], "name_taken");
        assert_eq!(refused(" ", by_polls)["why"], "bad_name");
        assert_eq!(refused(&"x".repeat(21), by_polls)["why"], "bad_name");
        assert_eq!(refused("a\u{1b}[2Jb", by_polls)["why"], "bad_name");
    }
    room.end();
}

/// As a client of an earlier session, or with a cut link.
#[test]
fn another_ticket_and_another_door_are_refused_in_words() {
    let room = Room::start();
    let other = "AAAAAAAAAAAAAAAAAAAAAA";
    let refused = Participant::try_join(Box::new(socket(&room.link)), other, "Ana").err().unwrap();
    assert_eq!(refused["why"], "bad_ticket");
    let refused = Participant::try_join(Box::new(Polls::to(&room.link)), other, "Ana");
    assert_eq!(refused.err().unwrap()["why"], "bad_ticket");
    Participant::join(&room.link, "Ana");
    room.end();
}
