//! A person in a sealed room, without a connection: turns lines of the server into what a client shows.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chattrace::seal::{
    Answered, Applicant, BadBox, BoxHead, Change, Changed, Circle, Entry, Guest, Kind, Knock,
    Received, SecretBytes, Ticket, Violation, Welcome,
};
use serde_json::{Value, json};

/// For how long rooms keep events, by the built-in settings.
const RING_AGE: Duration = Duration::from_secs(600);

/// What a client shows of one line. People are shown by their names, which the roster has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Said {
        name: String,
        text: String,
        missing: u32,
    },
    Announced {
        text: String,
    },
    /// The whole new link.
    Moved {
        link: String,
    },
    Circle {
        joined: Vec<String>,
        left: Vec<String>,
    },
    /// A box that is not what it claims to be.
    Bad(BadBox),
    /// A box of an earlier generation without a key.
    NotForUs,
    /// Nothing: a repeated box.
    Repeat,
    /// Nothing: a generation that is known.
    Known,
    /// A generation is missing; the client returns to the present.
    Behind,
    /// Nothing: the client reads on after the latest event that it has.
    Resumed,
    /// The client says so, and ends.
    Violation(Violation),
    /// A line in which nothing is sealed.
    Line(Value),
}

/// Bytes as they stand in a line.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a field; empty if it is missing or not base64url.
pub(crate) fn decode(field: &Value) -> Vec<u8> {
    field.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).unwrap_or_default()
}

fn decode_all(field: &Value) -> Vec<Vec<u8>> {
    field.as_array().into_iter().flatten().map(decode).collect()
}

fn number(field: &Value) -> u32 {
    field.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default()
}

pub(crate) fn draw() -> SecretBytes<32> {
    SecretBytes::generate().unwrap()
}

/// A handshake that waits for its answer.
pub(crate) struct Knocking {
    knock: Knock,
    door: String,
}

impl Knocking {
    /// With the 22 characters of a link.
    pub(crate) fn new(ticket: &str) -> Self {
        let ticket = Ticket::parse(ticket).unwrap();
        Self { knock: Knock::new(&ticket, draw()), door: ticket.door_text() }
    }

    /// The line that begins the handshake.
    pub(crate) fn line(&self) -> Value {
        json!({ "t": "knock", "door": self.door, "noise": encode(self.knock.message()) })
    }

    /// Takes the line `answer`.
    pub(crate) fn answered(self, answer: &Value) -> Result<Answered, Violation> {
        self.knock.open_answer(&decode(&answer["noise"]))
    }
}

/// The request of a person of this name, and the line that it is sent in.
pub(crate) fn request(answered: Answered, name: &str) -> (Applicant, Value) {
    let (applicant, sealed) = answered.request(name, &draw()).unwrap();
    (applicant, json!({ "t": "join", "sealed": encode(&sealed) }))
}

/// The reason in a line `refused` that only its receiver can read.
pub(crate) fn refusal(applicant: &Applicant, line: &Value) -> Value {
    let json = applicant.open_refusal(&decode(&line["sealed"])).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// A person who was let in.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) guest: Guest,
    /// The latest event.
    pub(crate) seq: u64,
    pub(crate) resume: String,
    /// Whether messages disappear, by the rules of the room.
    fades: bool,
    began: Instant,
}

impl Member {
    /// Takes the first line `welcome`.
    pub(crate) fn welcomed(applicant: Applicant, line: &Value) -> Result<Self, Violation> {
        let began = Instant::now();
        let guest =
            with_welcome(line, |welcome| applicant.welcome(welcome, RING_AGE, Duration::ZERO))?;
        let resume = line["resume"].as_str().unwrap().to_owned();
        let seq = line["seq"].as_u64().unwrap();
        let fades = line["rules"]["fade"].as_u64().is_some_and(|seconds| seconds > 0);
        Ok(Self { guest, seq, resume, fades, began })
    }

    pub(crate) fn name(&self) -> &str {
        &self.guest.entry(self.guest.number()).unwrap().name
    }

    /// The others who share the newest key, by rising number.
    pub(crate) fn others(&self) -> Vec<&str> {
        let own = self.guest.number();
        let others = self.guest.roster().filter(|entry| entry.number != 0 && entry.number != own);
        others.map(|entry| &*entry.name).collect()
    }

    /// The line that says `text`.
    pub(crate) fn say(&mut self, text: &str) -> Value {
        let sealed = self.guest.seal_message(text, self.began.elapsed()).unwrap();
        json!({ "t": "say", "body": encode(&sealed) })
    }

    /// The line that returns: to read on after the latest event, or to the present.
    pub(crate) fn return_line(&self, to_present: bool) -> Value {
        let mut line = json!({ "t": "join", "resume": self.resume });
        if !to_present {
            line["after"] = self.seq.into();
        }
        line
    }

    /// Takes a line that the server sends to those who are in the room.
    pub(crate) fn receive(&mut self, line: &Value) -> Shown {
        self.seq = line["seq"].as_u64().unwrap_or(self.seq).max(self.seq);
        // While messages fade, those that are missing may have.
        if self.fades || matches!(line["t"].as_str(), Some("gap" | "cleared")) {
            self.guest.interrupted();
        }
        let rules = if line["t"] == "rules" { line } else { &line["rules"] };
        self.fades = rules["fade"].as_u64().map_or(self.fades, |seconds| seconds > 0);
        match line["t"].as_str() {
            Some("keys") => self.change(line),
            Some("said" | "announced" | "moved") => self.open(&decode(&line["body"])),
            Some("welcome") if line["letter"].is_string() => self.return_to_present(line),
            // Reads on where the client was: it has all keys, or gets them.
            Some("welcome") => {
                self.resume = line["resume"].as_str().unwrap().to_owned();
                Shown::Resumed
            }
            _ => Shown::Line(line.clone()),
        }
    }

    fn open(&mut self, sealed: &[u8]) -> Shown {
        match self.guest.open_box(sealed) {
            Received::Said(said) => {
                let BoxHead { number, .. } = said.head;
                let name = self.guest.entry(number).unwrap().name.clone();
                let text = said.content.text;
                match said.content.kind {
                    Kind::Message => Shown::Said { name, text, missing: said.missing },
                    Kind::Announcement => Shown::Announced { text },
                    Kind::Moved => Shown::Moved { link: text },
                }
            }
            Received::Bad(error) => Shown::Bad(error),
            Received::Repeat => Shown::Repeat,
            Received::Behind => Shown::Behind,
            Received::NotForUs => Shown::NotForUs,
        }
    }

    fn change(&mut self, line: &Value) -> Shown {
        let letter = line["letter"].is_string().then(|| decode(&line["letter"]));
        let went: Vec<u32> = line["went"].as_array().into_iter().flatten().map(number).collect();
        let change = Change {
            generation: number(&line["generation"]),
            letter: letter.as_deref(),
            came: &decode_all(&line["came"]),
            went: &went,
        };
        match self.guest.change(&change, self.began.elapsed()) {
            Ok(Changed::Next(circle)) => shown_circle(circle),
            Ok(Changed::Known) => Shown::Known,
            Ok(Changed::Behind) => Shown::Behind,
            Err(violation) => Shown::Violation(violation),
        }
    }

    fn return_to_present(&mut self, line: &Value) -> Shown {
        self.resume = line["resume"].as_str().unwrap().to_owned();
        let now = self.began.elapsed();
        let circle = with_welcome(line, |welcome| self.guest.return_to_present(welcome, now));
        match circle {
            Ok(circle) => shown_circle(circle),
            Err(violation) => Shown::Violation(violation),
        }
    }
}

fn shown_circle(circle: Circle) -> Shown {
    let names = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.name).collect();
    Shown::Circle { joined: names(circle.joined), left: names(circle.left) }
}

fn with_welcome<T>(line: &Value, take: impl FnOnce(&Welcome<'_, Vec<u8>>) -> T) -> T {
    let (letter, roster) = (decode(&line["letter"]), decode_all(&line["roster"]));
    let generation = number(&line["generation"]);
    take(&Welcome { generation, letter: &letter, roster: &roster })
}
