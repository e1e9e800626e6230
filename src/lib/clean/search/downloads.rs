//! The data folder: managed copies of cloudflared, and their partial downloads.

use std::ffi::OsStr;
use std::fs::TryLockError;
use std::path::Path;
use std::rc::Rc;

use nix::fcntl::OFlag;

use crate::clean::cli::Level;
use crate::clean::inventory::{Inventory, RemovalRequest};
use crate::paths::{self, Artifact, FileKind, Folder, FolderTrust, KeptReason};

/// Adds the partial downloads in the folder `data`; at [`Level::All`], also the rest and the folder.
///
/// # Errors
/// When a folder in it cannot be searched.
pub(super) fn search(found: &mut Inventory, level: Level, data: &Path) -> Result<(), KeptReason> {
    let all = level == Level::All;
    let Some(folder) = Folder::open(data, FolderTrust::Unshared)? else {
        return Ok(());
    };
    if all {
        for name in folder.names()?.into_iter().filter(|name| name != paths::BIN) {
            found.keep(data.join(name), KeptReason::UnknownName, RemovalRequest::Requested);
        }
    }
    let bin_name = OsStr::new(paths::BIN);
    if let Some(bin) = folder.open_subfolder(bin_name, FolderTrust::Unshared)?.map(Rc::new) {
        if is_in_use(&bin)? {
            found.keep(bin.path(), KeptReason::InUse, RemovalRequest::NotRequested);
            return Ok(());
        }
        search_bin(found, all, &bin)?;
        if all {
            found.add(Artifact::Folder, &Rc::new(folder), bin_name, RemovalRequest::Requested);
        }
    }
    if all {
        found.add_folder(data, Artifact::Folder);
    }
    Ok(())
}

fn search_bin(found: &mut Inventory, all: bool, bin: &Rc<Folder>) -> Result<(), KeptReason> {
    for name in bin.names()? {
        match Artifact::in_bin(&name) {
            Some(artifact) if all || artifact == Artifact::Download => {
                found.add(artifact, bin, &name, RemovalRequest::when(all));
            }
            None if all => {
                found.keep(
                    bin.path().join(name),
                    KeptReason::UnknownName,
                    RemovalRequest::Requested,
                );
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Whether another process holds a lock in `bin`, because it is downloading. Its runtime folder may
/// be in a base that this environment does not name (`XDG_RUNTIME_DIR`, `TMPDIR`).
fn is_in_use(bin: &Folder) -> Result<bool, KeptReason> {
    for name in bin.names()? {
        let Some(info) = bin.stat(&name)? else {
            continue;
        };
        if Artifact::in_bin(&name).is_none() || info.check(FileKind::File).is_err() {
            continue;
        }
        let lock = bin.open_file(&name, &info, OFlag::O_RDONLY)?.try_lock();
        if let Err(TryLockError::WouldBlock) = lock {
            return Ok(true);
        }
    }
    Ok(false)
}
