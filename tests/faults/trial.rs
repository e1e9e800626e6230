//! One trial: starts a session, waits for the trigger, injects the fault and judges the result.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::environment::{Environment, Leftovers};
use crate::oracle::{self, Teardown};
use crate::participants::Participants;
use crate::plan::{Exit, Phase, Plan, Step, Trigger, Victim};
use crate::proc;
use crate::session::Session;
use crate::target;

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

/// What the steps did.
struct Injected {
    /// When the last step was done that ends the session.
    at: Instant,
    signalled: Vec<Victim>,
    skipped: Option<String>,
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
    let injected = inject(&mut session, plan);
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
        session.terminate();
        session.await_event("closing", None);
    }
    if let Some(pause) = pause {
        session.terminate();
        // The random moment that the trial is about; nothing is waited for.
        std::thread::sleep(pause);
    }
    participants
}

fn inject(session: &mut Session, plan: &Plan) -> Injected {
    let mut injected = Injected { at: Instant::now(), signalled: Vec::new(), skipped: None };
    for step in &plan.steps {
        match step {
            Step::Signal(victims, signal) => {
                let sent = signal_all(session, victims, *signal, plan.best_effort, &mut injected);
                if let Err(missing) = sent {
                    injected.skipped = Some(missing.name().to_owned());
                    break;
                }
            }
            Step::AwaitEvent(name, state) => session.await_event(name, *state),
            Step::AwaitText(text) => session.await_text(text),
            Step::TermAfter(timeout) => {
                let is_ending = injected.signalled.iter().any(|victim| victim.is_vital());
                let terminated = !session.exits_within(*timeout) && session.terminate();
                if terminated && !is_ending {
                    injected.at = Instant::now();
                }
            }
            Step::CloseStdin => {
                session.close_stdin();
                injected.at = Instant::now();
            }
            Step::CloseTerminal => {
                session.close_terminal();
                injected.at = Instant::now();
            }
            Step::TypeKeys(keys) => {
                session.type_keys(keys);
                injected.at = Instant::now();
            }
        }
    }
    if injected.skipped.is_some() && session.terminate() {
        injected.at = Instant::now();
    }
    injected
}

/// Signals those of `victims` that are running.
///
/// # Errors
/// A missing victim, if that keeps the signal from being sent.
fn signal_all(
    session: &Session,
    victims: &[Victim],
    signal: Signal,
    best_effort: bool,
    injected: &mut Injected,
) -> Result<(), Victim> {
    // A process that is stopped in its first millisecond, and whose parents are killed, survives: a
    // documented limit (docs/security.md).
    let starting = best_effort && signal != Signal::STOP;
    let targets = target::find(session.pid(), victims, starting);
    let is_running = |victim: &&Victim| targets.iter().any(|target| target.victim == **victim);
    if let Some(missing) = victims.iter().find(|victim| !is_running(victim))
        && (targets.is_empty() || !best_effort)
    {
        return Err(*missing);
    }
    injected.at = Instant::now();
    for target in &targets {
        proc::send_signal(&target.pidfd, signal);
    }
    injected.signalled.extend(targets.iter().map(|target| target.victim));
    Ok(())
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
