//! The report: the table of the matrix, the distribution of shutdown times, and each failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::matrix;
use crate::panics;
use crate::row::Cell;
use crate::trial::Outcome;

/// Milliseconds, or a word instead.
fn cell_text(outcome: &Outcome) -> String {
    match (outcome.passed(), &outcome.skipped, outcome.milliseconds) {
        (false, _, _) | (true, None, None) => "FAIL".to_owned(),
        (true, Some(_), _) => "missing".to_owned(),
        (true, None, Some(milliseconds)) => format!("{milliseconds:.0}"),
    }
}

/// A row for each fault, a column for each phase. Two values, `cooperative/uncooperative`, where
/// the behaviour of cloudflared makes a difference.
pub(crate) fn table(cells: &[Cell], outcomes: &BTreeMap<usize, Outcome>) -> String {
    let columns = matrix::columns();
    let mut texts: BTreeMap<(&str, &str, bool), String> = BTreeMap::new();
    for (at, outcome) in outcomes {
        let cell = &cells[*at];
        texts.insert((&cell.row, &cell.column, cell.uncooperative), cell_text(outcome));
    }
    let mut table = format!("{:28}", "ms to the last exit");
    for column in &columns {
        let _ = write!(table, "{column:>14}");
    }
    for row in matrix::rows() {
        if !texts.keys().any(|(name, _, _)| *name == row.name) {
            continue;
        }
        let _ = write!(table, "\n{:28}", row.name);
        for column in &columns {
            let get =
                |uncooperative| texts.get(&(row.name.as_str(), column.as_str(), uncooperative));
            let text = match (get(false), get(true)) {
                (None, None) => "\u{2013}".to_owned(),
                (Some(cooperative), Some(uncooperative)) if cooperative == uncooperative => {
                    cooperative.clone()
                }
                (cooperative, uncooperative) => {
                    let or_dash = |it: Option<&String>| {
                        it.map_or_else(|| "\u{2013}".to_owned(), String::clone)
                    };
                    format!("{}/{}", or_dash(cooperative), or_dash(uncooperative))
                }
            };
            let _ = write!(table, "{text:>14}");
        }
    }
    table + "\n"
}

/// The times of `panic`, alone and beside another fault, in each column.
pub(crate) fn panic_times(cells: &[Cell], outcomes: &BTreeMap<usize, Outcome>) -> String {
    let head = "panic to last exit, ms";
    let mut text = format!("{head:28}{:>7}{:>9}{:>9}\n", "n", "median", "max");
    for column in matrix::columns() {
        for (kind, panic) in panics::KINDS {
            let in_row = |at: usize| cells[at].column == column && panic.has(&cells[at].row);
            let completed = outcomes.iter().filter(|(at, it)| in_row(**at) && it.skipped.is_none());
            let times = completed.filter_map(|(_, outcome)| outcome.milliseconds).collect();
            text += &median_and_max(&format!("{column}, {kind}"), times);
        }
    }
    text
}

fn median_and_max(name: &str, mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let Some(max) = times.last() else { return String::new() };
    let median = times[(times.len() - 1) / 2];
    format!("{name:28}{:>7}{median:>9.1}{max:>9.1}\n", times.len())
}

/// One trial, with a count instead of the lines about the fifty participants.
pub(crate) fn abridged(outcome: &Outcome, replay: &str) -> String {
    let is_participant = |line: &&str| line.contains("guest ");
    let omitted = outcome.transcript.lines().filter(is_participant).count();
    let mut lines: Vec<&str> =
        outcome.transcript.lines().filter(|line| !is_participant(line)).collect();
    let count = format!("({omitted} lines about participants)");
    lines.extend((omitted > 0).then_some(count.as_str()));
    full(&Outcome { transcript: lines.join("\n"), ..outcome.clone() }, replay)
}

/// One trial: failures, processes, the command that repeats it, and the transcript.
pub(crate) fn full(outcome: &Outcome, replay: &str) -> String {
    let mut text = format!("\n{}\n", outcome.name);
    for failure in outcome.failures() {
        let _ = writeln!(text, "  ✗ {failure}");
    }
    let took = outcome.milliseconds.map_or_else(|| "–".to_owned(), |it| format!("{it:.1} ms"));
    let _ = writeln!(text, "  exit: {}; last process gone after {took}", outcome.exit);
    for (name, things) in [
        ("signalled", &outcome.signalled),
        ("adopted", &outcome.adopted),
        ("left for chattrace-clean", &outcome.left_for_clean),
    ] {
        if !things.is_empty() {
            let _ = writeln!(text, "  {name}: {}", things.join(", "));
        }
    }
    if let Some(missing) = &outcome.skipped {
        let _ = writeln!(text, "  missing: {missing}");
    }
    let _ = writeln!(text, "  repeat: cargo test --test faults -- {replay}");
    for line in outcome.transcript.lines() {
        let _ = writeln!(text, "    | {line}");
    }
    text
}

/// The counts of many trials, and the distribution of their shutdown times.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    counts(outcomes) + &times(outcomes)
}

fn counts(outcomes: &[Outcome]) -> String {
    let count = |holds: fn(&Outcome) -> bool| outcomes.iter().filter(|it| holds(it)).count();
    let mut text = format!(
        "{} trials: {} skipped, {} with survivors, {} with leftovers, {} cleaned by \
         chattrace-clean, {} with an unexpected exit, {} with other failures, {} orphans adopted\n",
        outcomes.len(),
        count(|it| it.skipped.is_some()),
        count(|it| !it.survivors.is_empty()),
        count(|it| !it.leftovers.is_empty()),
        count(|it| !it.left_for_clean.is_empty()),
        count(|it| it.unexpected_exit.is_some()),
        count(|it| !it.errors.is_empty()),
        outcomes.iter().map(|it| it.adopted.len()).sum::<usize>(),
    );
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for victim in outcomes.iter().filter_map(|it| it.skipped.as_deref()) {
        *missing.entry(victim).or_default() += 1;
    }
    for (victim, count) in missing {
        let _ = writeln!(text, "skipped, {victim} was missing: {count}");
    }
    text
}

fn times(outcomes: &[Outcome]) -> String {
    let completed: Vec<&Outcome> = outcomes.iter().filter(|it| it.skipped.is_none()).collect();
    let mut text = format!(
        "{:28}{:>7}{:>9}{:>9}{:>9}{:>9}\n",
        "fault to last exit, ms", "n", "p50", "p90", "p99", "max"
    );
    text += &distribution("all", &completed);
    let mut by_victims: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &completed {
        let mut victims: Vec<&str> = outcome.signalled.iter().map(String::as_str).collect();
        victims.sort_unstable();
        victims.dedup();
        by_victims.entry(victims.join("+")).or_default().push(outcome);
    }
    for (victims, outcomes) in &by_victims {
        let victims = if victims.is_empty() { "(no process)" } else { victims };
        text += &distribution(victims, outcomes);
    }
    let took = completed.iter().filter_map(|it| Some((it.milliseconds?, it)));
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
    // Nearest-rank percentile.
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
