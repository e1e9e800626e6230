//! The runtime folder of a session, from its creation to its removal.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::artifact::{Artifact, CONTROL_SOCKET, LOCK, LOCK_DRAFT};
use super::folder::reserve_descriptors;
use super::locations::runtime_bases;
use super::open::{check_new, create_new};
use super::private_dir::{FolderOrigin, check, create_one, is_private};
use super::run_dir_handle::{RemovalError, RunDirHandle, remove_base};
use super::writable::check_can_create_in;

/// Attempts in one base. Each begins anew when a cleaner or an ending session has removed the base, or
/// the folder before it was locked.
const MAX_ATTEMPTS: usize = 17;

/// Longest path of a socket: `sun_path` holds 108 bytes with the final NUL on Linux, 104 elsewhere
/// (unix(7)).
const MAX_SOCKET_PATH_BYTES: usize = 103;

/// The runtime folder of a living session. Its lock is free exactly when the session is dead: the
/// kernel releases it, however the supervisor ends.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    session: String,
    handle: RunDirHandle,
    _lock: File,
    /// What attempts in other places have created and could not remove.
    abandoned: Vec<FolderAttempt>,
}

/// Why there is no runtime folder.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot create a folder for the control socket ({}); set XDG_RUNTIME_DIR to a folder of your own{}",
    refusals.join("; "),
    remains.iter().map(|remains| format!("; remains: {remains}")).collect::<String>()
)]
pub(crate) struct RunDirError {
    /// Every base that was tried, with its reason.
    refusals: Vec<String>,
    remains: Vec<RemovalError>,
}

impl RunDirError {
    /// Whether everything that was created on the way is removed again.
    pub(crate) fn is_clean(&self) -> bool {
        self.remains.is_empty()
    }
}

impl RunDir {
    /// Creates and locks a folder in the first base that can hold it. Its name is `session`, or begins
    /// with it. What an attempt that failed has created is removed.
    ///
    /// # Errors
    /// When no base can hold it.
    pub(crate) fn create(session: &str) -> std::result::Result<Self, RunDirError> {
        let mut refusals = Vec::new();
        let mut attempts = FolderAttempts { session, folders: 0, abandoned: Vec::new() };
        for base in runtime_bases() {
            match attempts.create_in(&base) {
                Ok((attempt, handle, lock)) => {
                    let FolderAttempt { path, session, .. } = attempt;
                    let abandoned = attempts.abandoned;
                    return Ok(Self { path, session, handle, _lock: lock, abandoned });
                }
                Err(error) => refusals.push(format!("{}: {error}", base.display())),
            }
        }
        let remains = attempts.abandoned.iter().flat_map(FolderAttempt::remove).collect();
        Err(RunDirError { refusals, remains })
    }

    /// The absolute path, below a runtime base.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name, which marks the processes of the session.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// Removes the folder, see [`RunDirHandle::remove`], and what other attempts have left.
    ///
    /// # Errors
    /// With everything that remains, and why.
    pub(crate) fn remove(self) -> std::result::Result<(), Vec<RemovalError>> {
        let mut remains = self.handle.remove().err().unwrap_or_default();
        remains.extend(self.abandoned.iter().flat_map(FolderAttempt::remove));
        if remains.is_empty() { Ok(()) } else { Err(remains) }
    }

    /// The socket for scripts and `chattrace-clean`.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

/// Returns the first base in which [`RunDir::create`] would create a folder, as far as that shows without
/// creating one.
///
/// # Errors
/// When no base can hold it.
pub(crate) fn find_runtime_base() -> std::result::Result<PathBuf, RunDirError> {
    let mut refusals = Vec::new();
    for base in runtime_bases() {
        match check_base(&base) {
            Ok(()) => return Ok(base),
            Err(error) => refusals.push(format!("{}: {error}", base.display())),
        }
    }
    Err(RunDirError { refusals, remains: Vec::new() })
}

fn check_base(base: &Path) -> Result<()> {
    match base.symlink_metadata() {
        Ok(_) => {
            is_private(base)?;
            check_can_create_in(base)
        }
        // It would be created.
        Err(_) => check_can_create_in(base.parent().unwrap_or(base)),
    }
}

/// The attempts to create one runtime folder.
struct FolderAttempts<'a> {
    session: &'a str,
    /// The folders that were created so far. Each has a name of its own, in all bases together: a
    /// cleaner may still be removing the last one, and kills the processes that carry its name.
    folders: u32,
    /// What could not be removed.
    abandoned: Vec<FolderAttempt>,
}

impl FolderAttempts<'_> {
    fn create_in(&mut self, base: &Path) -> Result<(FolderAttempt, RunDirHandle, File)> {
        let mut last = Error::from(ErrorKind::NotFound);
        for _ in 0..MAX_ATTEMPTS {
            let name = match self.folders {
                0 => self.session.to_owned(),
                number => format!("{}-{number}", self.session),
            };
            let mut attempt = FolderAttempt::new(base, name)?;
            let reserved = reserve_descriptors()?;
            let created = attempt.create();
            drop(reserved);
            self.folders += u32::from(attempt.folder_origin == FolderOrigin::Created);
            let error = match created {
                Ok((handle, lock)) => return Ok((attempt, handle, lock)),
                Err(error) => error,
            };
            if !attempt.remove().is_empty() {
                self.abandoned.push(attempt);
            }
            // Other errors are permanent.
            if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::WouldBlock) {
                return Err(error);
            }
            last = error;
        }
        Err(last)
    }
}

/// One attempt to create a runtime folder, and what it has created so far.
#[derive(Debug)]
struct FolderAttempt {
    base: PathBuf,
    path: PathBuf,
    session: String,
    /// Whether this attempt has created the base.
    base_origin: FolderOrigin,
    /// `Existing` until this attempt has created the folder.
    folder_origin: FolderOrigin,
}

impl FolderAttempt {
    fn new(base: &Path, session: String) -> Result<Self> {
        let path = base.join(&session);
        if path.join(CONTROL_SOCKET).as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            let text = "the path is too long for a socket";
            return Err(Error::new(ErrorKind::InvalidFilename, text));
        }
        if Artifact::in_runtime_base(OsStr::new(&session)) != Some(Artifact::Session) {
            let text = "the name of a session is 4 to 40 ASCII letters, digits, - and _";
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        let (base_origin, folder_origin) = (FolderOrigin::Existing, FolderOrigin::Existing);
        Ok(Self { base: base.to_owned(), path, session, base_origin, folder_origin })
    }

    /// Creates base, folder and lock, and returns the folder and the held lock. Parents of the base
    /// belong to the system or the user and are not created.
    ///
    /// # Errors
    /// `NotFound` and `WouldBlock` also when a cleaner took the folder for that of a dead session, which
    /// it is until its lock is held.
    fn create(&mut self) -> Result<(RunDirHandle, File)> {
        self.base_origin = create_one(&self.base)?;
        check(&self.base)?;
        DirBuilder::new().mode(0o700).create(&self.path)?;
        self.folder_origin = FolderOrigin::Created;
        let handle = RunDirHandle::open(&self.path)?;
        let handle = handle.with_base_origin(self.base_origin);
        // Locked before it gets its name: a lock that exists and is free is that of a dead session.
        let lock = create_new(&self.path.join(LOCK_DRAFT))?;
        check_new(&lock)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        })?;
        std::fs::rename(self.path.join(LOCK_DRAFT), self.path.join(LOCK))?;
        Ok((handle, lock))
    }

    /// Removes what this attempt has created; returns what remains.
    fn remove(&self) -> Vec<RemovalError> {
        match (self.folder_origin, self.base_origin) {
            (FolderOrigin::Created, base_origin) => match RunDirHandle::open(&self.path) {
                Ok(handle) => {
                    handle.with_base_origin(base_origin).remove().err().unwrap_or_default()
                }
                Err(reason) => vec![RemovalError::new(&self.path, reason)],
            },
            (FolderOrigin::Existing, FolderOrigin::Created) => {
                remove_base(&self.base, FolderOrigin::Created).err().into_iter().collect()
            }
            (FolderOrigin::Existing, FolderOrigin::Existing) => Vec::new(),
        }
    }
}
