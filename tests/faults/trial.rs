//! One trial: starts a session, waits for the trigger, injects the fault and judges the result.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use crate::environment::{Environment, Leftovers};
use crate::inject::{self, Injected};
use crate::oracle::{self, Teardown};
use crate::participants::Participants;
use crate::plan::{Exit, Phase, Plan, Trigger};
use crate::session::Session;

/// The result of a trial; one line of JSON from the worker.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Outcome {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// The victim that was missing, if that kept the fault from being injected.
    pub(crate) skipped: Option<String>,
    pub(crate) signalled: Vec<String>,
    /// From the fault, or from the signal that ended the session, to the exit of the last process.
    pub(crate) milliseconds: Option<f64>,
    pub(crate) adopted: Vec<String>,
    pub(crate) survivors: Vec<String>,
    /// Files that the session left and `chattrace-clean` removed; allowed.
    pub(crate) left_for_clean: Vec<String>,
    /// Files that `chattrace-clean` left as well.
    pub(crate) leftovers: Vec<String>,
    /// The exit, if the plan does not allow it.
    pub(crate) unexpected_exit: Option<String>,
    pub(crate) errors: Vec<String>,
    pub(crate) exit: String,
    /// All output of the session.
    pub(crate) transcript: String,
}

impl Outcome {
    pub(crate) fn passed(&self) -> bool {
        self.survivors.is_empty()
            && self.leftovers.is_empty()
            && self.unexpected_exit.is_none()
            && self.errors.is_empty()
    }

    /// One line for each failure.
    pub(crate) fn failures(&self) -> Vec<String> {
        let survivors = self.survivors.iter().map(|process| format!("survived: {process}"));
        let leftovers = self.leftovers.iter().map(|path| format!("not removed: {path}"));
        let exit = self.unexpected_exit.iter().cloned();
        survivors.chain(leftovers).chain(exit).chain(self.errors.iter().cloned()).collect()
    }

    /// The outcome of a trial that could not be finished.
    pub(crate) fn failed(number: u64, name: String, error: String) -> Self {
        Self { number, name, errors: vec![error], ..Self::default() }
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes a panic part of the outcome, instead of printing it.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        LAST_PANIC.with(|last| last.replace(text));
    }));
}

/// Runs one trial. No process of it is left afterwards, also when it panics.
pub(crate) fn run(number: u64, plan: &Plan) -> Outcome {
    let result = catch_unwind(AssertUnwindSafe(|| attempt(plan)));
    let outcome = result.unwrap_or_else(|_| {
        oracle::kill_all();
        let transcript = LAST_PANIC.with(RefCell::take);
        let error = "the trial panicked".to_owned();
        Outcome { transcript, ..Outcome::failed(number, String::new(), error) }
    });
    Outcome { number, name: plan.name.clone(), ..outcome }
}

fn attempt(plan: &Plan) -> Outcome {
    let environment = Environment::new(plan);
    let mut session = Session::start(&environment, plan);
    let participants = await_trigger(&environment, &mut session, plan);
    let injected = inject::inject(&environment, &mut session, plan);
    if let Some(line) = plan.last_line
        && plan.on_terminal
        && injected.skipped.is_none()
    {
        session.await_text(line);
    }
    let teardown = oracle::watch_exit(&mut session, injected.at);
    drop(participants);
    let leftovers = environment.leftovers();
    judge(plan, &mut session, injected, teardown, leftovers)
}

/// Drives the session to the trigger of the fault.
fn await_trigger(
    environment: &Environment,
    session: &mut Session,
    plan: &Plan,
) -> Option<Participants> {
    let (phase, pause) = match plan.trigger {
        Trigger::InPhase(phase) => (phase, None),
        Trigger::AfterTerm(phase, pause) => (phase, Some(pause)),
        Trigger::AfterStart(age) => {
            session.sleep_until(age);
            return None;
        }
    };
    // A room that closes accepts no participants, so they join before.
    let is_closing = plan.occupied && phase == Phase::Closing;
    session.reach(if is_closing { Phase::Open } else { phase }, plan);
    let participants = plan.occupied.then(|| {
        let (address, ticket) = session.room(environment);
        Participants::join(&address, &ticket, plan.mode)
    });
    if is_closing {
        session.begin_to_close();
    }
    if let Some(pause) = pause {
        session.terminate();
        // The random moment that the trial is about; nothing is waited for.
        std::thread::sleep(pause);
    }
    participants
}

fn judge(
    plan: &Plan,
    session: &mut Session,
    injected: Injected,
    teardown: Teardown,
    leftovers: Leftovers,
) -> Outcome {
    let transcript = session.transcript();
    let mut errors: Vec<String> = leftovers.error.into_iter().collect();
    errors.extend(
        transcript.lines().filter(|line| line.contains("internal error at ")).map(str::to_owned),
    );
    if let Some(line) = plan.last_line.filter(|_| injected.skipped.is_none()) {
        if !transcript.contains(line) {
            errors.push(format!("not shown: {line:?}"));
        }
        errors.extend(leftovers.by_session.iter().map(|path| format!("not wiped: {path}")));
    }
    let is_allowed = |exit: Exit| injected.skipped.is_some() || plan.exits.contains(&exit);
    let allowed: Vec<String> = plan.exits.iter().map(Exit::to_string).collect();
    let exit = teardown.exit.map_or_else(|| "no exit".to_owned(), |exit| exit.to_string());
    let is_unexpected = teardown.exit.is_none_or(|exit| !is_allowed(exit));
    Outcome {
        number: 0,
        name: String::new(),
        skipped: injected.skipped,
        signalled: injected.signalled.iter().map(|victim| victim.name().to_owned()).collect(),
        milliseconds: teardown.took.map(|took| took.as_secs_f64() * 1000.0),
        adopted: teardown.adopted,
        survivors: teardown.survivors,
        left_for_clean: leftovers.by_session,
        leftovers: leftovers.after_clean,
        unexpected_exit: is_unexpected
            .then(|| format!("exit with {exit}; allowed: {}", allowed.join(", "))),
        errors,
        exit,
        transcript,
    }
}
