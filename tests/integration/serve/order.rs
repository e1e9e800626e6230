//! One order of messages for all participants.

use serde_json::Value;

use super::client::Client;
use super::server::{Server, UNLIMITED};

const PEOPLE: usize = 20;
const EACH: usize = 50;

fn messages(client: &mut Client) -> Vec<(u64, u64, String)> {
    let mut said = Vec::new();
    while said.len() < PEOPLE * EACH {
        let event: Value = client.wait("said");
        said.push((
            event["seq"].as_u64().unwrap(),
            event["n"].as_u64().unwrap(),
            event["body"].as_str().unwrap().to_owned(),
        ));
    }
    said
}

#[test]
fn all_clients_get_all_messages_once_and_in_the_same_order() {
    // The ring holds all messages, so that a client that is slow on a busy machine misses none.
    let unlimited = UNLIMITED.replace("}}}", r#"},"ring":{"events":5000}}}"#);
    let server = Server::with(&[], &unlimited);
    let mut people: Vec<Client> = (0..PEOPLE).map(|n| server.join(&format!("Guest {n}"))).collect();
    for round in 0..EACH {
        for client in &mut people {
            let number = client.number();
            client.say_as(&round.to_string(), &format!("{number}: {round}"));
        }
    }
    let mut people = people.iter_mut();
    let order = messages(people.next().unwrap());
    assert!(order.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    for number in 1..=PEOPLE as u64 {
        let own = order.iter().filter(|(_, n, _)| *n == number);
        let bodies: Vec<_> = own.map(|(_, _, body)| body.clone()).collect();
        let expected: Vec<_> = (0..EACH).map(|round| format!("{number}: {round}")).collect();
        assert_eq!(bodies, expected);
    }
    for client in people {
        assert_eq!(messages(client), order);
    }
}
