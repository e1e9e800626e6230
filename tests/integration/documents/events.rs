//! `docs/protocol.md` names the events of `--json`, and their fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::quoted;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Program, TestEnv};
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage, event, events, watched};

const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

/// The words in backticks of each cell, by row, of the table with this header.
fn table(header: &str) -> Vec<Vec<BTreeSet<String>>> {
    let words = |cell: &str| quoted(cell).map(str::to_owned).collect();
    let rows = PROTOCOL.lines().skip_while(|line| *line != header).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(words).collect()).collect()
}

/// The keys of an object and of the objects in it.
fn fields(value: &Value) -> BTreeSet<String> {
    let entries = value.as_object().into_iter().flatten();
    entries
        .flat_map(|(key, value)| [BTreeSet::from([key.clone()]), fields(value)])
        .flatten()
        .collect()
}

/// A session with a participant and a tunnel that is lost emits every event, with every field.
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
    let mut emitted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut states = BTreeSet::new();
    for event in events(&session.wait().expect_code(0)) {
        let mut fields = fields(&event);
        fields.remove("event");
        emitted.entry(event["event"].as_str().unwrap().to_owned()).or_default().extend(fields);
        states.extend(event["state"].as_str().map(str::to_owned));
    }
    let rows = table("| event | fields | |");
    let documented: BTreeMap<String, BTreeSet<String>> = rows
        .iter()
        .flat_map(|row| row[0].iter().map(|name| (name.clone(), row[1].clone())))
        .collect();
    assert_eq!(emitted, documented);
    let tunnel = rows.iter().find(|row| row[0].contains("tunnel")).unwrap();
    assert!(states.is_subset(&tunnel[2]), "{states:?}");
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
        table("| field | |").into_iter().flat_map(|row| row[0].clone()).collect();
    assert_eq!(emitted, documented);
}
