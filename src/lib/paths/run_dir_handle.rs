//! The removal of a session's runtime folder, by the session itself and by its guard.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::artifact::{Artifact, LOCK};
use super::file_info::{FileKind, KeptReason};
use super::folder::{Folder, FolderTrust};
use super::locations::runtime_base_of;
use super::private_dir::FolderOrigin;

/// A path that remains, and why; shown as `path: reason`.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = path.display())]
pub(crate) struct RemovalError {
    path: PathBuf,
    reason: KeptReason,
}

impl RemovalError {
    /// `path` remains for this reason.
    pub(super) fn new(path: impl Into<PathBuf>, reason: KeptReason) -> Self {
        Self { path: path.into(), reason }
    }
}

/// The runtime folder of a session and its base, both open. A file system that is mounted over their
/// paths later does not hide their content from the removal.
#[derive(Debug)]
pub(crate) struct RunDirHandle {
    path: PathBuf,
    name: OsString,
    base_origin: FolderOrigin,
    /// Base and folder; `None` when another process has removed one of them.
    open: Option<(Folder, Folder)>,
}

impl RunDirHandle {
    /// Opens the runtime folder `path` of a session. Its base counts as one that was there before.
    ///
    /// # Errors
    /// When it is not such a folder, or other users may enter it.
    pub(crate) fn open(path: &Path) -> Result<Self, KeptReason> {
        let base = Folder::open(runtime_base_of(path)?, FolderTrust::Private)?;
        let name = path.file_name().ok_or(KeptReason::UnknownName)?.to_owned();
        let open = match base {
            Some(base) => {
                let folder = base.open_subfolder(&name, FolderTrust::Private)?;
                folder.map(|folder| (base, folder))
            }
            None => None,
        };
        Ok(Self { path: path.to_owned(), name, base_origin: FolderOrigin::Existing, open })
    }

    /// The same, with a base that this session has created, or has not.
    pub(super) fn with_base_origin(self, base_origin: FolderOrigin) -> Self {
        Self { base_origin, ..self }
    }

    /// Removes the folder and every artifact in it, and nothing else. Any of it may be gone already: a
    /// guard and a cleaner may do this at the same time.
    ///
    /// # Errors
    /// With everything that remains, and why.
    pub(crate) fn remove(self) -> Result<(), Vec<RemovalError>> {
        let mut errors = match &self.open {
            Some((base, folder)) => self.remove_folder(base, folder),
            None => Vec::new(),
        };
        if errors.is_empty()
            && let Some(base) = self.path.parent()
        {
            errors.extend(remove_base(base, self.base_origin).err());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn remove_folder(&self, base: &Folder, folder: &Folder) -> Vec<RemovalError> {
        let mut errors = self.remove_content(folder);
        // The lock goes last, and only from an empty folder: by a lock that is held the session is
        // known to be alive, and by one that is free the next cleaner finds what remains of it.
        if errors.is_empty() {
            let removed = folder.remove_own(OsStr::new(LOCK), FileKind::File);
            errors.extend(removed.err().map(|reason| self.error(LOCK, reason)));
        }
        if errors.is_empty()
            && let Err(reason) = base.remove_own(&self.name, FileKind::Folder)
        {
            errors.push(RemovalError::new(&self.path, reason));
        }
        errors
    }

    /// Removes every artifact but the lock.
    fn remove_content(&self, folder: &Folder) -> Vec<RemovalError> {
        let names = match folder.names() {
            Ok(names) => names,
            Err(reason) => return vec![RemovalError::new(&self.path, reason)],
        };
        let removed = names.into_iter().filter(|name| name != LOCK).filter_map(|name| {
            let removed = match Artifact::in_session(&name) {
                Some(artifact) => folder.remove_own(&name, artifact.kind()),
                None => Err(KeptReason::UnknownName),
            };
            removed.err().map(|reason| self.error(&name, reason))
        });
        removed.collect()
    }

    fn error(&self, name: impl AsRef<Path>, reason: KeptReason) -> RemovalError {
        RemovalError::new(self.path.join(name), reason)
    }
}

/// Removes the base `path` if it is empty. It stays while it holds another session or a cool-down.
///
/// # Errors
/// When it cannot be removed. A base that was there before may be one that this user, for whom it was
/// made, cannot remove, and may have been replaced since; neither is an error.
pub(super) fn remove_base(path: &Path, origin: FolderOrigin) -> Result<(), RemovalError> {
    let name = path.file_name().ok_or(KeptReason::UnknownName);
    let removed =
        name.and_then(|name| Folder::open_parent(path)?.remove_own(name, FileKind::Folder));
    let Err(reason) = removed else {
        return Ok(());
    };
    let stays = match reason.io_kind() {
        Some(ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => true,
        Some(kind) => {
            let denied = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
            origin == FolderOrigin::Existing && denied.contains(&kind)
        }
        // By the base of another session.
        None if matches!(reason, KeptReason::Changed) => true,
        None => origin == FolderOrigin::Existing && !matches!(reason, KeptReason::Mounted),
    };
    if stays { Ok(()) } else { Err(RemovalError::new(path, reason)) }
}
