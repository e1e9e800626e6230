//! A room that is locked.

use serde_json::json;

use super::{refusal, rules};
use crate::harness::TestEnv;
use crate::serve::open_host::{OpenHost, join_line};

#[test]
fn a_locked_room_refuses_newcomers_and_no_one_else() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let bo = host.join("Bo");
    host.order("rules", rules(&json!({"locked": true, "lobby": true})));
    ana.wait("rules");
    let mut cy = host.open_socket();
    cy.send_line(&join_line("Cy"));
    assert_eq!(refusal(&mut cy)["why"], "locked");
    let answer = host.request("POST /poll", &join_line("Cy").to_string());
    assert_eq!((answer.status, &answer.events()[0]["why"]), (200, &json!("locked")));
    // A stranger does not learn it, and the name is not judged before.
    let mut stranger = join_line("Cy");
    stranger["ticket"] = "CCCCCCCCCCCCCCCCCCCCCA".into();
    let mut cy = host.open_socket();
    cy.send_line(&stranger);
    assert_eq!(refusal(&mut cy)["why"], "bad_ticket");
    let mut cy = host.open_socket();
    cy.send_line(&join_line("Ana"));
    assert_eq!(refusal(&mut cy)["why"], "locked");
    // Those who have a seat return to it, over either transport.
    let welcome = bo.disconnect();
    let mut bo = host.returning(&welcome, None);
    assert_eq!(bo.wait("welcome")["you"]["n"], 2);
    host.order("rules", rules(&json!({})));
    ana.wait("rules");
    assert_eq!(host.join("Cy").number(), 3);
}
