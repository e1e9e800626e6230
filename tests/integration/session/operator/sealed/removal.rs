//! `kick`, in each state that a person can be in.

use std::io::{BufRead as _, Write as _};

use chattrace::seal::BadBox;
use serde_json::Value;

use super::super::connect;
use super::{BOTH, By, EITHER, Over, SealedSession, talk, two_who_talk};
use crate::sealed::member::Shown;
use crate::sealed::participant::{Newcomer, Participant};
use crate::sealed::recorder::Recorder;

/// Reads on to the end of the connection: the last line is the removal.
fn expect_removed(person: &mut Participant, over: Over) {
    let mut last = Value::Null;
    let code = loop {
        match person.next_line() {
            Ok(line) => last = line,
            Err(code) => break code,
        }
    };
    assert_eq!((last["t"].as_str(), code), (Some("removed"), Some(over.removed())), "{last}");
    assert!(last["text"].as_str().unwrap().contains("host has removed you"), "{last}");
}

/// The lines of one kind in what a provider has recorded.
fn recorded_lines(bytes: &[u8], kind: &str) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    let start = format!("{{\"t\":\"{kind}\"");
    let lines = text.match_indices(&start).map(|(at, _)| {
        let line = &text[at..];
        // The line feed is there over both transports.
        serde_json::from_str(&line[..line.find('\n').unwrap()]).unwrap()
    });
    lines.collect()
}

/// All that anyone sends or is sent is recorded, and given to the one who was removed.
#[test]
fn one_who_is_removed_opens_nothing_that_is_said_afterwards() {
    for (by, over) in EITHER.into_iter().zip(BOTH) {
        let mut session = SealedSession::start(by);
        let recorder = Recorder::before(&session.link);
        let (mut ana, mut bo) = two_who_talk(&recorder.link, over);
        let mut cy = Participant::join_by_polls(&recorder.link, "Cy");
        for person in [&mut ana, &mut bo] {
            person.until_circle();
        }
        session.done("kick Ana", "removed Ana #");
        expect_removed(&mut ana, over);
        for person in [&mut bo, &mut cy] {
            let shown = person.until_circle();
            let left = Shown::Circle { joined: vec![], left: vec!["Ana".to_owned()] };
            assert_eq!(shown.last(), Some(&left));
        }
        talk(&mut bo, &mut cy);
        talk(&mut cy, &mut bo);
        session.done("say to those who are here", "announcement sent");
        for person in [&mut bo, &mut cy] {
            person.until(|shown| matches!(shown, Shown::Announced { .. }));
        }
        let recorded = recorder.bytes();
        let (mut removed, mut stays) = (ana.disconnect(), bo.disconnect());
        let (mut known, mut later) = (0, 0);
        for kind in ["said", "announced", "keys", "said", "announced"] {
            let lines = recorded_lines(&recorded, kind);
            assert!(!lines.is_empty(), "{kind}");
            for line in lines {
                // What they were in the room for, and what came later.
                let shown = removed.receive(&line);
                let is_known = matches!(shown, Shown::Repeat | Shown::Known);
                let is_later = matches!(shown, Shown::Behind | Shown::Violation(_));
                assert!(is_known || is_later, "{line}: {shown:?}");
                known += u32::from(is_known);
                later += u32::from(is_later);
                // The same lines, to one who was there.
                let shown = stays.receive(&line);
                let is_of_removed = line["n"] == 1 && shown == Shown::Bad(BadBox::UnknownAuthor);
                let is_known = matches!(shown, Shown::Repeat | Shown::Known) || is_of_removed;
                assert!(is_known, "{line}: {shown:?}");
            }
        }
        assert!(known > 4 && later > 4, "{known} {later}");
        session.end();
    }
}

#[test]
fn one_who_is_away_finds_the_seat_void() {
    for (by, over) in EITHER.into_iter().zip(BOTH) {
        for back in BOTH {
            let mut session = SealedSession::start(by);
            let (ana, mut bo) = session.two_who_talk(over);
            // Of one who polls, no connection breaks: they are between two polls.
            let away = ana.disconnect();
            session.done("kick 1", "removed Ana #");
            bo.until_circle();
            let mut ana = Participant::return_over(back.connect(&session.link), away, false);
            expect_removed(&mut ana, back);
            // To the present as well, and by the token alone.
            let away = ana.disconnect();
            let mut ana = Participant::return_over(back.connect(&session.link), away, true);
            expect_removed(&mut ana, back);
            for to_present in [false, true] {
                let away = ana.disconnect();
                ana = Participant::return_by_polls(&session.link, away, to_present);
                expect_removed(&mut ana, Over::Polls);
            }
            session.end();
        }
    }
}

#[test]
fn one_whose_poll_is_held_is_told_in_its_answer_or_the_next() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let (ana, mut bo) = session.two_who_talk(Over::Polls);
        let polling = std::thread::spawn(move || {
            let mut ana = ana;
            expect_removed(&mut ana, Over::Polls);
        });
        session.done("kick ana", "removed Ana #");
        polling.join().unwrap();
        bo.until_circle();
        assert!(bo.member.others().is_empty());
        session.end();
    }
}

/// Only those who are there can be removed: people on the way in are removed when they have arrived.
#[test]
fn one_who_is_joining_is_removed_as_soon_as_the_host_knows_them() {
    let mut session = SealedSession::start(By::Ctl);
    let mut operator = connect(&session.stage);
    for (number, over) in (1..=12).zip(BOTH.into_iter().cycle()) {
        let name = format!("P{number}");
        let command = format!("{{\"id\":1,\"type\":\"do\",\"command\":\"kick {name}\"}}\n");
        let mut give = || {
            operator.get_mut().write_all(command.as_bytes()).unwrap();
            let mut answer = String::new();
            operator.read_line(&mut answer).unwrap();
            answer
        };
        assert!(give().contains("is not here"));
        let newcomer = Newcomer::request(over.connect(&session.link), &session.link.ticket, &name);
        while give().contains("is not here") {}
        match newcomer.unwrap().decision() {
            Ok(mut person) => expect_removed(&mut person, over),
            Err(removal) => assert_eq!(removal["t"], "removed", "{removal}"),
        }
    }
    // Each name is kept, and the room is empty.
    let again =
        Participant::try_join(Over::WebSocket.connect(&session.link), &session.link.ticket, "P3");
    assert_eq!(again.err().unwrap()["why"], "name_taken");
    session.done("who", "no one is in the room");
    session.end();
}

#[test]
fn one_who_waits_in_the_lobby_is_refused() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let mut bo = Participant::join(&session.link, "Bo");
        session.done("lobby on", "lobby on: ");
        for over in BOTH {
            let (link, name) = (&session.link, format!("Ana {over:?}"));
            let mut ana = Newcomer::request(over.connect(link), &link.ticket, &name).unwrap();
            ana.expect_to_wait();
            session.done(&format!("kick {name}"), &format!("refused {name} #"));
            assert_eq!(ana.decision().err().unwrap()["why"], "not_admitted");
        }
        // Those in the room were told of the rule, and of no one.
        bo.say("alone");
        let shown = bo.until_said("alone");
        assert!(!shown.iter().any(|shown| matches!(shown, Shown::Circle { .. })), "{shown:?}");
        session.end();
    }
}

/// They have the link, and come back by it, visibly and as someone else; not any more by a new one.
#[test]
fn the_link_brings_them_back_until_it_is_replaced() {
    let mut session = SealedSession::start(By::Terminal);
    let (mut ana, mut bo) = session.two_who_talk(Over::WebSocket);
    session.done("kick Ana", "they still have the link");
    expect_removed(&mut ana, Over::WebSocket);
    bo.until_circle();
    let refused =
        Participant::try_join(Over::Polls.connect(&session.link), &session.link.ticket, "Ana");
    assert_eq!(refused.err().unwrap()["why"], "name_taken");
    let mut eve = Participant::join(&session.link, "Eve");
    assert_eq!(bo.until_circle(), [Shown::Circle { joined: vec!["Eve".to_owned()], left: vec![] }]);
    session.done("kick Eve", "removed Eve #");
    expect_removed(&mut eve, Over::WebSocket);
    session.done("relink", "new link");
    let refused =
        Participant::try_join(Over::Polls.connect(&session.link), &session.link.ticket, "Zoe");
    assert_eq!(refused.err().unwrap()["why"], "bad_ticket");
    session.end();
}
