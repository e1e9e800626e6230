//! People who wait until the operator admits them, over sockets.

use serde_json::{Value, json};

use super::{expect_report, refusal, rules, waiting, with_lobby};
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};
use crate::serve::open_host::{OpenHost, join_line};

#[test]
fn a_newcomer_waits_until_the_operator_decides() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (mut ana, number) = waiting(&mut host, "Ana");
    ana.send_line(&json!({"t": "beat"}));
    ana.wait("beat");
    host.order("admit", json!({"number": number}));
    ana.welcome = ana.wait("welcome");
    assert_eq!(ana.number(), number);
    let joined = host.recv();
    assert_eq!(
        (&joined["type"], &joined["participant"]["name"]),
        (&json!("joined"), &json!("Ana"))
    );
    let (mut bo, number) = waiting(&mut host, "Bo");
    host.order("reject", json!({"number": number}));
    assert_eq!(refusal(&mut bo)["why"], "not_admitted");
    // The others have learnt nothing of Bo, and the room is as it was.
    ana.say("x");
    assert_eq!(kinds(&ana.until_said("x")), ["said"]);
    let (mut cy, number) = waiting(&mut host, "Cy");
    host.order("admit", json!({"number": number}));
    assert_eq!(cy.wait("welcome")["present"], json!([ana.welcome["you"]]));
}

#[test]
fn orders_about_those_who_do_not_wait_have_no_effect() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (mut ana, first) = waiting(&mut host, "Ana");
    for number in [0, 7, u64::from(u32::MAX)] {
        host.order("admit", json!({"number": number}));
        host.order("reject", json!({"number": number}));
    }
    for _ in 0..3 {
        host.order("admit", json!({"number": first}));
    }
    // Too late.
    host.order("reject", json!({"number": first}));
    ana.welcome = ana.wait("welcome");
    assert_eq!(host.recv()["type"], "joined");
    let (mut bo, second) = waiting(&mut host, "Bo");
    host.order("reject", json!({"number": second}));
    host.order("admit", json!({"number": second}));
    assert_eq!(refusal(&mut bo)["why"], "not_admitted");
    ana.say("x");
    assert_eq!(kinds(&ana.until_said("x")), ["said"]);
}

/// A name is taken while its person waits, and free once they are gone.
#[test]
fn a_client_that_goes_away_waits_no_more() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (bo, number) = waiting(&mut host, "Bo");
    let mut other = host.open_socket();
    other.send_line(&join_line("bo"));
    assert_eq!(refusal(&mut other)["why"], "name_taken");
    bo.disconnect();
    assert_eq!(expect_report(&mut host, "wait_ended")["number"], number);
    host.order("admit", json!({"number": number}));
    let (bo, again) = waiting(&mut host, "Bo");
    assert!(again > number);
    // The client is gone when the decision arrives.
    host.order("admit", json!({"number": again}));
    bo.disconnect();
    assert_eq!(host.recv()["type"], "joined");
}

#[test]
fn a_client_that_speaks_too_early_waits_no_more() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    for line in [json!({"t": "say", "body": "x"}), json!({"t": "typing"}), join_line("Bo")] {
        let (mut bo, number) = waiting(&mut host, "Bo");
        bo.send_line(&line);
        assert_eq!(refusal(&mut bo)["why"], "bad_json", "{line}");
        assert_eq!(expect_report(&mut host, "wait_ended")["number"], number);
    }
    let (mut bo, number) = waiting(&mut host, "Bo");
    bo.send_line(&json!({"t": "leave"}));
    assert_eq!(bo.rest(), (vec![], Some(4001)));
    assert_eq!(expect_report(&mut host, "wait_ended")["number"], number);
    // Lines behind the join are for a room that this client is not in.
    let mut bo = host.open_socket();
    bo.send_text(&format!("{}\n{}", join_line("Bo"), json!({"t": "say", "body": "x"})));
    assert_eq!(refusal(&mut bo)["why"], "bad_json");
}

/// The rules at the moment of a join decide about it: later ones let no one in who waits.
#[test]
fn rules_that_change_admit_no_one_who_waits() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (mut ana, ana_number) = waiting(&mut host, "Ana");
    let (mut bo, bo_number) = waiting(&mut host, "Bo");
    host.order("rules", rules(&json!({})));
    // Those who come now are in at once, with a higher number.
    let mut cy = loop {
        let mut cy = host.open_socket();
        cy.send_line(&join_line("Cy"));
        let first = cy.next().unwrap();
        if first["t"] == "welcome" {
            cy.welcome = first;
            break cy;
        }
        // Before the order was carried out.
        cy.disconnect();
    };
    host.wait("joined");
    assert_eq!(cy.welcome["present"], json!([]));
    host.order("rules", rules(&json!({"locked": true})));
    cy.wait("rules");
    // The operator's word holds in a locked room, too.
    host.order("admit", json!({"number": ana_number}));
    ana.welcome = ana.wait("welcome");
    assert_eq!(ana.welcome["present"], json!([cy.welcome["you"]]));
    assert_eq!(cy.wait("joined")["who"], ana.welcome["you"]);
    host.order("remove", json!({"number": bo_number}));
    let (events, code) = bo.rest();
    assert_eq!((kinds(&events), code), (vec!["removed"], Some(4004)));
    ana.say("x");
    cy.until_said("x");
    assert_eq!(host.wait("joined")["participant"]["name"], "Ana");
}

#[test]
fn one_for_whom_there_is_no_place_goes_on_waiting() {
    let env = TestEnv::new();
    let further = json!({"rules": rules(&json!({"lobby": true}))});
    let mut host = OpenHost::with(&env, &json!({"max_participants": 1}), &further);
    let (mut ana, number) = waiting(&mut host, "Ana");
    host.order("admit", json!({"number": number}));
    ana.wait("welcome");
    host.wait("joined");
    let (mut bo, number) = waiting(&mut host, "Bo");
    host.order("admit", json!({"number": number}));
    assert_eq!(expect_report(&mut host, "waits")["participant"]["number"], number);
    ana.send_line(&json!({"t": "leave"}));
    host.wait("left");
    host.order("admit", json!({"number": number}));
    assert_eq!(bo.wait("welcome")["you"]["n"], number);
}

#[test]
fn the_end_of_the_session_ends_all_waits() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (mut ana, number) = waiting(&mut host, "Ana");
    host.send(&json!({"type": "drain"}));
    host.order("admit", json!({"number": number}));
    assert_eq!(refusal(&mut ana)["why"], "closing");
    assert_eq!(host.recv()["type"], "drained");
    host.stop();
}

/// One of the names that a hostile client tries.
fn hostile_name(number: usize) -> String {
    match number % 8 {
        0 => format!("\u{202e}{number}"),
        1 => "x".repeat(65),
        2 => format!("\u{1b}[2J{number}"),
        3 => format!("admit all {number}"),
        4 => format!("#{number}"),
        5 => format!("\u{5d0}{number}"),
        6 => "Host".to_owned(),
        _ => String::new(),
    }
}

/// 32 wait, however many knock; the operator gets one report for each of them, and none for the others.
#[test]
fn a_flood_of_the_lobby_is_bounded() {
    const CLIENTS: usize = 1000;
    let env = TestEnv::new();
    let further = json!({"rules": rules(&json!({"lobby": true}))});
    let mut host = OpenHost::with(&env, &json!({"max_participants": 1000}), &further);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| host.open_socket()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        let is_hostile = number % 2 == 0;
        let name = if is_hostile { hostile_name(number / 2) } else { format!("G{number}") };
        client.send_line(&join_line(&name));
    }
    let mut waiting = Vec::new();
    for mut client in clients {
        let answer = client.next().unwrap();
        if answer["t"] == "waiting" {
            waiting.push(client);
            continue;
        }
        let why = answer["why"].as_str().unwrap();
        assert!(["full", "bad_name", "name_taken"].contains(&why), "{answer}");
    }
    assert_eq!(waiting.len(), 32);
    let numbers: Vec<Value> = (0..32)
        .map(|_| expect_report(&mut host, "waits")["participant"]["number"].clone())
        .collect();
    let mut one_more = host.open_socket();
    one_more.send_line(&join_line("Late"));
    assert_eq!(refusal(&mut one_more)["why"], "full");
    host.order("admit", json!({"number": numbers[0]}));
    assert_eq!(host.recv()["type"], "joined");
    waiting[0].wait("welcome");
    for client in waiting.drain(1..) {
        client.disconnect();
    }
    let ended = (1..32).map(|_| expect_report(&mut host, "wait_ended")["number"].clone());
    let mut ended: Vec<u64> = ended.map(|number| number.as_u64().unwrap()).collect();
    ended.sort_unstable();
    assert_eq!(json!(ended), json!(numbers[1..]));
    // There is a place again.
    super::waiting(&mut host, "Late");
}

/// A client that comes and goes in a loop costs the operator no more than two reports each time.
#[test]
fn coming_and_going_is_reported_at_most_once_each() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    for number in 0..100 {
        let mut client = host.open_socket();
        client.send_line(&join_line(&format!("G{number}")));
        client.wait("waiting");
        client.disconnect();
    }
    let mut begun = std::collections::BTreeSet::new();
    let mut last = host.open_socket();
    last.send_line(&join_line("Last"));
    loop {
        let report = host.recv();
        if report["participant"]["name"] == "Last" {
            break;
        }
        let is_next = match report["report"].as_str() {
            Some("waits") => begun.insert(report["participant"]["number"].as_u64().unwrap()),
            Some("wait_ended") => begun.remove(&report["number"].as_u64().unwrap()),
            _ => false,
        };
        assert!(is_next, "{report}");
    }
    last.wait("waiting");
}
