//! A row of the fault matrix, and the plans of its cells.

use std::time::Duration;

use rustix::process::Signal;

use crate::effect::Effect;
use crate::plan::{Behaviour, Mode, Phase, Plan, Step, Trigger, Victim, hanging, registering};

use Phase::{Closing, Open, Opening, Preparing, Question};

pub(crate) const ALL: &[Phase] = &[Preparing, Opening, Open, Closing, Question];
pub(crate) const WITHOUT_QUESTION: &[Phase] = &[Preparing, Opening, Open, Closing];
/// Phases in which `chattrace-serve` runs.
pub(crate) const WITH_ROOM: &[Phase] = &[Opening, Open, Closing];

/// Where the session of a row runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTerminal {
    No,
    /// On a terminal, with an empty room.
    Empty,
    /// On a terminal, also with participants.
    Occupied,
}

/// One fault, in every phase in which it can happen.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) on_terminal: OnTerminal,
    pub(crate) phases: &'static [Phase],
    pub(crate) steps: Vec<Step>,
    pub(crate) effect: Effect,
}

/// One cell: a row in a column.
pub(crate) struct Cell {
    pub(crate) row: String,
    pub(crate) column: String,
    /// Whether cloudflared forks and ignores TERM.
    pub(crate) uncooperative: bool,
    pub(crate) plan: Plan,
}

/// Whether there are trials with participants in this phase.
pub(crate) fn can_be_occupied(phase: Phase) -> bool {
    matches!(phase, Open | Closing)
}

pub(crate) fn column_name(phase: Phase, occupied: bool) -> String {
    format!("{}{}", phase.name(), if occupied { "+50" } else { "" })
}

pub(crate) fn send(victim: Victim, signal: Signal) -> Vec<Step> {
    vec![Step::Signal(vec![victim], signal)]
}

pub(crate) fn row(name: &str, phases: &'static [Phase], steps: Vec<Step>, effect: Effect) -> Row {
    let on_terminal = OnTerminal::No;
    Row { name: name.to_owned(), on_terminal, phases, steps, effect }
}

pub(crate) fn on_terminal(
    name: &str,
    phases: &'static [Phase],
    steps: Vec<Step>,
    effect: Effect,
) -> Row {
    Row { on_terminal: OnTerminal::Empty, ..row(name, phases, steps, effect) }
}

impl Row {
    pub(crate) fn cell(&self, phase: Phase, occupied: bool, uncooperative: bool) -> Cell {
        let column = column_name(phase, occupied);
        let is_cleaner = self.name == "KILL cleaner";
        let behaviour = match (uncooperative, phase) {
            (true, _) => Behaviour::ForksAndIgnoresTerm,
            // A cooperative one exits at once, and the phase would be over.
            (false, Closing) => Behaviour::IgnoresTerm,
            (false, _) => Behaviour::Cooperative,
        };
        let suffix = if uncooperative { ", uncooperative" } else { "" };
        let orders = if phase == Opening { hanging(behaviour) } else { registering(behaviour) };
        let trigger =
            if is_cleaner { Trigger::AfterStart(Duration::ZERO) } else { Trigger::InPhase(phase) };
        // Both modes meet each fault, in as many trials as one.
        let mode = if uncooperative { Mode::Open } else { Mode::Sealed };
        let plan = Plan {
            name: format!("{} / {column}{suffix}", self.name),
            orders: Some(orders),
            version_hangs: phase == Preparing && !is_cleaner,
            on_terminal: self.on_terminal != OnTerminal::No || phase == Question,
            mode,
            occupied,
            trigger,
            steps: self.steps.iter().cloned().chain(self.effect.more_steps(phase)).collect(),
            best_effort: false,
            exits: self.effect.exits(phase),
            last_line: self.effect.last_line(),
        };
        Cell { row: self.name.clone(), column, uncooperative, plan }
    }
}
