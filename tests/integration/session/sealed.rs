//! Whole sessions with a sealed room: real programs, and guests who have the link.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chattrace::seal::{
    Change, Changed, Content, Guest, Kind, Knock, Received, SecretBytes, Ticket, Welcome,
};
use serde_json::{Value, json};

use super::control::ask;
use super::hostile::{assert_harmless, room, with_hostile};
use super::stage::{Stage, event, watched};
use crate::harness::cloudflared::HAPPY;
use crate::serve::client::Client;

const RING_AGE: Duration = Duration::from_secs(600);

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn decode_all(texts: &Value) -> Vec<Vec<u8>> {
    texts.as_array().unwrap().iter().map(decode).collect()
}

/// The parts of a sealed link: where the room listens, and the ticket.
struct SealedLink {
    address: SocketAddr,
    ticket: Ticket,
}

impl SealedLink {
    /// Of a link, or of one to a room that listens at `origin`.
    fn parse(url: &str, origin: Option<&str>) -> Self {
        let (base, ticket) = url.split_once("/#1.").unwrap();
        let address = origin.unwrap_or_else(|| base.strip_prefix("http://").unwrap());
        Self { address: address.parse().unwrap(), ticket: Ticket::parse(ticket).unwrap() }
    }
}

/// Someone in the room, over a WebSocket.
struct Participant {
    client: Client,
    guest: Guest,
}

impl Participant {
    /// Knocks, and asks for `name`.
    fn request(link: &SealedLink, name: &str) -> (Client, chattrace::seal::Applicant) {
        let host = link.address.to_string();
        let mut client = Client::open(link.address, &host, &format!("http://{host}"));
        let knock = Knock::new(&link.ticket, SecretBytes::generate().unwrap());
        let noise = URL_SAFE_NO_PAD.encode(knock.message());
        client.send_line(&json!({"t": "knock", "door": link.ticket.door_text(), "noise": noise}));
        let answered = knock.open_answer(&decode(&client.wait("answer")["noise"])).unwrap();
        let (applicant, sealed) =
            answered.request(name, &SecretBytes::generate().unwrap()).unwrap();
        client.send_line(&json!({"t": "join", "sealed": URL_SAFE_NO_PAD.encode(sealed)}));
        (client, applicant)
    }

    fn join(link: &SealedLink, name: &str) -> Self {
        let (mut client, applicant) = Self::request(link, name);
        let welcome = client.wait("welcome");
        let generation = u32::try_from(welcome["generation"].as_u64().unwrap()).unwrap();
        let (letter, roster) = (decode(&welcome["letter"]), decode_all(&welcome["roster"]));
        let welcome = Welcome { generation, letter: &letter, roster: &roster };
        let guest = applicant.welcome(&welcome, RING_AGE, Duration::ZERO).unwrap();
        Self { client, guest }
    }

    /// Takes the next generation.
    fn change(&mut self) {
        let keys = self.client.wait("keys");
        let generation = u32::try_from(keys["generation"].as_u64().unwrap()).unwrap();
        let letter = decode(&keys["letter"]);
        let came = decode_all(&keys["came"]);
        let went: Vec<u32> = serde_json::from_value(keys["went"].clone()).unwrap();
        let change = Change { generation, letter: Some(&letter), came: &came, went: &went };
        let changed = self.guest.change(&change, Duration::ZERO).unwrap();
        assert!(matches!(changed, Changed::Next(_)), "{changed:?}");
    }

    fn say(&mut self, text: &str) {
        let sealed = self.guest.seal_message(text, Duration::ZERO).unwrap();
        self.client.send_line(&json!({"t": "say", "body": URL_SAFE_NO_PAD.encode(sealed)}));
    }

    /// The content of the next event `t`.
    fn open(&mut self, t: &str) -> Content {
        let body = decode(&self.client.wait(t)["body"]);
        let received = self.guest.open_box(&body);
        let Received::Said(said) = received else { panic!("{received:?}") };
        said.content
    }

    fn names(&self) -> Vec<&str> {
        self.guest.roster().map(|entry| entry.name.as_str()).collect()
    }
}

#[test]
fn people_talk_and_the_operator_sees_who_comes_and_goes() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--sealed", "--json"]));
    let link = event(&mut session, "link");
    let link = SealedLink::parse(link["url"].as_str().unwrap(), None);
    let mut ana = Participant::join(&link, "Ana");
    let joined = event(&mut session, "joined");
    assert_eq!((&joined["participant"]["name"], &joined["present"]), (&json!("Ana"), &json!(1)));
    let mut bo = Participant::join(&link, "Bo");
    ana.change();
    assert_eq!((ana.names(), bo.names()), (vec!["", "Ana", "Bo"], vec!["", "Ana", "Bo"]));
    event(&mut session, "joined");
    ana.say("hello Bo");
    let said = Content { kind: Kind::Message, previous: 0, text: "hello Bo".to_owned() };
    assert_eq!((bo.open("said"), ana.open("said")), (said.clone(), said));
    ask(&stage, r#"{"id":1,"type":"status"}"#, |status| assert_eq!(status["present"], 2));
    // A name that is taken: only the one who asked can read why.
    let (mut client, applicant) = Participant::request(&link, "ANA");
    let refused = applicant.open_refusal(&decode(&client.wait("refused")["sealed"])).unwrap();
    assert!(refused.contains("name_taken") && refused.contains("ANA 2"), "{refused}");
    bo.client.send_line(&json!({"t": "leave"}));
    ana.change();
    assert_eq!(ana.names(), ["", "Ana"]);
    let left = event(&mut session, "left");
    assert_eq!((&left["participant"]["name"], &left["present"]), (&json!("Bo"), &json!(1)));
    session.signal("TERM");
    ana.client.wait("end");
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
    let link = SealedLink::parse(url, Some(&stage.origin()));
    let mut ana = Participant::join(&link, "Ana");
    stage.stand_in.order("greet\nbox other-words.trycloudflare.com\nmetrics\nregister\n");
    stage.stand_in.release("die");
    let other = event(&mut session, "link");
    let ticket = url.split_once('#').unwrap().1;
    assert_eq!(other["url"], format!("https://other-words.trycloudflare.com/#{ticket}"));
    let content = ana.open("moved");
    assert_eq!((content.kind, Some(content.text.as_str())), (Kind::Moved, other["url"].as_str()));
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
