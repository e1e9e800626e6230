//! The table.

use std::fmt::Write as _;

use crate::turn::{Kind, Turn};

/// What stands above the lines.
pub(crate) fn head() -> String {
    format!(
        "{:14}{:>12}{:>11}{:>8}{:>7}{:>8}{:>21}{:>25}{:>13}{:>9}\n",
        "surface",
        "inputs",
        "a second",
        "panics",
        "exits",
        "broken",
        "memory of at most",
        "calm pair p50/p99/max",
        "descriptors",
        "threads",
    )
}

/// What stands below them.
pub(crate) fn sum(turns: &[Turn]) -> String {
    let all: u64 = turns.iter().map(|turn| turn.inputs).sum();
    let seconds: f64 = turns.iter().map(|turn| turn.took.as_secs_f64()).sum();
    format!("{:14}{all:>12}  in {seconds:.0} s\n", "all")
}

/// The line of one surface.
pub(crate) fn line(turn: &Turn) -> String {
    let rate = turn.inputs as f64 / turn.took.as_secs_f64().max(0.001);
    let memory = turn.memory.map_or_else(String::new, |(peak, bound)| {
        format!("{:.1} of {:.0} MiB", peak as f64 / 1024.0, bound as f64 / 1024.0)
    });
    let held = |of: fn(&crate::watch::Held) -> usize| {
        turn.held
            .map_or_else(String::new, |(before, after)| format!("{} → {}", of(&before), of(&after)))
    };
    format!(
        "{:14}{:>12}{:>11.0}{:>8}{:>7}{:>8}{memory:>21}{:>25}{:>13}{:>9}\n",
        turn.surface.name(),
        turn.inputs,
        rate,
        turn.count(Kind::Panic),
        turn.count(Kind::Exit),
        turn.count(Kind::Broken),
        turn.delays.shown(),
        held(|held| held.descriptors),
        held(|held| held.threads),
    )
}

/// Its beginning and its end, which say what happened.
fn shortened(what: &str) -> String {
    const SHOWN: usize = 300;
    let letters: Vec<char> = what.chars().collect();
    if letters.len() <= 2 * SHOWN {
        return what.to_owned();
    }
    let begin: String = letters[..SHOWN].iter().collect();
    let end: String = letters[letters.len() - SHOWN..].iter().collect();
    format!("{begin} … {end}")
}

/// What was found, and how to see it again.
pub(crate) fn findings(turns: &[Turn]) -> String {
    let mut text = String::new();
    for turn in turns {
        let name = turn.surface.name();
        for finding in &turn.findings {
            let what = shortened(&finding.what);
            let _ = writeln!(
                text,
                "\n{:?} in {name}, again: {name} --batch {} --seed {}\n  {what}",
                finding.kind, finding.batch, turn.seed
            );
        }
    }
    text
}
