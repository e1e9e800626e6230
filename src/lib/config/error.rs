//! Errors in the configuration file, or between settings.

use std::path::PathBuf;

use crate::exit::Exit;

/// Why no configuration could be made. Every message names the place and the next step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; check the path, or leave out --config", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The file is not valid.
    #[error("configuration {path}: line {line}: {what}", path = path.display())]
    Invalid {
        path: PathBuf,
        line: usize,
        /// The key, what is wrong with it, and what was expected.
        what: String,
    },
    /// Each value is valid, but not together with another one, or not in this version.
    #[error("{0}")]
    Conflict(String),
}

impl ConfigError {
    /// The exit code of a program that stops for this error: 78, as in sysexits.h.
    pub(crate) fn exit(&self) -> Exit {
        Exit::Config
    }
}
