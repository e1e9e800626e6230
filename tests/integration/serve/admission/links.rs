//! Further links, and links that are over.

use serde_json::json;

use super::{INVITE, expect_report, invited, refusal};
use crate::harness::TestEnv;
use crate::serve::open_host::OpenHost;

#[test]
fn an_invite_admits_as_many_as_it_says() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let invite = json!({"number": 1, "secret": INVITE, "uses": 1, "seconds": 3600});
    host.order("add_link", invite);
    // The order has been carried out.
    host.order("announce", json!({"text": "now"}));
    let mut ana = host.join("Ana");
    assert_eq!(host.recv()["type"], "joined");
    ana.say("x");
    ana.until_said("x");
    let mut bo = host.open_socket();
    bo.send_line(&invited("Bo"));
    bo.wait("welcome");
    let mut messages = [host.recv(), host.recv()];
    messages.sort_by_key(|message| message["type"].to_string());
    assert_eq!(messages[0]["type"], "joined");
    assert_eq!((&messages[1]["report"], &messages[1]["link"]), (&json!("link_used"), &json!(1)));
    let mut cy = host.open_socket();
    cy.send_line(&invited("Cy"));
    assert_eq!(refusal(&mut cy)["why"], "bad_ticket");
}
