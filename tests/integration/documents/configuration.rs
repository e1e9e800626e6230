//! `docs/configuration.md` names every option, variable, key and exit code, and no others.

use std::collections::BTreeSet;

use super::{Document, help, quoted, read};
use crate::harness::{CHATTRACE, CLEAN, SERVE, TUNNEL};

const PROGRAMS: [&str; 4] = [CHATTRACE, SERVE, TUNNEL, CLEAN];

/// The options in a text: two hyphens and a word, or a hyphen and one sign.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with('-') && !word.trim_start_matches('-').is_empty()).collect()
}

/// The options that a help lists: those before the two spaces that begin the explanation.
pub(super) fn listed(help: &str) -> BTreeSet<&str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines.flat_map(|line| options(line.split("  ").next().unwrap_or_default())).collect()
}

fn document() -> Document {
    Document::read("docs/configuration.md")
}

/// The cells of the rows in a section.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split('|').collect()).collect()
}

#[test]
fn every_option_of_every_program_is_documented() {
    let document = document();
    let known = options(&document.text);
    for program in PROGRAMS {
        let help = help(program);
        let unknown = listed(&help).into_iter().find(|option| {
            // Those of the help have both forms; the document names the long one.
            !known.contains(option) && !["-h", "-V"].contains(option)
        });
        assert_eq!(unknown, None, "{program}");
    }
}

#[test]
fn every_documented_option_is_one_of_a_program() {
    let helps = PROGRAMS.map(help);
    let mut known: BTreeSet<&str> = helps.iter().flat_map(|help| listed(help)).collect();
    // `chattrace-serve` has it, in the help or not.
    known.insert("--self-test");
    let document = document();
    for heading in ["## Options", "## The other programs"] {
        for row in rows(document.section(heading)) {
            for option in options(row[0]) {
                assert!(known.contains(option), "{option}");
            }
        }
    }
}

/// The variables of options, as the command lines declare them.
#[test]
fn the_variables_of_options_are_those_in_the_document() {
    let files = [
        "src/lib/config/flags.rs",
        "src/lib/supervisor/cli.rs",
        "src/lib/tunnel/cli.rs",
        "src/lib/clean/cli.rs",
    ];
    let sources = files.map(read);
    let declared: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("env = \"").skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let document = document();
    let table = rows(document.section("## Options"));
    let documented: BTreeSet<&str> =
        table.iter().flat_map(|row| quoted(row[1])).filter(|word| !word.starts_with('-')).collect();
    assert_eq!(declared, documented);
    assert!(declared.len() >= 6, "{declared:?}");
}

#[test]
fn help_fits_a_screen_and_ends_with_two_examples() {
    for program in PROGRAMS {
        let help = help(program);
        let lines: Vec<&str> = help.lines().collect();
        assert!(lines.len() <= 24, "{program}: {} lines", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{help}");
        let examples = lines.iter().position(|line| *line == "Examples:").unwrap();
        assert_eq!(lines.len() - examples, 3, "{help}");
    }
}

/// Every leaf of config.json, as `room.ring.events`, with its default.
fn keys(value: &serde_json::Value, path: &str, found: &mut Vec<(String, String)>) {
    match (value.as_object(), value.as_str()) {
        (Some(object), _) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                keys(value, &path, found);
            }
        }
        (None, Some(text)) => found.push((path.to_owned(), text.to_owned())),
        (None, None) => found.push((path.to_owned(), value.to_string())),
    }
}

#[test]
fn the_keys_of_the_configuration_are_documented_with_their_defaults() {
    let mut expected = Vec::new();
    keys(&serde_json::from_str(&read("config.json")).unwrap(), "", &mut expected);
    let document = document();
    let mut documented = Vec::new();
    for row in rows(document.section("## Options")).iter().skip(1) {
        // `room.ring.events`, `.bytes`: keys of one group share a row, in the order of their defaults.
        let mut group = "";
        for (key, default) in quoted(row[2]).zip(quoted(row[3])) {
            let whole = if key.starts_with('.') { format!("{group}{key}") } else { key.to_owned() };
            if !key.starts_with('.') {
                group = key.rsplit_once('.').map_or("", |(group, _)| group);
            }
            documented.push((whole, default.to_owned()));
        }
    }
    expected.sort();
    documented.sort();
    assert_eq!(expected, documented);
}

#[test]
fn the_exit_codes_are_those_in_the_document() {
    let source = read("src/lib/exit.rs");
    let codes = source.lines().filter_map(|line| line.split_once(" => ")?.1.strip_suffix(','));
    let codes: BTreeSet<u8> = codes.filter_map(|code| code.parse().ok()).collect();
    let document = document();
    let table = rows(document.section("## Exit codes"));
    let documented: BTreeSet<u8> =
        table.iter().filter_map(|row| row[0].trim().parse().ok()).collect();
    assert_eq!(codes, documented);
    assert_eq!(codes.len(), 7);
}
