//! The settings that the command line and the environment give.

use std::path::PathBuf;

use super::values::{Backlog, ConfinementPolicy, Listen, Logs, Mode, Participants, Provider};

/// One field for each option that sets something; `None` leaves it to the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The file to read instead of the user's own.
    pub(crate) config: Option<PathBuf>,
    pub(crate) listen: Option<Listen>,
    pub(crate) logs: Option<Logs>,
    /// `--require-confinement`.
    pub(crate) confinement: Option<ConfinementPolicy>,
    pub(crate) archive_dir: Option<PathBuf>,
    /// `--tunnel`.
    pub(crate) provider: Option<Provider>,
    pub(crate) cloudflared: Option<PathBuf>,
    /// `--sealed`, `--open`.
    pub(crate) mode: Option<Mode>,
    pub(crate) max_participants: Option<Participants>,
    pub(crate) backlog: Option<Backlog>,
}
