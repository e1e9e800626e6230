//! What a trial is: the session, the moment, the steps of the fault, and how it may end.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::cloudflared::HOST;

/// Who can be hit.
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

/// Where a session stands, as it shows on its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for cloudflared's version, which never comes.
    Preparing,
    /// cloudflared is asked for an address.
    Opening,
    /// There is a link.
    Open,
    /// It was asked to end, and cloudflared holds on.
    Closing,
    /// It asks what becomes of the event log.
    Question,
}

/// When the fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Once the session stands there.
    In(Phase),
    /// So long after its start, wherever it stands.
    After(Duration),
    /// So long after it was asked to end in this phase.
    Ending(Phase, Duration),
}

/// One act of the fault, or a wait between two.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A signal to these, who are all found before the first is hit.
    Strike(Vec<Victim>, Signal),
    /// Waits for this event with this state, if any.
    Hear(&'static str, Option<&'static str>),
    /// Waits for this text on the terminal.
    See(&'static str),
    /// End of file on standard input.
    CloseInput,
    CloseTerminal,
    Type(&'static str),
    /// TERM to the supervisor, unless it ends by itself within this time.
    EndAfter(Duration),
}

/// How the program may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
}

/// Everything that is decided about a trial before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    /// The stand-in's; without, there is no tunnel.
    pub(crate) orders: Option<String>,
    /// Whether the stand-in never says its version.
    pub(crate) search_hangs: bool,
    pub(crate) on_terminal: bool,
    pub(crate) crowded: bool,
    pub(crate) moment: Moment,
    pub(crate) steps: Vec<Step>,
    /// Whether a victim that is not there leaves the others to be hit. Else nobody is.
    pub(crate) lenient: bool,
    pub(crate) exits: Vec<Exit>,
}

/// cloudflared holds on for its full grace.
const DEAF: &str = "ignore-term\n";

/// What the stand-in is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temper {
    Normal,
    /// Ignores TERM.
    Deaf,
    /// Tries to leave a process behind.
    Forking,
    /// Both.
    Stubborn,
}

/// Orders that take a session to an announced address.
pub(crate) fn orders(temper: Temper) -> String {
    // Last: the edge is asked for after `register`, and the stand-in answers when the fork is done.
    with_temper(temper, &format!("greet\nbox {HOST}\nmetrics\nregister\n"), "")
}

/// Orders that take it to an address that is never announced.
pub(crate) fn hanging(temper: Temper) -> String {
    with_temper(temper, "greet\n", &format!("box {HOST}\nhang\n"))
}

fn with_temper(temper: Temper, before: &str, after: &str) -> String {
    let deaf = if matches!(temper, Temper::Deaf | Temper::Stubborn) { DEAF } else { "" };
    let fork = if matches!(temper, Temper::Forking | Temper::Stubborn) { "fork\n" } else { "" };
    format!("{deaf}{before}{fork}{after}")
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

    /// Whether a session cannot go on without it.
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

impl Exit {
    pub(crate) fn of(status: std::process::ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        // One of the two is always there (wait(2)).
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
