//! Every line that the operator sees, and every line that a program reads from our stdout.
//!
//! Names come from the network. They are bounded where they are read (`control::bounds`), and made
//! harmless here once more, for screen and log alike. Message text never gets this far.

mod ending;
mod tunnel;

use std::io::IsTerminal as _;
use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use super::checks::Check;
use super::qr;
use super::services::Cleaning;
use crate::control::Participant;
use crate::log::{self, EventLog, LogEntry, Person};
use crate::terminal::{self, BackgroundWriter, FULL_WIDTH, Screen, Severity, escape_control};

/// The column at which an event begins: two spaces, the time, two spaces.
const EVENT_COLUMN: usize = 12;

/// Columns of a name by which people still know each other.
const SHORTEST_NAME: usize = 8;

/// For what a busy reader has not taken yet when the session is over.
const FLUSH: Duration = Duration::from_millis(500);

const BANNER: &str = include_str!("../../../../assets/ascii.txt");

/// What goes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// Nothing: stdout is the terminal that shows the screen, with the link on it.
    Nothing,
    /// The links, one per line.
    Links,
    /// Every event as JSON.
    Json,
}

/// What a program that reads our stdout learns, with `--json`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Link {
        url: &'a str,
        public: bool,
    },
    Joined {
        participant: &'a Participant,
        present: usize,
    },
    Left {
        participant: &'a Participant,
        present: usize,
    },
    Tunnel {
        state: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    },
    Closing {
        text: &'a str,
    },
    Closed {
        remains: &'a [String],
    },
}

/// The screen, the event log and the result, kept in step.
#[derive(Debug)]
pub(super) struct Board {
    screen: Screen,
    output: Output,
    qr: bool,
    log: EventLog,
    present: usize,
    /// What the bottom line says of the address.
    address: &'static str,
    /// Whether a link was shown.
    linked: bool,
    /// Why there is no public address, as it was said last.
    trouble: Option<String>,
    /// What was said of cloudflared, the latest first.
    cloudflared: Vec<String>,
    /// The way to stdout, if anything goes there.
    lines: Option<BackgroundWriter>,
}

impl Board {
    /// A board on `screen`.
    ///
    /// # Errors
    /// When the system has no thread left for stdout.
    pub(in crate::supervisor) fn new(
        screen: Screen,
        json: bool,
        qr: bool,
    ) -> std::io::Result<Self> {
        let shown = std::io::stdout().is_terminal() && screen.is_terminal() && !screen.is_quiet();
        let output = match (json, shown) {
            (true, _) => Output::Json,
            (false, true) => Output::Nothing,
            (false, false) => Output::Links,
        };
        let lines = if output == Output::Nothing {
            None
        } else {
            Some(BackgroundWriter::start("stdout", terminal::print_line)?)
        };
        Ok(Self {
            screen,
            output,
            qr,
            log: EventLog::default(),
            present: 0,
            address: "opening",
            linked: false,
            trouble: None,
            cloudflared: Vec::new(),
            lines,
        })
    }

    /// A future that returns when what goes to stdout could not be written.
    pub(in crate::supervisor) fn unread(&self) -> impl Future<Output = ()> + use<> {
        let refused = self.lines.as_ref().map(BackgroundWriter::write_failed);
        async move {
            match refused {
                Some(refused) => refused.await,
                None => std::future::pending().await,
            }
        }
    }

    /// Waits until everything is shown and written, or for as long as a reader deserves who is there
    /// and does not read.
    pub(super) async fn flush(self) {
        let written = async {
            if let Some(lines) = self.lines {
                lines.flush().await;
            }
        };
        let _ = timeout(FLUSH, async { tokio::join!(written, self.screen.finish()) }).await;
    }

    /// How many are in the room.
    pub(in crate::supervisor) fn present(&self) -> usize {
        self.present
    }

    /// The event log.
    pub(in crate::supervisor) fn log(&self) -> &EventLog {
        &self.log
    }

    /// The screen itself, for the question at the end.
    pub(in crate::supervisor) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The beginning.
    pub(in crate::supervisor) fn banner(&mut self, version: &str) {
        self.note(LogEntry::Started);
        if self.screen.is_terminal() && self.screen.width() >= FULL_WIDTH {
            self.screen.print(&self.screen.bold(BANNER.trim_end()));
        }
        self.screen
            .print(&self.screen.dim(&format!("  chattrace {version} · talk now, gone after\n")));
    }

    /// One line of the checks.
    pub(in crate::supervisor) fn check(&self, check: &Check) {
        self.screen.print_fact(check.mark, check.name, &check.fact);
    }

    /// What became of what dead sessions left.
    pub(in crate::supervisor) fn cleaned(&self, cleaning: &Cleaning) {
        let things = |removed: &usize| match removed {
            0 => "nothing left behind by earlier ones".to_owned(),
            1 => "1 thing left behind by a dead one, removed".to_owned(),
            many => format!("{many} things left behind by dead ones, removed"),
        };
        let (mark, fact) = match cleaning {
            Cleaning::Done(removed) => (Severity::Ok, things(removed)),
            Cleaning::InPart(0) => (
                Severity::Warning,
                "what dead ones left cannot be removed; chattrace-clean says why".to_owned(),
            ),
            Cleaning::InPart(removed) => (
                Severity::Warning,
                format!("{}, and some remain; chattrace-clean says why", things(removed)),
            ),
            Cleaning::Failed(how) => (
                Severity::Warning,
                format!("not cleaned up: chattrace-clean {how}; run it yourself"),
            ),
        };
        self.screen.print_fact(mark, "old sessions", &fact);
    }

    /// The guard is gone before its time.
    pub(in crate::supervisor) fn guard_lost(&self, how: &str, replaced: bool) {
        let how = escape_control(how);
        self.hint(&if replaced {
            format!("the guard of this session {how}; another one takes over")
        } else {
            format!(
                "the guard of this session {how}, and no other is started; if chattrace is killed \
                 now, its folder stays until the next start"
            )
        });
    }

    /// The room is there.
    pub(in crate::supervisor) fn ready(&self, listen: std::net::SocketAddr) {
        self.screen.print_fact(Severity::Ok, "room", &format!("open, on {listen}"));
    }

    /// The link, alone on its line, with everything one must know to use it.
    pub(in crate::supervisor) fn link(&mut self, url: &str, public: bool) {
        self.linked = true;
        if public {
            self.trouble = None;
        }
        self.screen.clear_status();
        self.address = if public { "public" } else { "local only" };
        self.note(if public { LogEntry::PublicLink } else { LogEntry::LocalLink });
        self.json(&Event::Link { url, public });
        if self.output == Output::Links {
            self.result(url.to_owned());
        }
        self.screen.print("");
        self.screen.print(&self.screen.bold(url));
        self.screen.print("");
        if self.screen.is_terminal() && self.qr && !self.screen.is_quiet() {
            match qr::lines(url, self.screen.width(), self.screen.has_colour()) {
                Some(lines) => lines.iter().for_each(|line| self.screen.print(line)),
                None => self.screen.print(&self.screen.dim("  (too narrow here for the QR code)")),
            }
            self.screen.print("");
        }
        let readers = if public {
            "open room: this computer and Cloudflare can read what is said"
        } else {
            "open room: this computer can read what is said; the link works on it alone"
        };
        self.screen.print_wrapped(readers);
        self.screen.print_wrapped("Ctrl+C ends it for everybody; what was said is not kept");
        self.screen.print("");
        self.bottom();
    }

    /// Somebody came.
    pub(in crate::supervisor) fn joined(&mut self, participant: &Participant, present: usize) {
        self.present = present;
        let person = person(participant);
        self.person_event('+', &person);
        self.note(LogEntry::Joined(person));
        self.json(&Event::Joined { participant, present });
    }

    /// Somebody went.
    pub(in crate::supervisor) fn left(&mut self, participant: &Participant, present: usize) {
        self.present = present;
        let person = person(participant);
        self.person_event('-', &person);
        self.note(LogEntry::Left(person));
        self.json(&Event::Left { participant, present });
    }

    /// Something to know while the session goes on.
    pub(in crate::supervisor) fn hint(&self, text: &str) {
        self.screen.print_notice(Severity::Warning, text);
        self.bottom();
    }

    /// A line about one participant, on one row of the terminal: the rest of a longer one would begin
    /// where lines of our own do. Their name is cut, number and tag are not; where next to nothing of
    /// the name would be left, the time is left out.
    fn person_event(&self, sign: char, person: &Person) {
        let beside = 2 + Person { name: String::new(), ..person.clone() }.to_string().len();
        let room = |before: usize| usize::from(self.screen.width()).saturating_sub(before + beside);
        let cut = |columns: usize| {
            let name = self.screen.truncate(&person.name, columns.max(1));
            format!("{sign} {}", Person { name, ..person.clone() })
        };
        if room(EVENT_COLUMN) >= SHORTEST_NAME {
            self.event(&cut(room(EVENT_COLUMN)));
        } else {
            self.screen.print_truncated(&format!("  {}", cut(room(2))));
            self.bottom();
        }
    }

    /// A line with the time before it.
    fn event(&self, text: &str) {
        let time = log::now().strftime("%H:%M:%S").to_string();
        self.screen.print_truncated(&format!("  {}  {text}", self.screen.dim(&time)));
        self.bottom();
    }

    /// The line at the bottom.
    fn bottom(&self) {
        let here = match self.present {
            0 => "nobody here yet".to_owned(),
            present => format!("{present} here"),
        };
        let text = format!("  ● {} · {here} · Ctrl+C ends it", self.address);
        self.screen.set_status(&self.screen.dim(&text));
    }

    fn note(&mut self, entry: LogEntry) {
        self.log.note(log::now(), entry);
    }

    fn json(&mut self, event: &Event<'_>) {
        if self.output == Output::Json {
            self.result(terminal::json_line(event));
        }
    }

    fn result(&self, line: String) {
        if let Some(lines) = &self.lines {
            lines.send(line);
        }
    }
}

fn person(participant: &Participant) -> Person {
    Person {
        number: participant.number,
        name: escape_control(&participant.name),
        tag: escape_control(&participant.tag),
    }
}
