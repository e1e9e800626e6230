//! The fault matrix: each fault, in each phase, in an empty and in an occupied room, with a
//! cooperative and an uncooperative cloudflared. With the first the room is sealed, with the other open.

use rustix::process::Signal;

use crate::effect::Effect;
use crate::panics;
use crate::plan::{Phase, Step, Victim};
use crate::row::{
    ALL, Cell, OnTerminal, Row, WITH_ROOM, WITHOUT_QUESTION, can_be_occupied, column_name,
    on_terminal, row, send,
};

use Phase::{Open, Opening, Preparing, Question};
use Victim::{Cleaner, Cloudflared, Guard, Serve, Supervisor, Tunnel};

const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";

/// The columns of the table, in order.
pub(crate) fn columns() -> Vec<String> {
    ALL.iter()
        .flat_map(|phase| {
            let occupied = can_be_occupied(*phase).then(|| column_name(*phase, true));
            std::iter::once(column_name(*phase, false)).chain(occupied)
        })
        .collect()
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for uncooperative in [false, true] {
        for row in rows() {
            for phase in row.phases {
                cells.push(row.cell(*phase, false, uncooperative));
                if can_be_occupied(*phase) && row.on_terminal != OnTerminal::Empty {
                    cells.push(row.cell(*phase, true, uncooperative));
                }
            }
        }
    }
    cells
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = kills();
    for victim in [Supervisor, Serve, Tunnel] {
        for (name, signal) in [("ABRT", Signal::ABORT), ("ILL", Signal::ILL)] {
            let effect = match victim {
                Serve => Effect::RoomLost,
                Tunnel => Effect::TunnelLost,
                Supervisor | Guard | Cleaner | Cloudflared => Effect::Fatal(signal),
            };
            let phases = if victim == Serve { WITH_ROOM } else { WITHOUT_QUESTION };
            rows.push(row(
                &format!("{name} {}", victim.name()),
                phases,
                send(victim, signal),
                effect,
            ));
        }
    }
    rows.extend(shutdown_requests());
    rows.extend(stops());
    rows.extend(on_terminals());
    rows.extend(panics::rows());
    rows
}

fn kills() -> Vec<Row> {
    let kill = |victim| send(victim, Signal::KILL);
    let fatal = Effect::Fatal(Signal::KILL);
    vec![
        row("KILL supervisor", ALL, kill(Supervisor), fatal),
        row("KILL guard", ALL, kill(Guard), Effect::None),
        row("KILL cleaner", &[Preparing], kill(Cleaner), Effect::None),
        row("KILL serve", WITH_ROOM, kill(Serve), Effect::RoomLost),
        row("KILL tunnel", WITHOUT_QUESTION, kill(Tunnel), Effect::TunnelLost),
        row("KILL cloudflared", WITHOUT_QUESTION, kill(Cloudflared), Effect::TunnelLost),
        row(
            "KILL supervisor+guard",
            ALL,
            vec![Step::Signal(vec![Supervisor, Guard], Signal::KILL)],
            fatal,
        ),
    ]
}

fn shutdown_requests() -> Vec<Row> {
    let signals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
    let names = ["INT", "TERM", "HUP", "QUIT"];
    let mut rows: Vec<Row> = names
        .iter()
        .zip(signals)
        .map(|(name, signal)| {
            let effect = if signal == Signal::INT { Effect::Interrupt } else { Effect::Shutdown };
            row(name, ALL, send(Supervisor, signal), effect)
        })
        .collect();
    let mut twice = send(Supervisor, Signal::INT);
    // The kernel merges two pending signals of the same number (signal(7)).
    twice.push(Step::AwaitEvent("closing", None));
    twice.extend(send(Supervisor, Signal::INT));
    rows.push(row("INT twice", &[Preparing, Opening, Open], twice, Effect::Forced));
    rows.push(row("stdin closed", WITHOUT_QUESTION, vec![Step::CloseStdin], Effect::Shutdown));
    rows
}

fn stops() -> Vec<Row> {
    let stop = |victim, then| {
        let mut steps = send(victim, Signal::STOP);
        steps.extend(send(Supervisor, then));
        steps
    };
    let term = |victim| stop(victim, Signal::TERM);
    // A stopped process reads no EOF on its lifeline, so only the death signal is left to end it.
    let kernel_only = |victim| {
        let mut steps = send(victim, Signal::STOP);
        steps.push(Step::Signal(vec![Supervisor, Guard], Signal::KILL));
        steps
    };
    let fatal = Effect::Fatal(Signal::KILL);
    vec![
        row("STOP serve, TERM", WITH_ROOM, term(Serve), Effect::Shutdown),
        row("STOP tunnel, TERM", WITHOUT_QUESTION, term(Tunnel), Effect::Shutdown),
        row("STOP cloudflared, TERM", WITHOUT_QUESTION, term(Cloudflared), Effect::Shutdown),
        row("STOP guard, TERM", WITHOUT_QUESTION, term(Guard), Effect::Shutdown),
        row("STOP guard, KILL supervisor", ALL, stop(Guard, Signal::KILL), fatal),
        row("STOP serve, KILL sup.+guard", WITH_ROOM, kernel_only(Serve), fatal),
        row("STOP tunnel, KILL sup.+guard", WITHOUT_QUESTION, kernel_only(Tunnel), fatal),
        row("STOP cloudflared, KILL sup.+guard", WITHOUT_QUESTION, kernel_only(Cloudflared), fatal),
    ]
}

fn on_terminals() -> Vec<Row> {
    let closed = Step::CloseTerminal;
    let refused = Step::AwaitText("Ctrl+Z would leave");
    let suspended = vec![Step::TypeKeys(CTRL_Z), refused, closed.clone()];
    let twice =
        vec![Step::TypeKeys(CTRL_C), Step::AwaitText("ending the session"), Step::TypeKeys(CTRL_C)];
    let early: &[Phase] = &[Preparing, Opening, Open];
    vec![
        on_terminal("terminal closed", ALL, vec![closed], Effect::Shutdown),
        on_terminal("Ctrl+Z, terminal closed", early, suspended, Effect::Shutdown),
        on_terminal("Ctrl+C twice", early, twice, Effect::Forced),
        on_terminal("Ctrl+C again", &[Question], vec![Step::TypeKeys(CTRL_C)], Effect::Forced),
    ]
}
