//! `mute`, `unmute`, `slow`: they hold for the person, and not for the connection.

use serde_json::json;

use super::{BOTH, EITHER, Over, SealedSession, talk};
use crate::sealed::member::Shown;
use crate::sealed::participant::Participant;

#[test]
fn a_mute_survives_every_return() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let (mut ana, mut bo) = session.two_who_talk(Over::WebSocket);
        session.done("mute Ana 10m", "muted Ana #");
        assert_eq!(ana.until_line("refused")["why"], "muted");
        for over in BOTH.into_iter().chain(BOTH) {
            ana = over.resume(&session.link, ana);
            // At once, and without a message that it refuses.
            let told = ana.until_line("refused");
            assert_eq!((&told["why"], &told["ref"]), (&json!("muted"), &json!(null)), "{told}");
            assert!((1..=600).contains(&told["seconds"].as_u64().unwrap()), "{told}");
            let mut line = ana.member.say("let me speak");
            line["ref"] = "r1".into();
            ana.send(&line);
            let refused = ana.until_line("refused");
            assert_eq!((&refused["why"], &refused["ref"]), (&json!("muted"), &json!("r1")));
        }
        session.done("unmute Ana", "Ana #");
        ana.until_line("unmuted");
        ana = Over::WebSocket.resume(&session.link, ana);
        ana.say("at last");
        let heard = bo.until_said("at last");
        assert!(
            !heard
                .iter()
                .any(|shown| matches!(shown, Shown::Said { text, .. } if text == "let me speak"))
        );
        session.end();
    }
}

/// The host says as much as it likes meanwhile.
#[test]
fn slow_mode_survives_every_return() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let (mut ana, mut bo) = session.two_who_talk(Over::Polls);
        session.done("slow 1h", "slow: ");
        for person in [&mut ana, &mut bo] {
            assert_eq!(person.until_line("rules")["slow"], 3600);
        }
        ana.say("the one for this hour");
        bo.until_said("the one for this hour");
        for over in BOTH {
            ana = over.resume(&session.link, ana);
            ana.say("one more");
            let refused = ana.until_line("refused");
            assert_eq!(refused["why"], "slow", "{refused}");
            assert!((3000..=3600).contains(&refused["seconds"].as_u64().unwrap()), "{refused}");
        }
        for text in ["first notice", "second notice"] {
            session.done(&format!("say {text}"), "announcement sent");
            bo.until(|shown| *shown == Shown::Announced { text: text.to_owned() });
        }
        session.done("slow off", "slow off: ");
        bo.until_line("rules");
        ana.until_line("rules");
        bo.say("at full speed");
        bo.say("again");
        ana.until_said("again");
        session.end();
    }
}

#[test]
fn one_who_is_muted_while_away_is_told_on_return() {
    for by in EITHER {
        let mut session = SealedSession::start(by);
        let (ana, mut bo) = session.two_who_talk(Over::WebSocket);
        let away = ana.disconnect();
        session.done("mute 1", "muted Ana #");
        let mut ana = Participant::resume(&session.link, away);
        let told = ana.until_line("refused");
        assert_eq!((&told["why"], &told["seconds"]), (&json!("muted"), &json!(null)), "{told}");
        bo.say("can you hear me");
        ana.until_said("can you hear me");
        session.done("unmute 1", "Ana #");
        ana.until_line("unmuted");
        talk(&mut ana, &mut bo);
        session.end();
    }
}
