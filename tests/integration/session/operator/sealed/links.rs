//! `relink`, `invite`, `revoke`.

use std::thread;

use super::super::super::stage::Link;
use super::{BOTH, By, EITHER, Over, SealedSession, talk};
use crate::sealed::member::Shown;
use crate::sealed::participant::Participant;

fn try_join(over: Over, link: &Link, name: &str) -> Result<Participant, serde_json::Value> {
    Participant::try_join(over.connect(link), &link.ticket, name)
}

#[test]
fn a_new_link_keeps_those_inside_and_ends_the_others() {
    for over in BOTH {
        let mut session = SealedSession::start(By::Ctl);
        let (mut ana, mut bo) = session.two_who_talk(over);
        let invite = session.link_by("invite 5");
        let new = session.link_by("relink");
        assert_ne!(new.ticket, session.link.ticket);
        let moved = Shown::Moved { link: format!("#1.{}", new.ticket) };
        for person in [&mut ana, &mut bo] {
            person.until(|shown| *shown == moved);
        }
        talk(&mut ana, &mut bo);
        for dead in [&session.link, &invite] {
            for over in BOTH {
                assert_eq!(try_join(over, dead, "Eve").err().unwrap()["why"], "bad_ticket");
            }
        }
        // The seat is not the link's.
        for over in BOTH {
            ana = over.resume(&session.link, ana);
            talk(&mut bo, &mut ana);
        }
        let mut cy = over.join(&new, "Cy");
        for person in [&mut ana, &mut bo] {
            person.until_circle();
        }
        talk(&mut cy, &mut ana);
        session.end();
    }
}

/// Eight try at the same moment, over both transports.
#[test]
fn an_invite_for_one_lets_in_exactly_one() {
    for lobby in [None, Some("lobby on")] {
        let mut session = SealedSession::start(By::Ctl);
        let invite = session.link_by("invite 1 10m");
        if let Some(command) = lobby {
            session.done(command, "lobby");
        }
        let tries = (0..8).zip(BOTH.into_iter().cycle()).map(|(number, over)| {
            let invite = invite.clone();
            thread::spawn(move || try_join(over, &invite, &format!("P{number}")).map(|_| ()))
        });
        let tries: Vec<_> = tries.collect();
        if lobby.is_some() {
            // All wait, and none has used the invite up.
            session.terminal.wait_for("8 waiting");
            session.done("admit all", "admitted P");
        }
        let results: Vec<_> = tries.into_iter().map(|it| it.join().unwrap()).collect();
        let admitted = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(admitted, 1, "{results:?}");
        for refusal in results.into_iter().filter_map(Result::err) {
            assert_eq!(refusal["why"], "bad_ticket", "{refusal}");
        }
        session.end();
    }
}

/// They stay, and return; newcomers by it are refused.
#[test]
fn those_who_came_by_a_revoked_invite_stay() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let mut bo = Participant::join(&session.link, "Bo");
        let invite = session.link_by("invite 3");
        let mut ana = Participant::join_by_polls(&invite, "Ana");
        bo.until_circle();
        session.done("revoke 1", "invite 1 revoked");
        session.refused("revoke 1", "invite 1");
        for over in BOTH {
            ana = over.resume(&invite, ana);
            talk(&mut bo, &mut ana);
            assert_eq!(try_join(over, &invite, "Eve").err().unwrap()["why"], "bad_ticket");
        }
        session.end();
    }
}
