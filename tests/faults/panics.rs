//! The rows of the matrix in which the operator gives the command `panic`, alone and beside another fault.

use std::time::Duration;

use rustix::process::Signal;

use crate::effect::{Effect, Other};
use crate::plan::{PanicBy, Phase, Step, Victim};
use crate::row::{ALL, OnTerminal, Row, WITH_ROOM, WITHOUT_QUESTION, row, send};

use Victim::{Cloudflared, Guard, Serve, Supervisor, Tunnel};

const CTRL_S: &str = "\u{13}";
const PANIC: &str = "panic\r";

/// Whether `panic` is the only fault of a row.
#[derive(Clone, Copy)]
pub(crate) enum PanicRow {
    Alone,
    Beside,
}

/// Both kinds of rows, by their names in the report.
pub(crate) const KINDS: [(&str, PanicRow); 2] =
    [("alone", PanicRow::Alone), ("beside a fault", PanicRow::Beside)];

impl PanicRow {
    /// Whether the row of this name is of this kind.
    pub(crate) fn has(self, name: &str) -> bool {
        let rows = match self {
            Self::Alone => alone(),
            Self::Beside => after_another().into_iter().chain(before_another()).collect(),
        };
        rows.iter().any(|row| row.name == name)
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = alone();
    rows.extend(after_another());
    rows.extend(before_another());
    rows
}

fn alone() -> Vec<Row> {
    let on_terminal = |name, steps| {
        let on_terminal = OnTerminal::Occupied;
        Row { on_terminal, ..row(name, ALL, steps, Effect::Panic) }
    };
    vec![
        on_terminal("panic typed", vec![Step::TypeKeys(PANIC)]),
        on_terminal("panic typed twice", vec![Step::TypeKeys("panic\rpanic\r")]),
        // The terminal takes no output, and a write to it blocks.
        on_terminal("Ctrl+S, panic typed", vec![Step::TypeKeys(CTRL_S), Step::TypeKeys(PANIC)]),
        row("panic by socket", ALL, vec![Step::Panic(PanicBy::Socket)], Effect::Panic),
        row("panic by chattrace ctl", ALL, vec![Step::Panic(PanicBy::Ctl)], Effect::Panic),
        row("panic twice", ALL, vec![Step::SendPanic { times: 2 }], Effect::Panic),
    ]
}

/// A process is stopped or gone, then comes `panic`.
fn after_another() -> Vec<Row> {
    let then_panic = |name: &str, phases: &'static [Phase], victims: &[Victim], signal, effect| {
        let steps = vec![Step::Signal(victims.to_vec(), signal), Step::SendPanic { times: 1 }];
        row(&format!("{name}, panic"), phases, steps, effect)
    };
    let stop = |name, phases, victims: &[Victim]| {
        then_panic(&format!("STOP {name}"), phases, victims, Signal::STOP, Effect::Panic)
    };
    let kill = |name, phases, victim, effect| {
        then_panic(&format!("KILL {name}"), phases, &[victim], Signal::KILL, effect)
    };
    vec![
        stop("serve", WITH_ROOM, &[Serve]),
        stop("tunnel", WITHOUT_QUESTION, &[Tunnel]),
        stop("cloudflared", WITHOUT_QUESTION, &[Cloudflared]),
        stop("guard", ALL, &[Guard]),
        stop("all but supervisor", WITH_ROOM, &[Serve, Tunnel, Cloudflared, Guard]),
        kill("serve", WITH_ROOM, Serve, Effect::PanicBeside(Other::RoomLost)),
        kill("tunnel", WITHOUT_QUESTION, Tunnel, Effect::PanicBeside(Other::Shutdown)),
        kill("cloudflared", WITHOUT_QUESTION, Cloudflared, Effect::PanicBeside(Other::Shutdown)),
        kill("guard", ALL, Guard, Effect::PanicBeside(Other::Shutdown)),
    ]
}

/// `panic` first, and the other fault before it is over.
fn before_another() -> Vec<Row> {
    let panic_then = |name: &str, phases: &'static [Phase], victims: &[Victim], signal, effect| {
        let steps = vec![Step::PanicThenSignal(Duration::ZERO, victims.to_vec(), signal)];
        row(&format!("panic, {name}"), phases, steps, effect)
    };
    let kill = |name, phases, victims: &[Victim], effect| {
        panic_then(&format!("KILL {name}"), phases, victims, Signal::KILL, effect)
    };
    let fatal = Effect::PanicBeside(Other::Fatal(Signal::KILL));
    let beside = Effect::PanicBeside(Other::Shutdown);
    let mut rows = vec![
        kill("supervisor", ALL, &[Supervisor], fatal),
        kill("guard", ALL, &[Guard], beside),
        kill("serve", WITH_ROOM, &[Serve], Effect::PanicBeside(Other::RoomLost)),
        kill("tunnel", WITHOUT_QUESTION, &[Tunnel], beside),
        kill("sup.+guard", ALL, &[Supervisor, Guard], fatal),
        panic_then("TERM", ALL, &[Supervisor], Signal::TERM, beside),
        panic_then("INT", ALL, &[Supervisor], Signal::INT, Effect::PanicBeside(Other::Interrupt)),
    ];
    let mut stopped = send(Serve, Signal::STOP);
    stopped.push(Step::PanicThenSignal(Duration::ZERO, vec![Supervisor, Guard], Signal::KILL));
    // Only the death signal is left to end it.
    rows.push(row("STOP serve, panic, KILL sup.+guard", WITH_ROOM, stopped, fatal));
    let closed = vec![Step::TypeKeys(PANIC), Step::CloseTerminal];
    rows.push(Row {
        on_terminal: OnTerminal::Occupied,
        ..row("panic typed, terminal closed", ALL, closed, beside)
    });
    rows
}
