//! `docs/configuration.md` names every option, key and exit code.

use std::collections::BTreeSet;

use crate::harness::{CHATTRACE, CLEAN, Program, SERVE, TUNNEL, TestEnv};

const CONFIGURATION: &str = include_str!("../../../docs/configuration.md");
const CONFIG: &str = include_str!("../../../config.json");

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
fn every_option_of_a_session_is_documented() {
    let help = help(CHATTRACE);
    let known = options(CONFIGURATION);
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
fn every_key_of_the_configuration_is_documented_with_its_default() {
    let config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let mut found = Vec::new();
    keys(&config, "", &mut found);
    for key in found {
        let (group, last) = key.rsplit_once('.').unwrap_or(("", &key));
        let value = config.pointer(&format!("/{}", key.replace('.', "/"))).unwrap();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let documented = CONFIGURATION.lines().any(|line| {
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
fn every_exit_code_is_documented() {
    for code in [0, 1, 2, 69, 70, 78, 130] {
        assert!(CONFIGURATION.contains(&format!("\n| {code} | ")), "{code}");
    }
}
