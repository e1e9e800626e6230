//! `clear`, `fade`: what is forgotten is sent to no one any more, and no one takes it for lost.

use serde_json::json;

use super::{BOTH, By, EITHER, Over, SealedSession, talk};
use crate::sealed::member::{Member, Shown};
use crate::sealed::participant::Participant;
use crate::sealed::transport::{Transport, socket};
use crate::session::stage::Link;

/// Returns a person, to read on. Numbers of events may be missing.
fn back(link: &Link, member: Member, over: Over) -> Participant {
    let transport: Box<dyn Transport> = match over {
        Over::WebSocket => {
            let mut socket = socket(link);
            socket.expect_forgotten();
            Box::new(socket)
        }
        Over::Polls => over.connect(link),
    };
    Participant::return_over(transport, member, false)
}

fn is_said(shown: &Shown) -> bool {
    matches!(shown, Shown::Said { .. })
}

#[test]
fn what_was_cleared_while_one_was_away_is_not_missing() {
    for by in EITHER {
        for over in BOTH {
            let mut session = SealedSession::start(by);
            let (ana, mut bo) = session.two_who_talk(over);
            let away = ana.disconnect();
            bo.say("forget this");
            bo.until_said("forget this");
            session.done("clear", "cleared: ");
            bo.until_line("cleared");
            bo.say("and keep this");
            let mut ana = back(&session.link, away, over);
            let shown = ana.until(is_said);
            let kept = Shown::Said { name: "Bo".into(), text: "and keep this".into(), missing: 0 };
            assert_eq!(shown.last(), Some(&kept), "{shown:?}");
            bo.until_said("and keep this");
            talk(&mut ana, &mut bo);
            session.end();
        }
    }
}

/// Returns this person, who reads from event `seq` on, until the room has no message there any more.
fn until_faded(session: &mut SealedSession, mut person: Participant, seq: u64) -> Participant {
    loop {
        let mut member = person.disconnect();
        member.seq = seq;
        person = Participant::return_by_polls(&session.link, member, false);
        // Each is answered at once, and before what the room has.
        person.send(&json!({ "t": "beat" }));
        person.send(&json!({ "t": "beat" }));
        let (mut is_there, mut beats) = (false, 0);
        while beats < 2 {
            let line = person.next_line().unwrap();
            is_there |= line["t"] == "said";
            beats += u32::from(line["t"] == "beat");
        }
        if !is_there {
            return person;
        }
        session.done("who", "in the room");
    }
}

/// Whether the room still fades when the person is back, or not any more.
#[test]
fn what_faded_while_one_was_away_is_not_missing() {
    for over in BOTH {
        for is_off in [false, true] {
            let mut session = SealedSession::start(By::Ctl);
            let (mut ana, mut bo) = session.two_who_talk(over);
            session.done("fade 2s", "disappear");
            for person in [&mut ana, &mut bo] {
                person.until_line("rules");
            }
            let (away, seq) = (ana.disconnect(), bo.member.seq);
            bo.say("forget this");
            bo.until_said("forget this");
            let mut bo = until_faded(&mut session, bo, seq);
            if is_off {
                session.done("fade off", "fade off: ");
                bo.until_line("rules");
            }
            bo.say("and keep this");
            let mut ana = back(&session.link, away, over);
            let shown = ana.until(is_said);
            let kept = Shown::Said { name: "Bo".into(), text: "and keep this".into(), missing: 0 };
            assert_eq!(shown.last(), Some(&kept), "{shown:?}");
            session.end();
        }
    }
}
