//! The removal of one thing. What is said to be gone was looked for afterwards.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write as _};

use nix::fcntl::OFlag;

use super::inventory::{Entry, Item, Place};
use crate::paths::{Artifact, FileInfo, KeptReason};
use crate::process::SessionProcess;

/// Written at once; of any size it is soon over.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// How a thing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// It held nothing to be hidden.
    Gone,
    /// It is still there, because somebody has use for it.
    InUse,
    /// Its content was overwritten once, in place, before.
    Overwritten,
    /// Only this name of it is gone: the content has other names, or may not be written.
    NameOnly,
}

/// Removes `item`.
///
/// # Errors
/// With the reason why it is still there.
pub(super) fn remove(item: &Item) -> Result<Removal, KeptReason> {
    match &item.place {
        Place::Process(process) => {
            let ended = process.kill_and_wait().map(|()| Removal::Gone);
            ended.map_err(|still_there| KeptReason::System(std::io::Error::other(still_there)))
        }
        Place::Entry(entry) => match entry.made {
            Artifact::EventLog => log(entry),
            Artifact::Base => match entry.folder.remove(&entry.name, &entry.look) {
                // What is in it is named by itself, or came since it was looked at.
                Err(KeptReason::System(error)) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                    Ok(Removal::InUse)
                }
                removed => removed.map(|()| Removal::Gone),
            },
            Artifact::Lock if needed(entry)? => Err(KeptReason::StillNeeded),
            Artifact::Lock
            | Artifact::Session
            | Artifact::LockDraft
            | Artifact::ControlSocket
            | Artifact::TunnelHome
            | Artifact::Cooldown
            | Artifact::Cloudflared
            | Artifact::Download
            | Artifact::Folder => {
                entry.folder.remove(&entry.name, &entry.look)?;
                Ok(Removal::Gone)
            }
        },
    }
}

/// Whether the folder must keep its lock, by which the next one to clean knows it for dead.
fn needed(lock: &Entry) -> Result<bool, KeptReason> {
    let others = lock.folder.names()?.iter().any(|name| *name != lock.name);
    let session = lock.folder.path().file_name().unwrap_or(OsStr::new(""));
    Ok(others || !SessionProcess::find_all(session).is_empty())
}

fn log(entry: &Entry) -> Result<Removal, KeptReason> {
    let removal = match entry.folder.file(&entry.name, &entry.look, OFlag::O_RDWR) {
        // A second name may be somebody's way to keep it, or a trap: its content is not ours alone.
        Ok(file) if FileInfo::at(&file)?.links == 1 => {
            overwrite(&file)?;
            Removal::Overwritten
        }
        Ok(_) => Removal::NameOnly,
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::PermissionDenied => {
            Removal::NameOnly
        }
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::NotFound => {
            return Ok(Removal::Gone);
        }
        Err(why) => return Err(why),
    };
    entry.folder.remove(&entry.name, &entry.look)?;
    Ok(removal)
}

/// Zeros on the disk, and only then no length.
fn overwrite(file: &File) -> Result<(), KeptReason> {
    zero(file)?;
    file.sync_data()?;
    file.set_len(0)?;
    Ok(())
}

/// Zeros over the whole length. Once: more passes change nothing on any medium of this century.
fn zero(mut file: &File) -> Result<(), KeptReason> {
    let mut left = file.metadata()?.len();
    while left > 0 {
        let some = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        file.write_all(&ZEROS[..some])?;
        left -= some as u64;
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
        zero(&File::options().write(true).open(&path).unwrap()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), vec![0; length]);
        std::fs::remove_file(path).unwrap();
    }
}
