//! The link, its QR code, and who can read the room.

use super::qr;
use super::state::Console;
use super::stdout::ConsoleEvent;
use crate::log::LogEntry;

impl Console {
    /// Shows the link alone on its line, so that it can be copied.
    pub(in crate::supervisor) fn show_link(&mut self, url: &str, public: bool) {
        self.has_link = true;
        if public {
            self.last_loss = None;
        }
        self.screen.clear_status();
        self.address = if public { "public" } else { "local only" };
        self.record(if public { LogEntry::PublicLink } else { LogEntry::LocalLink });
        self.stdout.event(&ConsoleEvent::Link { url, public });
        self.stdout.link(url);
        self.screen.print("");
        self.screen.print(&self.screen.bold(url));
        self.screen.print("");
        self.show_qr(url);
        let readers = if public {
            "open room: this computer and Cloudflare can read what is said"
        } else {
            "open room: this computer can read what is said; the link works on this computer only"
        };
        self.screen.print_wrapped(readers);
        self.screen.print_wrapped("Ctrl+C ends the session for everyone; no message is kept");
        self.screen.print("");
        self.update_status();
    }

    fn show_qr(&self, url: &str) {
        if !self.screen.is_terminal() || !self.show_qr || self.screen.is_quiet() {
            return;
        }
        match qr::lines(url, self.screen.width(), self.screen.has_colour()) {
            Some(lines) => lines.iter().for_each(|line| self.screen.print(line)),
            None => self
                .screen
                .print(&self.screen.dim("  (the terminal is too narrow for the QR code)")),
        }
        self.screen.print("");
    }
}
