//! The fault matrix: who dies how, where the session stands, who is in the room, and whether
//! cloudflared is stubborn.

use std::time::Duration;

use rustix::process::Signal;

use crate::plan::{Exit, Moment, Phase, Plan, Step, Temper, Victim, hanging, orders};

use Phase::{Closing, Open, Opening, Preparing, Question};
use Victim::{Cleaner, Cloudflared, Guard, Serve, Supervisor, Tunnel};

const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";

const WITHOUT_QUESTION: &[Phase] = &[Preparing, Opening, Open, Closing];
const EVERY: &[Phase] = &[Preparing, Opening, Open, Closing, Question];
/// The room is there.
const WITH_ROOM: &[Phase] = &[Opening, Open, Closing];

/// One fault, in every phase in which it can happen.
pub(crate) struct Row {
    pub(crate) name: String,
    on_terminal: bool,
    phases: &'static [Phase],
    steps: Vec<Step>,
    kind: Kind,
}

/// What a fault means for the session.
#[derive(Clone, Copy)]
enum Kind {
    /// The supervisor is ended by this signal.
    Fatal(Signal),
    /// The room is gone.
    RoomLost,
    /// The public address is gone; the session goes on.
    TunnelLost,
    /// Nobody whom the participants need.
    Bystander,
    /// Somebody wants the end; once more changes nothing.
    Asked,
    /// Somebody at the keyboard wants the end; once more is impatience.
    Interrupted,
    /// Somebody wants it twice.
    Insisted,
}

/// One cell: a row in a column.
pub(crate) struct Cell {
    pub(crate) row: String,
    pub(crate) column: String,
    pub(crate) stubborn: bool,
    pub(crate) plan: Plan,
}

/// The columns of the table, in order.
pub(crate) fn columns() -> Vec<String> {
    let busy = |phase: &Phase| matches!(phase, Open | Closing);
    EVERY
        .iter()
        .flat_map(|phase| {
            let crowded = busy(phase).then(|| column(*phase, true));
            std::iter::once(column(*phase, false)).chain(crowded)
        })
        .collect()
}

/// Every cell.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for stubborn in [false, true] {
        for row in rows() {
            for phase in row.phases {
                cells.push(row.cell(*phase, false, stubborn));
                if matches!(phase, Open | Closing) && !row.on_terminal {
                    cells.push(row.cell(*phase, true, stubborn));
                }
            }
        }
    }
    cells
}

fn column(phase: Phase, crowded: bool) -> String {
    format!("{}{}", phase.name(), if crowded { "+50" } else { "" })
}

/// Every fault.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = deaths();
    for victim in [Supervisor, Serve, Tunnel] {
        for (name, signal) in [("ABRT", Signal::ABORT), ("ILL", Signal::ILL)] {
            let kind = match victim {
                Serve => Kind::RoomLost,
                Tunnel => Kind::TunnelLost,
                Supervisor | Guard | Cleaner | Cloudflared => Kind::Fatal(signal),
            };
            let phases = if victim == Serve { WITH_ROOM } else { WITHOUT_QUESTION };
            rows.push(row(&format!("{name} {}", victim.name()), phases, one(victim, signal), kind));
        }
    }
    rows.extend(requests());
    rows.extend(stopped());
    rows.extend(on_terminals());
    rows
}

fn deaths() -> Vec<Row> {
    let kill = |victim| one(victim, Signal::KILL);
    let fatal = Kind::Fatal(Signal::KILL);
    vec![
        row("KILL supervisor", EVERY, kill(Supervisor), fatal),
        row("KILL guard", EVERY, kill(Guard), Kind::Bystander),
        row("KILL cleaner", &[Preparing], kill(Cleaner), Kind::Bystander),
        row("KILL serve", WITH_ROOM, kill(Serve), Kind::RoomLost),
        row("KILL tunnel", WITHOUT_QUESTION, kill(Tunnel), Kind::TunnelLost),
        row("KILL cloudflared", WITHOUT_QUESTION, kill(Cloudflared), Kind::TunnelLost),
        row(
            "KILL supervisor+guard",
            EVERY,
            vec![Step::Strike(vec![Supervisor, Guard], Signal::KILL)],
            fatal,
        ),
    ]
}

fn requests() -> Vec<Row> {
    let signals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
    let names = ["INT", "TERM", "HUP", "QUIT"];
    let mut rows: Vec<Row> = names
        .iter()
        .zip(signals)
        .map(|(name, signal)| {
            let kind = if signal == Signal::INT { Kind::Interrupted } else { Kind::Asked };
            row(name, EVERY, one(Supervisor, signal), kind)
        })
        .collect();
    let mut twice = one(Supervisor, Signal::INT);
    // Signals of one kind melt into one until they are seen.
    twice.push(Step::Hear("closing", None));
    twice.extend(one(Supervisor, Signal::INT));
    rows.push(row("INT twice", &[Preparing, Opening, Open], twice, Kind::Insisted));
    rows.push(row("input closed", WITHOUT_QUESTION, vec![Step::CloseInput], Kind::Asked));
    rows
}

fn stopped() -> Vec<Row> {
    let stop = |victim, then| {
        let mut steps = one(victim, Signal::STOP);
        steps.extend(one(Supervisor, then));
        steps
    };
    let term = |victim| stop(victim, Signal::TERM);
    // Nobody is left but the kernel, and who is stopped reads no end of any lifeline.
    let alone = |victim| {
        let mut steps = one(victim, Signal::STOP);
        steps.push(Step::Strike(vec![Supervisor, Guard], Signal::KILL));
        steps
    };
    let fatal = Kind::Fatal(Signal::KILL);
    vec![
        row("STOP serve, TERM", WITH_ROOM, term(Serve), Kind::Asked),
        row("STOP tunnel, TERM", WITHOUT_QUESTION, term(Tunnel), Kind::Asked),
        row("STOP cloudflared, TERM", WITHOUT_QUESTION, term(Cloudflared), Kind::Asked),
        row("STOP guard, TERM", WITHOUT_QUESTION, term(Guard), Kind::Asked),
        row("STOP guard, KILL supervisor", EVERY, stop(Guard, Signal::KILL), fatal),
        row("STOP serve, KILL sup.+guard", WITH_ROOM, alone(Serve), fatal),
        row("STOP tunnel, KILL sup.+guard", WITHOUT_QUESTION, alone(Tunnel), fatal),
        row("STOP cloudflared, KILL sup.+guard", WITHOUT_QUESTION, alone(Cloudflared), fatal),
    ]
}

fn on_terminals() -> Vec<Row> {
    let closed = Step::CloseTerminal;
    let refused = Step::See("Ctrl+Z would leave");
    let held = vec![Step::Type(CTRL_Z), refused, closed.clone()];
    let twice = vec![Step::Type(CTRL_C), Step::See("ending; everybody"), Step::Type(CTRL_C)];
    let early: &[Phase] = &[Preparing, Opening, Open];
    vec![
        on_terminal("terminal closed", EVERY, vec![closed], Kind::Asked),
        on_terminal("Ctrl+Z, terminal closed", early, held, Kind::Asked),
        on_terminal("Ctrl+C twice", early, twice, Kind::Insisted),
        on_terminal("Ctrl+C again", &[Question], vec![Step::Type(CTRL_C)], Kind::Insisted),
    ]
}

fn one(victim: Victim, signal: Signal) -> Vec<Step> {
    vec![Step::Strike(vec![victim], signal)]
}

fn row(name: &str, phases: &'static [Phase], steps: Vec<Step>, kind: Kind) -> Row {
    Row { name: name.to_owned(), on_terminal: false, phases, steps, kind }
}

fn on_terminal(name: &str, phases: &'static [Phase], steps: Vec<Step>, kind: Kind) -> Row {
    Row { on_terminal: true, ..row(name, phases, steps, kind) }
}

impl Row {
    fn cell(&self, phase: Phase, crowded: bool, stubborn: bool) -> Cell {
        let column = column(phase, crowded);
        let cleaner = self.name == "KILL cleaner";
        let temper = match (stubborn, phase) {
            (true, _) => Temper::Stubborn,
            // Else there is no closing to speak of.
            (false, Closing) => Temper::Deaf,
            (false, _) => Temper::Normal,
        };
        let manner = if stubborn { ", stubborn" } else { "" };
        let plan = Plan {
            name: format!("{} / {column}{manner}", self.name),
            orders: Some(if phase == Opening { hanging(temper) } else { orders(temper) }),
            search_hangs: phase == Preparing && !cleaner,
            on_terminal: self.on_terminal || phase == Question,
            crowded,
            moment: if cleaner { Moment::After(Duration::ZERO) } else { Moment::In(phase) },
            steps: self.steps.iter().cloned().chain(self.kind.ending(phase)).collect(),
            lenient: false,
            exits: self.kind.exits(phase),
        };
        Cell { row: self.name.clone(), column, stubborn, plan }
    }
}

impl Kind {
    /// What must follow before the end is witnessed.
    fn ending(self, phase: Phase) -> Vec<Step> {
        let term = Step::Strike(vec![Supervisor], Signal::TERM);
        match (self, phase) {
            (
                Kind::Fatal(_) | Kind::RoomLost | Kind::Asked | Kind::Interrupted | Kind::Insisted,
                _,
            ) => Vec::new(),
            (Kind::TunnelLost | Kind::Bystander, Closing) => Vec::new(),
            (Kind::TunnelLost, Open) => vec![Step::Hear("tunnel", Some("lost")), term],
            // It goes on with the local link.
            (Kind::TunnelLost, _) => vec![Step::Hear("link", None), term],
            (Kind::Bystander, Question) => vec![Step::Type("\r")],
            (Kind::Bystander, _) => vec![term],
        }
    }

    fn exits(self, phase: Phase) -> Vec<Exit> {
        match (self, phase) {
            (Kind::Fatal(signal), _) => vec![Exit::Signal(signal.as_raw())],
            (Kind::RoomLost, Opening | Open) => vec![Exit::Code(70)],
            // The end had been asked for before.
            (Kind::Interrupted, Closing | Question) | (Kind::Insisted, _) => {
                vec![Exit::Code(0), Exit::Code(130)]
            }
            (
                Kind::RoomLost
                | Kind::TunnelLost
                | Kind::Bystander
                | Kind::Asked
                | Kind::Interrupted,
                _,
            ) => vec![Exit::Code(0)],
        }
    }
}
