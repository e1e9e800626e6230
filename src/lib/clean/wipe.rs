//! The removal of one item. An item counts as removed only after a check that it is gone.

use std::ffi::OsStr;
use std::io::ErrorKind;

use nix::fcntl::OFlag;

use super::inventory::{FileTarget, Item, Target};
use crate::paths::{self, Artifact, FileInfo, KeptReason};
use crate::process::SessionProcess;

/// The result of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Removed; it had no content worth overwriting.
    Removed,
    /// A runtime base that stays, because it is not empty; or the folder of a session that has locked it
    /// since the search.
    StillUsed,
    /// Overwritten once in place, then removed.
    Overwritten,
    /// Removed without being overwritten: the content has other names, or is read-only.
    NotOverwritten,
}

/// Removes `item`, and checks that it is gone.
///
/// # Errors
/// The reason why it is still there.
pub(super) fn remove(item: &Item) -> Result<Removal, KeptReason> {
    match &item.target {
        Target::Process(process) => {
            let ended = process.kill_and_wait().map(|()| Removal::Removed);
            ended.map_err(|still_there| KeptReason::System(std::io::Error::other(still_there)))
        }
        Target::File(file) => remove_target(file),
    }
}

fn remove_target(target: &FileTarget) -> Result<Removal, KeptReason> {
    match target.artifact {
        Artifact::EventLog => remove_event_log(target),
        Artifact::Base | Artifact::UnlockedSession => remove_if_unused(target),
        Artifact::Lock if is_needed(target)? => Err(KeptReason::StillNeeded),
        Artifact::Lock
        | Artifact::Session
        | Artifact::LockDraft
        | Artifact::ControlSocket
        | Artifact::TunnelHome
        | Artifact::Cooldown
        | Artifact::Cloudflared
        | Artifact::Download
        | Artifact::Folder => {
            target.folder.remove(&target.name, &target.info)?;
            Ok(Removal::Removed)
        }
    }
}

/// Removes a folder that a session may use since the search.
fn remove_if_unused(target: &FileTarget) -> Result<Removal, KeptReason> {
    match target.folder.remove(&target.name, &target.info) {
        // Its content is in the report already, or was created after the search.
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            Ok(Removal::StillUsed)
        }
        // Created anew: a session has ended and another one has begun.
        Err(KeptReason::Changed) => Ok(Removal::StillUsed),
        removed => removed.map(|()| Removal::Removed),
    }
}

/// Whether anything of the session remains. The lock then stays, by which it is known to be dead.
fn is_needed(lock: &FileTarget) -> Result<bool, KeptReason> {
    let has_files = lock.folder.names()?.iter().any(|name| *name != lock.name);
    let session = lock.folder.path().file_name().unwrap_or(OsStr::new(""));
    Ok(has_files || !SessionProcess::find_all(session).is_empty())
}

fn remove_event_log(target: &FileTarget) -> Result<Removal, KeptReason> {
    let removal = match target.folder.open_file(&target.name, &target.info, OFlag::O_RDWR) {
        // A second name may be a copy that the user keeps, or lead to a file of another program.
        Ok(file) if FileInfo::of(&file)?.links == 1 => {
            paths::overwrite_file(&file)?;
            Removal::Overwritten
        }
        Ok(_) => Removal::NotOverwritten,
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::PermissionDenied => {
            Removal::NotOverwritten
        }
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::NotFound => {
            return Ok(Removal::Removed);
        }
        Err(reason) => return Err(reason),
    };
    target.folder.remove(&target.name, &target.info)?;
    Ok(removal)
}
