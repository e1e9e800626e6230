//! A thousand people who knock at once with hostile names at a lobby, and a hundred on an invite for three.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Bench;
use super::latency::PER_SECOND;
use super::order::give;
use crate::load::{Arrival, Effect, Load, Target};
use crate::machine;
use crate::report::{Table, figure, grouped, progress};
use crate::servers::{Mode, Server, ServerProcess};

/// People in the room, who send messages to each other meanwhile.
const INSIDE: usize = 50;

/// People who knock at the same time, and how many do to check correctness only.
const KNOCKING: usize = 1_000;
const FEW_KNOCKING: usize = 200;

/// Most who wait: the bound of the lobby.
const WAITING: usize = 32;

/// People who come at the same time by one invite, and how many it lets in.
const BY_INVITE: usize = 100;
const INVITED: usize = 3;

/// How long messages are sent inside: longer than the flood takes.
const DURATION: Duration = Duration::from_secs(4);
const SHORT_DURATION: Duration = Duration::from_secs(2);

/// How long they are sent before it.
const LEAD_TIME: Duration = Duration::from_millis(500);

/// Connections that are opened in one turn.
const OPENED_IN_A_TURN: usize = 4;

/// Why the others are refused. A sealed room refuses those as too fast who lose their place in the queue,
/// because they take too long to send their request: as all do on a busy machine.
const REFUSALS: &[&str] = &["full", "bad_name", "name_taken", "too_fast"];

/// What the operator does with those who wait.
const DECISIONS: [&str; 2] = ["admit all", "refuse all"];

/// Resident memory in KiB.
#[derive(Clone, Copy)]
struct Resident {
    room: u64,
    host: u64,
}

impl Bench {
    pub(super) fn lobby(&mut self) {
        self.floods();
        self.invites();
    }

    fn floods(&mut self) {
        let (knocking, _) = self.flood_size();
        let title = format!(
            "lobby: {knocking} knock at once with hostile names, while {INSIDE} inside send \
             {PER_SECOND} messages per second: ms until all are answered, and until the last who waits \
             knows the decision; µs until each inside has a message"
        );
        let columns = &[
            "room",
            "answers",
            "ms",
            "serve CPU ms",
            "chattrace CPU ms",
            "serve KiB before",
            "after",
            "chattrace KiB before",
            "after",
            "p50",
            "p99",
            "max",
            "decision",
            "ms",
        ];
        let mut table = Table::new(&title, 2, columns);
        for round in 0..self.rounds() {
            for (name, mode) in [("open", Mode::Open), ("sealed", Mode::Sealed)] {
                for decision in DECISIONS {
                    progress(&format!("lobby, {name}, {decision}: {round}"));
                    let server = self.session(&format!("chattrace, {name}"), mode, KNOCKING);
                    match self.flood(&server, decision) {
                        Ok(cells) => table.row([vec![name.to_owned()], cells].concat()),
                        Err(why) => self.record_failure(&server, "lobby", &why, &mut table),
                    }
                }
            }
        }
        table.print();
    }

    /// How many knock, and for how long messages are sent meanwhile.
    fn flood_size(&self) -> (usize, Duration) {
        if self.options.quick { (FEW_KNOCKING, SHORT_DURATION) } else { (KNOCKING, DURATION) }
    }

    fn flood(&self, server: &Server, decision: &str) -> Result<Vec<String>, String> {
        let process = server.start(self.cores)?;
        let mut inside = Load::connect(&process.target, INSIDE, Arrival::InWaves)?;
        let mut control = process.control()?;
        inside.expect_all(&Effect::new("rules", "\"lobby\":true"));
        give(&mut control, &mut [&mut inside], "lobby on")?;
        inside.synchronize(&[])?;
        inside.measure_latency(PER_SECOND, LEAD_TIME, || Ok(()))?;

        let (knocking, duration) = self.flood_size();
        let before = (Resident::of(&process)?, process.cpu_times()?);
        let mut flood = Flood::new(&process.target, (0..knocking).map(hostile_name).collect())?;
        let latency = inside.measure_latency(PER_SECOND, duration, || flood.act())?;
        let after = (Resident::of(&process)?, process.cpu_times()?);
        let took = flood.took.ok_or("the flood was not answered in time")?;
        let answers = flood.check(WAITING, Load::waiting, REFUSALS)?;

        let told = match decision {
            "admit all" => Effect::new("welcome", ""),
            _ => Effect::new("refused", ""),
        };
        flood.load.expect_waiting(&told);
        let decided = give(&mut control, &mut [&mut flood.load], decision)?.effective;
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        Ok(vec![
            answers,
            figure(Some(millis(took)), 0),
            figure(Some(millis(after.1.room - before.1.room)), 0),
            figure(Some(millis(after.1.host - before.1.host)), 0),
            grouped(Some(before.0.room as f64)),
            grouped(Some(after.0.room as f64)),
            grouped(Some(before.0.host as f64)),
            grouped(Some(after.0.host as f64)),
            figure(Some(latency.p50), 0),
            figure(Some(latency.p99), 0),
            figure(Some(latency.max), 0),
            decision.to_owned(),
            figure(decided.map(millis), 1),
        ])
    }

    fn invites(&mut self) {
        let title = format!("lobby: {BY_INVITE} come at once by an invite for {INVITED}");
        let mut table = Table::new(&title, 2, &["room", "answers", "ms"]);
        for round in 0..self.rounds() {
            for (name, mode) in [("open", Mode::Open), ("sealed", Mode::Sealed)] {
                progress(&format!("lobby, invite, {name}: {round}"));
                let server = self.session(&format!("chattrace, {name}"), mode, KNOCKING);
                match self.invite(&server) {
                    Ok(cells) => table.row([vec![name.to_owned()], cells].concat()),
                    Err(why) => self.record_failure(&server, "invite", &why, &mut table),
                }
            }
        }
        table.print();
    }

    fn invite(&self, server: &Server) -> Result<Vec<String>, String> {
        let process = server.start(self.cores)?;
        let mut control = process.control()?;
        let text = give(&mut control, &mut [], &format!("invite {INVITED} 10m"))?.text;
        let target = text.lines().find_map(Target::parse).ok_or("an invite without a link")?;
        let mut flood = Flood::new(&target, (0..BY_INVITE).map(|it| format!("I{it}")).collect())?;
        let started = Instant::now();
        while flood.took.is_none() {
            flood.act()?;
            if started.elapsed() > DURATION {
                return Err("they were not answered in time".to_owned());
            }
        }
        let answers = flood.check(INVITED, Load::present, &["bad_ticket"])?;
        let millis = flood.took.map(|took| took.as_secs_f64() * 1000.0);
        Ok(vec![answers, figure(millis, 0)])
    }
}

impl Resident {
    fn of(process: &ServerProcess) -> Result<Self, String> {
        let kib = machine::resident_kib;
        Ok(Self { room: kib(process.room_pid())?, host: kib(process.pid())? })
    }
}

/// Many who come at once.
struct Flood {
    load: Load,
    started: Instant,
    /// The time until all of them were answered.
    took: Option<Duration>,
}

impl Flood {
    /// A flood of people with these names, none of whom has knocked.
    fn new(target: &Target, names: Vec<String>) -> Result<Self, String> {
        Ok(Self { load: Load::knocking(target, names)?, started: Instant::now(), took: None })
    }

    /// Has the next ones knock, and takes what has arrived.
    fn act(&mut self) -> Result<(), String> {
        let mut is_next = true;
        for _ in 0..OPENED_IN_A_TURN {
            is_next = is_next && self.load.knock_next()?;
        }
        self.load.turn()?;
        if self.took.is_none() && !is_next && self.load.is_answered() {
            self.took = Some(self.started.elapsed());
        }
        Ok(())
    }

    /// Checks that so many were let in, or put off, and the others refused for these reasons; how many were
    /// answered how.
    fn check(
        &self,
        wanted: usize,
        let_in: fn(&Load) -> usize,
        allowed: &[&str],
    ) -> Result<String, String> {
        let (count, refusals) = (let_in(&self.load), self.load.refusals());
        let text = described(count, &refusals);
        let is_allowed = refusals.keys().all(|why| allowed.contains(&why.as_str()));
        let all = count + refusals.values().sum::<usize>();
        if count == wanted && is_allowed && all == self.load.names() { Ok(text) } else { Err(text) }
    }
}

fn described(count: usize, refusals: &BTreeMap<String, usize>) -> String {
    let refusals = refusals.iter().map(|(why, count)| format!("{count} {why}"));
    std::iter::once(format!("{count} in")).chain(refusals).collect::<Vec<_>>().join(", ")
}

/// Names that try to get at the operator: by commands, by letters of other directions, by sequences of the
/// terminal, by their length. Every second is a name that a room accepts.
fn hostile_name(number: usize) -> String {
    match number % 16 {
        1 => format!("\u{202e}{number}"),
        3 => "x".repeat(65),
        5 => format!("\u{1b}[2J\u{7}{number}"),
        7 => "a\u{301}\u{302}\u{303}\u{304}\u{305}".to_owned(),
        9 => String::new(),
        11 => "Host".to_owned(),
        13 => format!("#{number}"),
        15 => format!("\n{number}\r\n"),
        0 => format!("admit all {number}"),
        2 => format!("\u{5d0}\u{5d1} {number}"),
        4 => format!("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} {number}"),
        6 => format!("nothing remains {number}"),
        8 => format!("\u{627}\u{644}\u{636}\u{64a}\u{641} {number}"),
        10 => format!("{number}"),
        12 => format!("W{}{number}", "i".repeat(50)),
        _ => format!("panic {number}"),
    }
}
