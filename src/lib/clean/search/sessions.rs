//! The runtime folders of sessions: which sessions are dead, and what is in their folders.
//!
//! Only the lock tells whether a session is dead: the kernel releases it, however the session ended.
//! A process id does not, because the kernel reuses it; neither does an age. A session whose folder is
//! removed before it has locked it takes another name.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

use crate::clean::cli::Level;
use crate::clean::inventory::{Inventory, RemovalRequest};
use crate::paths::{self, Artifact, FileInfo, FileKind, Folder, FolderTrust, KeptReason};
use crate::process::{self, SessionProcess};

/// Adds everything that `level` reaches in the runtime base `base`.
pub(super) fn search(found: &mut Inventory, level: Level, base: &Path) {
    match Folder::open(base, FolderTrust::Private) {
        Ok(Some(folder)) => {
            if let Err(reason) = search_base(found, level, &Rc::new(folder)) {
                found.keep(base, reason, RemovalRequest::Requested);
            }
        }
        Ok(None) => {}
        Err(reason) => {
            let request = RemovalRequest::when(may_hold_sessions(base, &reason));
            found.keep(base, reason, request);
        }
    }
}

/// Whether sessions of this user may be in the base `path`, which cannot be opened for this reason. Where
/// the folder is of another kind or owner, or open to others, sessions do not use it either.
fn may_hold_sessions(path: &Path, reason: &KeptReason) -> bool {
    let usable = reason.io_kind().is_some_and(|kind| kind != ErrorKind::NotADirectory);
    usable && std::fs::symlink_metadata(path).is_ok_and(|base| base.uid() == process::own_uid())
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
    // A running session needs the folder, and obeys the cool-down.
    let remove_base = all && !has_running;
    for name in &names {
        match Artifact::in_runtime_base(name) {
            Some(Artifact::Cooldown) if remove_base || is_expired(base, name) => {
                found.add(Artifact::Cooldown, base, name, RemovalRequest::when(remove_base));
            }
            Some(_) => {}
            None => {
                let request = RemovalRequest::when(remove_base);
                found.keep(base.path().join(name), KeptReason::UnknownName, request);
            }
        }
    }
    if remove_base {
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
        // The mount may hide the folder of a session, so this is an error at every level.
        Err(reason @ KeptReason::Mounted) => {
            return found.keep(path, reason, RemovalRequest::Requested);
        }
        // Not the folder of a session; it only prevents the removal of the base.
        Ok(Some(Err(reason))) | Err(reason) => {
            return found.keep(path, reason, RemovalRequest::when(all));
        }
    }
    let folder = match base.open_subfolder(name, FolderTrust::Private) {
        Ok(Some(folder)) => Rc::new(folder),
        Ok(None) => return,
        Err(reason) => return found.keep(path, reason, RemovalRequest::Requested),
    };
    match liveness(&folder) {
        Ok(Liveness::Removed) => {}
        Ok(Liveness::Running) => found.running.push(path),
        Ok(Liveness::Unlocked) => {
            found.add(Artifact::UnlockedSession, base, name, RemovalRequest::Requested);
        }
        Ok(Liveness::Dead(lock)) => {
            found.locks.extend(lock);
            if let Err(reason) = add_session(found, base, &folder, name) {
                found.keep(path, reason, RemovalRequest::Requested);
            }
        }
        Err(reason) => found.keep(path.join(paths::LOCK), reason, RemovalRequest::Requested),
    }
}

enum Liveness {
    Running,
    /// With the lock, which this process now holds; `None` if the folder has no lock.
    Dead(Option<File>),
    /// It is empty: its session was killed before it locked it, or is about to.
    Unlocked,
    /// Another process has removed the folder during the search.
    Removed,
}

fn liveness(folder: &Folder) -> Result<Liveness, KeptReason> {
    let names = folder.names()?;
    let has = |name: &str| names.iter().any(|listed| listed == name);
    // A session that is starting renames its lock, maybe between two of these looks.
    for lock in [paths::LOCK, paths::LOCK_DRAFT, paths::LOCK].map(OsStr::new) {
        if let Some(info) = folder.stat(lock)? {
            return lock_liveness(folder, lock, &info);
        }
    }
    if names.is_empty() {
        let exists = folder.stat(OsStr::new("."))?.is_some();
        return Ok(if exists { Liveness::Unlocked } else { Liveness::Removed });
    }
    // Both names are gone since they were listed: the session has ended.
    if has(paths::LOCK) || has(paths::LOCK_DRAFT) {
        return Ok(Liveness::Removed);
    }
    // The lock was removed by hand, or for its age by a program that cleans temporary folders.
    let socket = folder.path().join(paths::CONTROL_SOCKET);
    let running = has(paths::CONTROL_SOCKET) && has_listener(&socket);
    Ok(if running { Liveness::Running } else { Liveness::Dead(None) })
}

/// Whether a process listens on the socket `path`. Does not wait: a queue that is full has a listener.
fn has_listener(path: &Path) -> bool {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let connected = socket(AddressFamily::Unix, SockType::Stream, flags, None)
        .and_then(|socket| connect(socket.as_raw_fd(), &UnixAddr::new(path)?));
    matches!(connected, Ok(()) | Err(Errno::EAGAIN))
}

fn lock_liveness(folder: &Folder, name: &OsStr, info: &FileInfo) -> Result<Liveness, KeptReason> {
    info.check(FileKind::File)?;
    let lock = match folder.open_file(name, info, OFlag::O_RDONLY) {
        Ok(lock) => lock,
        // It was removed, or has got its second name and is held.
        Err(KeptReason::System(error)) if error.kind() == ErrorKind::NotFound => {
            let renamed = folder.stat(OsStr::new(paths::LOCK))?.is_some();
            return Ok(if renamed { Liveness::Running } else { Liveness::Removed });
        }
        Err(reason) => return Err(reason),
    };
    match lock.try_lock() {
        Ok(()) => Ok(Liveness::Dead(Some(lock))),
        Err(TryLockError::WouldBlock) => Ok(Liveness::Running),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Adds everything of a dead session: first its processes, at the end its lock and its folder.
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
                found.add(artifact, folder, &inside, RemovalRequest::Requested);
            }
            None => {
                let path = folder.path().join(inside);
                found.keep(path, KeptReason::UnknownName, RemovalRequest::Requested);
            }
        }
    }
    found.add(Artifact::Lock, folder, OsStr::new(paths::LOCK), RemovalRequest::Requested);
    found.add(Artifact::Session, base, name, RemovalRequest::Requested);
    Ok(())
}

/// Adds every file in cloudflared's home, which should be empty, to what is kept.
fn keep_unexpected_files(found: &mut Inventory, folder: &Folder, home: &OsStr) {
    // An error here occurs again, and is reported, when the home is removed.
    let Ok(Some(home)) = folder.open_subfolder(home, FolderTrust::Private) else {
        return;
    };
    for name in home.names().unwrap_or_default() {
        found.keep(home.path().join(name), KeptReason::UnknownName, RemovalRequest::Requested);
    }
}

/// Whether the tunnel would ignore the cool-down in this file; false for a file that cannot be read.
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
