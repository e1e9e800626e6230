//! The runtime folders of sessions: which are dead, and what is in those.
//!
//! A session is dead when its lock is free, and by no other sign: the kernel releases the lock,
//! however the session ended. A process id says nothing, because the kernel reuses it.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use crate::clean::cli::Level;
use crate::clean::inventory::{Inventory, Request};
use crate::paths::{self, Artifact, FileKind, Folder, FolderTrust, KeptReason};
use crate::process::SessionProcess;

/// Age at which a runtime folder without a lock is dead. A session creates its lock microseconds after
/// its folder; this allows for the slowest machine.
const MAX_STARTUP_SECONDS: i64 = 60;

/// Adds everything that `level` reaches in the runtime base `base`.
pub(super) fn search(found: &mut Inventory, level: Level, base: &Path) {
    match Folder::open(base, FolderTrust::Private) {
        Ok(Some(folder)) => {
            if let Err(reason) = search_base(found, level, &Rc::new(folder)) {
                found.keep(base, reason, Request::Requested);
            }
        }
        Ok(None) => {}
        // Sessions do not use such a folder either, so nothing in it is chattrace's.
        Err(reason) => found.keep(base, reason, Request::NotRequested),
    }
}

fn search_base(found: &mut Inventory, level: Level, base: &Rc<Folder>) -> Result<(), KeptReason> {
    let names = base.names()?;
    let is_session = |name: &OsString| Artifact::in_runtime_base(name) == Some(Artifact::Session);
    let running_elsewhere = found.running.len();
    let all = level == Level::All;
    for name in names.iter().filter(|name| is_session(name)) {
        search_session(found, base, name, all);
    }
    let has_running = found.running.len() > running_elsewhere;
    // A running session needs the folder, and honours the cool-down.
    let whole = all && !has_running;
    for name in &names {
        match Artifact::in_runtime_base(name) {
            Some(Artifact::Cooldown) if whole || is_expired(base, name) => {
                found.add(Artifact::Cooldown, base, name, Request::when(whole));
            }
            Some(_) => {}
            None => {
                let request = Request::when(whole);
                found.keep(base.path().join(name), KeptReason::UnknownName, request);
            }
        }
    }
    if whole {
        found.add_folder(base.path(), Artifact::Folder);
    } else if !has_running && names.iter().all(is_session) {
        // Empty after the removal. The next session creates it again.
        found.add_folder(base.path(), Artifact::Base);
    }
    Ok(())
}

fn search_session(found: &mut Inventory, base: &Rc<Folder>, name: &OsStr, all: bool) {
    let path = base.path().join(name);
    match base.stat(name).map(|info| info.map(|info| info.check(FileKind::Folder))) {
        Ok(Some(Ok(()))) => {}
        Ok(None) => return,
        // The mount may hide the folder of a session.
        Err(reason @ KeptReason::Mounted) => return found.keep(path, reason, Request::Requested),
        // Never a session's; it only keeps the base from being removed.
        Ok(Some(Err(reason))) | Err(reason) => return found.keep(path, reason, Request::when(all)),
    }
    let folder = match base.open_subfolder(name, FolderTrust::Private) {
        Ok(Some(folder)) => Rc::new(folder),
        Ok(None) => return,
        Err(reason) => return found.keep(path, reason, Request::Requested),
    };
    match liveness(&folder) {
        Ok(Liveness::Removed) => {}
        Ok(Liveness::Running) => found.running.push(path),
        Ok(Liveness::Dead(lock)) => {
            found.locks.extend(lock);
            if let Err(reason) = add_session(found, base, &folder, name) {
                found.keep(path, reason, Request::Requested);
            }
        }
        Err(reason) => found.keep(path.join(paths::LOCK), reason, Request::Requested),
    }
}

enum Liveness {
    Running,
    /// With its lock, which this process holds from now on, unless it has none.
    Dead(Option<File>),
    /// Another process has removed the folder during the search.
    Removed,
}

fn liveness(folder: &Folder) -> Result<Liveness, KeptReason> {
    let lock = OsStr::new(paths::LOCK);
    let Some(info) = folder.stat(lock)? else {
        return Ok(match folder.stat(OsStr::new("."))? {
            None => Liveness::Removed,
            Some(info) if now() - info.modified < MAX_STARTUP_SECONDS => Liveness::Running,
            Some(_) => Liveness::Dead(None),
        });
    };
    info.check(FileKind::File)?;
    let lock = folder.open_file(lock, &info, OFlag::O_RDONLY)?;
    match lock.try_lock() {
        Ok(()) => Ok(Liveness::Dead(Some(lock))),
        Err(TryLockError::WouldBlock) => Ok(Liveness::Running),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Adds everything of a dead session: its processes first, its lock last but for the folder.
fn add_session(
    found: &mut Inventory,
    base: &Rc<Folder>,
    folder: &Rc<Folder>,
    name: &OsStr,
) -> Result<(), KeptReason> {
    for process in SessionProcess::find_all(name) {
        found.add_process(process);
    }
    for inside in folder.names()? {
        match Artifact::in_session(&inside) {
            Some(Artifact::Lock) => {}
            Some(artifact) => {
                if artifact == Artifact::TunnelHome {
                    keep_unexpected_files(found, folder, &inside);
                }
                found.add(artifact, folder, &inside, Request::Requested);
            }
            None => {
                let path = folder.path().join(inside);
                found.keep(path, KeptReason::UnknownName, Request::Requested);
            }
        }
    }
    found.add(Artifact::Lock, folder, OsStr::new(paths::LOCK), Request::Requested);
    found.add(Artifact::Session, base, name, Request::Requested);
    Ok(())
}

/// Adds every file in cloudflared's home, which should be empty, to what is kept.
fn keep_unexpected_files(found: &mut Inventory, folder: &Folder, home: &OsStr) {
    // An error here occurs again, and is reported, when the home is removed.
    let Ok(Some(home)) = folder.open_subfolder(home, FolderTrust::Private) else {
        return;
    };
    for name in home.names().unwrap_or_default() {
        found.keep(home.path().join(name), KeptReason::UnknownName, Request::Requested);
    }
}

/// Whether the tunnel would ignore the cool-down in this file. One that cannot be read stays.
fn is_expired(base: &Folder, name: &OsStr) -> bool {
    let Ok(Some(info)) = base.stat(name) else {
        return false;
    };
    let Ok(file) = base.open_file(name, &info, OFlag::O_RDONLY) else {
        return false;
    };
    let mut content = Vec::new();
    let read = file.take(paths::MAX_COOLDOWN_FILE_BYTES + 1).read_to_end(&mut content);
    read.is_ok() && paths::cooldown_remaining(&content, SystemTime::now()).is_none()
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
