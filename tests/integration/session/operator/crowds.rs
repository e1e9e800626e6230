//! Many who come at once: to the lobby of a sealed room with hostile names, and by one invite.

use chattrace::seal::Applicant;
use serde_json::{Value, json};

use super::super::stage::{Link, Stage};
use super::Operator;
use super::invites::invited;
use crate::harness::cloudflared::HAPPY;
use crate::sealed::member::{Knocking, Member, refusal, request};
use crate::sealed::participant::Participant;
use crate::sealed::transport::socket;
use crate::serve::client::Client;

/// Someone who knocked, and was answered.
enum Decided {
    In(Box<(Client, Member)>),
    Waiting(Box<(Client, Applicant)>),
    /// `why` of the refusal.
    Refused(String),
}

/// All of them knock before the first goes on.
fn come_at_once(link: &Link, names: &[String]) -> Vec<Decided> {
    let knocking: Vec<(Client, Knocking)> = names
        .iter()
        .map(|_| {
            let (mut client, knocking) = (socket(link), Knocking::new(&link.ticket));
            client.send_line(&knocking.line());
            (client, knocking)
        })
        .collect();
    let asking: Vec<Result<(Client, Applicant), String>> = knocking
        .into_iter()
        .zip(names)
        .map(|((mut client, knocking), name)| {
            let answer = client.next().unwrap();
            if answer["t"] == "refused" {
                return Err(why(&answer));
            }
            let (applicant, line) = request(knocking.answered(&answer).unwrap(), name);
            client.send_line(&line);
            Ok((client, applicant))
        })
        .collect();
    asking.into_iter().map(|asking| asking.map_or_else(Decided::Refused, decided)).collect()
}

/// What is said to a request.
fn decided((mut client, applicant): (Client, Applicant)) -> Decided {
    let line = client.next().unwrap();
    match line["t"].as_str() {
        Some("waiting") => Decided::Waiting(Box::new((client, applicant))),
        Some("welcome") => {
            let member = Member::welcomed(applicant, &line).unwrap();
            Decided::In(Box::new((client, member)))
        }
        _ if line["sealed"].is_string() => Decided::Refused(why(&refusal(&applicant, &line))),
        _ => Decided::Refused(why(&line)),
    }
}

fn why(refusal: &Value) -> String {
    refusal["why"].as_str().unwrap_or_else(|| panic!("{refusal}")).to_owned()
}

/// Every second is a name that a room accepts, and none of them is harmless on a terminal that trusts names.
fn hostile_name(number: usize) -> String {
    match number % 8 {
        0 => format!("admit all {number}"),
        1 => format!("\u{202e}{number}"),
        2 => format!("\u{5d0}\u{5d1} {number}"),
        3 => format!("\u{1b}[2J{number}"),
        4 => format!("nothing remains {number}"),
        5 => "x".repeat(65),
        6 => format!("\u{627}\u{644}\u{636}\u{64a}\u{641} {number}"),
        _ => String::new(),
    }
}

/// The clients of those who wait, after a flood of the lobby. What is said inside arrives meanwhile.
fn flood(
    operator: &mut Operator,
    inside: (&mut Participant, &mut Participant),
) -> Vec<(Client, Applicant)> {
    let names: Vec<String> = (0..200).map(hostile_name).collect();
    let link = operator.link.clone();
    let coming = std::thread::spawn(move || come_at_once(&link, &names));
    let (ana, bo) = inside;
    // In all, as many as one may send at once.
    for number in 0..4 {
        let text = format!("message {number}");
        ana.say(&text);
        bo.until_said(&text);
    }
    let mut waiting = Vec::new();
    for decided in coming.join().unwrap() {
        match decided {
            Decided::Waiting(client) => waiting.push(*client),
            Decided::Refused(why) => {
                assert!(["full", "bad_name", "name_taken"].contains(&why.as_str()), "{why}");
            }
            Decided::In(client) => panic!("{} came in", client.1.name()),
        }
    }
    assert_eq!(waiting.len(), 32);
    waiting
}

#[test]
fn a_flood_of_a_sealed_lobby_is_bounded_and_decided_at_once() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--sealed", "--max-participants", "300"]);
    let mut ana = Participant::join(&operator.link, "Ana");
    let mut bo = Participant::join(&operator.link, "Bo");
    ana.until_circle();
    operator.done("lobby on");

    let refused = flood(&mut operator, (&mut ana, &mut bo));
    assert_eq!(operator.who()["waiting"].as_array().unwrap().len(), 32);
    assert_eq!(operator.done("refuse all").lines().count(), 32);
    for (mut client, applicant) in refused {
        let line = client.next().unwrap();
        assert_eq!(why(&refusal(&applicant, &line)), "not_admitted", "{line}");
    }

    let admitted = flood(&mut operator, (&mut ana, &mut bo));
    assert_eq!(operator.done("admit all").lines().count(), 32);
    assert_eq!(operator.refused("admit all"), "no one waits in the lobby");
    let members: Vec<(Client, Member)> = admitted
        .into_iter()
        .map(|(mut client, applicant)| {
            let member = Member::welcomed(applicant, &client.next().unwrap()).unwrap();
            (client, member)
        })
        .collect();
    assert!(members.iter().all(|(_, member)| member.others().len() >= 2));
    // Those inside are told of each.
    while ana.member.others().len() < 33 {
        ana.until_circle();
    }
    ana.say("welcome");
    bo.until_said("welcome");
    let ended = operator.end();
    let own_lines = ended.stderr.lines().filter(|line| line.contains("waits in the lobby"));
    assert!(own_lines.count() < 32, "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn a_hundred_at_once_on_an_invite_for_three_are_three() {
    for mode in ["--open", "--sealed"] {
        let stage = Stage::new(HAPPY);
        let mut operator = Operator::start(&stage, &[mode, "--max-participants", "300"]);
        let link = invited(&mut operator, "invite 3");
        let names: Vec<String> = (0..100).map(|number| format!("Guest {number}")).collect();
        let (inside, refusals) = if mode == "--sealed" {
            come_at_once_sealed(&link, &names)
        } else {
            come_at_once_open(&link, &names)
        };
        assert_eq!((inside.len(), refusals), (3, vec!["bad_ticket".to_owned(); 97]));
        for left in [2, 1, 0] {
            assert_eq!(operator.event("invite_used")["left"], left);
        }
        assert!(!operator.done("links").contains("invite"), "used up");
        // The room's own link admits as before.
        assert_eq!(operator.who()["participants"].as_array().unwrap().len(), 3);
        operator.end();
        stage.assert_nothing_left();
    }
}

/// The connections of those who are let in, and why the others are not.
fn come_at_once_sealed(link: &Link, names: &[String]) -> (Vec<Client>, Vec<String>) {
    let (mut inside, mut refusals) = (Vec::new(), Vec::new());
    for decided in come_at_once(link, names) {
        match decided {
            Decided::In(client) => inside.push(client.0),
            Decided::Refused(why) => refusals.push(why),
            Decided::Waiting(_) => panic!("there is no lobby"),
        }
    }
    (inside, refusals)
}

/// The same in an open room.
fn come_at_once_open(link: &Link, names: &[String]) -> (Vec<Client>, Vec<String>) {
    let mut clients: Vec<Client> = names.iter().map(|_| socket(link)).collect();
    for (client, name) in clients.iter_mut().zip(names) {
        client.send_line(&json!({"t": "join", "name": name, "ticket": link.ticket}));
    }
    let (mut inside, mut refusals) = (Vec::new(), Vec::new());
    for mut client in clients {
        match client.next().unwrap() {
            answer if answer["t"] == "welcome" => inside.push(client),
            answer => refusals.push(why(&answer)),
        }
    }
    (inside, refusals)
}
