//! Injects a fault: performs the steps of a plan.

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::environment::Environment;
use crate::harness::{DEADLINE, Program};
use crate::plan::{PanicBy, Plan, Step, Victim};
use crate::proc;
use crate::session::Session;
use crate::target::{self, Target};

/// What `panic` is answered.
const PANIC_ANSWER: &str = "wiping everything";

/// A line of the control socket.
const PANIC_REQUEST: &str = "{\"id\":1,\"type\":\"do\",\"command\":\"panic\"}\n";

/// A session that has no control socket by then, and runs, will have none.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(3);

/// What the steps did.
pub(crate) struct Injected {
    /// When the last step was done that ends the session.
    pub(crate) at: Instant,
    pub(crate) signalled: Vec<Victim>,
    pub(crate) skipped: Option<String>,
    /// Whether a step before `at` ends the session by itself.
    is_ending: bool,
}

/// What a fault needs and is missing.
struct Missing(&'static str);

/// Performs the steps. One whose victim is missing ends the trial: the session is asked to end.
pub(crate) fn inject(environment: &Environment, session: &mut Session, plan: &Plan) -> Injected {
    let mut injected =
        Injected { at: Instant::now(), signalled: Vec::new(), skipped: None, is_ending: false };
    for step in &plan.steps {
        let performed = injected.perform(step, environment, session, plan.best_effort);
        if let Err(Missing(name)) = performed {
            injected.skipped = Some(name.to_owned());
            if session.terminate() {
                injected.at = Instant::now();
            }
            break;
        }
    }
    injected
}

impl Injected {
    fn perform(
        &mut self,
        step: &Step,
        environment: &Environment,
        session: &mut Session,
        best_effort: bool,
    ) -> Result<(), Missing> {
        match step {
            Step::Signal(victims, signal) => {
                let targets = find_all(session, victims, *signal, best_effort)?;
                self.at = Instant::now();
                self.signal(&targets, *signal);
            }
            Step::AwaitEvent(name, state) => session.await_event(name, *state),
            Step::AwaitText(text) => session.await_text(text),
            Step::TermAfter(timeout) => {
                let terminated = !session.exits_within(*timeout) && session.terminate();
                if terminated && !self.is_ending {
                    self.at = Instant::now();
                }
            }
            Step::CloseStdin => {
                session.close_stdin();
                self.at = Instant::now();
            }
            Step::CloseTerminal => {
                session.close_terminal();
                self.at = Instant::now();
            }
            Step::TypeKeys(keys) => {
                session.type_keys(keys);
                self.at = Instant::now();
            }
            Step::Panic(by) => {
                self.at = Instant::now();
                give_panic(environment, *by);
            }
            Step::SendPanic { times } => self.send_panic(environment, session, *times)?,
            Step::PanicThenSignal(pause, victims, signal) => {
                let targets = find_all(session, victims, *signal, best_effort)?;
                self.send_panic(environment, session, 1)?;
                // The random moment that the trial is about; nothing is waited for.
                std::thread::sleep(*pause);
                self.signal(&targets, *signal);
            }
        }
        Ok(())
    }

    fn signal(&mut self, targets: &[Target], signal: Signal) {
        for target in targets {
            proc::send_signal(&target.pidfd, signal);
        }
        self.signalled.extend(targets.iter().map(|target| target.victim));
        self.is_ending |= targets.iter().any(|target| target.victim.is_vital());
    }

    /// Sends the command `panic`, and waits for no answer.
    fn send_panic(
        &mut self,
        environment: &Environment,
        session: &Session,
        times: usize,
    ) -> Result<(), Missing> {
        let deadline = Instant::now() + SOCKET_TIMEOUT;
        let mut socket = loop {
            if let Some(socket) = environment.connect() {
                break socket;
            }
            if Instant::now() > deadline || session.exits_within(Duration::ZERO) {
                return Err(Missing("control socket"));
            }
            std::thread::yield_now();
        };
        self.at = Instant::now();
        self.is_ending = true;
        // The session may end by the other fault before it reads this.
        let _ = socket.write_all(PANIC_REQUEST.repeat(times).as_bytes());
        Ok(())
    }
}

/// Finds those of `victims` that are running.
///
/// # Errors
/// A missing victim, if that keeps the signal from being sent.
fn find_all(
    session: &Session,
    victims: &[Victim],
    signal: Signal,
    best_effort: bool,
) -> Result<Vec<Target>, Missing> {
    // A process that is stopped in its first millisecond, and whose parents are killed, survives: a
    // documented limit (docs/security.md).
    let starting = best_effort && signal != Signal::STOP;
    let targets = target::find(session.pid(), victims, starting);
    let is_running = |victim: &&Victim| targets.iter().any(|target| target.victim == **victim);
    if let Some(missing) = victims.iter().find(|victim| !is_running(victim))
        && (targets.is_empty() || !best_effort)
    {
        return Err(Missing(missing.name()));
    }
    Ok(targets)
}

/// Gives the command `panic`, whose answer must come before the session exits.
fn give_panic(environment: &Environment, by: PanicBy) {
    match by {
        PanicBy::Socket => {
            let mut socket = environment.connect().expect("the session has a control socket");
            socket.set_read_timeout(Some(DEADLINE)).unwrap();
            socket.write_all(PANIC_REQUEST.as_bytes()).unwrap();
            let mut answer = String::new();
            BufReader::new(socket).read_line(&mut answer).unwrap();
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
            assert_eq!((&answer["type"], &answer["text"]), (&"done".into(), &PANIC_ANSWER.into()));
        }
        PanicBy::Ctl => {
            let answered = Program::run(environment.ctl("panic")).expect_code(0);
            assert_eq!(answered.stdout.trim_end(), PANIC_ANSWER, "{answered:#?}");
        }
    }
}
