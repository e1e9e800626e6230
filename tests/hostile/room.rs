//! The room under attack: its process, the way in, and a seat for an attacker.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Place, Program, SERVE, Stream};
use crate::strict::Frame;
use crate::turn::{Kind, Turn};
use crate::watch::{Held, Watched, held, settled};
use crate::wire::{End, Wire, frame};

/// A pace that the calm pair stays below, and no flood does.
const CONFIG: &str = r#"{"room":{"max_participants":200,"rate":{"per_second":20,"burst":20}}}"#;

/// Attempts at a seat, each a hundredth of a second after the other: joins may have a pace.
const ATTEMPTS: usize = 3_000;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// A room that runs.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) program: Watched,
    place: Place,
    /// Kilobytes that it says it takes at most.
    ceiling: u64,
    pub(crate) way: Way,
    /// Seats that were taken so far, for names that nobody had.
    seats: u64,
}

/// How to get in.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    pub(crate) ticket: String,
}

/// A seat that an attacker has.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) wire: Wire,
    /// With which it comes back.
    pub(crate) resume: String,
}

impl Way {
    /// From a link such as `http://127.0.0.1:8080/t/TICKET`.
    pub(crate) fn of(link: &str) -> Self {
        let (address, ticket) =
            link.trim_start_matches("http://").split_once("/t/").expect("a link has a ticket");
        let address = address.parse().expect("a link has an address");
        Self { address, ticket: ticket.to_owned() }
    }

    /// Takes a seat under this name.
    ///
    /// # Errors
    /// With the refusal, or the way in which the socket ended.
    pub(crate) fn join(&self, name: &str) -> Result<Seat, End> {
        let mut wire = Wire::open(self.address)?;
        let line = serde_json::json!({"t": "join", "name": name, "ticket": self.ticket});
        let mut bytes = Vec::new();
        frame(&mut bytes, 0x81, [1, 2, 3, 4], line.to_string().as_bytes());
        let welcome: Value = wire.until(&bytes, |frame| match frame {
            Frame::Text(text) => serde_json::from_str(text.lines().next()?).ok(),
            Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => None,
        })?;
        match welcome["resume"].as_str() {
            Some(resume) => Ok(Seat { wire, resume: resume.to_owned() }),
            None => Err(wire.rest(&[])),
        }
    }
}

impl Room {
    pub(crate) fn start() -> Self {
        let place = Place::new();
        let config = place.root().join("config.json");
        std::fs::write(&config, CONFIG).unwrap();
        let serve = || -> Command {
            let mut command = place.command(SERVE);
            command.arg("--config").arg(&config);
            command
        };
        let mut explain = serve();
        explain.arg("--explain-limits");
        let explained = Program::run(explain).expect_code(0).stdout;
        let bytes = explained.split_once('(').unwrap().1.split_once(" bytes)").unwrap().0;
        let ceiling = bytes.parse::<u64>().unwrap() / 1024;
        let mut command = serve();
        command.arg("--json");
        let mut program = Watched::start(command);
        let mut link = None;
        program.until(|from, line| {
            let event: Option<Value> = serde_json::from_slice(line).ok();
            link = event.and_then(|event| Some(event["link"].as_str()?.to_owned()));
            from == Stream::Stdout
        });
        let way = Way::of(&link.unwrap_or_else(|| panic!("no room: {:?}", program.said)));
        Self { program, place, ceiling, way, seats: 0 }
    }

    /// What it holds now.
    pub(crate) fn held(&self) -> Held {
        held(self.program.pid())
    }

    /// Looks after it between two batches; false if it is dead.
    pub(crate) fn look(&mut self, turn: &mut Turn, batch: u64) -> bool {
        self.program.drain();
        turn.panicked(batch, &mut self.program.panics);
        turn.measured(batch, self.program.peak, self.ceiling);
        match self.program.has_ended() {
            None => true,
            Some(status) => {
                let said = self.program.said.join("\n");
                turn.found(Kind::Exit, batch, format!("the room ended with {status}: {said}"));
                false
            }
        }
    }

    /// What it holds, once an attacker's connections are gone.
    pub(crate) fn compare(&self, turn: &mut Turn, before: Held) {
        let after = settled(self.program.pid(), before);
        if after.descriptors > before.descriptors {
            let what = format!("{} descriptors, {} before", after.descriptors, before.descriptors);
            turn.found(Kind::Broken, 0, what);
        }
        turn.held = Some((before, after));
    }

    /// A seat for an attacker, under a name of its own. `None`, and a finding, if none is to be had.
    pub(crate) fn seat(&mut self, turn: &mut Turn, batch: u64) -> Option<Seat> {
        let mut last = End::Cut;
        for _ in 0..ATTEMPTS {
            self.program.drain();
            self.seats += 1;
            match self.way.join(&name(self.seats)) {
                Ok(seat) => return Some(seat),
                Err(end) => last = end,
            }
            // Refused for its pace: there is no event of the moment when it would be let in.
            std::thread::sleep(PAUSE);
        }
        turn.found(Kind::Broken, batch, format!("no seat for a newcomer: {last:?}"));
        None
    }

    /// Ends it, as an operator does.
    pub(crate) fn end(mut self, turn: Option<&mut Turn>) {
        self.program.signal("TERM");
        let status = self.program.wait(|_, _| ());
        let Some(turn) = turn else { return };
        turn.panicked(0, &mut self.program.panics);
        if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            turn.found(Kind::Exit, 0, format!("the room ended with {status:?}"));
        }
        drop(self.place);
    }
}

/// A name that no other number has, and that looks like none of theirs.
fn name(number: u64) -> String {
    const LETTERS: &[u8; 16] = b"abcdefghkpstuvxz";
    let letter = |at: u32| char::from(LETTERS[(number >> (4 * at)) as usize % 16]);
    (0..8).map(letter).collect()
}
