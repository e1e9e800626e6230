//! V-15: without a public address there is one plain sentence, and a session unless the address is
//! required.

use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use super::control;
use super::guest::Guest;
use super::stage::{Link, Stage, event, events, watched};
use crate::harness::cloudflared::{GARBAGE, HAPPY, HOST, NO_DNS, ONLY_HTTP2, REFUSED, TOO_MANY};

/// What cloudflared does, the sentence about it, and when the next attempt is due.
const FAULTS: [(&str, &str, &str); 6] = [
    (REFUSED, "api.trycloudflare.com cannot be reached; check", "; next try in 5 s"),
    (NO_DNS, "the name api.trycloudflare.com cannot be looked up; check", "; next try in 5 s"),
    (TOO_MANY, "no more tunnels for now (too many requests); wait 10 min", " in 10 min"),
    (GARBAGE, "cloudflared ended with code 3 before it had", "; next try in 5 s"),
    ("greet\nbox evil.example\nhang\n", "which is no address of a quick tunnel", " in 5 s"),
    ("exit 0\n", "cloudflared ended with code 0 before it had a public", " in 5 s"),
];

/// Removes the cool-down that the provider asked for. It outlives the session on purpose.
fn forget_cooldown(stage: &Stage) {
    let base = stage.env.runtime().join("chattrace");
    if std::fs::remove_file(base.join("cooldown")).is_ok() {
        std::fs::remove_dir(base).unwrap();
    }
}

#[test]
fn auto_falls_back_to_the_local_link_with_one_sentence() {
    for (orders, sentence, next) in FAULTS {
        let stage = Stage::new(orders);
        let mut session = watched(&stage.public(&["--json"]));
        let lost = loop {
            let told = event(&mut session, "tunnel");
            if told["state"] == "lost" {
                break told;
            }
        };
        assert!(lost["text"].as_str().unwrap().contains(sentence), "{lost}");
        let link = event(&mut session, "link");
        assert_eq!(link["public"], false, "{link}");
        Guest::join(&Link::local(link["url"].as_str().unwrap()), "Ana").leave();
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        let said: Vec<_> = ended.stderr.lines().filter(|line| line.contains(sentence)).collect();
        assert_eq!(said.len(), 1, "{ended:#?}");
        assert!(said[0].contains(next), "{said:?}");
        forget_cooldown(&stage);
        stage.assert_nothing_left();
    }
}

#[test]
fn a_required_tunnel_that_cannot_be_had_is_69_with_one_sentence() {
    for (orders, sentence, _) in FAULTS {
        let stage = Stage::new(orders);
        let ended = watched(&stage.public(&["--tunnel", "cloudflared", "--quiet"])).wait();
        let ended = ended.expect_code(69);
        assert_eq!(ended.stdout, "", "{ended:#?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:#?}");
        assert!(ended.stderr.starts_with("chattrace: "), "{ended:#?}");
        assert!(ended.stderr.contains(sentence), "{ended:#?}");
        forget_cooldown(&stage);
        stage.assert_nothing_left();
    }
}

/// Also a required tunnel, once it was up, may be lost without an end of the session.
#[test]
fn a_tunnel_that_dies_later_is_said_and_the_room_goes_on() {
    for provider in ["auto", "cloudflared"] {
        let stage = Stage::new(&format!("{HAPPY}wait die\nexit 1\n"));
        let mut session = watched(&stage.public(&["--json", "--tunnel", provider]));
        let link = event(&mut session, "link");
        let link = Link::at(link["url"].as_str().unwrap(), &stage.origin());
        let mut ana = Guest::join(&link, "Ana");
        stage.stand_in.release("die");
        let lost = event(&mut session, "tunnel");
        let text = lost["text"].as_str().unwrap();
        assert!(text.contains("ended with code 1, and its public address is gone"), "{lost}");
        ana.say("still here");
        session.signal("TERM");
        session.wait().expect_code(0);
        stage.assert_nothing_left();
    }
}

/// Participants who reach the room otherwise read the new address, and can pass it on to those who
/// were disconnected with the old one.
#[test]
fn a_new_address_after_a_lost_one_is_shown_and_told_to_the_participants() {
    let stage = Stage::new(&format!("{HAPPY}wait die\nexit 1\n"));
    let mut session = watched(&stage.public(&["--json"]));
    let link = event(&mut session, "link");
    let link = Link::at(link["url"].as_str().unwrap(), &stage.origin());
    let (ana, bo) = (Guest::join(&link, "Ana"), Guest::join(&link, "Bo"));
    stage.stand_in.order("greet\nbox other-words.trycloudflare.com\nmetrics\nregister\n");
    stage.stand_in.release("die");
    assert_eq!(event(&mut session, "tunnel")["state"], "lost");
    let url = "https://other-words.trycloudflare.com";
    let other = event(&mut session, "link");
    assert_eq!(other["url"], format!("{url}/t/{}", link.ticket));
    for guest in [ana, bo] {
        // The first address may have reached the room after them.
        guest.recv_where(|line| line["t"] == "moved" && line["url"] == url);
    }
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("; next try in 5 s"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// `status` names the public address for as long as it works.
#[test]
fn status_names_no_public_address_once_it_is_lost() {
    let stage = Stage::new(&format!("{HAPPY}wait die\nexit 1\n"));
    let mut session = watched(&stage.public(&["--json"]));
    let public = || {
        let mut public = Value::Null;
        control::ask(&stage, r#"{"id":1,"type":"status"}"#, |status| {
            public = status["public"].clone();
        });
        public
    };
    event(&mut session, "link");
    assert_eq!(public(), format!("https://{HOST}"));
    stage.stand_in.release("die");
    assert_eq!(event(&mut session, "tunnel")["state"], "lost");
    assert_eq!(public(), Value::Null);
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// An address that works is `registered`, as in `chattrace-tunnel --json`.
#[test]
fn an_edge_that_comes_back_is_a_registered_tunnel() {
    let stage = Stage::new(&format!("{HAPPY}wait lose\ndrop\nwait back\nregister\n"));
    let mut session = watched(&stage.public(&["--json"]));
    event(&mut session, "link");
    stage.stand_in.release("lose");
    assert_eq!(event(&mut session, "tunnel")["state"], "reconnecting");
    stage.stand_in.release("back");
    assert_eq!(event(&mut session, "tunnel")["state"], "registered");
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// A session that has no cloudflared and cannot download it.
fn without_network(stage: &Stage, arguments: &[&str]) -> Command {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = stage.env.root().join("config.json");
    std::fs::write(&config, format!(r#"{{"tunnel":{{"download_base":"http://{closed}"}}}}"#))
        .unwrap();
    let mut command = stage.with_config(arguments);
    // The shell alone: only the test's own script needs a PATH.
    let shells = stage.env.root().join("bin/shells");
    std::fs::create_dir_all(&shells).unwrap();
    std::os::unix::fs::symlink("/bin/sh", shells.join("sh")).unwrap();
    command.env("PATH", shells);
    command
}

#[test]
fn without_cloudflared_and_without_network_there_is_the_local_link() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&without_network(&stage, &["--json"]));
    let lost = event(&mut session, "tunnel");
    assert_eq!(lost["state"], "lost", "{lost}");
    let link = Link::printed(&mut session);
    Guest::join(&link, "Ana").leave();
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    let text = lost["text"].as_str().unwrap();
    assert!(text.contains("cannot be downloaded") && text.contains("online"), "{lost}");
    assert_eq!(ended.stderr.matches(text).count(), 1, "{ended:#?}");
    assert_eq!(stage.run_dirs().len(), 0);
}

#[test]
fn a_cloudflared_that_is_not_there_is_named() {
    let stage = Stage::new(HAPPY);
    for (path, why) in [("/nowhere/cloudflared", "no such file"), ("/", "it is not a file")] {
        let mut session = watched(&stage.with_config(&["--cloudflared", path, "--json"]));
        let lost = event(&mut session, "tunnel");
        let text = lost["text"].as_str().unwrap();
        assert!(text.contains(path) && text.contains(why), "{lost}");
        Link::printed(&mut session);
        session.signal("TERM");
        session.wait().expect_code(0);
        let required = ["--cloudflared", path, "--tunnel", "cloudflared"];
        let ended = watched(&stage.with_config(&required)).wait().expect_code(69);
        assert!(ended.stderr.contains(why), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

/// V-14: no link is shown where cloudflared's output and its metrics disagree about the address.
#[test]
fn a_name_that_two_sides_tell_differently_is_not_shown() {
    let stage = Stage::new(&format!(
        "greet\nbox {HOST}\nname other.trycloudflare.com\nmetrics\nregister\n"
    ));
    let mut session = watched(&stage.public(&["--json"]));
    let link = event(&mut session, "link");
    assert_eq!(link["public"], false, "{link}");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("neither is trusted"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// The operator and scripts read why a network without UDP makes the start slower.
#[test]
fn a_network_without_udp_is_named_on_the_screen_and_in_the_events() {
    let stage = Stage::new(ONLY_HTTP2);
    let mut session = watched(&stage.public(&["--json"]));
    event(&mut session, "link");
    session.signal("INT");
    let ended = session.wait().expect_code(0);
    let told: Vec<String> = events(&ended)
        .iter()
        .filter_map(|event| Some(format!("{}: {}", event["state"], event["text"].as_str()?)))
        .collect();
    let why = "no answer by UDP on port 7844";
    assert_eq!(told.len(), 3, "{ended:#?}");
    assert!(told[0].starts_with(&format!("\"url\": {why} so far; TCP is tried")), "{told:?}");
    assert!(told[1].starts_with(&format!("\"starting\": {why}; trying TCP")), "{told:?}");
    assert!(told[2].starts_with("null: "), "the reason of the end: {told:?}");
    assert!(ended.stderr.contains(&format!("{why}; trying TCP")), "{ended:#?}");
}
