//! The operator's screen on stderr: lines that stay, and below them a footer that changes.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::time::Duration;

use console::Style;
use tokio::time::timeout;

use super::charset::Charset;
use super::clear::clear_sequence;
use super::columns::{rows_of, truncate};
use super::foreground::is_in_background;
use super::modes::resume_output;
use super::progress::Progress;
use super::prompt::Prompt;
use super::screen_writer::{Footer, ScreenWriter};
use super::size::{Size, has_control_sequences};
use super::status_row::StatusText;
use super::wrap::wrap;

/// Narrower terminals get no banner, and the text of a fact on a line of its own.
pub(crate) const FULL_WIDTH: u16 = 60;

/// Narrower terminals cannot hold a participant's number and tag beside other text.
const MIN_WIDTH: u16 = 20;

/// Width of the label of a fact.
const LABEL_COLUMNS: usize = 16;

/// The column at which the text of a fact begins: two spaces, the symbol, a space, the label, a space.
const FACT_COLUMN: usize = 4 + LABEL_COLUMNS + 1;

/// A terminal that has not taken the clearing sequence by then is stuck.
const CLEAR_TIMEOUT: Duration = Duration::from_millis(500);

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

/// The operator's screen. If stderr is no terminal, it prints plain lines, and no line changes.
#[derive(Debug)]
pub(crate) struct Screen {
    verbosity: Verbosity,
    is_terminal: bool,
    colour: bool,
    /// Whether it shows a footer.
    animated: bool,
    /// The transfer that the footer shows in place of the status.
    progress: RefCell<Option<Progress>>,
    writer: ScreenWriter,
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
            progress: RefCell::default(),
            writer: ScreenWriter::start()?,
        })
    }

    /// Removes the footer, and returns when every line is written or the terminal is closed.
    pub(crate) async fn finish(self) {
        self.clear_footer();
        self.writer.flush().await;
    }

    /// The prompt on this screen; must be called inside a runtime. None is drawn on a terminal whose lines
    /// cannot change, and nothing is read when quiet.
    pub(crate) fn open_prompt(&self) -> Prompt {
        if self.is_quiet() {
            return Prompt::none();
        }
        Prompt::open(self.animated.then_some(self.footer()))
    }

    /// Whether it is a terminal that obeys control sequences.
    fn can_clear(&self) -> bool {
        self.is_terminal && has_control_sequences()
    }

    /// Clears the screen and the lines that have scrolled off it, drops what was not printed yet, and
    /// prints `last_line`; also when quiet, in the background, and after Ctrl+S. Where nothing can be
    /// cleared, `last_line` alone is printed. Returns false if the terminal did not take it in
    /// [`CLEAR_TIMEOUT`]. The prompt must have been left before.
    pub(crate) async fn clear_everything(self, last_line: &str) -> bool {
        let clear = if self.can_clear() {
            // A tcsetattr(3) from the background would break the line of the shell.
            if !is_in_background() {
                resume_output(std::io::stderr());
            }
            clear_sequence(std::env::var_os("STY").is_some_and(|session| !session.is_empty()))
        } else {
            String::new()
        };
        let written = self.writer.replace_all(format!("{clear}{last_line}\n"));
        timeout(CLEAR_TIMEOUT, written).await.is_ok()
    }

    fn footer(&self) -> &Footer {
        self.writer.footer()
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
        self.size().columns
    }

    /// Rows of the terminal; `u16::MAX` without one.
    pub(crate) fn rows(&self) -> u16 {
        self.size().rows
    }

    fn size(&self) -> Size {
        if self.is_terminal {
            Size::of_stderr()
        } else {
            Size { columns: u16::MAX, rows: u16::MAX }
        }
    }

    /// Rows that the terminal needs for `text`.
    pub(crate) fn rows_of(&self, text: &str) -> usize {
        rows_of(text, self.width())
    }

    /// Rows of the footer, the pinned text and the status included.
    pub(crate) fn footer_rows(&self) -> usize {
        if self.animated { self.footer().row_count(self.size()) } else { 0 }
    }

    /// Makes `text` the pinned text and `status` the status, which are drawn below the next line. The
    /// pinned text is on the screen, whole, at every size that has room for it.
    pub(crate) fn pin(&self, text: &str, status: StatusText) {
        if self.animated {
            self.end_progress();
            self.footer().pin(text, status);
        }
    }

    /// Whether the footer shows the pinned text at the present size of the terminal.
    pub(crate) fn shows_pinned(&self) -> bool {
        self.footer().shows_pinned(self.size())
    }

    /// Prints one or more lines, unless quiet.
    pub(crate) fn print(&self, text: &str) {
        if !self.is_quiet() {
            self.footer().print(text);
        }
    }

    /// Prints `text` even when quiet.
    pub(crate) fn force_line(&self, text: &str) {
        self.footer().print(text);
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

    /// Rings the terminal's bell, unless quiet.
    pub(crate) fn ring(&self) {
        if self.is_terminal && !self.is_quiet() {
            self.footer().ring();
        }
    }

    /// Replaces the status, or the progress bar, by `text`.
    pub(crate) fn set_status(&self, text: StatusText) {
        if self.animated {
            self.end_progress();
            self.footer().set_status(Some(text));
        }
    }

    /// Draws the footer for the present size of the terminal.
    pub(crate) fn redraw(&self) {
        match &*self.progress.borrow() {
            Some(bar) => bar.redraw(),
            None => self.footer().redraw(),
        }
    }

    /// Replaces the status by a progress bar for a transfer of `total` bytes.
    pub(crate) fn start_progress(&self, message: &str, total: Option<u64>) {
        self.clear_status();
        if self.animated {
            let bar = Progress::transfer_in(self.footer().clone(), message, total);
            self.progress.replace(Some(bar));
        }
    }

    /// Moves the progress bar, if there is one.
    pub(crate) fn set_progress(&self, bytes: u64) {
        if let Some(bar) = &*self.progress.borrow() {
            bar.set_position(bytes);
        }
    }

    /// Takes the status or the progress bar off the screen.
    pub(crate) fn clear_status(&self) {
        self.end_progress();
        self.footer().set_status(None);
    }

    fn end_progress(&self) {
        if let Some(bar) = self.progress.take() {
            bar.clear();
        }
    }

    /// Takes the whole footer off the screen.
    pub(crate) fn clear_footer(&self) {
        self.footer().unpin();
        self.clear_status();
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
