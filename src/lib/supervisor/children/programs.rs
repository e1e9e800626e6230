//! Where the programs of a session lie.

use std::path::{Path, PathBuf};

use super::event::ChildRole;
use crate::process::{self, SpawnError};

/// The paths of the three programs that the supervisor spawns. They lie beside its own.
#[derive(Debug)]
pub(in crate::supervisor) struct Programs {
    serve: PathBuf,
    tunnel: PathBuf,
    clean: PathBuf,
}

impl Programs {
    /// Looks for all three before a session begins.
    ///
    /// # Errors
    /// With the first program that is missing.
    pub(in crate::supervisor) fn find() -> Result<Self, SpawnError> {
        Ok(Self {
            serve: process::sibling_path(ChildRole::Serve.program())?,
            tunnel: process::sibling_path(ChildRole::Tunnel.program())?,
            clean: process::sibling_path(ChildRole::Cleaner.program())?,
        })
    }

    /// The room's program.
    pub(in crate::supervisor) fn serve(&self) -> &Path {
        &self.serve
    }

    /// The tunnel's program.
    pub(in crate::supervisor) fn tunnel(&self) -> &Path {
        &self.tunnel
    }

    /// All three, with their names.
    pub(in crate::supervisor) fn all(&self) -> [(&'static str, &Path); 3] {
        [ChildRole::Serve, ChildRole::Tunnel, ChildRole::Cleaner]
            .map(|role| (role.program(), self.path(role)))
    }

    /// The program that a child of this role runs. Cleaner and guard run the same one.
    pub(super) fn path(&self, role: ChildRole) -> &Path {
        match role {
            ChildRole::Serve => &self.serve,
            ChildRole::Tunnel => &self.tunnel,
            ChildRole::Cleaner | ChildRole::Guard => &self.clean,
        }
    }
}
