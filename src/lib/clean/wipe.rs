//! The removal of one item. An item counts as removed only after a check that it is gone.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write as _};

use nix::fcntl::OFlag;

use super::inventory::{FileTarget, Item, Target};
use crate::paths::{Artifact, FileInfo, KeptReason};
use crate::process::SessionProcess;

/// The content of one write(2).
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// The result of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Removed; it had no content worth overwriting.
    Removed,
    /// A runtime base that stays, because it is not empty.
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
        Artifact::Base => match target.folder.remove(&target.name, &target.info) {
            // Its content is in the report already, or was created after the search.
            Err(KeptReason::System(error)) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                Ok(Removal::StillUsed)
            }
            removed => removed.map(|()| Removal::Removed),
        },
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
            overwrite(&file)?;
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

/// Overwrites the content, waits until that is on the disk, and only then truncates the file.
fn overwrite(file: &File) -> Result<(), KeptReason> {
    write_zeros(file)?;
    file.sync_data()?;
    file.set_len(0)?;
    Ok(())
}

/// One pass is enough on magnetic media (NIST SP 800-88 Rev. 1); on flash no number of passes is.
fn write_zeros(mut file: &File) -> Result<(), KeptReason> {
    let mut remaining = file.metadata()?.len();
    while remaining > 0 {
        let length = usize::try_from(remaining).map_or(ZEROS.len(), |n| n.min(ZEROS.len()));
        file.write_all(&ZEROS[..length])?;
        remaining -= length as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_overwritten_in_place() {
        let path = std::env::temp_dir().join(format!("chattrace-zero-{}", std::process::id()));
        let length = ZEROS.len() * 2 + 7;
        std::fs::write(&path, vec![b'x'; length]).unwrap();
        write_zeros(&File::options().write(true).open(&path).unwrap()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), vec![0; length]);
        std::fs::remove_file(path).unwrap();
    }
}
