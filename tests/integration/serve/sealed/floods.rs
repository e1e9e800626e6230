//! Clients that have the door and mean no good.

use serde_json::json;

use super::host::{Host, knock_line, refusal, request_line};
use crate::harness::TestEnv;
use crate::serve::client::Client;

/// Half a handshake: an answer, and no request.
fn half(host: &mut Host) -> Client {
    let mut client = host.open_socket();
    client.send_line(&knock_line());
    host.answer_next();
    client.wait("answer");
    client
}

#[test]
fn the_oldest_of_65_handshakes_makes_place_and_the_host_never_has_more_than_64() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut halves: Vec<Client> = (0..64).map(|_| half(&mut host)).collect();
    let mut ana = host.open_socket();
    ana.send_line(&knock_line());
    assert_eq!(host.expect_knock("knock_ended"), 1);
    let knock = host.answer_next();
    assert_eq!(knock, 65);
    ana.wait("answer");
    ana.send_line(&request_line());
    assert_eq!(host.expect_knock("request"), 65);
    host.admit(&[65]);
    ana.wait("welcome");
    assert_eq!(refusal(&mut halves[0])["why"], "too_fast");
    // All the others take no longer than 10 s either.
    for client in &mut halves[1..] {
        assert_eq!(refusal(client)["why"], "too_fast");
    }
    for knock in 2..=64 {
        assert_eq!(host.expect_knock("knock_ended"), knock);
    }
    host.stop();
}

/// 1000 clients that send no request keep one that does out for a few seconds.
#[test]
fn a_thousand_half_handshakes_keep_nobody_out_for_long() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut halves: Vec<Client> = (0..1000).map(|_| host.open_socket()).collect();
    for client in &mut halves {
        client.send_line(&knock_line());
    }
    let mut ana = host.open_socket();
    ana.send_line(&knock_line());
    // A page sends its request as soon as it has the answer.
    let asking = std::thread::spawn(move || {
        ana.wait("answer");
        ana.send_line(&request_line());
        ana
    });
    let (mut in_flight, mut most) = (0, 0);
    // Answers them all as a host does, and lets in the only one who asks.
    let admitted = loop {
        let message = host.recv();
        let knock = message["knock"].as_u64().unwrap();
        match message["message"].as_str().unwrap() {
            "knock" => {
                in_flight += 1;
                host.answer(knock);
            }
            "knock_ended" => in_flight -= 1,
            "request" => break knock,
            other => panic!("{other}"),
        }
        most = most.max(in_flight);
    };
    assert_eq!(most, 64);
    host.admit(&[admitted]);
    asking.join().unwrap().wait("welcome");
}

/// A thousand who come at once are all let in, in one generation.
#[test]
fn a_thousand_who_come_at_once_are_all_in() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let mut clients: Vec<Client> = (0..1000).map(|_| host.open_socket()).collect();
    for client in &mut clients {
        client.send_line(&knock_line());
    }
    let answering = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            for client in &mut clients {
                client.wait("answer");
                client.send_line(&request_line());
            }
        });
        let mut knocks = Vec::new();
        while knocks.len() < 1000 {
            let message = host.recv();
            let knock = message["knock"].as_u64().unwrap();
            match message["message"].as_str().unwrap() {
                "knock" => host.answer(knock),
                "request" => knocks.push(knock),
                other => panic!("{other} {knock}"),
            }
        }
        reading.join().unwrap();
        knocks
    });
    for knocks in answering.chunks(250) {
        host.admit(knocks);
    }
    for client in &mut clients {
        client.wait("welcome");
    }
    let last = clients.last_mut().unwrap();
    last.send_line(&json!({"t": "beat"}));
    last.wait("beat");
}
