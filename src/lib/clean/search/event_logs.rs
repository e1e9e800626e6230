//! The archive folder: saved event logs. The folder is the user's own; a file in it is removed only
//! if both its name and its first line are those of an event log.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;

use nix::fcntl::OFlag;

use crate::clean::inventory::{Inventory, RemovalRequest};
use crate::paths::{self, Artifact, FileKind, Folder, FolderTrust, KeptReason};

/// Adds the event logs in the archive folder `archive`.
///
/// # Errors
/// When the folder cannot be searched.
pub(super) fn search(found: &mut Inventory, archive: &Path) -> Result<(), KeptReason> {
    let Some(folder) = Folder::open(archive, FolderTrust::Any)?.map(Rc::new) else {
        return Ok(());
    };
    for name in folder.names()? {
        if Artifact::in_archive(&name) != Some(Artifact::EventLog) {
            continue;
        }
        match check_header(&folder, &name) {
            Ok(()) => found.add(Artifact::EventLog, &folder, &name, RemovalRequest::Requested),
            Err(reason) => {
                found.keep(folder.path().join(&name), reason, RemovalRequest::NotRequested)
            }
        }
    }
    Ok(())
}

/// Checks that the first line of `name` is that of an event log.
fn check_header(folder: &Folder, name: &OsStr) -> Result<(), KeptReason> {
    let info = folder.stat(name)?.ok_or(KeptReason::Changed)?;
    info.check(FileKind::File)?;
    let header = paths::EVENT_LOG_HEADER.as_bytes();
    let file = folder.open_file(name, &info, OFlag::O_RDONLY)?;
    let mut start = Vec::new();
    file.take(header.len() as u64 + 1).read_to_end(&mut start)?;
    match start.strip_prefix(header) {
        Some(b"\n") => Ok(()),
        Some(_) | None => Err(KeptReason::NotALog),
    }
}
