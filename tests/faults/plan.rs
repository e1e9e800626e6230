//! What a trial does: the session, the trigger of the fault, its steps, and the exits that are
//! allowed.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::cloudflared::HOST;

/// A process of the session that can receive a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Supervisor,
    Guard,
    /// The one-shot `chattrace-clean --stale` at the start.
    Cleaner,
    Serve,
    Tunnel,
    Cloudflared,
}

/// The phase of a session, as far as its output shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for the version of cloudflared, which never comes.
    Preparing,
    /// It waits for cloudflared to print an address.
    Opening,
    /// The link has been printed.
    Open,
    /// It was asked to end, and cloudflared ignores TERM.
    Closing,
    /// It asks the operator what to do with the event log.
    Question,
}

/// When the fault is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// As soon as the session is in this phase.
    InPhase(Phase),
    /// This long after the start, in any phase.
    AfterStart(Duration),
    /// This long after a TERM in this phase.
    AfterTerm(Phase, Duration),
}

/// One action of the fault, or a wait between two.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends a signal to these. All are found before the first one receives it.
    Signal(Vec<Victim>, Signal),
    /// Waits for this event, with this state if one is given.
    AwaitEvent(&'static str, Option<&'static str>),
    /// Waits for this text on the terminal.
    AwaitText(&'static str),
    CloseStdin,
    CloseTerminal,
    TypeKeys(&'static str),
    /// Sends TERM to the supervisor, unless it exits within this time.
    TermAfter(Duration),
    /// Gives the command `panic`, and checks the answer.
    Panic(PanicBy),
    /// Sends the command `panic` over the control socket this often in one write; waits for no answer.
    SendPanic {
        times: usize,
    },
    /// The same once, and this long after it a signal to these. All are found before the command is sent.
    PanicThenSignal(Duration, Vec<Victim>, Signal),
}

/// From where the operator gives the command `panic`, beside the session's own terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PanicBy {
    /// A line of JSON on the control socket.
    Socket,
    /// `chattrace ctl panic`.
    Ctl,
}

/// Who can read what is said in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Sealed,
    Open,
}

impl Mode {
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Mode::Sealed => "--sealed",
            Mode::Open => "--open",
        }
    }
}

/// How the supervisor exited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
}

/// Everything that is decided about a trial before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    /// Orders for the stand-in of cloudflared; without them there is no tunnel.
    pub(crate) orders: Option<String>,
    /// Whether the stand-in hangs when it is asked for its version.
    pub(crate) version_hangs: bool,
    pub(crate) on_terminal: bool,
    pub(crate) mode: Mode,
    /// Whether there are participants in the room.
    pub(crate) occupied: bool,
    pub(crate) trigger: Trigger,
    pub(crate) steps: Vec<Step>,
    /// Whether the other victims receive the signal when one is missing, and whether a process may
    /// receive it between fork and exec. If not, a missing victim skips the trial.
    pub(crate) best_effort: bool,
    pub(crate) exits: Vec<Exit>,
    /// The last line of the session, if it must be this one. Then it leaves nothing for `chattrace-clean`.
    pub(crate) last_line: Option<&'static str>,
}

/// How the stand-in of cloudflared behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Cooperative,
    IgnoresTerm,
    /// Tries to leave a process behind.
    Forks,
    ForksAndIgnoresTerm,
}

/// Orders that lead to a registered address.
pub(crate) fn registering(behaviour: Behaviour) -> String {
    // The fork is last: the supervisor asks for the address after `register`, and the stand-in
    // answers when it has forked.
    with_behaviour(behaviour, &format!("greet\nbox {HOST}\nmetrics\nregister\n"), "")
}

/// Orders that lead to an address that is never registered.
pub(crate) fn hanging(behaviour: Behaviour) -> String {
    with_behaviour(behaviour, "greet\n", &format!("box {HOST}\nhang\n"))
}

fn with_behaviour(behaviour: Behaviour, before: &str, after: &str) -> String {
    let (term, fork) = match behaviour {
        Behaviour::Cooperative => ("", ""),
        Behaviour::IgnoresTerm => ("ignore-term\n", ""),
        Behaviour::Forks => ("", "fork\n"),
        Behaviour::ForksAndIgnoresTerm => ("ignore-term\n", "fork\n"),
    };
    format!("{term}{before}{fork}{after}")
}

impl Behaviour {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Behaviour::Cooperative => "cooperative cloudflared",
            Behaviour::IgnoresTerm => "cloudflared ignores TERM",
            Behaviour::Forks => "cloudflared forks",
            Behaviour::ForksAndIgnoresTerm => "cloudflared forks and ignores TERM",
        }
    }
}

impl Victim {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Victim::Supervisor => "supervisor",
            Victim::Guard => "guard",
            Victim::Cleaner => "cleaner",
            Victim::Serve => "serve",
            Victim::Tunnel => "tunnel",
            Victim::Cloudflared => "cloudflared",
        }
    }

    /// Whether its death ends the session.
    pub(crate) fn is_vital(self) -> bool {
        matches!(self, Victim::Supervisor | Victim::Serve)
    }
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Preparing => "preparing",
            Phase::Opening => "opening",
            Phase::Open => "open",
            Phase::Closing => "closing",
            Phase::Question => "question",
        }
    }
}

impl From<std::process::ExitStatus> for Exit {
    fn from(status: std::process::ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        // A process that was waited for has one of the two (wait(2)).
        status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(0)), Exit::Code)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "code {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}
