//! The runtime folders of sessions: which are dead, and what is in those.
//!
//! A session is dead when its lock is free, and by no other sign: the kernel frees it, whatever
//! ended the session, and a process number says nothing once its bearer is gone.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use super::cli::Level;
use super::inventory::{Inventory, Item, Place};
use crate::paths::{self, Artifact, FileKind, Folder, FolderTrust, KeptReason};
use crate::process::SessionProcess;

/// A folder without a lock is one that is just being made, which takes microseconds; after this
/// many seconds even the slowest machine is through with it.
const BIRTH: i64 = 60;

/// Longer than any provider asks for; a cool-down that cannot be read ends then.
const LONGEST_COOLDOWN: i64 = 24 * 60 * 60;

/// Notes everything in the runtime base `base`.
pub(super) fn survey(found: &mut Inventory, level: Level, base: &Path) {
    match Folder::open(base, FolderTrust::Private) {
        Ok(Some(folder)) => {
            if let Err(why) = read(found, level, &Rc::new(folder)) {
                found.leave(base, why, true);
            }
        }
        Ok(None) => {}
        // Sessions refuse such a folder as well, so nothing of ours is in it.
        Err(why) => found.leave(base, why, false),
    }
}

fn read(found: &mut Inventory, level: Level, base: &Rc<Folder>) -> Result<(), KeptReason> {
    let names = base.names()?;
    let living = found.living.len();
    let all = level == Level::All;
    for name in &names {
        if paths::in_base(name) == Some(Artifact::Session) {
            session(found, base, name, all);
        }
    }
    // Whoever lives there still needs the folder, and heeds the cool-down.
    let whole = all && found.living.len() == living;
    for name in &names {
        match paths::in_base(name) {
            Some(Artifact::Cooldown) if whole || expired(base, name) => {
                found.entry(Artifact::Cooldown, base, name, whole);
            }
            Some(_) => {}
            None => found.leave(base.path().join(name), KeptReason::Unknown, whole),
        }
    }
    let dead = |name: &OsString| paths::in_base(name) == Some(Artifact::Session);
    if whole {
        found.folder(base.path(), Artifact::Folder);
    } else if found.living.len() == living && names.iter().all(dead) {
        // Nobody has use for it, and the next session makes it anew.
        found.folder(base.path(), Artifact::Base);
    }
    Ok(())
}

fn session(found: &mut Inventory, base: &Rc<Folder>, name: &OsStr, all: bool) {
    let path = base.path().join(name);
    // What is no folder of ours was never a session's; then it is in the way of the base alone.
    match base.look(name).map(|look| look.map(|look| look.judge(FileKind::Folder))) {
        Ok(Some(Ok(()))) => {}
        Ok(None) => return,
        // What it hides may well be a session's.
        Err(why @ KeptReason::Mounted) => return found.leave(path, why, true),
        Ok(Some(Err(why))) | Err(why) => return found.leave(path, why, all),
    }
    let folder = match base.within(name, FolderTrust::Private) {
        Ok(Some(folder)) => Rc::new(folder),
        Ok(None) => return,
        Err(why) => return found.leave(path, why, true),
    };
    match pulse(&folder) {
        Ok(Pulse::Gone) => {}
        Ok(Pulse::Living) => found.living.push(path),
        Ok(Pulse::Dead(lock)) => {
            found.held.extend(lock);
            if let Err(why) = remains(found, base, &folder, name) {
                found.leave(path, why, true);
            }
        }
        Err(why) => found.leave(path.join(paths::LOCK), why, true),
    }
}

enum Pulse {
    /// Somebody else removed it while we looked.
    Gone,
    Living,
    /// With the lock, now ours, if there is one.
    Dead(Option<File>),
}

fn pulse(folder: &Folder) -> Result<Pulse, KeptReason> {
    let lock = OsStr::new(paths::LOCK);
    let Some(look) = folder.look(lock)? else {
        return Ok(match folder.look(OsStr::new("."))? {
            None => Pulse::Gone,
            Some(made) if now() - made.modified < BIRTH => Pulse::Living,
            Some(_) => Pulse::Dead(None),
        });
    };
    look.judge(FileKind::File)?;
    let lock = folder.file(lock, &look, OFlag::O_RDONLY)?;
    match lock.try_lock() {
        Ok(()) => Ok(Pulse::Dead(Some(lock))),
        Err(TryLockError::WouldBlock) => Ok(Pulse::Living),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Notes what a dead session left: its processes first, its lock last but for the folder.
fn remains(
    found: &mut Inventory,
    base: &Rc<Folder>,
    folder: &Rc<Folder>,
    name: &OsStr,
) -> Result<(), KeptReason> {
    found.items.extend(SessionProcess::find_all(name).into_iter().map(|process| Item {
        path: process.path(),
        bytes: 0,
        place: Place::Process(process),
    }));
    for inside in folder.names()? {
        match paths::in_session(&inside) {
            Some(Artifact::Lock) => {}
            Some(made) => {
                if made == Artifact::TunnelHome {
                    strangers(found, folder, &inside);
                }
                found.entry(made, folder, &inside, true);
            }
            None => found.leave(folder.path().join(inside), KeptReason::Unknown, true),
        }
    }
    found.entry(Artifact::Lock, folder, OsStr::new(paths::LOCK), true);
    found.entry(Artifact::Session, base, name, true);
    Ok(())
}

/// Names what is in cloudflared's home, which we make empty and want empty.
fn strangers(found: &mut Inventory, folder: &Folder, home: &OsStr) {
    // When it cannot be opened, its removal will say why.
    let Ok(Some(home)) = folder.within(home, FolderTrust::Private) else {
        return;
    };
    for name in home.names().unwrap_or_default() {
        found.leave(home.path().join(name), KeptReason::Unknown, true);
    }
}

fn expired(base: &Folder, name: &OsStr) -> bool {
    let Ok(Some(look)) = base.look(name) else {
        return false;
    };
    let read = base.file(name, &look, OFlag::O_RDONLY).map(|file| {
        // A number of seconds has ten digits; whatever is longer is none.
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::Read::take(file, 64), &mut text);
        read.ok().and_then(|_| text.trim().parse::<i64>().ok())
    });
    match read {
        Ok(Some(until)) => until <= now(),
        Ok(None) | Err(_) => look.modified + LONGEST_COOLDOWN <= now(),
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
