//! People who wait until the operator admits them.

use serde_json::json;

use super::{refusal, waiting, with_lobby};
use crate::harness::TestEnv;

#[test]
fn a_newcomer_waits_until_the_operator_decides() {
    let env = TestEnv::new();
    let mut host = with_lobby(&env);
    let (mut ana, number) = waiting(&mut host, "Ana");
    host.order("admit", json!({"number": number}));
    let welcome = ana.wait("welcome");
    assert_eq!(welcome["you"]["n"], number);
    let joined = host.recv();
    assert_eq!(
        (&joined["type"], &joined["participant"]["name"]),
        (&json!("joined"), &json!("Ana"))
    );
    let (mut bo, number) = waiting(&mut host, "Bo");
    host.order("reject", json!({"number": number}));
    assert_eq!(refusal(&mut bo)["why"], "not_admitted");
}
