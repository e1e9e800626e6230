//! By what everyone is connected.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::TestEnv;
use crate::serve::open_host::OpenHost;

/// Asks, and returns the answer by number; each line has at most 250.
fn connections(host: &mut OpenHost, request: u64) -> BTreeMap<u64, String> {
    host.order("list_connections", json!({"request": request}));
    let mut all = BTreeMap::new();
    loop {
        let line = host.wait("operator");
        assert_eq!((&line["report"], &line["request"]), (&json!("connections"), &json!(request)));
        let part = line["connections"].as_array().unwrap();
        assert!(part.len() <= 250);
        for entry in part {
            let (number, by) = (entry[0].as_u64().unwrap(), entry[1].as_str().unwrap());
            assert_eq!(all.insert(number, by.to_owned()), None, "{number} twice");
        }
        if line["is_last"] == true {
            return all;
        }
    }
}

fn listed(entries: &[(u64, &str)]) -> BTreeMap<u64, String> {
    entries.iter().map(|(number, by)| (*number, (*by).to_owned())).collect()
}

#[test]
fn each_transport_is_listed_also_between_two_polls() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    assert_eq!(connections(&mut host, 1), listed(&[]));
    let ana = host.join("Ana");
    let mut bo = host.join_by_poll("Bo");
    let cy = host.join("Cy");
    assert_eq!(connections(&mut host, 2), listed(&[(1, "page"), (2, "poll"), (3, "page")]));
    let held = bo.start(&[]);
    bo.finish(held);
    let held = bo.start(&[]);
    // A page whose network has a WebSocket no more goes on by polls, and one that has it again does not.
    let mut cy_by_poll = crate::serve::open_host::join_line("Cy");
    cy_by_poll["resume"] = cy.welcome["resume"].clone();
    host.request("POST /poll", &cy_by_poll.to_string());
    assert_eq!(connections(&mut host, 3)[&3], "poll");
    let cy = host.returned(&cy.welcome, None);
    assert_eq!(connections(&mut host, 4), listed(&[(1, "page"), (2, "poll"), (3, "page")]));
    drop((cy, ana));
    // The end of a connection is noticed a moment later.
    let mut request = 5;
    loop {
        let all = connections(&mut host, request);
        if all == listed(&[(1, "away"), (2, "poll"), (3, "away")]) {
            break;
        }
        request += 1;
    }
    drop(held);
    let mut di = host.join("Di");
    di.send_line(&json!({"t": "leave"}));
    di.rest();
    assert!(!connections(&mut host, request + 1).contains_key(&4));
}

/// Requests that come faster than they are read are answered in order, the oldest are dropped, and none
/// costs memory while it waits.
#[test]
fn a_thousand_people_take_five_lines_and_a_burst_of_requests_is_answered() {
    const PEOPLE: u64 = 1001;
    let env = TestEnv::new();
    let mut host = OpenHost::with(&env, &json!({"max_participants": 2000}), &json!({}));
    // No connection is open: they are away, or polled a moment ago.
    for number in 1..=PEOPLE {
        host.join_by_poll(&format!("P{number}"));
        host.wait("joined");
    }
    let all = connections(&mut host, 1);
    assert_eq!(all.len() as u64, PEOPLE);
    let burst: Vec<(&str, Value)> =
        (2..1002).map(|request| ("list_connections", json!({"request": request}))).collect();
    host.orders(&burst);
    let (mut last, mut lines) = (0, 0);
    while last != 1001 || lines < 5 {
        let line = host.wait("operator");
        let request = line["request"].as_u64().unwrap();
        assert!(request >= last);
        lines = if request == last { lines + 1 } else { 1 };
        last = request;
        assert_eq!(line["is_last"], lines == 5, "{request} {lines}");
    }
}
