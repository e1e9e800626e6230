//! The links of the room, the QR code of the first, and who can reach and read the room. On a terminal
//! the main link is pinned: it stays on the screen while lines come and the window changes its size.

use super::qr::{self, QrSpace, QrState};
use super::state::Console;
use super::status::Address;
use super::stdout::ConsoleEvent;
use crate::config::Mode;
use crate::log::LogEntry;
use crate::process::{Reachable, ReachableBy};
use crate::terminal::{self, Charset};
use crate::token::{Secret, room_link, sealed_room_link};

/// The links to a room, ticket included.
#[derive(Debug)]
pub(in crate::supervisor) struct RoomLinks {
    /// The one to share.
    main: Secret,
    /// The same room under other addresses.
    others: Vec<Secret>,
    mode: Mode,
    is_public: bool,
    reachable_by: ReachableBy,
}

impl RoomLinks {
    /// The links with `ticket` to a room in `mode`: under the public address, if there is one, and under
    /// those of this computer. The loopback link is left out where a public one works as well. A link that
    /// other computers open without https leads to no sealed room: it is listed only if there is no other.
    pub(in crate::supervisor) fn new(
        mode: Mode,
        public: Option<String>,
        reachable: &Reachable,
        ticket: &Secret,
    ) -> Self {
        let is_public = public.is_some();
        let loopback = reachable.loopback.filter(|_| !is_public);
        let has_https_or_loopback = is_public || loopback.is_some();
        let network = match mode {
            Mode::Sealed if has_https_or_loopback => &[],
            Mode::Sealed | Mode::Open => &*reachable.network,
        };
        let local = network.iter().copied().chain(loopback);
        let mut all = public.into_iter().chain(local.map(|address| format!("http://{address}")));
        let link = match mode {
            Mode::Open => room_link,
            Mode::Sealed => sealed_room_link,
        };
        // A listener has an address on the network or on loopback.
        let main = link(&all.next().unwrap_or_default(), ticket);
        let others = all.map(|address| link(&address, ticket)).collect();
        Self { main, others, mode, is_public, reachable_by: reachable.by }
    }

    /// The one to share.
    pub(in crate::supervisor) fn main(&self) -> &str {
        &self.main
    }

    /// All of them, one per line.
    pub(in crate::supervisor) fn lines(&self) -> String {
        let all = std::iter::once(&self.main).chain(&self.others);
        all.map(|link| &**link).collect::<Vec<_>>().join("\n")
    }

    /// What the status line says about the address.
    fn address(&self) -> Address {
        match (self.is_public, self.reachable_by) {
            (true, _) => Address::Public,
            (false, _) if self.mode == Mode::Sealed => Address::LocalOnly,
            (false, ReachableBy::Network | ReachableBy::Unlisted(_) | ReachableBy::LinkLocal) => {
                Address::Network
            }
            (false, ReachableBy::ThisComputer | ReachableBy::NoNetwork) => Address::LocalOnly,
        }
    }

    /// Who can read what is said, and who can reach the room.
    fn readers(&self) -> String {
        match self.mode {
            Mode::Open => self.readers_of_open_room(),
            Mode::Sealed => format!("{SEALED}; {}", self.reach_of_sealed_room()),
        }
    }

    /// What the way to a sealed room shows to others.
    fn reach_of_sealed_room(&self) -> &'static str {
        match (self.is_public, self.reachable_by) {
            (true, _) => {
                "Cloudflare sees when they come and speak, and could read only by altering the page"
            }
            (false, ReachableBy::ThisComputer | ReachableBy::NoNetwork) => {
                "this link works only on this computer"
            }
            (false, _) => "other computers need https, which only the tunnel gives",
        }
    }

    fn readers_of_open_room(&self) -> String {
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
    /// Shows the links, the main one alone on its line, so that it can be copied.
    pub(in crate::supervisor) fn show_links(&mut self, links: &RoomLinks) {
        self.has_link = true;
        if links.is_public {
            self.last_loss = None;
        }
        self.address = links.address();
        self.record(if links.is_public { LogEntry::PublicLink } else { LogEntry::LocalLink });
        let (url, public) = (&*links.main, links.is_public);
        self.stdout.event(&ConsoleEvent::Link { url, public, others: &links.others });
        self.stdout.link(url);
        self.screen.pin(&self.screen.bold(url), self.status());
        self.repeat_links(links);
    }

    /// Shows the links and the QR code again. On a terminal what is needed most comes last: a
    /// small window keeps that.
    pub(in crate::supervisor) fn repeat_links(&mut self, links: &RoomLinks) {
        let main = [String::new(), self.screen.bold(&links.main)];
        let others = links.others.iter().map(|link| self.screen.dim(link));
        let readers = self.screen.wrapped(&links.readers());
        let ending =
            self.screen.wrapped("Ctrl+C ends the session for everyone; no message is kept");
        let mut lines = Vec::new();
        if self.screen.is_terminal() {
            lines.push(String::new());
            lines.extend(others);
            lines.push(ending);
            lines.extend(self.take_code(links));
            lines.push(readers);
            if !self.screen.shows_pinned() {
                lines.extend(main);
                lines.push(String::new());
            }
        } else {
            lines.extend(main.into_iter().chain(others));
            lines.extend([String::new(), readers, ending, String::new()]);
        }
        self.screen.print(&lines.join("\n"));
    }

    /// Draws the bottom of the screen for its present size; and the QR code, if the window was too small
    /// for it before.
    pub(in crate::supervisor) fn follow_resize(&mut self, links: Option<&RoomLinks>) {
        self.screen.redraw();
        let is_awaited = self.has_link && !self.is_ending && self.qr == QrState::Awaited;
        let awaited = links.filter(|_| is_awaited);
        if let Some(links) = awaited
            && let Ok(mut lines) = self.code(links)
        {
            self.qr = QrState::Shown;
            lines.push(self.screen.wrapped(&links.readers()));
            self.screen.print(&lines.join("\n"));
        }
    }

    /// Whether the operator can type `link` and sees a QR code then.
    pub(super) fn offers_code(&self) -> bool {
        self.has_link && self.show_qr && terminal::is_interactive()
    }

    /// The lines of the QR code; or one with the size of the window that it needs, for which
    /// [`Console::follow_resize`] waits then.
    fn take_code(&mut self, links: &RoomLinks) -> Vec<String> {
        if !self.show_qr || self.screen.is_quiet() {
            return vec![];
        }
        let code = self.code(links);
        self.qr = if code.is_ok() { QrState::Shown } else { QrState::Awaited };
        code.unwrap_or_else(|needed| {
            let text = needed.map(|(columns, rows)| {
                format!("(a window of {columns} columns and {rows} rows shows the QR code)")
            });
            text.iter().map(|text| self.screen.dim(&self.screen.wrapped(text))).collect()
        })
    }

    /// The lines of the QR code, if all of them fit on the screen together with the link and who can read
    /// the room.
    ///
    /// # Errors
    /// The columns and rows that are needed; `None` if no window is large enough.
    pub(super) fn code(&self, links: &RoomLinks) -> Result<Vec<String>, Option<(usize, usize)>> {
        let note = (!self.screen.has_colour()).then(|| self.screen.wrapped(NOT_INVERTED));
        let pinned = self.screen.footer_rows();
        // Without a footer, the link has an empty line before and behind it.
        let link = if pinned > 0 { pinned } else { self.screen.rows_of(&links.main) + 2 };
        let readers = self.screen.rows_of(&self.screen.wrapped(&links.readers()));
        let beside = link + readers + note.as_ref().map_or(0, |note| self.screen.rows_of(note));
        let space = QrSpace {
            columns: self.screen.width().into(),
            rows: usize::from(self.screen.rows()).saturating_sub(beside),
            colour: self.screen.has_colour(),
            charset: Charset::current(),
        };
        match qr::rows(&links.main, space) {
            Ok(code) => Ok(code.into_iter().chain(note).collect()),
            Err(needed) => Err(needed.map(|(columns, rows)| (columns, rows + beside))),
        }
    }
}

const SEALED: &str = "sealed room: only the people in it can read what is said";

/// Without colour the light modules have the colour of the text, which a scanner may need to be light.
const NOT_INVERTED: &str =
    "(drawn for light text on a dark background; on a light one copy the link)";

#[cfg(test)]
mod tests {
    use super::*;

    fn links(public: Option<&str>, network: &[&str], by: ReachableBy) -> RoomLinks {
        let network = network.iter().map(|address| address.parse().unwrap()).collect();
        let loopback = Some("127.0.0.1:80".parse().unwrap());
        let reachable = Reachable { network, loopback, by };
        let ticket = Secret::new("T".to_owned());
        RoomLinks::new(Mode::Open, public.map(str::to_owned), &reachable, &ticket)
    }

    fn sealed_links(public: Option<&str>, network: &[&str], by: ReachableBy) -> RoomLinks {
        let network = network.iter().map(|address| address.parse().unwrap()).collect();
        let loopback = (by != ReachableBy::LinkLocal).then(|| "127.0.0.1:80".parse().unwrap());
        let reachable = Reachable { network, loopback, by };
        let ticket = Secret::new("T".to_owned());
        RoomLinks::new(Mode::Sealed, public.map(str::to_owned), &reachable, &ticket)
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

    /// Without https a page on another computer has no encryption, so such a link is of no use.
    #[test]
    fn a_sealed_room_has_its_ticket_in_the_fragment_and_no_link_that_cannot_work() {
        let network = ["192.0.2.5:80"];
        let public = sealed_links(Some("https://x.example"), &network, ReachableBy::Network);
        assert_eq!(texts(&public), ["https://x.example/#1.T"]);
        let local = sealed_links(None, &network, ReachableBy::Network);
        assert_eq!(
            (texts(&local), local.address()),
            (vec!["http://127.0.0.1:80/#1.T"], Address::LocalOnly)
        );
        let other = sealed_links(None, &network, ReachableBy::LinkLocal);
        assert_eq!(texts(&other), ["http://192.0.2.5:80/#1.T"]);
    }

    #[test]
    fn who_can_read_a_sealed_room_is_said_in_one_sentence() {
        let said = |public, by| sealed_links(public, &[], by).readers();
        let public = said(Some("https://x.example"), ReachableBy::ThisComputer);
        assert!(public.ends_with("could read only by altering the page"), "{public}");
        let local = said(None, ReachableBy::ThisComputer);
        assert!(local.ends_with("; this link works only on this computer"), "{local}");
        let network = said(None, ReachableBy::Network);
        assert!(
            network.ends_with("other computers need https, which only the tunnel gives"),
            "{network}"
        );
        for said in [public, local, network] {
            assert!(said.starts_with("sealed room: only the people in it can read"), "{said}");
            assert!(!said.contains("unencrypted"), "{said}");
        }
    }
}
