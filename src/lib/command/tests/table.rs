//! The table of commands, and what is made from it.

use std::collections::BTreeSet;

use crate::command::table::{COMMANDS, Completes, row};
use crate::command::{Command, Topic, help, manual_entries, parse};

/// The lines that a usage stands for: with and without what may be left out, with each choice.
fn lines(usage: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut rest = usage;
    while !rest.is_empty() {
        let (part, is_optional) = match rest.strip_prefix('[') {
            Some(inner) => (inner.split_once(']').unwrap().0, true),
            None => (rest.split(' ').next().unwrap(), false),
        };
        rest = rest[part.len() + 2 * usize::from(is_optional)..].trim_start();
        let choices: Vec<&str> = part.split('|').chain(is_optional.then_some("")).collect();
        lines = lines
            .iter()
            .flat_map(|line| choices.iter().map(move |choice| format!("{line} {choice}")))
            .collect();
    }
    lines.iter().map(|line| fill(line)).collect()
}

fn fill(line: &str) -> String {
    let values = [
        ("TEXT", "hello"),
        ("WHO", "Ana Maria#k7q"),
        ("SPAN", "10m"),
        ("COMMAND", "kick"),
        ("N", "3"),
    ];
    let value = |word| values.iter().find(|(name, _)| *name == word).map_or(word, |(_, it)| *it);
    line.split_whitespace().map(value).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_usage_parses_in_all_its_forms() {
    let mut count = 0;
    for row in COMMANDS {
        for line in lines(row.usage) {
            count += 1;
            let command = parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let shown = command.to_string();
            assert_eq!(parse(&shown), Ok(command), "{shown}");
            assert!(shown.starts_with(row.word), "{shown}");
        }
    }
    assert!(count > 30, "{count}");
}

/// All that there is, so that a command cannot be left out of the table.
#[test]
fn every_command_is_in_the_table_once() {
    let words: BTreeSet<&str> = COMMANDS.iter().map(|row| row.word).collect();
    assert_eq!(words.len(), COMMANDS.len());
    let expected = BTreeSet::from([
        "admit", "clear", "end", "fade", "help", "invite", "kick", "link", "links", "lobby",
        "lock", "mute", "panic", "refuse", "relink", "revoke", "say", "slow", "stay", "unlock",
        "unmute", "who",
    ]);
    assert_eq!(words, expected);
}

/// With two mistakes none of them becomes one that cannot be taken back.
#[test]
fn no_command_has_a_name_near_one_that_cannot_be_taken_back() {
    for final_word in ["panic", "end", "clear"] {
        for row in COMMANDS.iter().filter(|row| row.word != final_word) {
            let distance = strsim::osa_distance(final_word, row.word);
            assert!(distance >= 3, "{final_word} and {}: {distance}", row.word);
            assert!(!row.word.starts_with(final_word), "{}", row.word);
        }
    }
}

#[test]
fn help_fits_a_screen_and_explains_each_command() {
    let overview = help(None);
    assert!(overview.lines().count() <= 23, "{overview}");
    for line in overview.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for row in COMMANDS {
        assert!(overview.contains(row.usage) && overview.contains(row.summary), "{}", row.word);
        let Ok(Command::Help(Some(topic))) = parse(&format!("help {}", row.word)) else { panic!() };
        let text = help(Some(topic));
        assert!(text.starts_with(row.usage) && text.contains(row.details), "{text}");
        assert_eq!(topic.word(), row.word);
    }
    assert_eq!(help(Some(Topic("lock"))).lines().count(), 2);
}

#[test]
fn summaries_are_clauses_and_details_are_sentences() {
    for row in COMMANDS {
        assert!(row.usage.starts_with(row.word), "{}", row.word);
        assert!(row.summary.starts_with(|c: char| c.is_ascii_lowercase()), "{}", row.summary);
        assert!(!row.summary.ends_with(['.', '!']), "{}", row.summary);
        assert!(row.details.is_empty() || row.details.ends_with('.'), "{}", row.details);
        assert!(!row.details.contains("  "), "{}", row.details);
    }
    assert_eq!(manual_entries().len(), COMMANDS.len());
}

/// A word that Tab offers is one that the command takes.
#[test]
fn completed_words_are_taken() {
    for row in COMMANDS {
        let Completes::Words(words) = row.completes else { continue };
        for word in words {
            let line = format!("{} {word} 10m", row.word);
            let shorter = format!("{} {word}", row.word);
            assert!(parse(&line).is_ok() || parse(&shorter).is_ok(), "{line}");
        }
    }
    assert!(row("KICK").is_some() && row("kic").is_none() && row("").is_none());
}
