//! `lock`, `lobby`, `admit`, `refuse`.

use super::{BOTH, EITHER, Over, SealedSession, talk};
use crate::sealed::participant::{Newcomer, Participant};

#[test]
fn lock_and_lobby_hinder_no_return() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let (mut ana, mut bo) = session.two_who_talk(Over::WebSocket);
        session.done("lock", "locked: ");
        session.done("lobby on", "lobby on: ");
        for over in BOTH {
            let (link, name) = (&session.link, format!("Eve {over:?}"));
            let refused = Participant::try_join(over.connect(link), &link.ticket, &name);
            // The lock is judged before the lobby.
            assert_eq!(refused.err().unwrap()["why"], "locked");
            ana = over.resume(link, ana);
            talk(&mut bo, &mut ana);
            talk(&mut ana, &mut bo);
        }
        for over in BOTH {
            let transport = over.connect(&session.link);
            ana = Participant::return_over(transport, ana.disconnect(), true);
            ana.until_circle();
            talk(&mut bo, &mut ana);
        }
        session.done("unlock", "unlocked: ");
        session.end();
    }
}

#[test]
fn those_who_are_admitted_talk_and_the_others_are_told() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let mut bo = Participant::join(&session.link, "Bo");
        session.done("lobby on", "lobby on: ");
        session.refused("admit all", "no one waits in the lobby");
        for over in BOTH {
            let link = &session.link;
            let wait = |name: &str| {
                let newcomer = Newcomer::request(over.connect(link), &link.ticket, name);
                let mut newcomer = newcomer.unwrap();
                newcomer.expect_to_wait();
                newcomer
            };
            let (ana, eve) = (wait(&format!("Ana {over:?}")), wait(&format!("Eve {over:?}")));
            session.done(&format!("admit ana {over:?}"), "admitted Ana ");
            session.done(&format!("refuse EVE {over:?}"), "refused Eve ");
            let mut ana = ana.decision().unwrap();
            assert_eq!(eve.decision().err().unwrap()["why"], "not_admitted");
            while bo.member.others().len() != ana.member.others().len() {
                bo.until_circle();
            }
            talk(&mut ana, &mut bo);
            talk(&mut bo, &mut ana);
        }
        session.end();
    }
}

/// They may be admitted into a locked room, by the operator alone.
#[test]
fn those_who_wait_are_admitted_into_a_locked_room() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        session.done("lobby on", "lobby on: ");
        let link = &session.link;
        let waiting = BOTH.map(|over| {
            let name = format!("P {over:?}");
            let mut newcomer = Newcomer::request(over.connect(link), &link.ticket, &name).unwrap();
            newcomer.expect_to_wait();
            newcomer
        });
        session.done("lock", "locked: ");
        session.done("lobby off", "lobby off: ");
        session.done("admit all", "admitted P ");
        let [mut one, mut other] = waiting.map(|newcomer| newcomer.decision().unwrap());
        while one.member.others().is_empty() {
            one.until_circle();
        }
        talk(&mut one, &mut other);
        session.end();
    }
}
