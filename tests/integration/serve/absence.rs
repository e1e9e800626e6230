//! A participant whose connection is broken for longer than the room keeps that to itself.

use serde_json::json;

use super::server::{Server, UNLIMITED};

/// V-17: an absence of more than 30 s is announced, and so is the return after it, with the same number
/// and tag. The test waits for those 30 s.
#[test]
fn a_long_absence_is_announced_and_the_participant_keeps_their_identity() {
    let mut server = Server::with(&[], UNLIMITED);
    let (mut ana, bo) = (server.join("Ana"), server.join("Bo").disconnect());
    let cy = server.join("Cy");
    let left = ana.wait("left");
    assert_eq!(left["n"], 2);
    assert_eq!(server.event("left")["present"], 2);
    // A client that reads on from before learns who has left.
    let cy = server.resume(&cy.disconnect(), 0);
    assert_eq!(cy.welcome["gone"], json!([bo["you"]]));
    let di = server.join("Di");
    assert_eq!(di.welcome["present"].as_array().unwrap().len(), 2);
    let mut back = server.resume(&bo, left["seq"].as_u64().unwrap());
    assert_eq!(back.welcome["you"], bo["you"]);
    assert_eq!(back.welcome["present"].as_array().unwrap().len(), 3);
    ana.until(|event| event["t"] == "joined" && event["who"] == bo["you"]);
    back.say("here again");
    ana.until_said("here again");
    drop((cy, di));
}
