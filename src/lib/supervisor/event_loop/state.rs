//! The state of the event loop, and what it is made from.

use std::net::TcpListener;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::access::RoomAccess;
use super::asker::Asker;
use super::clock::read_clocks;
use crate::config::{Config, Provider};
use crate::control::RoomRules;
use crate::paths::RunDir;
use crate::supervisor::children::{ChildEvent, Children, Programs};
use crate::supervisor::console::{Console, LogQuestion};
use crate::supervisor::operator::{ConnectionQuery, RoomControl, WaitingLines};
use crate::supervisor::session::{Session, SessionAction, TunnelPolicy};
use crate::supervisor::timers::Timers;

/// Everything that a session needs before it can begin.
pub(in crate::supervisor) struct Setup {
    /// Checked, with flags and environment applied.
    pub(in crate::supervisor) config: Config,
    pub(in crate::supervisor) programs: Programs,
    /// With the banner and the first checks on it.
    pub(in crate::supervisor) console: Console,
    /// The secrets of the room.
    pub(in crate::supervisor) access: RoomAccess,
    /// Where the room will listen.
    pub(in crate::supervisor) listener: TcpListener,
    /// The private folder of the session: removed with it. Its name marks the session's processes.
    pub(in crate::supervisor) run_dir: RunDir,
}

/// A running session: the state machine, and everything that its actions act on.
pub(super) struct EventLoop {
    pub(super) config: Config,
    /// Decides; nothing else here holds a phase.
    pub(super) session: Session,
    pub(super) children: Children,
    pub(super) timers: Timers,
    pub(super) console: Console,
    pub(super) log_question: LogQuestion,
    /// The secrets of the room.
    pub(super) access: RoomAccess,
    /// The room as the operator ordered it.
    pub(super) room: RoomControl,
    pub(super) waiting_lines: WaitingLines,
    pub(super) connection_query: ConnectionQuery,
    /// Those who asked `who`, until it is answered.
    pub(super) askers: Vec<Asker>,
    /// A copy of the room's listener, for its address. This process never accepts on it.
    pub(super) listener: TcpListener,
    /// `None` once it is removed.
    pub(super) run_dir: Option<RunDir>,
    /// Serves the control socket.
    pub(super) control_task: Option<JoinHandle<()>>,
}

impl EventLoop {
    /// Returns the loop, the queue of its children's events, and the session's first actions.
    pub(super) fn new(setup: Setup) -> (Self, mpsc::Receiver<ChildEvent>, Vec<SessionAction>) {
        let Setup { config, programs, console, access, listener, run_dir } = setup;
        let (session, actions) = Session::begin(tunnel_policy(config.tunnel.provider));
        let (children, events) = Children::new(programs, run_dir.session().to_owned());
        let log_question =
            LogQuestion::new(config.logs, config.archive_dir.as_ref().map(|dir| dir.path.clone()));
        let now = read_clocks();
        let retention = Duration::from_secs(config.room.ring.age_seconds);
        let room = RoomControl::new(RoomRules::at_start(&config.room), retention);
        let mut event_loop = Self {
            config,
            session,
            children,
            timers: Timers::default(),
            console,
            log_question,
            access,
            room,
            waiting_lines: WaitingLines::new(now.instant),
            connection_query: ConnectionQuery::default(),
            askers: Vec::new(),
            listener,
            run_dir: Some(run_dir),
            control_task: None,
        };
        if let Some(duration) = event_loop.config.limits.duration {
            event_loop.arm_end(duration, now);
        }
        (event_loop, events, actions)
    }
}

fn tunnel_policy(provider: Provider) -> TunnelPolicy {
    match provider {
        Provider::None => TunnelPolicy::Never,
        Provider::Auto => TunnelPolicy::WhenPossible,
        Provider::Cloudflared => TunnelPolicy::Required,
    }
}
