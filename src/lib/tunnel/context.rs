//! The types that all parts of the program share: context, requests, and the reasons to stop.

use std::path::PathBuf;

use super::attempt::TunnelError;
use super::origin::Origin;
use crate::config::{ConfinementPolicy, TunnelSettings};
use crate::exit::Exit;
use crate::paths;
use crate::terminal::WriteError;

/// A request of the supervisor, or of the user and the pipeline that started this program.
#[derive(Debug)]
pub(super) enum TunnelRequest {
    /// Open a public address for this origin.
    Open(Origin),
    /// Let cloudflared unregister, then exit.
    Close,
    /// Kill cloudflared and exit with this code.
    Kill(Exit),
}

/// The context of one run: resolved at the start, and not changed afterwards.
#[derive(Debug)]
pub(super) struct Context {
    /// The section `tunnel` of the configuration.
    pub(super) settings: TunnelSettings,
    /// The private folder of the session, inside the runtime base.
    pub(super) run_dir: PathBuf,
    /// Whether cloudflared may run where the kernel cannot confine it.
    pub(super) confinement: ConfinementPolicy,
    /// Depends on the mode: supervised or standalone.
    pub(super) process_group: ProcessGroup,
}

impl Context {
    /// The sandbox of this run, with a home inside `run_dir` that `prepare` creates.
    pub(super) fn sandbox(&self) -> Sandbox {
        Sandbox { home: self.run_dir.join(paths::TUNNEL_HOME), confinement: self.confinement }
    }
}

/// The process group in which cloudflared runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProcessGroup {
    /// Ours, which the supervisor kills as a whole.
    Inherited,
    /// A new one. Ctrl+C signals the whole group of the terminal, and cloudflared exits at a second
    /// signal before it has unregistered.
    Own,
}

/// Where cloudflared runs, and how strictly it is confined.
#[derive(Clone, Debug)]
pub(super) struct Sandbox {
    /// Its home and working directory; private and empty.
    pub(super) home: PathBuf,
    /// The same as [`Context::confinement`].
    pub(super) confinement: ConfinementPolicy,
}

/// Why the program stops.
#[derive(Debug)]
pub(super) enum StopReason {
    /// On request, or because the reader of the link or the supervisor is gone.
    Requested,
    /// On [`TunnelRequest::Kill`]: at once, with this code.
    Killed(Exit),
    /// There is no public address, or none any more.
    Failed(TunnelError),
    /// The link or a state could not be written to stdout.
    OutputFailed(WriteError),
}

impl From<TunnelError> for StopReason {
    fn from(error: TunnelError) -> Self {
        Self::Failed(error)
    }
}

impl From<TunnelRequest> for StopReason {
    fn from(request: TunnelRequest) -> Self {
        match request {
            TunnelRequest::Kill(exit) => Self::Killed(exit),
            TunnelRequest::Open(_) | TunnelRequest::Close => Self::Requested,
        }
    }
}
