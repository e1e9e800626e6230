//! `docs/protocol.md` names the events of `--json`, and their fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Document, quoted};
use crate::harness::cloudflared::{HAPPY, ONLY_HTTP2};
use crate::harness::{CLEAN, Output, Program, StandIn, Stream, TestEnv};
use crate::serve::client::Client;
use crate::serve::server::Server;
use crate::session::ctl::ctl;
use crate::session::guest::{Guest, try_join};
use crate::session::stage::{Link, Stage, event, events, watched};
use crate::tunnel::command::{ORIGIN, tunnel};

/// Names, each with its fields.
type Events = BTreeMap<String, BTreeSet<String>>;

/// The words in backticks of each cell, by row, of the table under this heading.
fn table(heading: &str) -> Vec<Vec<BTreeSet<String>>> {
    let protocol = Document::read("docs/protocol.md");
    let words = |cell: &str| quoted(cell).map(str::to_owned).collect();
    let rows = protocol.section(heading).lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(words).collect()).collect()
}

fn documented(heading: &str) -> Events {
    let rows = table(heading).into_iter();
    rows.flat_map(|row| row[0].clone().into_iter().map(move |name| (name, row[1].clone())))
        .collect()
}

/// The keys of an object and of the objects in it.
fn fields(value: &Value) -> BTreeSet<String> {
    let entries = value.as_object().into_iter().flatten();
    entries
        .flat_map(|(key, value)| [BTreeSet::from([key.clone()]), fields(value)])
        .flatten()
        .collect()
}

fn emitted<'a>(outputs: impl IntoIterator<Item = &'a Output>) -> Events {
    let mut found = Events::new();
    for event in outputs.into_iter().flat_map(events) {
        let mut fields = fields(&event);
        fields.remove("event");
        found.entry(event["event"].as_str().unwrap().to_owned()).or_default().extend(fields);
    }
    found
}

/// A session in which the operator gives every command that is an event.
fn operated() -> Output {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let order = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        ctl(&stage, &words).expect_code(0).stdout
    };
    let _ana = Guest::join(&link, "Ana");
    event(&mut session, "joined");
    for command in
        ["mute Ana 10m", "unmute Ana", "slow 30s", "say hi", "clear", "kick Ana", "lobby on"]
    {
        order(command);
    }
    for (name, command, outcome) in
        [("Bo", "admit Bo", "admitted"), ("Cy", "refuse Cy", "not_admitted")]
    {
        try_join(&link, name);
        event(&mut session, "waiting");
        order(command);
        event(&mut session, outcome);
    }
    let origin = format!("http://{}", link.address);
    let mut leaving = Client::open(link.address.parse().unwrap(), &link.address, &origin);
    leaving.send_line(&json!({ "t": "join", "name": "Di", "ticket": link.ticket }));
    event(&mut session, "waiting");
    drop(leaving);
    event(&mut session, "waiting_ended");
    order("lobby off");
    let invite = Link::local(order("invite 2").lines().last().unwrap());
    let _eve = Guest::join(&invite, "Eve");
    event(&mut session, "invite_used");
    for command in ["revoke 1", "relink", "end in 10m", "stay", "end"] {
        order(command);
    }
    session.wait().expect_code(0)
}

/// A session with a participant and a tunnel that is lost, and one with an operator, emit every event, with
/// every field.
#[test]
fn the_events_of_a_session_are_those_in_the_protocol() {
    let stage = Stage::new(&format!("{HAPPY}wait die\nexit 1\n"));
    let mut session = watched(&stage.public(&["--json"]));
    let link = event(&mut session, "link");
    let link = Link::at(link["url"].as_str().unwrap(), &stage.origin());
    Guest::join(&link, "Ana").leave();
    event(&mut session, "left");
    stage.stand_in.release("die");
    assert_eq!(event(&mut session, "tunnel")["state"], "lost");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert_eq!(emitted([&ended, &operated()]), documented("### chattrace"));
    let rows = table("### chattrace");
    let tunnel = rows.iter().find(|row| row[0].contains("tunnel")).unwrap();
    let states =
        events(&ended).into_iter().filter_map(|event| Some(event["state"].as_str()?.to_owned()));
    let states = BTreeSet::from_iter(states);
    assert!(states.is_subset(&tunnel[2]), "{states:?}");
}

#[test]
fn the_events_of_a_room_are_those_in_the_protocol() {
    let mut server = Server::start();
    server.join("Ana").send_line(&serde_json::json!({"t": "leave"}));
    server.event("left");
    assert_eq!(emitted([&server.stop()]), documented("### chattrace-serve"));
}

/// One tunnel reconnects and closes, one needs another protocol, and one is lost.
#[test]
fn the_events_of_a_tunnel_are_those_in_the_protocol() {
    let reconnects = format!("{HAPPY}wait lose\ndrop\n");
    let slow = ONLY_HTTP2.replacen("quic: hang", "quic: wait lose", 1);
    let mut outputs = Vec::new();
    for (orders, last) in [(reconnects, "reconnecting"), (slow, "registered")] {
        let env = TestEnv::new();
        let stand_in = StandIn::install(&env, &orders);
        let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
        if last == "reconnecting" {
            program.line(Stream::Stdout, |line| line.contains("registered"));
            stand_in.release("lose");
        }
        program.line(Stream::Stdout, |line| line.contains(last));
        program.signal("TERM");
        outputs.push(program.wait().expect_code(0));
    }
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, "greet\nexit 1\n");
    outputs.push(Program::run(tunnel(&env, &stand_in, &["--json", ORIGIN])).expect_code(69));
    assert_eq!(emitted(&outputs), documented("### chattrace-tunnel"));
}

#[test]
fn the_fields_of_chattrace_clean_are_those_in_the_protocol() {
    let env = TestEnv::new();
    let folder = env.home().join(".local/share/chattrace/bin");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("cloudflared-2026.9.3"), "x").unwrap();
    // Keeps the folder from being removed, so that one object has a `why`.
    std::fs::write(folder.join("unknown"), "").unwrap();
    let mut command = env.command(CLEAN);
    command.args(["--all", "--yes", "--json"]);
    let emitted: BTreeSet<String> =
        events(&Program::run(command).expect_code(1)).iter().flat_map(fields).collect();
    let documented: BTreeSet<String> =
        table("### chattrace-clean").into_iter().flat_map(|row| row[0].clone()).collect();
    assert_eq!(emitted, documented);
}
