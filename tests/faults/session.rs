//! One session under test: started, driven to a phase, and watched until it exits.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::environment::Environment;
use crate::harness::{ProcessHandle, Program, Stream, Terminal};
use crate::plan::{Phase, Plan};
use crate::proc::ProcessStat;

const CTRL_C: &str = "\u{3}";

/// A running session.
pub(crate) struct Session {
    pid: i32,
    started: Instant,
    /// The supervisor; opened while it is still the shell that execs it.
    handle: ProcessHandle,
    streams: Streams,
    link: Option<String>,
}

enum Streams {
    Pipes(Program),
    Terminal(Box<Terminal>),
}

impl Session {
    pub(crate) fn start(environment: &Environment, plan: &Plan) -> Self {
        let command = environment.command(plan);
        let started = Instant::now();
        let streams = if plan.on_terminal {
            Streams::Terminal(Box::new(Terminal::start_under(&command, 80, |command| command)))
        } else {
            Streams::Pipes(Program::start(command))
        };
        let pid = match &streams {
            Streams::Pipes(program) => program.pid(),
            Streams::Terminal(terminal) => terminal.pid(),
        };
        let handle = ProcessHandle::open(pid);
        Self { pid: pid.cast_signed(), started, handle, streams, link: None }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Sleeps until `age` has passed since the start: the random moment that a trial is about.
    pub(crate) fn sleep_until(&self, age: Duration) {
        std::thread::sleep(age.saturating_sub(self.started.elapsed()));
    }

    /// Waits for `phase`; sends TERM or Ctrl+C where the phase needs it.
    pub(crate) fn reach(&mut self, phase: Phase, plan: &Plan) {
        if plan.on_terminal {
            return self.reach_on_terminal(phase);
        }
        match phase {
            Phase::Preparing => self.pipes().stderr_line_with("old sessions").clear(),
            Phase::Opening => {
                // When the address is printed, all orders before it are done.
                self.await_event("tunnel", Some("starting"));
                self.await_event("tunnel", Some("url"));
            }
            Phase::Open => self.await_event("link", None),
            Phase::Closing => {
                self.reach(Phase::Open, plan);
                self.begin_to_close();
            }
            Phase::Question => panic!("the question is asked on a terminal only"),
        }
    }

    fn reach_on_terminal(&mut self, phase: Phase) {
        match phase {
            Phase::Preparing => self.await_text("old sessions"),
            Phase::Opening => self.await_text("waiting for Cloudflare"),
            Phase::Open => {
                self.await_text("no one here");
                let shown = self.transcript();
                let link = |word: &&str| word.contains("/t/") || word.contains("/#1.");
                self.link = shown.split_whitespace().find(link).map(str::to_owned);
            }
            Phase::Closing => {
                self.reach_on_terminal(Phase::Open);
                self.begin_to_close();
            }
            Phase::Question => {
                self.reach_on_terminal(Phase::Open);
                self.type_keys(CTRL_C);
                self.await_text("[v]iew");
            }
        }
    }

    /// Asks an open session to end, and waits until it has begun to.
    pub(crate) fn begin_to_close(&mut self) {
        match &mut self.streams {
            Streams::Pipes(_) => {
                self.terminate();
                self.await_event("closing", None);
            }
            Streams::Terminal(terminal) => {
                terminal.type_keys(CTRL_C);
                terminal.wait_for("ending the session");
            }
        }
    }

    /// Waits for an event of `--json`, and remembers the link in it.
    pub(crate) fn await_event(&mut self, name: &str, state: Option<&str>) {
        let name = format!("\"event\":\"{name}\"");
        let state = state.map(|state| format!("\"state\":\"{state}\"")).unwrap_or_default();
        let is_wanted = |line: &str| line.contains(&name) && line.contains(&state);
        let line = self.pipes().line(Stream::Stdout, is_wanted);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(url) = event["url"].as_str() {
            self.link = Some(url.to_owned());
        }
    }

    /// Waits for a text on the terminal.
    pub(crate) fn await_text(&mut self, text: &str) {
        self.terminal().wait_for(text);
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.terminal().type_keys(keys);
    }

    pub(crate) fn close_terminal(&mut self) {
        self.terminal().close();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.pipes().close_stdin();
    }

    /// The address of the room, and its ticket.
    pub(crate) fn room(&self, environment: &Environment) -> (String, String) {
        let link = self.link.clone().expect("the link was printed");
        let parts = link.rsplit_once("/t/").or_else(|| link.rsplit_once("/#1."));
        let (rest, ticket) = parts.expect("a link has a ticket");
        let address = match rest.strip_prefix("http://") {
            Some(local) => local.to_owned(),
            None => environment.origin().expect("cloudflared was started"),
        };
        (address, ticket.to_owned())
    }

    /// Sends TERM to the supervisor; false if it has exited.
    pub(crate) fn terminate(&self) -> bool {
        let is_alive = ProcessStat::read(self.pid).is_some_and(|stat| !stat.has_exited());
        is_alive && self.handle.signal(Signal::TERM)
    }

    /// Waits for the exit of the supervisor; false if it still runs after `timeout`.
    pub(crate) fn exits_within(&self, timeout: Duration) -> bool {
        self.handle.exits_by(Instant::now() + timeout)
    }

    /// Reaps the supervisor, which has exited.
    pub(crate) fn reap(&mut self) -> ExitStatus {
        match &mut self.streams {
            Streams::Pipes(program) => program.reap(),
            Streams::Terminal(terminal) => terminal.reap(),
        }
    }

    /// Waits for the end of its output; false if a process still holds it open at `deadline`.
    pub(crate) fn reaches_eof_by(&mut self, deadline: Instant) -> bool {
        match &mut self.streams {
            Streams::Pipes(program) => program.reaches_eof_by(deadline),
            Streams::Terminal(terminal) => terminal.reaches_eof_by(deadline),
        }
    }

    /// All output so far.
    pub(crate) fn transcript(&mut self) -> String {
        match &mut self.streams {
            Streams::Pipes(program) => program.transcript(),
            Streams::Terminal(terminal) => terminal.transcript(),
        }
    }

    fn pipes(&mut self) -> &mut Program {
        match &mut self.streams {
            Streams::Pipes(program) => program,
            Streams::Terminal(_) => panic!("this session is on a terminal"),
        }
    }

    fn terminal(&mut self) -> &mut Terminal {
        match &mut self.streams {
            Streams::Terminal(terminal) => terminal,
            Streams::Pipes(_) => panic!("this session has no terminal"),
        }
    }
}
