//! The README documents what the programs have: options, keys, codes, paths, fields of `--json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, CLEAN, Program, SERVE, TUNNEL, TestEnv};
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage, event, events, watched};

const README: &str = include_str!("../../README.md");
const CONFIG: &str = include_str!("../../config.json");

fn help(program: &str) -> String {
    let env = TestEnv::new();
    let mut command = env.command(program);
    command.arg("--help");
    Program::run(command).expect_code(0).stdout
}

fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.len() > 2 && word.starts_with("--")).collect()
}

#[test]
fn every_option_of_a_session_is_in_the_readme() {
    let help = help(CHATTRACE);
    let known = options(README);
    let missing: Vec<&str> =
        options(&help).into_iter().filter(|option| !known.contains(option)).collect();
    assert_eq!(missing, ["--version"]);
}

#[test]
fn help_fits_a_screen_and_ends_with_two_examples() {
    for program in [CHATTRACE, SERVE, TUNNEL, CLEAN] {
        let help = help(program);
        let lines: Vec<&str> = help.lines().collect();
        assert!(lines.len() <= 24, "{program}: {} lines", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{help}");
        let examples = lines.iter().position(|line| *line == "Examples:").unwrap();
        assert_eq!(lines.len() - examples, 3, "{help}");
    }
}

/// Every leaf of config.json, as `room.ring.events`.
fn keys(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    match value.as_object() {
        Some(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                keys(value, &path, found);
            }
        }
        None => found.push(path.to_owned()),
    }
}

#[test]
fn every_key_of_the_configuration_is_in_the_readme_with_its_default() {
    let config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let mut found = Vec::new();
    keys(&config, "", &mut found);
    for key in found {
        let (group, last) = key.rsplit_once('.').unwrap_or(("", &key));
        let value = config.pointer(&format!("/{}", key.replace('.', "/"))).unwrap();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let documented = README.lines().any(|line| {
            let whole = line.contains(&format!("`{key}`"));
            // `room.ring.events`, `.bytes`: keys of one group share a line.
            let short =
                line.contains(&format!("`{group}.")) && line.contains(&format!("`.{last}`"));
            (whole || short) && line.contains(&format!("`{value}`"))
        });
        assert!(documented, "{key} = {value}");
    }
}

#[test]
fn every_exit_code_is_in_the_readme() {
    for code in [0, 1, 2, 69, 70, 78, 130] {
        assert!(README.contains(&format!("\n| {code} | ")), "{code}");
    }
}

#[test]
fn paths_that_the_readme_names_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted = README.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|word| {
        ["src/", "tests/", "benches/", "docs/", "assets/", "templates/"]
            .iter()
            .any(|folder| word.starts_with(folder))
    });
    for path in paths {
        assert!(root.join(path).exists(), "{path}");
    }
}

/// The words in backticks of each cell, by row, of the table with this header.
fn table(header: &str) -> Vec<Vec<BTreeSet<String>>> {
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let rows = README.lines().skip_while(|line| *line != header).skip(2);
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
fn the_events_of_a_session_are_those_in_the_readme() {
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
fn the_fields_of_chattrace_clean_are_those_in_the_readme() {
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
