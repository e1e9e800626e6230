//! What is forgotten by order: at once, or after a while.

use serde_json::json;

use super::rules::rules;
use crate::harness::TestEnv;
use crate::serve::client::{bodies, kinds};
use crate::serve::open_host::OpenHost;

#[test]
fn after_clear_nothing_of_before_is_there_for_anyone() {
    let env = TestEnv::new();
    let mut host = OpenHost::with(&env, &json!({"backlog": 10}), &json!({}));
    let mut ana = host.join("Ana");
    let mut bo = host.join_by_poll("Bo");
    let away = host.join("Cy");
    let after = away.welcome["seq"].as_u64();
    let away = away.disconnect();
    ana.say_as("r", "before");
    ana.until_said("before");
    host.order("announce", json!({"text": "announced before"}));
    ana.wait("announced");
    host.order("clear", json!({}));
    let cleared = ana.wait("cleared");
    assert!(cleared["seq"].is_u64());
    // References stay: what is sent again does not appear again.
    ana.say_as("r", "before");
    ana.say("after");
    let mut events = Vec::new();
    while !events.iter().any(|event: &serde_json::Value| event["body"] == "after") {
        events.extend(bo.poll(&[]));
    }
    // Bo had not read: nothing is missing, since there is nothing to be read.
    assert_eq!(kinds(&events), ["joined", "cleared", "said"]);
    let mut back = host.returned(&away, after);
    back.expect_forgotten();
    assert_eq!(kinds(&back.until_said("after")), ["cleared", "said"]);
    let mut new = host.join("Di");
    assert_eq!(bodies(&new.until_said("after")), ["after"]);
}

/// What a message becomes that is older than the time to fade, when that is set later.
#[test]
fn fade_shortens_what_the_ring_remembers_at_once() {
    let env = TestEnv::new();
    let mut host = OpenHost::with(&env, &json!({"backlog": 10}), &json!({}));
    let mut ana = host.join("Ana");
    ana.say("old");
    let old = ana.until_said("old").pop().unwrap()["at"].as_u64().unwrap();
    // Until it is older than a second, by the clock of the server.
    loop {
        ana.say("tick");
        if ana.until_said("tick").pop().unwrap()["at"].as_u64().unwrap() > old + 1000 {
            break;
        }
    }
    host.order("rules", rules(&json!({"fade": 1})));
    ana.wait("rules");
    ana.say("new");
    ana.until_said("new");
    let mut bo = host.join("Bo");
    let backlog = bo.until_said("new");
    assert!(!bodies(&backlog).contains(&"old"), "{backlog:?}");
    assert_eq!(bo.welcome["rules"]["fade"], 1);
    // Off brings nothing back.
    host.order("rules", rules(&json!({})));
    ana.wait("rules");
    let mut cy = host.join("Cy");
    assert!(!bodies(&cy.until_said("new")).contains(&"old"));
}
