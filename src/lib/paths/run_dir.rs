//! The runtime folder of a session: created, held open, and removed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::artifact::{Artifact, CONTROL_SOCKET, LOCK, LOCK_DRAFT};
use super::file_info::{FileKind, KeptReason};
use super::folder::{Folder, FolderTrust};
use super::locations::{runtime_base_of, runtime_bases};
use super::open::{Access, Owner, open_file};
use super::private_dir::{self, Parents};

/// Attempts to create a runtime folder while ending sessions keep removing its base.
const MAX_ATTEMPTS: u32 = 17;

/// Longest path of a socket: `sun_path` holds 108 bytes with the final NUL on Linux, 104 elsewhere
/// (unix(7)).
const MAX_SOCKET_PATH_BYTES: usize = 103;

/// The runtime folder of a living session. Its lock is free exactly when the session is dead: the
/// kernel releases it, however the supervisor ends.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    handle: RunDirHandle,
    _lock: File,
}

impl RunDir {
    /// Creates the folder of `session` in the first base that can hold it.
    ///
    /// # Errors
    /// When none can: every base that was tried, with its reason.
    pub(crate) fn create(session: &str) -> Result<Self> {
        let mut refusals = Vec::new();
        for base in runtime_bases() {
            match Self::create_in(&base, session) {
                Ok(dir) => return Ok(dir),
                Err(error) => refusals.push(format!("{}: {error}", base.display())),
            }
        }
        Err(Error::other(format!(
            "cannot create a folder for the control socket ({}); set XDG_RUNTIME_DIR to a folder of \
             your own",
            refusals.join("; ")
        )))
    }

    fn create_in(base: &Path, session: &str) -> Result<Self> {
        let path = base.join(session);
        if path.join(CONTROL_SOCKET).as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            let text = "the path is too long for a socket";
            return Err(Error::new(ErrorKind::InvalidFilename, text));
        }
        if Artifact::in_runtime_base(OsStr::new(session)) != Some(Artifact::Session) {
            let text = "the name of a session is 4 to 40 ASCII letters, digits, - and _";
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        create_with_base(base, &path)?;
        // Locked before it gets its name: a cleaner takes a lock that exists and is free for that of
        // a dead session.
        let lock = open_file(&path.join(LOCK_DRAFT), Owner::Ours, Access::CreateNew, 0)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::AlreadyExists.into(),
        })?;
        std::fs::rename(path.join(LOCK_DRAFT), path.join(LOCK))?;
        let handle = RunDirHandle::open(&path).map_err(Error::other)?;
        Ok(Self { path, handle, _lock: lock })
    }

    /// The absolute path, below a runtime base.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// See [`RunDirHandle::remove`].
    pub(crate) fn remove(self) -> std::result::Result<(), Vec<RemovalError>> {
        self.handle.remove()
    }

    /// The socket for scripts and `chattrace-clean`.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

/// A path that remains, and why; shown as `path: reason`.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = path.display())]
pub(crate) struct RemovalError {
    path: PathBuf,
    reason: KeptReason,
}

/// The runtime folder of a session and its base, both open. A file system that is mounted over their
/// paths later does not hide their content from the removal.
#[derive(Debug)]
pub(crate) struct RunDirHandle {
    path: PathBuf,
    name: OsString,
    /// Base and folder; `None` when another process has removed one of them.
    open: Option<(Folder, Folder)>,
}

impl RunDirHandle {
    /// Opens the runtime folder `path` of a session.
    ///
    /// # Errors
    /// When it is not such a folder, or other users may enter it.
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, KeptReason> {
        let base = Folder::open(runtime_base_of(path)?, FolderTrust::Private)?;
        let name = path.file_name().ok_or(KeptReason::UnknownName)?.to_owned();
        let open = match base {
            Some(base) => {
                let folder = base.open_subfolder(&name, FolderTrust::Private)?;
                folder.map(|folder| (base, folder))
            }
            None => None,
        };
        Ok(Self { path: path.to_owned(), name, open })
    }

    /// Removes the folder and every artifact in it, and nothing else. Any of it may be gone already: a
    /// guard and a cleaner may do this at the same time.
    ///
    /// # Errors
    /// With everything that remains, and why.
    pub(crate) fn remove(self) -> std::result::Result<(), Vec<RemovalError>> {
        let Some((base, folder)) = &self.open else {
            return Ok(());
        };
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
            errors.push(RemovalError { path: self.path.clone(), reason });
        }
        if errors.is_empty() {
            remove_base_if_empty(base.path());
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Removes every artifact but the lock.
    fn remove_content(&self, folder: &Folder) -> Vec<RemovalError> {
        let names = match folder.names() {
            Ok(names) => names,
            Err(reason) => return vec![RemovalError { path: self.path.clone(), reason }],
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
        RemovalError { path: self.path.join(name), reason }
    }
}

/// Removes the base `path`. It stays while it holds another session or a cool-down.
fn remove_base_if_empty(path: &Path) {
    if let (Ok(parent), Some(name)) = (Folder::open_parent(path), path.file_name()) {
        let _ = parent.remove_own(name, FileKind::Folder);
    }
}

/// Creates the folder `path` in `base`, and `base` if it is missing. Parents of `base` belong to the
/// system or the user and are not created.
fn create_with_base(base: &Path, path: &Path) -> Result<()> {
    let create = || {
        private_dir::create(base, Parents::Require)?;
        std::fs::DirBuilder::new().mode(0o700).create(path)
    };
    let mut attempts = 1;
    loop {
        match create() {
            // A session that ended has removed the base in between.
            Err(error) if error.kind() == ErrorKind::NotFound && attempts < MAX_ATTEMPTS => {
                attempts += 1;
            }
            result => return result,
        }
    }
}
