//! One tidy screen on stderr: lines that stay, above one line that changes.

use std::cell::RefCell;
use std::io::IsTerminal as _;

use console::Style;

use super::background_writer::BackgroundWriter;
use super::progress::Progress;
use super::wrap::wrapped;
use super::{ERASE, width};

/// Narrower terminals get no banner, and facts on a line of their own.
pub(crate) const FULL_WIDTH: u16 = 60;

/// Narrower terminals cannot hold a number and a tag beside anything.
const NARROWEST: u16 = 20;

/// Columns that the name of a fact takes on a wide terminal.
const NAME: usize = 16;

/// The column at which its fact begins: two spaces, the sign, a space, the name, a space.
const COLUMN: usize = 4 + NAME + 1;

/// How a line wants to be seen. Colour never carries meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// `✓`: as it should be.
    Ok,
    /// `!`: goes on, but the operator should know.
    Warning,
    /// `✗`: stops.
    Error,
    /// `·`: for the record.
    Info,
}

/// What the operator wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Everything.
    Normal,
    /// Errors only.
    Quiet,
}

/// What is below the last line.
#[derive(Debug)]
enum Footer {
    /// Nothing.
    Nothing,
    /// A line that changes. Written by ourselves: indicatif fills every line up to the edge, and a
    /// line that reaches the edge is one with the next for whoever copies the link or resizes.
    Status(String),
    /// A progress bar.
    Progress(Progress),
}

/// Columns at the end of the changing line that stay free, so that the `^C` which the terminal
/// echoes does not reach the next one.
const FREE: u16 = 3;

/// The operator's screen. On anything but a terminal: plain lines, nothing that moves.
#[derive(Debug)]
pub(crate) struct Screen {
    volume: Verbosity,
    is_terminal: bool,
    colour: bool,
    /// Whether lines may change.
    moves: bool,
    below: RefCell<Footer>,
    /// The way to it: one that takes nothing any more must not hold anything up.
    lines: BackgroundWriter,
}

impl Screen {
    /// The screen on stderr.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn stderr(volume: Verbosity) -> std::io::Result<Self> {
        let is_terminal = std::io::stderr().is_terminal();
        let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        // https://no-color.org: any value but the empty one.
        let colour = is_terminal && unset("NO_COLOR") && !dumb;
        let moves = is_terminal && !dumb && volume == Verbosity::Normal;
        let (below, lines) = (
            RefCell::new(Footer::Nothing),
            BackgroundWriter::start("stderr", super::write_stderr)?,
        );
        Ok(Self { volume, is_terminal, colour, moves, below, lines })
    }

    /// Returns when everything is shown, if it ever is.
    pub(crate) async fn finish(self) {
        self.clear_status();
        self.lines.flush().await;
    }

    /// Whether somebody sits there.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether it is to be left alone but for errors.
    pub(crate) fn is_quiet(&self) -> bool {
        self.volume == Verbosity::Quiet
    }

    /// Whether colour is wanted.
    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// Columns; what is no terminal has as many as it needs.
    pub(crate) fn width(&self) -> u16 {
        if !self.is_terminal {
            return u16::MAX;
        }
        width()
    }

    /// A line that stays.
    pub(crate) fn print(&self, text: &str) {
        if self.is_quiet() {
            return;
        }
        match &*self.below.borrow() {
            Footer::Nothing => self.lines.send(format!("{text}\n")),
            Footer::Status(status) => self.lines.send(format!("{ERASE}{text}\n{status}")),
            Footer::Progress(bar) => bar.suspend(|| self.lines.send(format!("{text}\n"))),
        }
    }

    /// A line that stays, cut to one row of the terminal.
    pub(crate) fn print_truncated(&self, text: &str) {
        self.print(&self.truncate(text, usize::from(self.width())));
    }

    /// `text`, cut with `…` to so many columns; styles do not count. On a terminal of fewer than 20
    /// columns, where nothing would be left of it, it stays whole.
    pub(crate) fn truncate(&self, text: &str, columns: usize) -> String {
        if self.width() < NARROWEST {
            return text.to_owned();
        }
        console::truncate_str(text, columns, "…").into_owned()
    }

    /// `text`, wrapped to this screen: its first line begins at any column up to `indent`, and every
    /// other one there.
    pub(crate) fn wrap(&self, text: &str, indent: usize) -> String {
        wrapped(text, indent, usize::from(self.width()))
    }

    /// A sentence that stays, with a mark before it.
    pub(crate) fn print_notice(&self, mark: Severity, text: &str) {
        self.print(&format!("  {} {}", self.symbol(mark), self.wrap(text, 4)));
    }

    /// A line that stays and is said even when quiet.
    pub(crate) fn force_line(&self, text: &str) {
        if self.is_quiet() {
            self.lines.send(format!("{text}\n"));
        } else {
            self.print(text);
        }
    }

    /// A sentence that stays.
    pub(crate) fn print_wrapped(&self, text: &str) {
        self.print(&format!("  {}", wrapped(text, 2, usize::from(self.width()))));
    }

    /// `✓ name   fact`.
    pub(crate) fn print_fact(&self, mark: Severity, name: &str, fact: &str) {
        let sign = self.symbol(mark);
        let width = usize::from(self.width());
        if self.width() < FULL_WIDTH {
            self.print(&format!("{sign} {name}\n    {}", wrapped(fact, 4, width)));
        } else {
            self.print(&format!("  {sign} {name:<NAME$} {}", wrapped(fact, COLUMN, width)));
        }
    }

    /// The one line that changes, until the next one that changes.
    pub(crate) fn set_status(&self, text: &str) {
        self.clear_status();
        if self.moves {
            let room = usize::from(self.width().saturating_sub(FREE));
            let text = console::truncate_str(text, room, "…").into_owned();
            self.lines.send(text.clone());
            self.below.replace(Footer::Status(text));
        }
    }

    /// Turns the changing line into a progress bar of so many bytes.
    pub(crate) fn start_progress(&self, what: &str, bytes: Option<u64>) {
        self.clear_status();
        if self.moves {
            let bar = Progress::transfer_through(self.lines.draw_target(), what, bytes);
            self.below.replace(Footer::Progress(bar));
        }
    }

    /// So many of them are here.
    pub(crate) fn set_progress(&self, bytes: u64) {
        if let Footer::Progress(bar) = &*self.below.borrow() {
            bar.set_position(bytes);
        }
    }

    /// Removes what changes.
    pub(crate) fn clear_status(&self) {
        match self.below.replace(Footer::Nothing) {
            Footer::Nothing => {}
            Footer::Status(_) => self.lines.send(ERASE.to_owned()),
            Footer::Progress(bar) => bar.clear(),
        }
    }

    /// The sign of a mark, coloured if wanted.
    pub(crate) fn symbol(&self, mark: Severity) -> String {
        let (sign, style) = match mark {
            Severity::Ok => ("✓", Style::new().green()),
            Severity::Warning => ("!", Style::new().yellow().bold()),
            Severity::Error => ("✗", Style::new().red().bold()),
            Severity::Info => ("·", Style::new().dim()),
        };
        self.styled(&style, sign)
    }

    /// Text that stands back.
    pub(crate) fn dim(&self, text: &str) -> String {
        self.styled(&Style::new().dim(), text)
    }

    /// Text that stands out.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.styled(&Style::new().bold(), text)
    }

    fn styled(&self, style: &Style, text: &str) -> String {
        style.clone().force_styling(self.colour).apply_to(text).to_string()
    }
}
