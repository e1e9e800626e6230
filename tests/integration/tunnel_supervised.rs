//! `chattrace-tunnel` under a supervisor: the messages of the control channel, and the ends that
//! the lifeline brings.

use std::io::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::cloudflared::{HANGS, HAPPY, TOO_MANY};
use crate::harness::{Living, Place, StandIn, Supervised, TUNNEL};

#[test]
fn found_opened_and_closed_when_told() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    stand_in.version("2026.9.3");
    let mut tunnel = Supervised::start(&place);
    tunnel.begin(json!(stand_in.path()), Value::Null);
    let found = tunnel.expect("found");
    assert_eq!(found["path"], json!(stand_in.path()));
    assert_eq!((&found["version"], &found["source"]), (&json!("2026.9.3"), &json!("chosen")));
    assert_eq!(found["digest"].as_str().unwrap().len(), 64);
    tunnel.open();
    for kind in ["starting", "url", "registered", "up"] {
        tunnel.expect(kind);
    }
    let env = &stand_in.records()[0]["env"];
    assert_eq!(env["HOME"], json!(tunnel.run_dir.join("home")));
    tunnel.send(&json!({ "type": "close" }));
    tunnel.expect("unregistered");
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

#[test]
fn close_is_obeyed_at_every_point() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HANGS);
    let close = json!({ "type": "close" });

    let mut tunnel = Supervised::start(&place);
    tunnel.send(&close);
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));
}

/// A server that takes the connection and says nothing does not hold the end up.
#[test]
fn close_is_obeyed_during_a_download() {
    let place = Place::new();
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", mute.local_addr().unwrap());
    let mut command = place.command(TUNNEL);
    command.env("PATH", "/nowhere");
    let mut tunnel = Supervised::start_as(&place, command);
    tunnel.begin(Value::Null, json!(base));
    tunnel.expect("fetching");
    let (_asking, _) = mute.accept().unwrap();
    tunnel.send(&json!({ "type": "close" }));
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-11: the end of the lifeline, with and without a cloudflared that listens.
#[test]
fn the_end_of_the_lifeline_ends_everything() {
    for orders in [HAPPY.to_owned(), format!("ignore-term\n{HAPPY}")] {
        let place = Place::new();
        let stand_in = StandIn::install(&place, &orders);
        let mut tunnel = Supervised::with(&place, &stand_in);
        tunnel.up();
        let stdout = tunnel.child.stdout.take().unwrap();
        let mut child = tunnel.child;
        drop((tunnel.lifeline, tunnel.messages));
        assert_eq!(std::io::read_to_string(stdout).unwrap(), "");
        child.wait().unwrap();
    }
}

/// V-11.
#[test]
fn killed_it_takes_cloudflared_along() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.up();
    let cloudflared = stand_in.records().remove(0)["pid"].as_u64().unwrap();
    let cloudflared = Living::hold(cloudflared.try_into().unwrap());
    tunnel.child.kill().unwrap();
    assert_eq!(tunnel.ended(), None);
    cloudflared.ends();
}

/// One attempt per process: the supervisor starts a new one, later if it must.
#[test]
fn a_loss_is_told_with_its_pause_and_ends_the_process_with_69() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, TOO_MANY);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    let lost = tunnel.expect("lost");
    assert_eq!(lost["retry_after"], 600);
    assert!(lost["why"].as_str().unwrap().contains("too many requests"));
    assert_eq!(tunnel.ended(), Some(69));
    assert!(place.runtime().join("chattrace/cooldown").exists());

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    let lost = tunnel.expect("lost");
    assert!(lost["why"].as_str().unwrap().contains("can be tried in 10 min"), "{lost}");
    assert_eq!(tunnel.ended(), Some(69));
    assert_eq!(stand_in.starts(), 1);
}

#[test]
fn a_drop_and_a_return_are_told_and_a_death_is_a_loss() {
    let place = Place::new();
    let orders = format!("{HAPPY}wait lose\ndrop\nwait back\nregister\nwait die\nexit 1\n");
    let stand_in = StandIn::install(&place, &orders);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.up();
    stand_in.release("lose");
    tunnel.expect("reconnecting");
    stand_in.release("back");
    tunnel.expect("up");
    stand_in.release("die");
    assert!(tunnel.expect("lost")["why"].as_str().unwrap().contains("ended with code 1"));
    assert_eq!(tunnel.ended(), Some(69));
}

#[test]
fn signals_ask_politely_and_garbage_on_the_channel_is_passed_over() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.lifeline.write_all(b"{\"type\":\"dance\"}\nnonsense\n").unwrap();
    tunnel.up();
    let pid = tunnel.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    tunnel.expect("unregistered");
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-36: what, from where, how large, to where, before anything is fetched.
#[test]
fn a_download_is_announced_before_it_begins() {
    let place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut tunnel = {
        let mut command = place.command(TUNNEL);
        command.env("PATH", "/nowhere");
        Supervised::start_as(&place, command)
    };
    tunnel.begin(Value::Null, json!(format!("http://{closed}/mirror")));
    let fetching = tunnel.expect("fetching");
    let from = fetching["from"].as_str().unwrap();
    assert!(
        from.starts_with(&format!("http://{closed}/mirror/2026.9.3/cloudflared-linux-")),
        "{from}"
    );
    assert!(fetching["size"].as_u64().unwrap() > 30_000_000);
    assert!(fetching["to"].as_str().unwrap().starts_with(place.home().to_str().unwrap()));
    let lost = tunnel.expect("lost");
    assert!(lost["why"].as_str().unwrap().contains("cloudflared cannot be fetched from"), "{lost}");
    assert_eq!(tunnel.ended(), Some(69));
}
