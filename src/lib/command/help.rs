//! What `help` shows, and what the documents say of the commands.

use super::order::Topic;
use super::table::{COMMANDS, Row, row};
use crate::manual::Entry;

/// What the words in capital letters stand for.
const VALUES: &str = "WHO is a number, a name or name#tag; SPAN is 30s, 10m or 2h.";

/// Explains all commands, one on a line of at most 80 characters, or one.
pub(crate) fn help(topic: Option<Topic>) -> String {
    match topic.and_then(|topic| row(topic.word())) {
        Some(row) => explain(row),
        None => overview(),
    }
}

fn overview() -> String {
    let width = COMMANDS.iter().map(|row| row.usage.len()).max().unwrap_or_default();
    let line = |row: &Row| format!("{:width$}  {}\n", row.usage, row.summary);
    let lines: String = COMMANDS.iter().map(line).collect();
    lines + VALUES
}

fn explain(row: &Row) -> String {
    let text = format!("{}: {}", row.usage, row.summary);
    if row.details.is_empty() { text } else { format!("{text}\n{}", row.details) }
}

/// The commands for a manual page: each with its usage and its explanation.
pub(crate) fn manual_entries() -> Vec<Entry> {
    let text = |row: &Row| match row.details {
        "" => row.summary.to_owned(),
        details => format!("{}. {details}", row.summary),
    };
    COMMANDS.iter().map(|row| Entry::new(row.usage, text(row))).collect()
}
