//! One session under test: started, brought to a phase, read to its end.

use std::os::fd::{AsFd as _, OwnedFd};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::Signal;

use crate::harness::{Program, Stream, Terminal};
use crate::plan::{Phase, Plan};
use crate::proc::{self, Seen};
use crate::stage::Stage;

const CTRL_C: &str = "\u{3}";

/// A session, with pipes or on a terminal.
pub(crate) struct Session {
    pid: i32,
    began: Instant,
    /// The supervisor, from its first moment as the shell that becomes it.
    handle: OwnedFd,
    seat: Seat,
    link: Option<String>,
}

enum Seat {
    Pipes(Program),
    Terminal(Box<Terminal>),
}

impl Session {
    /// Started as `plan` says.
    pub(crate) fn start(stage: &Stage, plan: &Plan) -> Self {
        let command = stage.command(plan);
        let began = Instant::now();
        let seat = if plan.on_terminal {
            Seat::Terminal(Box::new(Terminal::start_under(&command, 80, |seated| seated)))
        } else {
            Seat::Pipes(Program::start(command))
        };
        let pid = match &seat {
            Seat::Pipes(program) => program.pid(),
            Seat::Terminal(terminal) => terminal.pid(),
        };
        let pid = pid.cast_signed();
        let child = rustix::process::Pid::from_raw(pid).expect("a child has a number");
        // It is not collected yet, so the number is its own.
        let handle =
            rustix::process::pidfd_open(child, rustix::process::PidfdFlags::empty()).unwrap();
        Self { pid, began, handle, seat, link: None }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Goes on when so much time has passed since the start.
    pub(crate) fn age(&self, age: Duration) {
        std::thread::sleep(age.saturating_sub(self.began.elapsed()));
    }

    /// Waits until it stands in `phase`; asks it to end where that is the way there.
    pub(crate) fn reach(&mut self, phase: Phase, plan: &Plan) {
        if plan.on_terminal {
            return self.reach_on_terminal(phase);
        }
        match phase {
            Phase::Preparing => self.pipes().stderr_with("old sessions").clear(),
            Phase::Opening => {
                // With the address everything that comes before it in the orders is done.
                self.hear("tunnel", Some("starting"));
                self.hear("tunnel", Some("url"));
            }
            Phase::Open => self.hear("link", None),
            Phase::Closing => {
                self.reach(Phase::Open, plan);
                self.end();
                self.hear("closing", None);
            }
            Phase::Question => panic!("nobody is asked without a terminal"),
        }
    }

    fn reach_on_terminal(&mut self, phase: Phase) {
        match phase {
            Phase::Preparing => self.see("old sessions"),
            Phase::Opening => self.see("has an address"),
            Phase::Open => self.see("nobody here yet"),
            Phase::Closing | Phase::Question => {
                self.reach_on_terminal(Phase::Open);
                self.type_keys(CTRL_C);
                self.see(if phase == Phase::Closing { "ending; everybody" } else { "[v]iew" });
            }
        }
    }

    /// Waits for an event, and remembers the link.
    pub(crate) fn hear(&mut self, name: &str, state: Option<&str>) {
        let name = format!("\"event\":\"{name}\"");
        let state = state.map(|state| format!("\"state\":\"{state}\"")).unwrap_or_default();
        let wanted = |line: &str| line.contains(&name) && line.contains(&state);
        let line = self.pipes().line(Stream::Stdout, wanted);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(url) = event["url"].as_str() {
            self.link = Some(url.to_owned());
        }
    }

    /// Waits for a text on the terminal.
    pub(crate) fn see(&mut self, text: &str) {
        self.terminal().see(text);
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.terminal().type_keys(keys);
    }

    pub(crate) fn close_terminal(&mut self) {
        self.terminal().close();
    }

    pub(crate) fn close_input(&mut self) {
        self.pipes().close_stdin();
    }

    /// Where the room is, and its ticket.
    pub(crate) fn room(&self, stage: &Stage) -> (String, String) {
        let link = self.link.clone().expect("the link was told");
        let (rest, ticket) = link.rsplit_once("/t/").expect("a link has a ticket");
        let address = match rest.strip_prefix("http://") {
            Some(local) => local.to_owned(),
            None => stage.origin().expect("cloudflared was started"),
        };
        (address, ticket.to_owned())
    }

    /// Sends TERM to the supervisor; false if it has ended already.
    pub(crate) fn end(&self) -> bool {
        let alive = Seen::look(self.pid).is_some_and(|seen| !seen.has_ended());
        alive && proc::send(&self.handle, Signal::TERM)
    }

    /// Waits for the end of the supervisor; false if it still is there after `patience`.
    pub(crate) fn ends_within(&self, patience: Duration) -> bool {
        let mut watched = [PollFd::new(self.handle.as_fd(), PollFlags::POLLIN)];
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        poll(&mut watched, patience).is_ok_and(|ready| ready > 0)
    }

    /// Collects the supervisor, which has ended.
    pub(crate) fn collect(&mut self) -> ExitStatus {
        match &mut self.seat {
            Seat::Pipes(program) => program.collect(),
            Seat::Terminal(terminal) => terminal.collect(),
        }
    }

    /// Whether everybody who wrote its output has closed it, at `end` at the latest.
    pub(crate) fn is_silent_by(&mut self, end: Instant) -> bool {
        match &mut self.seat {
            Seat::Pipes(program) => program.is_silent_by(end),
            Seat::Terminal(terminal) => terminal.is_silent_by(end),
        }
    }

    /// Everything that it said.
    pub(crate) fn story(&mut self) -> String {
        match &mut self.seat {
            Seat::Pipes(program) => program.story(),
            Seat::Terminal(terminal) => terminal.story(),
        }
    }

    fn pipes(&mut self) -> &mut Program {
        match &mut self.seat {
            Seat::Pipes(program) => program,
            Seat::Terminal(_) => panic!("this session is on a terminal"),
        }
    }

    fn terminal(&mut self) -> &mut Terminal {
        match &mut self.seat {
            Seat::Terminal(terminal) => terminal,
            Seat::Pipes(_) => panic!("this session has no terminal"),
        }
    }
}
