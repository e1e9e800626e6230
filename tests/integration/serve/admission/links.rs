//! Further links, and links that are over.

use serde_json::{Value, json};

use super::{INVITE, expect_report, invited, refusal, with_lobby};
use crate::harness::TestEnv;
use crate::serve::client::{Client, kinds};
use crate::serve::http::Connection;
use crate::serve::open_host::{OpenHost, join_line};

fn invite(uses: Value, seconds: Value) -> Value {
    json!({"number": 1, "secret": INVITE, "uses": uses, "seconds": seconds})
}

/// Returns when all orders before are carried out.
fn settle(host: &mut OpenHost, member: &mut Client) {
    host.order("announce", json!({"text": "now"}));
    member.wait("announced");
}

/// The types of this many messages, in any order, reports by their own.
fn messages(host: &mut OpenHost, count: usize) -> Vec<String> {
    let kind = |message: Value| {
        let kind = message.get("report").unwrap_or(&message["type"]);
        kind.as_str().unwrap().to_owned()
    };
    let mut kinds: Vec<String> = (0..count).map(|_| kind(host.recv())).collect();
    kinds.sort_unstable();
    kinds
}

/// V-22: what a preview or a scanner sends, and every join that is refused, uses nothing up.
#[test]
fn v22_only_a_join_uses_an_invite_up() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    assert_eq!(host.recv()["type"], "joined");
    host.order("add_link", invite(json!(1), json!(3600)));
    settle(&mut host, &mut ana);
    for method in ["GET", "HEAD"] {
        for _ in 0..3 {
            let mut preview = Connection::to(host.address);
            let address = host.address;
            let head = format!("{method} /t/{INVITE} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            preview.send(head.as_bytes());
            assert_eq!(preview.head().status, 200);
        }
    }
    for name in ["Ana", "\u{202e}", ""] {
        let mut client = host.open_socket();
        client.send_line(&invited(name));
        let why = refusal(&mut client)["why"].clone();
        assert!(why == "name_taken" || why == "bad_name", "{why}");
    }
    drop(host.open_socket());
    let mut bo = host.open_socket();
    bo.send_line(&invited("Bo"));
    bo.wait("welcome");
    assert_eq!(messages(&mut host, 2), ["joined", "link_used"]);
    let mut cy = host.open_socket();
    cy.send_line(&invited("Cy"));
    assert_eq!(refusal(&mut cy)["why"], "bad_ticket");
    // The page is the same for every link; the join says what is wrong.
    assert_eq!(host.request(&format!("GET /t/{INVITE}"), "").status, 200);
    assert_eq!(host.join("Cy").number(), 3);
}

#[test]
fn a_hundred_at_once_on_an_invite_for_three_are_three() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    assert_eq!(host.recv()["type"], "joined");
    host.order("add_link", invite(json!(3), Value::Null));
    settle(&mut host, &mut ana);
    let mut clients: Vec<Client> = (0..100).map(|_| host.open_socket()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send_line(&invited(&format!("G{number}")));
    }
    let mut inside = 0;
    for client in &mut clients {
        match client.next().unwrap() {
            answer if answer["t"] == "welcome" => inside += 1,
            answer => assert_eq!(answer["why"], "bad_ticket"),
        }
    }
    assert_eq!(inside, 3);
    assert_eq!(
        messages(&mut host, 6),
        ["joined", "joined", "joined", "link_used", "link_used", "link_used"]
    );
}

/// Those who wait have used nothing up. With the last use, the others by the same link wait no more.
#[test]
fn in_the_lobby_an_invite_is_used_up_by_those_who_are_admitted() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    host.order("add_link", invite(json!(3), Value::Null));
    let mut waiting: Vec<(Client, Value)> = Vec::new();
    while waiting.len() < 10 {
        let mut client = host.open_socket();
        client.send_line(&invited(&format!("G{}", waiting.len())));
        let answer = client.next().unwrap();
        // Refused before the order was carried out.
        if answer["t"] == "waiting" {
            let report = expect_report(&mut host, "waits");
            waiting.push((client, report["participant"]["number"].clone()));
        }
    }
    for (_, number) in &waiting {
        host.order("admit", json!({"number": number}));
    }
    for (client, _) in &mut waiting[..3] {
        client.wait("welcome");
    }
    for (client, _) in &mut waiting[3..] {
        assert_eq!(refusal(client)["why"], "bad_ticket");
    }
    let mut expected = vec!["joined"; 3];
    expected.extend(["link_used"; 3]);
    expected.extend(["wait_ended"; 7]);
    assert_eq!(messages(&mut host, 13), expected);
}

#[test]
fn an_invite_that_is_over_admits_no_one_who_waits_by_it() {
    let env = TestEnv::new();
    // Revoked, replaced, and over by itself.
    for order in ["end_link", "relink", ""] {
        let mut host = with_lobby(&env);
        let seconds = if order.is_empty() { json!(1) } else { Value::Null };
        host.order("add_link", invite(Value::Null, seconds));
        let mut bo = loop {
            let mut bo = host.open_socket();
            bo.send_line(&invited("Bo"));
            if bo.next().unwrap()["t"] == "waiting" {
                break bo;
            }
        };
        let number = expect_report(&mut host, "waits")["participant"]["number"].clone();
        match order {
            "end_link" => host.order(order, json!({"number": 1})),
            "relink" => {
                let secret = "CCCCCCCCCCCCCCCCCCCCCA";
                let link = json!({"number": 0, "secret": secret, "uses": null, "seconds": null});
                host.order(order, link);
            }
            _ => {}
        }
        assert_eq!(refusal(&mut bo)["why"], "bad_ticket", "{order}");
        assert_eq!(expect_report(&mut host, "wait_ended")["number"], number);
        host.order("admit", json!({"number": number}));
        let mut bo = host.open_socket();
        bo.send_line(&invited("Bo"));
        assert_eq!(refusal(&mut bo)["why"], "bad_ticket", "{order}");
    }
}

/// Those who are inside stay, are told the new link, and return by the old one as by the new one.
#[test]
fn a_new_link_replaces_all_others() {
    const NEW: &str = "CCCCCCCCCCCCCCCCCCCCCA";
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join_by_poll("Bo");
    host.order("add_link", invite(Value::Null, Value::Null));
    host.order("relink", json!({"number": 0, "secret": NEW, "uses": null, "seconds": null}));
    assert_eq!(ana.wait("moved")["url"], format!("/t/{NEW}"));
    let told = bo.poll(&[]);
    assert_eq!(kinds(&told), ["moved"]);
    for dead in [&join_line("Cy"), &invited("Cy")] {
        let mut cy = host.open_socket();
        cy.send_line(dead);
        assert_eq!(refusal(&mut cy)["why"], "bad_ticket");
    }
    let welcome = ana.disconnect();
    for ticket in [join_line("Ana")["ticket"].clone(), json!(NEW)] {
        let mut ana = host.open_socket();
        let mut line = json!({"t": "join", "name": "Ana", "ticket": ticket});
        line["resume"] = welcome["resume"].clone();
        ana.send_line(&line);
        assert_eq!(ana.wait("welcome")["you"]["n"], 1);
        ana.disconnect();
    }
    let mut cy = host.open_socket();
    cy.send_line(&json!({"t": "join", "name": "Cy", "ticket": NEW}));
    assert_eq!(cy.wait("welcome")["you"]["n"], 3);
    for old in [join_line("")["ticket"].as_str().unwrap(), INVITE, NEW] {
        assert_eq!(host.request(&format!("GET /t/{old}"), "").status, 200);
    }
}
