//! Tables on standard output, progress on standard error.

use std::fmt::Write as _;
use std::io::Write as _;

/// A table of text: the first columns to the left, figures to the right.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    /// Columns of words, before those of figures.
    words: usize,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty one with these columns, the first `words` of which hold no figures.
    pub(crate) fn new(title: &str, words: usize, columns: &[&str]) -> Self {
        let head = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.to_owned(), words, rows: vec![head], notes: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Leaves a line empty.
    pub(crate) fn gap(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Adds a sentence below; each is said once.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Shows it.
    pub(crate) fn print(&self) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = format!("\n{}\n\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = if column < self.words {
                    write!(line, "{cell:<width$}  ")
                } else {
                    write!(line, "{cell:>width$}  ")
                };
            }
            let _ = writeln!(text, "{}", line.trim_end());
            if number == 0 {
                let rule = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
                let _ = writeln!(text, "{}", "-".repeat(rule));
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "  {note}");
        }
        say(&text);
    }
}

/// Writes to standard output. A reader that is gone is not our fault.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn progress(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The one in the middle; `None` of none.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = *figures.get(figures.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// A figure with so many decimals, or a dash.
pub(crate) fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

/// A large whole number in groups of three digits.
pub(crate) fn grouped(value: Option<f64>) -> String {
    let digits = figure(value, 0);
    let first = digits.len() % 3;
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first && digits.is_ascii() {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// One figure in another, or a dash.
pub(crate) fn ratio(part: Option<f64>, whole: Option<f64>) -> String {
    figure(part.zip(whole).map(|(part, whole)| part / whole), 2)
}
