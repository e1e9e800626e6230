//! The check, before anything starts, whether the event log could be saved at the end. Without it, the
//! operator would learn only when the log is lost that its folder does not take it.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::checks::{Check, warning};
use crate::config::{ArchiveDir, Config, Logs, SettingSource};
use crate::paths;
use crate::terminal::{escape_control, io_reason};

/// No event log could be saved in the folder that is set for it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{source_name}: an event log could not be saved in {folder}: {reason}; {next}, choose another folder \
     with --archive-dir, or no log with --logs delete",
    folder = folder.display(), reason = io_reason(reason), next = next_step(reason)
)]
pub(super) struct ArchiveError {
    /// The option or the key that asks for the folder.
    source_name: SettingSource,
    folder: PathBuf,
    reason: Error,
}

/// Checks the folder of the event log, unless the log is deleted in any case. `can_ask` says whether the
/// operator could choose to save it. Returns a warning about the current folder, which was not chosen
/// for logs.
///
/// # Errors
/// When a folder that is set, or the current one for `--logs save`, takes no file.
pub(super) fn check(config: &Config, can_ask: bool) -> Result<Option<Check>, ArchiveError> {
    let ArchiveDir { path, source } = match (&config.archive_dir, config.logs) {
        (_, Logs::Delete) => return Ok(None),
        (Some(dir), Logs::Ask | Logs::Save) => dir.clone(),
        (None, Logs::Save) => current(SettingSource::Option("--logs save")),
        (None, Logs::Ask) => return Ok(if can_ask { warn_about_current() } else { None }),
    };
    match paths::check_can_create_in(&path) {
        Ok(()) => Ok(None),
        Err(reason) => Err(ArchiveError { source_name: source, folder: absolute(&path), reason }),
    }
}

fn current(source: SettingSource) -> ArchiveDir {
    ArchiveDir { path: PathBuf::from("."), source }
}

fn warn_about_current() -> Option<Check> {
    let reason = paths::check_can_create_in(Path::new(".")).err()?;
    let folder = absolute(Path::new("."));
    Some(warning(
        "event log",
        format!(
            "could not be saved in this folder, {}: {}; if you want to keep it, choose another folder with \
             --archive-dir",
            escape_control(&folder.display().to_string()),
            io_reason(&reason)
        ),
    ))
}

/// The path as the operator would look for it; as it was given where the current folder is gone.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn next_step(reason: &Error) -> &'static str {
    let steps = [
        (ErrorKind::NotFound, "create it"),
        (ErrorKind::NotADirectory, "name a folder"),
        (ErrorKind::StorageFull, "make room there"),
    ];
    let known = steps.iter().find(|(kind, _)| *kind == reason.kind());
    known.map_or("make it writable", |(_, step)| step)
}
