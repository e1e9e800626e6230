//! The operator's screen on stderr: lines that stay, and below them one line that changes.

use std::cell::RefCell;
use std::io::IsTerminal as _;

use console::Style;

use super::background_writer::BackgroundWriter;
use super::bar_row::{ERASE_ROW, draw_row};
use super::charset::Charset;
use super::columns::truncate;
use super::print::write_stderr;
use super::printed_rows::{PrintedRows, rows_of};
use super::progress::Progress;
use super::size::{Size, has_control_sequences};
use super::wrap::wrap;

/// Narrower terminals get no banner, and the text of a fact on a line of its own.
pub(crate) const FULL_WIDTH: u16 = 60;

/// Narrower terminals cannot hold a participant's number and tag beside other text.
const MIN_WIDTH: u16 = 20;

/// Width of the label of a fact.
const LABEL_COLUMNS: usize = 16;

/// The column at which the text of a fact begins: two spaces, the symbol, a space, the label, a space.
const FACT_COLUMN: usize = 4 + LABEL_COLUMNS + 1;

/// How serious a line is, shown as a symbol. Colour never carries meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// `✓`: as it should be.
    Ok,
    /// `!`: the session goes on.
    Warning,
    /// `✗`: the session ends.
    Error,
    /// `·`: neither good nor bad.
    Info,
}

/// Which lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Errors only.
    Quiet,
    Normal,
    /// Also each thing that is as it should be.
    Verbose,
}

/// What is below the last line.
#[derive(Debug)]
enum Footer {
    None,
    /// The status line, not truncated yet: it is cut to the width that the terminal has when it is drawn.
    Status(String),
    Progress(Progress),
}

/// The operator's screen. If stderr is no terminal, it prints plain lines, and no line changes.
#[derive(Debug)]
pub(crate) struct Screen {
    verbosity: Verbosity,
    is_terminal: bool,
    colour: bool,
    /// Whether it shows a footer.
    animated: bool,
    footer: RefCell<Footer>,
    /// What was printed since [`Screen::mark`].
    since_mark: RefCell<PrintedRows>,
    writer: BackgroundWriter,
}

impl Screen {
    /// The screen on stderr.
    ///
    /// # Errors
    /// When the system allows no thread for its writer.
    pub(crate) fn stderr(verbosity: Verbosity) -> std::io::Result<Self> {
        let is_terminal = std::io::stderr().is_terminal();
        let is_unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
        let has_control_sequences = has_control_sequences();
        Ok(Self {
            verbosity,
            is_terminal,
            // https://no-color.org: any value but the empty one.
            colour: has_control_sequences && is_unset("NO_COLOR"),
            animated: has_control_sequences && verbosity != Verbosity::Quiet,
            footer: RefCell::new(Footer::None),
            since_mark: RefCell::default(),
            writer: BackgroundWriter::start("stderr", write_stderr)?,
        })
    }

    /// Removes the footer, and returns when every line is written or the terminal is closed.
    pub(crate) async fn finish(self) {
        self.clear_status();
        // A terminal without a reader changes nothing at the end.
        let _ = self.writer.flush().await;
    }

    /// Whether stderr is a terminal. On anything else, nothing changes after it was printed.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether only errors are printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether things that are as they should be are shown one by one.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether the terminal shows colour and the operator wants it.
    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// Columns of the terminal; `u16::MAX` without one, where no line is wrapped or truncated.
    pub(crate) fn width(&self) -> u16 {
        if self.is_terminal { Size::of_stderr().columns } else { u16::MAX }
    }

    /// Rows of the terminal; `u16::MAX` without one.
    pub(crate) fn rows(&self) -> u16 {
        if self.is_terminal { Size::of_stderr().rows } else { u16::MAX }
    }

    /// Rows that the terminal needs for `text`.
    pub(crate) fn rows_of(&self, text: &str) -> usize {
        rows_of(text, self.width())
    }

    /// What is printed next is looked for by [`Screen::shows_mark`].
    pub(crate) fn mark(&self) {
        self.since_mark.borrow_mut().restart();
    }

    /// Whether what was printed first after [`Screen::mark`] is on the screen, if the terminal has broken
    /// all lines anew for its present width.
    pub(crate) fn shows_mark(&self) -> bool {
        let rows = self.since_mark.borrow().rows(self.width());
        // One more for the status line.
        rows.is_some_and(|rows| rows < usize::from(self.rows()))
    }

    /// Prints one or more lines, unless quiet.
    pub(crate) fn print(&self, text: &str) {
        if self.is_quiet() {
            return;
        }
        self.since_mark.borrow_mut().add(text);
        match &*self.footer.borrow() {
            Footer::None => self.writer.send(format!("{text}\n")),
            Footer::Status(status) => {
                let status = draw_row(status, self.width());
                self.writer.send(format!("{ERASE_ROW}{text}\n{status}"));
            }
            Footer::Progress(bar) => bar.suspend(|| self.writer.send(format!("{text}\n"))),
        }
    }

    /// Prints `text` even when quiet.
    pub(crate) fn force_line(&self, text: &str) {
        if self.is_quiet() {
            self.writer.send(format!("{text}\n"));
        } else {
            self.print(text);
        }
    }

    /// Prints `text`, truncated to one row of the terminal.
    pub(crate) fn print_truncated(&self, text: &str) {
        self.print(&self.truncate(text, usize::from(self.width())));
    }

    /// Prints the symbol and `text`, wrapped.
    pub(crate) fn print_notice(&self, severity: Severity, text: &str) {
        self.print(&format!("  {} {}", self.symbol(severity), self.wrap(text, 4)));
    }

    /// Prints the symbol, the label, and in a column beside it `fact`, wrapped.
    pub(crate) fn print_fact(&self, severity: Severity, label: &str, fact: &str) {
        let symbol = self.symbol(severity);
        if self.width() < FULL_WIDTH {
            self.print(&format!("{symbol} {label}\n    {}", self.wrap(fact, 4)));
        } else {
            let fact = self.wrap(fact, FACT_COLUMN);
            self.print(&format!("  {symbol} {label:<LABEL_COLUMNS$} {fact}"));
        }
    }

    /// Replaces the footer by the status line `text`.
    pub(crate) fn set_status(&self, text: &str) {
        if !self.animated {
            return;
        }
        if let Footer::Progress(bar) = self.footer.replace(Footer::Status(text.to_owned())) {
            bar.clear();
        }
        self.redraw();
    }

    /// Draws the footer for the present size of the terminal; true if that was a status line.
    pub(crate) fn redraw(&self) -> bool {
        match &*self.footer.borrow() {
            Footer::None => return false,
            Footer::Status(text) => {
                self.writer.send(format!("{ERASE_ROW}{}", draw_row(text, self.width())));
                return true;
            }
            Footer::Progress(bar) => bar.redraw(),
        }
        false
    }

    /// Replaces the footer by a progress bar for a transfer of `total` bytes.
    pub(crate) fn start_progress(&self, message: &str, total: Option<u64>) {
        self.clear_status();
        if self.animated {
            let bar = Progress::transfer_through(self.writer.sender(), message, total);
            self.footer.replace(Footer::Progress(bar));
        }
    }

    /// Moves the progress bar, if there is one.
    pub(crate) fn set_progress(&self, bytes: u64) {
        if let Footer::Progress(bar) = &*self.footer.borrow() {
            bar.set_position(bytes);
        }
    }

    /// Takes the status line or the progress bar off the screen.
    pub(crate) fn clear_status(&self) {
        match self.footer.replace(Footer::None) {
            Footer::None => {}
            Footer::Status(_) => self.writer.send(ERASE_ROW.to_owned()),
            Footer::Progress(bar) => bar.clear(),
        }
    }

    /// `text`, cut with `…` to `columns`; control sequences of styles do not count. On a terminal
    /// narrower than [`MIN_WIDTH`], where almost nothing would be left, it is not cut.
    pub(crate) fn truncate(&self, text: &str, columns: usize) -> String {
        let columns = if self.width() < MIN_WIDTH { usize::MAX } else { columns };
        truncate(text, columns, Charset::current())
    }

    /// `text`, wrapped, with a margin of two columns.
    pub(crate) fn wrapped(&self, text: &str) -> String {
        format!("  {}", self.wrap(text, 2))
    }

    /// `text`, wrapped to the width of the terminal. Its first line begins at a column up to `indent`,
    /// and every other line at `indent`.
    pub(crate) fn wrap(&self, text: &str, indent: usize) -> String {
        wrap(text, indent, usize::from(self.width()), Charset::current())
    }

    /// The symbol of a severity, in its colour. It differs by shape too: colour may be off.
    pub(crate) fn symbol(&self, severity: Severity) -> String {
        let (symbol, style) = match severity {
            Severity::Ok => ("✓", Style::new().green()),
            Severity::Warning => ("!", Style::new().yellow().bold()),
            Severity::Error => ("✗", Style::new().red().bold()),
            Severity::Info => ("·", Style::new().dim()),
        };
        self.styled(style, symbol)
    }

    /// `text` for details; unchanged if colour is off.
    pub(crate) fn dim(&self, text: &str) -> String {
        self.styled(Style::new().dim(), text)
    }

    /// `text` for what the eye should find first; unchanged if colour is off.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    fn styled(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }
}
