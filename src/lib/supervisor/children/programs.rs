//! Where the programs of a session lie.

use std::path::PathBuf;

use super::event::ChildRole;
use crate::process::{self, SpawnError};

/// The paths of the three programs that the supervisor spawns. They lie beside its own.
#[derive(Debug)]
pub(in crate::supervisor) struct Programs {
    pub(super) serve: PathBuf,
    pub(super) tunnel: PathBuf,
    pub(super) clean: PathBuf,
}

impl Programs {
    /// # Errors
    /// With the first program that is missing.
    pub(in crate::supervisor) fn find() -> Result<Self, SpawnError> {
        Ok(Self {
            serve: process::sibling_path(ChildRole::Serve.program())?,
            tunnel: process::sibling_path(ChildRole::Tunnel.program())?,
            clean: process::sibling_path(ChildRole::Cleaner.program())?,
        })
    }
}
