//! What is ours and belongs to no living session. Looks only; nothing is changed here.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::fcntl::OFlag;

use super::cli::Level;
use super::sessions;
use crate::paths::{self, Artifact, FileInfo, FileKind, Folder, FolderTrust, KeptReason};
use crate::process::SessionProcess;

/// One thing to be removed.
#[derive(Debug)]
pub(super) struct Item {
    /// Where it is; `/proc/PID` for a process.
    pub(super) path: PathBuf,
    /// Its length, where it has one.
    pub(super) bytes: u64,
    /// How it is reached.
    pub(super) place: Place,
}

/// How a thing is reached when it is removed.
#[derive(Debug)]
pub(super) enum Place {
    /// A process that carries the mark of a dead session.
    Process(SessionProcess),
    /// A name in a folder.
    Entry(Entry),
}

/// A name in an open folder, and what was seen under it.
#[derive(Debug)]
pub(super) struct Entry {
    /// What it is to us.
    pub(super) artifact: Artifact,
    /// The folder it is in.
    pub(super) folder: Rc<Folder>,
    /// Its name there.
    pub(super) name: OsString,
    /// What was seen under it.
    pub(super) look: FileInfo,
}

/// One thing that is left alone.
#[derive(Debug)]
pub(super) struct Kept {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Why it stays.
    pub(super) why: KeptReason,
    /// Whether it stands in the way of what was asked for.
    pub(super) wanted: bool,
}

/// Everything that was found, in the order in which it is to be removed.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// To be removed.
    pub(super) items: Vec<Item>,
    /// To be left.
    pub(super) left: Vec<Kept>,
    /// The runtime folders of living sessions.
    pub(super) living: Vec<PathBuf>,
    /// The locks of dead sessions, so that nobody else cleans them at the same time.
    pub(super) held: Vec<File>,
}

impl Inventory {
    /// Looks everywhere that `level` reaches. `archive` is where event logs are saved; `None` is
    /// the current folder.
    pub(super) fn take(level: Level, archive: Option<&Path>) -> Self {
        let mut found = Self::default();
        for base in paths::runtime_bases() {
            sessions::survey(&mut found, level, &base);
        }
        // A living session may run that cloudflared, or be fetching it.
        if found.living.is_empty()
            && let Some(data) = paths::data_dir()
            && let Err(why) = found.fetched(level, &data)
        {
            found.leave(data, why, level == Level::All);
        }
        if level >= Level::Logs {
            let archive = std::path::absolute(archive.unwrap_or(Path::new(".")));
            if let Ok(archive) = archive
                && let Err(why) = found.logs(&archive)
            {
                found.leave(archive, why, true);
            }
        }
        found
    }

    /// Notes that `path` stays.
    pub(super) fn leave(&mut self, path: impl Into<PathBuf>, why: KeptReason, wanted: bool) {
        let path = path.into();
        self.left.push(Kept { path, why, wanted });
    }

    /// Notes `name` in `folder` for removal if it is what its name says; else that it stays.
    pub(super) fn entry(
        &mut self,
        artifact: Artifact,
        folder: &Rc<Folder>,
        name: &OsStr,
        wanted: bool,
    ) {
        let path = folder.path().join(name);
        let judged = folder.stat(name).and_then(|look| {
            look.as_ref().map_or(Ok(()), |look| look.check(artifact.kind()))?;
            Ok(look)
        });
        match judged {
            Ok(None) => {}
            Ok(Some(look)) => self.items.push(Item {
                path,
                bytes: look.bytes,
                place: Place::Entry(Entry {
                    artifact,
                    folder: Rc::clone(folder),
                    name: name.to_owned(),
                    look,
                }),
            }),
            Err(why) => self.leave(path, why, wanted),
        }
    }

    /// Notes the folder at `path`, which should be empty by the time it is removed.
    pub(super) fn folder(&mut self, path: &Path, artifact: Artifact) {
        match (Folder::open_parent(path), path.file_name()) {
            (Ok(above), Some(name)) => self.entry(artifact, &Rc::new(above), name, true),
            (Err(why), _) => self.leave(path, why, true),
            (Ok(_), None) => self.leave(path, KeptReason::UnknownName, true),
        }
    }

    fn fetched(&mut self, level: Level, data: &Path) -> Result<(), KeptReason> {
        let all = level == Level::All;
        let Some(folder) = Folder::open(data, FolderTrust::Unshared)? else {
            return Ok(());
        };
        for name in folder.names()? {
            if name != paths::BIN && all {
                self.leave(data.join(name), KeptReason::UnknownName, true);
            }
        }
        let bin = folder.open_subfolder(OsStr::new(paths::BIN), FolderTrust::Unshared)?;
        if let Some(bin) = bin.map(Rc::new) {
            if busy(&bin)? {
                self.leave(bin.path(), KeptReason::InUse, false);
                return Ok(());
            }
            for name in bin.names()? {
                match Artifact::in_bin(&name) {
                    Some(artifact) if all || artifact == Artifact::Download => {
                        self.entry(artifact, &bin, &name, all);
                    }
                    Some(_) => {}
                    None if all => self.leave(bin.path().join(name), KeptReason::UnknownName, true),
                    None => {}
                }
            }
            if all {
                self.entry(Artifact::Folder, &Rc::new(folder), OsStr::new(paths::BIN), true);
            }
        }
        if all {
            self.folder(data, Artifact::Folder);
        }
        Ok(())
    }

    fn logs(&mut self, archive: &Path) -> Result<(), KeptReason> {
        let Some(folder) = Folder::open(archive, FolderTrust::Any)?.map(Rc::new) else {
            return Ok(());
        };
        for name in folder.names()? {
            if Artifact::in_archive(&name) != Some(Artifact::EventLog) {
                continue;
            }
            match begins_as_ours(&folder, &name) {
                Ok(()) => self.entry(Artifact::EventLog, &folder, &name, true),
                // The folder is the user's, and so is what only looks like ours.
                Err(why) => self.leave(folder.path().join(&name), why, false),
            }
        }
        Ok(())
    }
}

/// Whether somebody is at work in `bin`: a session without a runtime folder has no other sign.
fn busy(bin: &Folder) -> Result<bool, KeptReason> {
    for name in bin.names()? {
        let Some(look) = bin.stat(&name)? else {
            continue;
        };
        if Artifact::in_bin(&name).is_none() || look.check(FileKind::File).is_err() {
            continue;
        }
        let lock = bin.open_file(&name, &look, OFlag::O_RDONLY)?.try_lock();
        if let Err(TryLockError::WouldBlock) = lock {
            return Ok(true);
        }
    }
    Ok(false)
}

fn begins_as_ours(folder: &Folder, name: &OsStr) -> Result<(), KeptReason> {
    let look = folder.stat(name)?.ok_or(KeptReason::Changed)?;
    look.check(FileKind::File)?;
    let header = paths::EVENT_LOG_HEADER.as_bytes();
    let mut start = Vec::new();
    folder
        .open_file(name, &look, OFlag::O_RDONLY)?
        .take(header.len() as u64 + 1)
        .read_to_end(&mut start)?;
    match start.strip_prefix(header) {
        Some(b"\n") => Ok(()),
        Some(_) | None => Err(KeptReason::NotALog),
    }
}
