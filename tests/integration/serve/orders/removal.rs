//! Participants whom the operator removes.

use serde_json::json;

use crate::harness::TestEnv;
use crate::serve::client::kinds;
use crate::serve::open_host::OpenHost;

#[test]
fn a_removed_socket_is_told_and_closed_and_the_others_see_a_leave() {
    let env = TestEnv::new();
    let mut host = OpenHost::start(&env);
    let mut ana = host.join("Ana");
    let mut bo = host.join("Bo");
    ana.say("before");
    bo.until_said("before");
    host.order("remove", json!({"number": 1}));
    let (events, code) = ana.rest();
    assert_eq!(code, Some(4004));
    assert_eq!(kinds(&events), ["joined", "said", "removed"]);
    let left = bo.wait("left");
    assert_eq!(left["n"], 1);
    let notice = host.wait("left");
    assert_eq!((&notice["participant"]["name"], &notice["present"]), (&json!("Ana"), &json!(1)));
}
