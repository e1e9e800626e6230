//! The removal of one thing. What is said to be gone was looked for afterwards.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write as _};

use nix::fcntl::OFlag;

use super::inventory::{Entry, Item, Place};
use crate::paths::{Look, Made, Why};
use crate::process::Marked;

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
pub(super) fn remove(item: &Item) -> Result<Removal, Why> {
    match &item.place {
        Place::Process(process) => {
            let ended = process.end().map(|()| Removal::Gone);
            ended.map_err(|still_there| Why::System(std::io::Error::other(still_there)))
        }
        Place::Entry(entry) => match entry.made {
            Made::EventLog => log(entry),
            Made::Base => match entry.folder.remove(&entry.name, &entry.look) {
                // What is in it is named by itself, or came since it was looked at.
                Err(Why::System(error)) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                    Ok(Removal::InUse)
                }
                removed => removed.map(|()| Removal::Gone),
            },
            Made::Lock if needed(entry)? => Err(Why::StillNeeded),
            Made::Lock
            | Made::Session
            | Made::LockDraft
            | Made::ControlSocket
            | Made::TunnelHome
            | Made::Cooldown
            | Made::Cloudflared
            | Made::Download
            | Made::Folder => {
                entry.folder.remove(&entry.name, &entry.look)?;
                Ok(Removal::Gone)
            }
        },
    }
}

/// Whether the folder must keep its lock, by which the next one to clean knows it for dead.
fn needed(lock: &Entry) -> Result<bool, Why> {
    let others = lock.folder.names()?.iter().any(|name| *name != lock.name);
    let session = lock.folder.path().file_name().unwrap_or(OsStr::new(""));
    Ok(others || !Marked::by(session).is_empty())
}

fn log(entry: &Entry) -> Result<Removal, Why> {
    let removal = match entry.folder.file(&entry.name, &entry.look, OFlag::O_RDWR) {
        // A second name may be somebody's way to keep it, or a trap: its content is not ours alone.
        Ok(file) if Look::at(&file)?.links == 1 => {
            overwrite(&file)?;
            Removal::Overwritten
        }
        Ok(_) => Removal::NameOnly,
        Err(Why::System(error)) if error.kind() == ErrorKind::PermissionDenied => Removal::NameOnly,
        Err(Why::System(error)) if error.kind() == ErrorKind::NotFound => return Ok(Removal::Gone),
        Err(why) => return Err(why),
    };
    entry.folder.remove(&entry.name, &entry.look)?;
    Ok(removal)
}

/// Zeros on the disk, and only then no length.
fn overwrite(file: &File) -> Result<(), Why> {
    zero(file)?;
    file.sync_data()?;
    file.set_len(0)?;
    Ok(())
}

/// Zeros over the whole length. Once: more passes change nothing on any medium of this century.
fn zero(mut file: &File) -> Result<(), Why> {
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
