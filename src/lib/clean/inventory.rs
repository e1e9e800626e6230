//! What a search has found: what is to be removed, what is kept, and which sessions run.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::paths::{Artifact, FileInfo, Folder, KeptReason};
use crate::process::SessionProcess;

/// One thing to be removed.
#[derive(Debug)]
pub(super) struct Item {
    /// Its path; `/proc/PID` for a process.
    pub(super) path: PathBuf,
    /// The length of a regular file; 0 for anything else.
    pub(super) bytes: u64,
    /// A process, or a name in a folder.
    pub(super) target: Target,
}

/// The object that the removal of an item acts on.
#[derive(Debug)]
pub(super) enum Target {
    /// A process that carries the mark of a dead session.
    Process(SessionProcess),
    /// A name in a folder.
    File(FileTarget),
}

/// A name in an open folder.
#[derive(Debug)]
pub(super) struct FileTarget {
    /// What chattrace creates under this name.
    pub(super) artifact: Artifact,
    /// Open since the search, so that no other folder can take its place.
    pub(super) folder: Rc<Folder>,
    /// A name in `folder`, never a path.
    pub(super) name: OsString,
    /// The file that the search saw there. The removal takes no other.
    pub(super) info: FileInfo,
}

/// Whether a path that is kept counts as remaining, which makes the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemovalRequest {
    /// It counts: the level asks for its removal.
    Requested,
    /// It does not: the level does not reach it, or it is in use, or not chattrace's.
    NotRequested,
}

impl RemovalRequest {
    /// `Requested` if `condition` holds.
    pub(super) fn when(condition: bool) -> Self {
        if condition { RemovalRequest::Requested } else { RemovalRequest::NotRequested }
    }
}

/// One path that is not removed.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    /// Printed behind the path.
    pub(super) reason: KeptReason,
    /// Whether the path counts as remaining.
    pub(super) request: RemovalRequest,
}

/// The result of a search.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// In the order in which they are to be removed.
    pub(super) items: Vec<Item>,
    /// Printed after the removal, in the order in which they were found.
    pub(super) kept: Vec<Kept>,
    /// The runtime folders of running sessions.
    pub(super) running: Vec<PathBuf>,
    /// The locks of dead sessions. While they are held, no other cleaner removes these sessions.
    pub(super) locks: Vec<File>,
}

impl Inventory {
    /// Adds a process of a dead session to the items.
    pub(super) fn add_process(&mut self, process: SessionProcess) {
        let path = process.path();
        self.items.push(Item { path, bytes: 0, target: Target::Process(process) });
    }

    /// Adds `name` to the items, or to what is kept if it is not of the kind of `artifact`.
    pub(super) fn add(
        &mut self,
        artifact: Artifact,
        folder: &Rc<Folder>,
        name: &OsStr,
        request: RemovalRequest,
    ) {
        let path = folder.path().join(name);
        let checked = folder.stat(name).and_then(|info| {
            info.as_ref().map_or(Ok(()), |info| info.check(artifact.kind()))?;
            Ok(info)
        });
        match checked {
            Ok(None) => {}
            Ok(Some(info)) => self.items.push(Item {
                path,
                bytes: info.bytes,
                target: Target::File(FileTarget {
                    artifact,
                    folder: Rc::clone(folder),
                    name: name.to_owned(),
                    info,
                }),
            }),
            Err(reason) => self.keep(path, reason, request),
        }
    }

    /// Adds the folder `path`, which is empty once the items before it are removed.
    pub(super) fn add_folder(&mut self, path: &Path, artifact: Artifact) {
        match (Folder::open_parent(path), path.file_name()) {
            (Ok(parent), Some(name)) => {
                self.add(artifact, &Rc::new(parent), name, RemovalRequest::Requested);
            }
            (Err(reason), _) => self.keep(path, reason, RemovalRequest::Requested),
            (Ok(_), None) => self.keep(path, KeptReason::UnknownName, RemovalRequest::Requested),
        }
    }

    /// Adds `path` to what is kept.
    pub(super) fn keep(
        &mut self,
        path: impl Into<PathBuf>,
        reason: KeptReason,
        request: RemovalRequest,
    ) {
        self.kept.push(Kept { path: path.into(), reason, request });
    }

    /// Whether something of chattrace stays that was not asked for, such as a running session.
    pub(super) fn keeps_others(&self) -> bool {
        !self.running.is_empty() || self.kept.len() > self.refused()
    }

    /// The number of paths that are kept although their removal was requested.
    pub(super) fn refused(&self) -> usize {
        self.kept.iter().filter(|kept| kept.request == RemovalRequest::Requested).count()
    }
}
