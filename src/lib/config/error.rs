//! Errors in the configuration file, or between settings.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::terminal::io_reason;

/// Why no configuration could be made. Every message names the place and the next step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {reason}; check the path, or leave out --config", path = path.display(), reason = reason(source))]
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

/// The reason alone: `paths` adds a next step for files of chattrace's own, which this one is not.
fn reason(source: &std::io::Error) -> String {
    let reason = io_reason(source);
    reason.split_once("; ").map_or(reason.as_str(), |(reason, _)| reason).to_owned()
}

impl ConfigError {
    /// The exit code of a program that stops for this error: 78, as in sysexits.h.
    pub(crate) fn exit(&self) -> Exit {
        Exit::Config
    }
}
