//! The end of a session, also for those who wait to be let in.

use serde_json::json;

use super::host::{Host, knock_line, refusal};
use crate::harness::TestEnv;
use crate::serve::client::kinds;

#[test]
fn participants_get_the_end_and_those_who_wait_a_refusal() {
    let env = TestEnv::new();
    let mut host = Host::start(&env);
    let (mut ana, _) = host.join();
    let (mut requested, _) = host.requested();
    let (mut answered, _) = host.answered();
    let mut knocked = host.open_socket();
    knocked.send_line(&knock_line());
    host.expect_knock("knock");
    let mut held = host.start_poll("", None, &[knock_line()]);
    let late = host.expect_knock("knock");
    host.send(&json!({"type": "drain"}));
    for client in [&mut requested, &mut answered, &mut knocked] {
        assert_eq!(refusal(client)["why"], "closing");
    }
    assert_eq!(held.response().events()[0]["why"], "closing");
    let (events, code) = ana.rest();
    assert_eq!((kinds(&events), code), (vec!["end"], Some(4000)));
    assert_eq!(host.refusal(&knock_line())["why"], "closing");
    // An answer that comes too late has no effect.
    host.answer(late);
    assert_eq!(host.recv()["type"], "drained");
    host.stop();
}

/// The page is the same for all; `/t/` is a route of open rooms.
#[test]
fn the_routes_of_a_sealed_room() {
    let env = TestEnv::new();
    let host = Host::start(&env);
    let get = |path: &str| {
        let mut connection = crate::serve::http::Connection::to(host.address);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", host.address);
        connection.send(request.as_bytes());
        connection.response().status
    };
    assert_eq!(get("/"), 200);
    assert_eq!(get("/health"), 204);
    assert_eq!(get("/t/AAAAAAAAAAAAAAAAAAAAAA"), 404);
    assert_eq!(get("/x/AAAAAAAAAAAAAAAAAAAAAA"), 404);
}
