//! Tables on standard output, progress on standard error.

use std::fmt::Write as _;
use std::io::Write as _;

/// A text table: the first columns are aligned to the left, figures to the right.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    /// The number of columns that are aligned to the left.
    text_columns: usize,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table. The first `text_columns` columns contain text, the others figures.
    pub(crate) fn new(title: &str, text_columns: usize, columns: &[&str]) -> Self {
        let head = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.to_owned(), text_columns, rows: vec![head], notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Adds a sentence below the table, unless it is there already.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Writes the table to standard output.
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
                let _ = if column < self.text_columns {
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
        print(&text);
    }
}

/// Writes to standard output. A closed pipe is ignored.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn progress(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The median; `None` for no figures.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = *figures.get(figures.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// A figure with this number of decimals, or a dash.
pub(crate) fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

/// A figure without decimals, in groups of three digits.
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

/// The quotient of two figures, or a dash.
pub(crate) fn ratio(part: Option<f64>, whole: Option<f64>) -> String {
    figure(part.zip(whole).map(|(part, whole)| part / whole), 2)
}
