//! What the runs say: the table, the distribution, the failures in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::matrix::{self, Cell};
use crate::trial::Outcome;

/// Milliseconds, or what is said instead of them.
fn word(outcome: &Outcome) -> String {
    match (outcome.is_good(), &outcome.skipped, outcome.milliseconds) {
        (false, _, _) | (true, None, None) => "FAIL".to_owned(),
        (true, Some(_), _) => "absent".to_owned(),
        (true, None, Some(milliseconds)) => format!("{milliseconds:.0}"),
    }
}

/// Faults down, phases across; with a well-behaved cloudflared, and after the stroke with a
/// stubborn one.
pub(crate) fn table(cells: &[Cell], outcomes: &BTreeMap<usize, Outcome>) -> String {
    let columns = matrix::columns();
    let mut words: BTreeMap<(&str, &str, bool), String> = BTreeMap::new();
    for (at, outcome) in outcomes {
        let cell = &cells[*at];
        words.insert((&cell.row, &cell.column, cell.stubborn), word(outcome));
    }
    let mut table = format!("{:28}", "milliseconds to nobody left");
    for column in &columns {
        let _ = write!(table, "{column:>14}");
    }
    for row in matrix::rows() {
        if !words.keys().any(|(name, _, _)| *name == row.name) {
            continue;
        }
        let _ = write!(table, "\n{:28}", row.name);
        for column in &columns {
            let get = |stubborn| words.get(&(row.name.as_str(), column.as_str(), stubborn));
            let text = match (get(false), get(true)) {
                (None, None) => "\u{2013}".to_owned(),
                (Some(normal), Some(stubborn)) if normal == stubborn => normal.clone(),
                (normal, stubborn) => {
                    let told = |it: Option<&String>| {
                        it.map_or_else(|| "\u{2013}".to_owned(), String::clone)
                    };
                    format!("{}/{}", told(normal), told(stubborn))
                }
            };
            let _ = write!(table, "{text:>14}");
        }
    }
    table + "\n"
}

/// Everything about one trial, but for the comings and goings of fifty guests.
pub(crate) fn in_short(outcome: &Outcome, replay: &str) -> String {
    let is_crowd = |line: &&str| line.contains("guest ");
    let crowd = outcome.story.lines().filter(is_crowd).count();
    let mut told: Vec<&str> = outcome.story.lines().filter(|line| !is_crowd(line)).collect();
    let more = format!("({crowd} lines about guests)");
    told.extend((crowd > 0).then_some(more.as_str()));
    in_full(&Outcome { story: told.join("\n"), ..outcome.clone() }, replay)
}

/// Everything about one trial.
pub(crate) fn in_full(outcome: &Outcome, replay: &str) -> String {
    let mut text = format!("\n{}\n", outcome.name);
    for failure in outcome.failures() {
        let _ = writeln!(text, "  ✗ {failure}");
    }
    let took = outcome.milliseconds.map_or_else(|| "–".to_owned(), |it| format!("{it:.1} ms"));
    let _ = writeln!(text, "  ended with {}; nobody left after {took}", outcome.exit);
    for (name, things) in [
        ("hit", &outcome.hit),
        ("adopted", &outcome.adopted),
        ("left for the next one", &outcome.left_for_the_next),
    ] {
        if !things.is_empty() {
            let _ = writeln!(text, "  {name}: {}", things.join(", "));
        }
    }
    if let Some(absent) = &outcome.skipped {
        let _ = writeln!(text, "  not there: {absent}");
    }
    let _ = writeln!(text, "  again: cargo test --test faults -- {replay}");
    for line in outcome.story.lines() {
        let _ = writeln!(text, "    | {line}");
    }
    text
}

/// The counts of many trials, and how long it took until nobody was left.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    counts(outcomes) + &times(outcomes)
}

fn counts(outcomes: &[Outcome]) -> String {
    let count = |holds: fn(&Outcome) -> bool| outcomes.iter().filter(|it| holds(it)).count();
    let mut text = format!(
        "{} trials: {} skipped, {} with survivors, {} with leftovers, {} left something for the \
         next one, {} with an unexpected exit, {} with other failures, {} orphans adopted\n",
        outcomes.len(),
        count(|it| it.skipped.is_some()),
        count(|it| !it.survivors.is_empty()),
        count(|it| !it.leftovers.is_empty()),
        count(|it| !it.left_for_the_next.is_empty()),
        count(|it| it.unexpected_exit.is_some()),
        count(|it| !it.complaints.is_empty()),
        outcomes.iter().map(|it| it.adopted.len()).sum::<usize>(),
    );
    let mut absent: BTreeMap<&str, usize> = BTreeMap::new();
    for victim in outcomes.iter().filter_map(|it| it.skipped.as_deref()) {
        *absent.entry(victim).or_default() += 1;
    }
    for (victim, count) in absent {
        let _ = writeln!(text, "skipped, because there was no {victim}: {count}");
    }
    text
}

fn times(outcomes: &[Outcome]) -> String {
    let struck: Vec<&Outcome> = outcomes.iter().filter(|it| it.skipped.is_none()).collect();
    let mut text = format!(
        "{:28}{:>7}{:>9}{:>9}{:>9}{:>9}\n",
        "signal to nobody left, ms", "n", "p50", "p90", "p99", "max"
    );
    text += &distribution("all", &struck);
    let mut by_victims: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &struck {
        let mut victims: Vec<&str> = outcome.hit.iter().map(String::as_str).collect();
        victims.sort_unstable();
        victims.dedup();
        by_victims.entry(victims.join("+")).or_default().push(outcome);
    }
    for (victims, outcomes) in &by_victims {
        let victims = if victims.is_empty() { "(no process)" } else { victims };
        text += &distribution(victims, outcomes);
    }
    let took = struck.iter().filter_map(|it| Some((it.milliseconds?, it)));
    if let Some((took, slowest)) = took.max_by(|one, other| one.0.total_cmp(&other.0)) {
        let Outcome { number, name, .. } = slowest;
        let _ = writeln!(text, "slowest: number {number}, {took:.1} ms: {name}");
    }
    text
}

fn distribution(name: &str, outcomes: &[&Outcome]) -> String {
    let mut times: Vec<f64> = outcomes.iter().filter_map(|it| it.milliseconds).collect();
    times.sort_by(f64::total_cmp);
    if times.is_empty() {
        return String::new();
    }
    // The nearest rank.
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    format!(
        "{name:28}{:>7}{:>9.1}{:>9.1}{:>9.1}{:>9.1}\n",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    )
}
