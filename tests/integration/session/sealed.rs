//! Whole sessions with a sealed room: real programs, and guests who have the link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::control::ask;
use super::hostile::{assert_harmless, room, with_hostile};
use super::stage::{Link, Stage, event, watched};
use crate::harness::cloudflared::HAPPY;
use crate::sealed::member::Shown;
use crate::sealed::participant::Participant;
use crate::sealed::transport::socket;

#[test]
fn people_talk_and_the_operator_sees_who_comes_and_goes() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--sealed", "--json"]));
    let link = Link::printed(&mut session);
    let mut ana = Participant::join(&link, "Ana");
    let joined = event(&mut session, "joined");
    assert_eq!((&joined["participant"]["name"], &joined["present"]), (&json!("Ana"), &json!(1)));
    let mut bo = Participant::join(&link, "Bo");
    ana.until_circle();
    assert_eq!((ana.member.others(), bo.member.others()), (vec!["Bo"], vec!["Ana"]));
    event(&mut session, "joined");
    ana.say("hello Bo");
    let said = Shown::Said { name: "Ana".to_owned(), text: "hello Bo".to_owned(), missing: 0 };
    assert_eq!((bo.next(), ana.next()), (Ok(said.clone()), Ok(said)));
    ask(&stage, r#"{"id":1,"type":"status"}"#, |status| assert_eq!(status["present"], 2));
    // A name that is taken: only the one who asked can read why.
    let refused = Participant::try_join(Box::new(socket(&link)), &link.ticket, "ANA").err();
    let refused = refused.expect("the name is refused");
    assert_eq!((&refused["why"], &refused["suggest"]), (&json!("name_taken"), &json!("ANA 2")));
    bo.leave();
    ana.until_circle();
    assert!(ana.member.others().is_empty());
    let left = event(&mut session, "left");
    assert_eq!((&left["participant"]["name"], &left["present"]), (&json!("Bo"), &json!(1)));
    session.signal("TERM");
    ana.until_line("end");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("sealed room: only the people in it"), "{ended:#?}");
    assert!(!ended.stderr.contains("hello Bo") && !ended.stdout.contains("hello Bo"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// The new address is in a box of the host: serve cannot name another.
#[test]
fn a_new_address_reaches_the_people_sealed() {
    let stage = Stage::new(&format!("{HAPPY}wait die\nexit 1\n"));
    let mut session = watched(&stage.public(&["--sealed", "--json"]));
    let link = event(&mut session, "link");
    let url = link["url"].as_str().unwrap();
    let link = Link::at(url, &stage.origin());
    let mut ana = Participant::join(&link, "Ana");
    stage.stand_in.order("greet\nbox other-words.trycloudflare.com\nmetrics\nregister\n");
    stage.stand_in.release("die");
    let other = event(&mut session, "link");
    let ticket = url.split_once('#').unwrap().1;
    assert_eq!(other["url"], format!("https://other-words.trycloudflare.com/#{ticket}"));
    assert_eq!(ana.next(), Ok(Shown::Moved { link: other["url"].as_str().unwrap().to_owned() }));
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn a_relay_that_lies_ends_the_session() {
    let noise = URL_SAFE_NO_PAD.encode([0; 48]);
    let sealed = |message: Value| {
        let mut line = json!({"type": "sealed"});
        line.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
        format!("say {line}\n")
    };
    let knock = |number: u64| {
        sealed(json!({"message": "knock", "knock": number, "link": 0, "noise": noise}))
    };
    let request = json!({"message": "request", "knock": 2, "sealed": "AAAA"});
    for (more, words) in [
        (knock(1) + &knock(1), "gave one number to two knocks"),
        (knock(1) + &sealed(request), "reported a knock that there was not"),
        (sealed(json!({"message": "gone", "number": 1})), "reported a participant that there was not"),
        (sealed(json!({"message": "returns", "number": 0})), "reported a participant"),
        (sealed(json!({"message": "given_up", "number": 4_294_967_295_u32})), "reported a participant"),
        (sealed(json!({"message": "gone", "number": -1})), "sent an invalid message ("),
        (sealed(json!({"message": "knock", "knock": 0, "link": 0, "noise": noise})), "sent an invalid message ("),
        (sealed(json!({"message": "knock", "knock": 1, "link": 0, "noise": "A A"})), "sent an invalid message ("),
        ("say {\"type\":\"left\",\"participant\":{\"number\":1,\"name\":\"A\",\"tag\":\"abc\"},\"present\":0}\n".to_owned(), "sent \"left\" out of order"),
    ] {
        let stage = Stage::new(HAPPY);
        let mut command = with_hostile(&stage, "chattrace-serve", &room(&more));
        command.arg("--sealed");
        let ended = watched(&command).wait();
        assert_eq!(ended.code(), 70, "{more}: {ended:#?}");
        let said = format!("chattrace: chattrace-serve {words}");
        assert!(ended.stderr.lines().any(|line| line.starts_with(&said)), "{said}: {ended:#?}");
        assert!(ended.stderr.contains("nothing remains"), "{more}: {ended:#?}");
        assert_harmless(&ended, &more);
        stage.assert_nothing_left();
    }
}

#[test]
fn what_a_sealed_room_cannot_be_is_78_before_anything_starts() {
    let stage = Stage::new(HAPPY);
    for (arguments, words) in [
        (
            &["--listen", "0.0.0.0:0"][..],
            &["a sealed room beyond loopback needs https", "--open"][..],
        ),
        (&["--max-participants", "1001"], &["at most 1000 people", "--open"]),
        (&["--backlog", "1"], &["no backlog", "--open"]),
    ] {
        let mut command = stage.local(&["--sealed"]);
        command.args(arguments);
        super::input::refused(&stage, &command, 78, words);
    }
}

/// Without a flag, and without the variable of these tests.
#[test]
fn a_room_is_sealed_unless_the_operator_asks_for_an_open_one() {
    let stage = Stage::new(HAPPY);
    let file = stage.env.root().join("config.json");
    for (variable, flag, key, part) in [
        (None, None, "", "/#1."),
        (None, Some("--open"), "", "/t/"),
        (Some("open"), None, "", "/t/"),
        (Some("open"), Some("--sealed"), "", "/#1."),
        (None, None, r#""mode":"open""#, "/t/"),
        (Some("sealed"), None, r#""mode":"open""#, "/#1."),
    ] {
        std::fs::write(&file, format!("{{\"room\":{{{key}}}}}")).unwrap();
        let mut command = stage.local(&["--json"]);
        command.env_remove("CHATTRACE_MODE");
        command.envs(variable.map(|mode| ("CHATTRACE_MODE", mode))).args(flag);
        let mut session = watched(&command);
        let link = event(&mut session, "link");
        assert!(
            link["url"].as_str().unwrap().contains(part),
            "{variable:?} {flag:?} {key}: {link}"
        );
        session.signal("TERM");
        session.wait().expect_code(0);
    }
}
