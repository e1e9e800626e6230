//! The lines before the first link, and the one about a lost guard.

use std::net::SocketAddr;

use super::state::Console;
use crate::log::LogEntry;
use crate::supervisor::checks::Check;
use crate::supervisor::children::Cleanup;
use crate::terminal::{FULL_WIDTH, Severity, escape_control};

/// The order in which protections are listed.
const PROTECTIONS: [&str; 4] = ["sandbox", "memory", "swap", "core dumps"];

const BANNER: &str = include_str!("../../../../assets/ascii.txt");

/// Rows below which the checks and the QR code would take the banner off the screen at once.
const BANNER_ROWS: u16 = 32;

impl Console {
    /// Shows the name and the version. The drawing needs a terminal of [`FULL_WIDTH`] columns, and one
    /// that has room for it beside the QR code.
    pub(in crate::supervisor) fn show_banner(&mut self, version: &str) {
        self.record(LogEntry::Started);
        let (columns, rows) = (self.screen.width(), self.screen.rows());
        if self.screen.is_terminal() && columns >= FULL_WIDTH && rows >= BANNER_ROWS {
            self.screen.print(&self.screen.bold(BANNER.trim_end()));
        }
        let subtitle = format!("  chattrace {version} · talk now, gone after\n");
        self.screen.print(&self.screen.dim(&subtitle));
    }

    /// Shows a warning. A check that passed is shown with `--verbose`, and else only by its name, in the
    /// line of [`Console::show_protected`].
    pub(in crate::supervisor) fn show_check(&mut self, check: &Check) {
        let passed = check.severity == Severity::Ok;
        if !passed || self.screen.is_verbose() {
            self.screen.print_fact(check.severity, check.name, &check.fact);
        } else if check.is_protection {
            self.passed_checks.push(check.name);
        }
    }

    /// Shows the protections that are in force, in one line.
    pub(in crate::supervisor) fn show_protected(&mut self) {
        let mut names = std::mem::take(&mut self.passed_checks);
        // The strongest first, as far as it is there.
        names.sort_by_key(|name| PROTECTIONS.iter().position(|other| other == name));
        if !names.is_empty() {
            self.screen.print_fact(Severity::Ok, "protected", &names.join(", "));
        }
    }

    /// Shows how many things of dead sessions were removed, or why not.
    pub(in crate::supervisor) fn show_cleanup(&self, cleanup: &Cleanup) {
        let items = |removed: &usize| match removed {
            0 => "nothing left to remove".to_owned(),
            1 => "removed 1 item that a dead session left".to_owned(),
            many => format!("removed {many} items that dead sessions left"),
        };
        let (severity, fact) = match cleanup {
            Cleanup::Complete(removed) => (Severity::Ok, items(removed)),
            Cleanup::Partial(0) => (
                Severity::Warning,
                "cannot remove what dead sessions left; run chattrace-clean to see why".to_owned(),
            ),
            Cleanup::Partial(removed) => (
                Severity::Warning,
                format!("{}, but some remain; run chattrace-clean to see why", items(removed)),
            ),
            Cleanup::Failed(why) => (
                Severity::Warning,
                format!("not cleaned up: chattrace-clean {why}; run it yourself"),
            ),
        };
        let is_news = !matches!(cleanup, Cleanup::Complete(0));
        if is_news || self.screen.is_verbose() {
            self.screen.print_fact(severity, "old sessions", &fact);
        }
    }

    /// Shows that the room accepts connections.
    pub(in crate::supervisor) fn show_listening(&self, address: SocketAddr) {
        if self.screen.is_verbose() {
            self.screen.print_fact(Severity::Ok, "room", &format!("listening on {address}"));
        }
    }

    /// Warns that the guard exited, and what that means if it was not `replaced`.
    pub(in crate::supervisor) fn show_guard_lost(&self, how: &str, replaced: bool) {
        let how = escape_control(how);
        self.warn(&if replaced {
            format!("the process that cleans up after a crash {how}; a new one was started")
        } else {
            format!(
                "the process that cleans up after a crash {how} and was not replaced; if chattrace is \
                 killed now, its runtime folder stays until the next start"
            )
        });
    }
}
