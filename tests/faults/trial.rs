//! One trial: the session is started, brought to its moment, hit, and judged.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::crowd::Crowd;
use crate::oracle::{self, Extinction};
use crate::plan::{Exit, Moment, Phase, Plan, Step, Victim};
use crate::proc;
use crate::session::Session;
use crate::stage::{Left, Stage};
use crate::target;

/// What came of a trial; one line of JSON between worker and main.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Outcome {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// Who was not there to be hit.
    pub(crate) skipped: Option<String>,
    pub(crate) hit: Vec<String>,
    /// From the fault, or from the signal that ended the session, to nobody left.
    pub(crate) milliseconds: Option<f64>,
    pub(crate) adopted: Vec<String>,
    pub(crate) survivors: Vec<String>,
    /// Removed by the next `chattrace-clean`, not by the session.
    pub(crate) left_for_the_next: Vec<String>,
    pub(crate) leftovers: Vec<String>,
    /// How it ended, if not in one of the ways that it may.
    pub(crate) unexpected_exit: Option<String>,
    /// Anything else that is wrong.
    pub(crate) complaints: Vec<String>,
    pub(crate) exit: String,
    /// Everything that the session said.
    pub(crate) story: String,
}

/// What the steps did.
struct Done {
    /// The last act that ends the session.
    at: Instant,
    hit: Vec<Victim>,
    skipped: Option<String>,
}

impl Outcome {
    /// Whether nobody survived, nothing is left and nothing else is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.survivors.is_empty()
            && self.leftovers.is_empty()
            && self.unexpected_exit.is_none()
            && self.complaints.is_empty()
    }

    /// Each thing that is wrong.
    pub(crate) fn failures(&self) -> Vec<String> {
        let survivors = self.survivors.iter().map(|who| format!("survived: {who}"));
        let leftovers = self.leftovers.iter().map(|path| format!("left for good: {path}"));
        let exit = self.unexpected_exit.iter().cloned();
        survivors.chain(leftovers).chain(exit).chain(self.complaints.iter().cloned()).collect()
    }

    /// One that says nothing but what went wrong.
    pub(crate) fn complaint(number: u64, name: String, complaint: String) -> Self {
        Self { number, name, complaints: vec![complaint], ..Self::default() }
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets a panic be part of the outcome, and nothing else.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        LAST_PANIC.with(|last| last.replace(text));
    }));
}

/// Runs one trial to its end. Nobody is left afterwards, whatever happened.
pub(crate) fn run(number: u64, plan: &Plan) -> Outcome {
    let ran = catch_unwind(AssertUnwindSafe(|| attempt(plan)));
    let outcome = ran.unwrap_or_else(|_| {
        oracle::sweep();
        let story = LAST_PANIC.with(RefCell::take);
        let complaint = "the trial could not go on".to_owned();
        Outcome { story, ..Outcome::complaint(number, String::new(), complaint) }
    });
    Outcome { number, name: plan.name.clone(), ..outcome }
}

fn attempt(plan: &Plan) -> Outcome {
    let stage = Stage::set(plan);
    let mut session = Session::start(&stage, plan);
    let crowd = approach(&stage, &mut session, plan);
    let done = act(&mut session, plan);
    let gone = oracle::witness(&mut session, done.at);
    drop(crowd);
    let left = stage.left();
    judge(plan, &mut session, done, gone, left)
}

/// Brings the session to the moment of the fault.
fn approach(stage: &Stage, session: &mut Session, plan: &Plan) -> Option<Crowd> {
    let (phase, pause) = match plan.moment {
        Moment::In(phase) => (phase, None),
        Moment::Ending(phase, pause) => (phase, Some(pause)),
        Moment::After(age) => {
            session.age(age);
            return None;
        }
    };
    // Once it closes, nobody is let in.
    let closing = plan.crowded && phase == Phase::Closing;
    session.reach(if closing { Phase::Open } else { phase }, plan);
    let crowd = plan.crowded.then(|| {
        let (address, ticket) = session.room(stage);
        Crowd::enter(&address, &ticket)
    });
    if closing {
        session.end();
        session.hear("closing", None);
    }
    if let Some(pause) = pause {
        session.end();
        std::thread::sleep(pause);
    }
    crowd
}

fn act(session: &mut Session, plan: &Plan) -> Done {
    let mut done = Done { at: Instant::now(), hit: Vec::new(), skipped: None };
    for step in &plan.steps {
        match step {
            Step::Strike(victims, signal) => {
                if let Err(absent) = strike(session, victims, *signal, plan.lenient, &mut done) {
                    done.skipped = Some(absent.name().to_owned());
                    break;
                }
            }
            Step::Hear(name, state) => session.hear(name, *state),
            Step::See(text) => session.see(text),
            Step::EndAfter(patience) => {
                let vital = done.hit.iter().any(|victim| victim.is_vital());
                let ended = !session.ends_within(*patience) && session.end();
                if ended && !vital {
                    done.at = Instant::now();
                }
            }
            Step::CloseInput => {
                session.close_input();
                done.at = Instant::now();
            }
            Step::CloseTerminal => {
                session.close_terminal();
                done.at = Instant::now();
            }
            Step::Type(keys) => {
                session.type_keys(keys);
                done.at = Instant::now();
            }
        }
    }
    if done.skipped.is_some() && session.end() {
        done.at = Instant::now();
    }
    done
}

/// Hits those of `victims` that are there; gives one that is not if therefore nobody was hit.
fn strike(
    session: &Session,
    victims: &[Victim],
    signal: Signal,
    lenient: bool,
    done: &mut Done,
) -> Result<(), Victim> {
    // Stopped in its first steps and left without anybody, a process stays: the README says so.
    let new_born = lenient && signal != Signal::STOP;
    let targets = target::find(session.pid(), victims, new_born);
    let there = |victim: &&Victim| targets.iter().any(|target| target.victim == **victim);
    if let Some(absent) = victims.iter().find(|victim| !there(victim))
        && (targets.is_empty() || !lenient)
    {
        return Err(*absent);
    }
    done.at = Instant::now();
    for target in &targets {
        proc::send(&target.handle, signal);
    }
    done.hit.extend(targets.iter().map(|target| target.victim));
    Ok(())
}

fn judge(plan: &Plan, session: &mut Session, done: Done, gone: Extinction, left: Left) -> Outcome {
    let story = session.story();
    let mut complaints: Vec<String> = left.complaint.into_iter().collect();
    complaints.extend(
        story.lines().filter(|line| line.contains("internal error at ")).map(str::to_owned),
    );
    let expected = |exit: Exit| done.skipped.is_some() || plan.exits.contains(&exit);
    let wanted: Vec<String> = plan.exits.iter().map(Exit::to_string).collect();
    let exit = gone.exit.map_or_else(|| "did not end".to_owned(), |exit| exit.to_string());
    let unexpected = gone.exit.is_none_or(|exit| !expected(exit));
    let hit = done.hit.iter().map(|victim| victim.name().to_owned()).collect();
    Outcome {
        number: 0,
        name: String::new(),
        skipped: done.skipped,
        hit,
        milliseconds: gone.took.map(|took| took.as_secs_f64() * 1000.0),
        adopted: gone.adopted,
        survivors: gone.survivors,
        left_for_the_next: left.at_first,
        leftovers: left.for_good,
        unexpected_exit: unexpected
            .then(|| format!("ended with {exit}, not with {}", wanted.join(" or "))),
        complaints,
        exit,
        story,
    }
}
