//! The links of the room, the QR code of the first, and who can reach and read the room.

use super::qr::{self, QrSpace};
use super::state::Console;
use super::stdout::ConsoleEvent;
use crate::log::LogEntry;
use crate::process::{Reachable, ReachableBy};
use crate::terminal::Charset;
use crate::token::{Secret, room_link};

/// The links to a room, ticket included.
#[derive(Debug)]
pub(in crate::supervisor) struct RoomLinks {
    /// The one to share.
    main: Secret,
    /// The same room under other addresses.
    others: Vec<Secret>,
    is_public: bool,
    reachable_by: ReachableBy,
}

impl RoomLinks {
    /// The links with `ticket`: under the public address, if there is one, and under those of this
    /// computer. The loopback link is left out where a public one works as well.
    pub(in crate::supervisor) fn new(
        public: Option<String>,
        reachable: &Reachable,
        ticket: &Secret,
    ) -> Self {
        let is_public = public.is_some();
        let loopback = reachable.loopback.filter(|_| !is_public);
        let local = reachable.network.iter().copied().chain(loopback);
        let mut all = public.into_iter().chain(local.map(|address| format!("http://{address}")));
        // A listener has an address on the network or on loopback.
        let main = room_link(&all.next().unwrap_or_default(), ticket);
        let others = all.map(|address| room_link(&address, ticket)).collect();
        Self { main, others, is_public, reachable_by: reachable.by }
    }

    /// What the status line says about the address.
    fn label(&self) -> &'static str {
        match (self.is_public, self.reachable_by) {
            (true, _) => "public",
            (false, ReachableBy::Network | ReachableBy::Unlisted(_) | ReachableBy::LinkLocal) => {
                "network"
            }
            (false, ReachableBy::ThisComputer | ReachableBy::NoNetwork) => "local only",
        }
    }

    /// Who can read what is said, and who can reach the room.
    fn readers(&self) -> String {
        let others = match (self.is_public, self.reachable_by) {
            (true, ReachableBy::ThisComputer | ReachableBy::NoNetwork) => {
                return "open room: this computer and Cloudflare can read what is said".to_owned();
            }
            (true, _) => ", Cloudflare and the network",
            (false, ReachableBy::Network | ReachableBy::Unlisted(_)) => " and the network",
            (false, _) => "",
        };
        format!("open room: this computer{others} can read what is said; {}", self.reachable_by)
    }
}

impl Console {
    /// Shows the links, each alone on its line, so that it can be copied.
    pub(in crate::supervisor) fn show_links(&mut self, links: &RoomLinks) {
        self.has_link = true;
        if links.is_public {
            self.last_loss = None;
        }
        self.screen.clear_status();
        self.address = links.label();
        self.record(if links.is_public { LogEntry::PublicLink } else { LogEntry::LocalLink });
        let (url, public) = (&*links.main, links.is_public);
        self.stdout.event(&ConsoleEvent::Link { url, public, others: &links.others });
        self.stdout.link(url);
        self.print_links(links);
        self.update_status();
    }

    /// Prints the main link again: a smaller window has taken it from the screen.
    pub(in crate::supervisor) fn repeat_link(&self, links: &RoomLinks) {
        self.screen.print("");
        self.print_main(links);
        self.screen.print("");
    }

    /// Whether the window has changed its size so that the link may be shown once more: it is not on the
    /// screen, and would fit.
    pub(in crate::supervisor) fn lacks_link(&self, links: &RoomLinks) -> bool {
        // Two empty lines and the status line.
        let rows = self.screen.rows_of(&links.main) + 3;
        self.has_link && !self.screen.shows_mark() && rows <= usize::from(self.screen.rows())
    }

    /// The main link stays on the screen: what comes after it fits below, down to 40 columns by 10 rows.
    fn print_links(&self, links: &RoomLinks) {
        let readers = self.screen.wrapped(&links.readers());
        let ending =
            self.screen.wrapped("Ctrl+C ends the session for everyone; no message is kept");
        let mut below = vec![String::new(), readers, ending, String::new()];
        let others: Vec<String> = links.others.iter().map(|link| self.screen.dim(link)).collect();
        let free = self.free_rows(links, &below);
        let others_rows: usize = others.iter().map(|link| self.screen.rows_of(link)).sum();
        self.screen.print("");
        // Below the main link if there is room, else above it.
        let (above, beside, free) = match free.checked_sub(others_rows) {
            Some(free) => (vec![], others, free),
            None => (others, vec![], free),
        };
        below.splice(1..1, self.code(&links.main, free));
        above.iter().for_each(|link| self.screen.print(link));
        self.print_main(links);
        beside.iter().chain(&below).for_each(|line| self.screen.print(line));
    }

    fn print_main(&self, links: &RoomLinks) {
        self.screen.mark();
        self.screen.print(&self.screen.bold(&links.main));
    }

    /// Rows that are free when the main link, these lines and the status line are on the screen.
    fn free_rows(&self, links: &RoomLinks, lines: &[String]) -> usize {
        let rows_of = |line: &str| self.screen.rows_of(line);
        let used = rows_of(&links.main) + lines.iter().map(|line| rows_of(line)).sum::<usize>() + 1;
        usize::from(self.screen.rows()).saturating_sub(used)
    }

    /// The lines of the QR code and one empty line; or why there is none, if `rows` are enough for that.
    fn code(&self, link: &str, rows: usize) -> Vec<String> {
        if !self.screen.is_terminal() || !self.show_qr || self.screen.is_quiet() {
            return vec![];
        }
        let colour = self.screen.has_colour();
        let note = if colour { None } else { Some(self.screen.wrapped(NOT_INVERTED)) };
        let note_rows = note.as_ref().map_or(0, |note| self.screen.rows_of(note));
        let space = QrSpace {
            columns: self.screen.width().into(),
            rows: rows.saturating_sub(note_rows + 1),
            colour,
            charset: Charset::current(),
        };
        let mut lines = match qr::rows(link, space) {
            Some(code) => code.into_iter().chain(note).collect(),
            None => vec![
                self.screen
                    .dim(&self.screen.wrapped("(the terminal is too small for the QR code)")),
            ],
        };
        lines.push(String::new());
        let needed: usize = lines.iter().map(|line| self.screen.rows_of(line)).sum();
        if needed <= rows { lines } else { vec![] }
    }
}

/// Without colour the light modules have the colour of the text, which a scanner may need to be light.
const NOT_INVERTED: &str = "(this code is drawn for light text on a dark background; on a light one it is inverted, and some scanners refuse it: copy the link then, or allow colour)";

#[cfg(test)]
mod tests {
    use super::*;

    fn links(public: Option<&str>, network: &[&str], by: ReachableBy) -> RoomLinks {
        let network = network.iter().map(|address| address.parse().unwrap()).collect();
        let loopback = Some("127.0.0.1:80".parse().unwrap());
        let reachable = Reachable { network, loopback, by };
        let ticket = Secret::new("T".to_owned());
        RoomLinks::new(public.map(str::to_owned), &reachable, &ticket)
    }

    fn texts(links: &RoomLinks) -> Vec<&str> {
        std::iter::once(&links.main).chain(&links.others).map(|link| &**link).collect()
    }

    #[test]
    fn the_main_link_is_the_one_that_reaches_farthest() {
        let network = ["192.0.2.5:80", "[2001:db8::5]:80"];
        assert_eq!(
            texts(&links(None, &network, ReachableBy::Network)),
            ["http://192.0.2.5:80/t/T", "http://[2001:db8::5]:80/t/T", "http://127.0.0.1:80/t/T"]
        );
        assert_eq!(
            texts(&links(Some("https://x.example"), &network[..1], ReachableBy::Network)),
            ["https://x.example/t/T", "http://192.0.2.5:80/t/T"]
        );
        assert_eq!(
            texts(&links(None, &[], ReachableBy::ThisComputer)),
            ["http://127.0.0.1:80/t/T"]
        );
    }

    #[test]
    fn who_can_read_is_said_for_every_kind_of_link() {
        let said = |public, by| links(public, &[], by).readers();
        let public = Some("https://x.example");
        assert!(
            said(public, ReachableBy::ThisComputer).ends_with("Cloudflare can read what is said")
        );
        let both = said(public, ReachableBy::Network);
        assert!(
            both.contains("Cloudflare and the network") && both.contains("unencrypted"),
            "{both}"
        );
        let local = said(None, ReachableBy::ThisComputer);
        assert!(local.ends_with("; this link works only on this computer"), "{local}");
    }
}
