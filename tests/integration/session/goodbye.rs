//! The goodbye through a tunnel: the address is unregistered only after it.

use serde_json::json;

use super::stage::{Link, Stage, event, watched};
use crate::harness::cloudflared::HOST;
use crate::serve::client::Client;

/// As many participants as a quick tunnel carries, with some places to spare.
const PARTICIPANTS: usize = 150;

/// An edge may cut all connections as soon as it has unregistered the tunnel.
#[test]
fn an_edge_that_cuts_when_it_unregisters_takes_the_goodbye_from_no_participant() {
    let stage = Stage::new(&format!("greet\nbox {HOST}\nmetrics\ncarry\nregister\n"));
    let mut session = watched(&stage.public(&["--json", "--max-participants", "200"]));
    let url = event(&mut session, "link")["url"].as_str().unwrap().to_owned();
    let link = Link::at(&url, &stage.stand_in.carries().unwrap());
    let join = |number: usize| {
        let mut client =
            Client::open(link.address.parse().unwrap(), HOST, &format!("https://{HOST}"));
        let name = format!("guest {number}");
        client.send_line(&json!({ "t": "join", "name": name, "ticket": link.ticket }));
        client.wait("welcome");
        client
    };
    let mut clients: Vec<Client> = (0..PARTICIPANTS).map(join).collect();
    session.signal("INT");
    let told = |client: &mut Client| client.rest().0.last().is_some_and(|last| last["t"] == "end");
    let told = clients.iter_mut().map(told).filter(|told| *told).count();
    assert_eq!(told, PARTICIPANTS);
    session.wait().expect_code(0);
    assert!(stage.stand_in.ended_by_term(), "it unregistered");
    stage.assert_nothing_left();
}
