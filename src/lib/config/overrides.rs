//! The settings that the command line and the environment give.

use std::path::PathBuf;

use super::values::{Backlog, ConfinementPolicy, Listen, Logs, Mode, Participants, Provider};
use crate::span::Span;

/// One field for each setting that an option can give; `None` leaves it to the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The file to read instead of the user's own.
    pub(crate) config: Option<PathBuf>,
    /// From `--listen` or `CHATTRACE_LISTEN`.
    pub(crate) listen: Option<Listen>,
    /// From `--logs` or `CHATTRACE_LOGS`.
    pub(crate) logs: Option<Logs>,
    /// `Required` or `None`: no option lowers what the file requires.
    pub(crate) confinement: Option<ConfinementPolicy>,
    /// From `--archive-dir`; relative to the working folder.
    pub(crate) archive_dir: Option<PathBuf>,
    /// From `--tunnel` or `CHATTRACE_TUNNEL`.
    pub(crate) provider: Option<Provider>,
    /// From `--cloudflared` or `CHATTRACE_CLOUDFLARED`.
    pub(crate) cloudflared: Option<PathBuf>,
    /// From `--sealed`, `--open` or `CHATTRACE_MODE`.
    pub(crate) mode: Option<Mode>,
    /// From `--max-participants`, with the bounds of the file.
    pub(crate) max_participants: Option<Participants>,
    /// From `--backlog`; must not exceed the events of the ring.
    pub(crate) backlog: Option<Backlog>,
    /// From `--fade`.
    pub(crate) fade: Option<Span>,
    /// From `--lobby`: `true` or `None`, since no option lowers what the file requires.
    pub(crate) lobby: Option<bool>,
    /// From `--for`.
    pub(crate) duration: Option<Span>,
    /// From `--idle`.
    pub(crate) idle: Option<Span>,
    /// From `--bell`: `true` or `None`.
    pub(crate) bell: Option<bool>,
}
