//! `chattrace-tunnel` under a supervisor: the messages of the control channel, and what the end of it
//! does.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::cloudflared::{HANGS, HAPPY, TOO_MANY};
use crate::harness::{ProcessHandle, StandIn, Supervised, TUNNEL, TestEnv, signal};

#[test]
fn it_finds_opens_and_closes_on_request() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    stand_in.version("2026.9.3");
    let mut tunnel = Supervised::start(&env);
    tunnel.begin(json!(stand_in.path()), Value::Null);
    let found = tunnel.expect("found");
    assert_eq!(found["path"], json!(stand_in.path()));
    assert_eq!((&found["version"], &found["source"]), (&json!("2026.9.3"), &json!("chosen")));
    assert_eq!(found["digest"].as_str().unwrap().len(), 64);
    tunnel.open();
    for kind in ["starting", "url", "settling", "registered"] {
        tunnel.expect(kind);
    }
    let variables = &stand_in.records()[0]["env"];
    assert_eq!(variables["HOME"], json!(tunnel.run_dir.join("home")));
    tunnel.send(&json!({ "type": "close" }));
    tunnel.expect("unregistered");
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

#[test]
fn close_is_handled_in_every_state() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HANGS);
    let close = json!({ "type": "close" });

    let mut tunnel = Supervised::start(&env);
    tunnel.send(&close);
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.expect("found");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));
}

/// A server that accepts the connection and sends nothing does not delay the exit.
#[test]
fn close_is_handled_during_a_download() {
    let env = TestEnv::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let mut command = env.command(TUNNEL);
    command.env("PATH", "/nowhere");
    let mut tunnel = Supervised::start_as(&env, command);
    tunnel.begin(Value::Null, json!(base));
    tunnel.expect("fetching");
    let (_connection, _) = silent.accept().unwrap();
    tunnel.send(&json!({ "type": "close" }));
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-11: with a cloudflared that reacts to SIGTERM, and with one that ignores it.
#[test]
fn the_end_of_the_control_channel_ends_everything() {
    for orders in [HAPPY.to_owned(), format!("ignore-term\n{HAPPY}")] {
        let env = TestEnv::new();
        let stand_in = StandIn::install(&env, &orders);
        let mut tunnel = Supervised::with(&env, &stand_in);
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
fn cloudflared_does_not_survive_a_sigkill_of_the_tunnel() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.up();
    let cloudflared = stand_in.records().remove(0)["pid"].as_u64().unwrap();
    let cloudflared = ProcessHandle::open(cloudflared.try_into().unwrap());
    tunnel.child.kill().unwrap();
    assert_eq!(tunnel.ended(), None);
    cloudflared.wait_exit();
}

/// One attempt per process: the supervisor starts the next one, after the wait.
#[test]
fn a_failed_attempt_is_reported_with_its_wait_and_exits_with_69() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, TOO_MANY);
    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    let lost = tunnel.expect("lost");
    assert_eq!(lost["retry_after"], 600);
    assert!(lost["why"].as_str().unwrap().contains("too many requests"));
    assert_eq!(tunnel.ended(), Some(69));
    assert!(env.runtime().join("chattrace/cooldown").exists());

    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    let lost = tunnel.expect("lost");
    assert!(lost["why"].as_str().unwrap().contains("try again in 10 min"), "{lost}");
    assert_eq!(tunnel.ended(), Some(69));
    assert_eq!(stand_in.starts(), 1);
}

#[test]
fn a_drop_is_reported_and_so_are_the_return_and_the_exit() {
    let env = TestEnv::new();
    let orders = format!("{HAPPY}wait lose\ndrop\nwait back\nregister\nwait die\nexit 1\n");
    let stand_in = StandIn::install(&env, &orders);
    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.up();
    stand_in.release("lose");
    tunnel.expect("reconnecting");
    stand_in.release("back");
    tunnel.expect("registered");
    stand_in.release("die");
    assert!(tunnel.expect("lost")["why"].as_str().unwrap().contains("ended with code 1"));
    assert_eq!(tunnel.ended(), Some(69));
}

#[test]
fn a_signal_closes_and_garbage_on_the_channel_is_skipped() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut tunnel = Supervised::with(&env, &stand_in);
    tunnel.lifeline.write_all(b"{\"type\":\"dance\"}\nnonsense\n").unwrap();
    tunnel.up();
    signal("TERM", tunnel.child.id());
    tunnel.expect("unregistered");
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-36: version, URL, size and target, before the first byte is fetched.
#[test]
fn a_download_is_announced_before_it_begins() {
    let env = TestEnv::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut tunnel = {
        let mut command = env.command(TUNNEL);
        command.env("PATH", "/nowhere");
        Supervised::start_as(&env, command)
    };
    tunnel.begin(Value::Null, json!(format!("http://{closed}/mirror")));
    let fetching = tunnel.expect("fetching");
    let from = fetching["from"].as_str().unwrap();
    assert!(
        from.starts_with(&format!("http://{closed}/mirror/2026.9.3/cloudflared-linux-")),
        "{from}"
    );
    assert!(fetching["size"].as_u64().unwrap() > 30_000_000);
    assert!(fetching["to"].as_str().unwrap().starts_with(env.home().to_str().unwrap()));
    let lost = tunnel.expect("lost");
    assert!(
        lost["why"].as_str().unwrap().contains("cloudflared cannot be downloaded from"),
        "{lost}"
    );
    assert_eq!(tunnel.ended(), Some(69));
}
