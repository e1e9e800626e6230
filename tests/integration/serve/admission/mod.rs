//! Who is let into an open room, as the operator orders it: lock, lobby, links. `serve/sealed/` has the same
//! of sealed rooms.

mod links;
mod lobby;
mod lobby_by_poll;
mod lock;

use serde_json::{Value, json};

use super::client::Client;
use super::open_host::OpenHost;

/// Another ticket than that of the room's own link.
const INVITE: &str = "BBBBBBBBBBBBBBBBBBBBBA";

/// Rules that are others than at the start.
fn rules(changed: &Value) -> Value {
    let mut rules = json!({"locked": false, "lobby": false, "slow": 0, "fade": 0, "ends_at": null});
    rules.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    rules
}

/// A room whose lobby is on.
fn with_lobby(env: &crate::harness::TestEnv) -> OpenHost {
    OpenHost::with(env, &json!({}), &json!({"rules": rules(&json!({"lobby": true}))}))
}

/// The line by which `name` joins with the invite.
fn invited(name: &str) -> Value {
    json!({"t": "join", "name": name, "ticket": INVITE})
}

/// The refusal of a client that has been sent nothing else, after which the server closes.
fn refusal(client: &mut Client) -> Value {
    let (mut events, code) = client.rest();
    let last = events.pop().unwrap();
    assert_eq!((&last["t"], code), (&json!("refused"), Some(4002)), "{events:?} {last}");
    assert!(events.iter().all(|event| event["t"] == "waiting"), "{events:?}");
    last
}

/// The next message is this report.
fn expect_report(host: &mut OpenHost, report: &str) -> Value {
    let message = host.recv();
    let kind = (&message["type"], &message["report"]);
    assert_eq!(kind, (&json!("operator"), &json!(report)), "{message}");
    message
}

/// A client in the lobby over a socket, and its number.
fn waiting(host: &mut OpenHost, name: &str) -> (Client, u64) {
    let mut client = host.open_socket();
    client.send_line(&super::open_host::join_line(name));
    client.wait("waiting");
    let report = expect_report(host, "waits");
    assert_eq!(report["participant"]["name"], name);
    (client, report["participant"]["number"].as_u64().unwrap())
}
