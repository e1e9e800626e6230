//! The runtime folder of a session: made, held open, and removed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::artifact::{Artifact, in_base, in_session};
use super::file_info::{FileKind, KeptReason};
use super::folder::{Folder, FolderTrust};
use super::open::{Access, Owner, open_file};
use super::{CONTROL_SOCKET, LOCK, LOCK_DRAFT, own_dir, runtime_bases};

/// How often a session makes its base anew that others, as they end, remove under its hands.
const LOST_RACES: u32 = 16;

/// The runtime folder of one session. Its lock is free exactly when the session is dead: the
/// kernel drops it, whatever kills us.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    folder: RunFolder,
    /// Held for as long as this lives.
    _lock: File,
}

impl RunDir {
    /// Makes the folder of `session` in the first base that can hold it.
    ///
    /// # Errors
    /// When none can: every folder that was tried, with its reason.
    pub(crate) fn create(session: &str) -> Result<Self> {
        let mut refusals = Vec::new();
        for base in runtime_bases() {
            match Self::create_in(&base, session) {
                Ok(dir) => return Ok(dir),
                Err(error) => refusals.push(format!("{}: {error}", base.display())),
            }
        }
        Err(Error::other(format!(
            "no folder for the control socket can be made ({}); set XDG_RUNTIME_DIR to a folder of \
             your own",
            refusals.join("; ")
        )))
    }

    fn create_in(base: &Path, session: &str) -> Result<Self> {
        let path = base.join(session);
        // sun_path holds 108 bytes with its end on Linux, 104 elsewhere (unix(7)).
        if path.join(CONTROL_SOCKET).as_os_str().len() > 103 {
            return Err(Error::new(
                ErrorKind::InvalidFilename,
                "the path is too long for a socket",
            ));
        }
        if in_base(OsStr::new(session)) != Some(Artifact::Session) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a session's name is 4 to 40 letters and digits of ASCII, - and _",
            ));
        }
        make_in(base, &path)?;
        // Locked before it has its name: a lock that is there and free belongs to the dead, and a
        // cleaner must never catch it in between.
        let lock = open_file(&path.join(LOCK_DRAFT), Owner::Ours, Access::MakeNew, 0)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::AlreadyExists.into(),
        })?;
        std::fs::rename(path.join(LOCK_DRAFT), path.join(LOCK))?;
        let folder = RunFolder::open(&path).map_err(Error::other)?;
        Ok(Self { path, folder, _lock: lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder with everything that we put into it.
    ///
    /// # Errors
    /// With everything that stays, and why.
    pub(crate) fn remove(self) -> std::result::Result<(), Vec<Kept>> {
        self.folder.remove()
    }

    /// The socket for scripts and `chattrace-clean`.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

/// Something that stays, and why; shown as `path: why`.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = path.display())]
pub(crate) struct Kept {
    path: PathBuf,
    why: KeptReason,
}

/// The runtime folder of a session, held open with its base from the time when the session was well:
/// what is mounted over their paths later hides nothing from its removal.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    name: OsString,
    /// `None`: it was removed before.
    open: Option<(Folder, Folder)>,
}

impl RunFolder {
    /// Opens the runtime folder `path` of a session.
    ///
    /// # Errors
    /// When it is no such folder, or not as we make it.
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, KeptReason> {
        let base = Folder::open(base_of(path)?, FolderTrust::Private)?;
        let name = path.file_name().ok_or(KeptReason::Unknown)?.to_owned();
        let open = match base {
            Some(base) => base.within(&name, FolderTrust::Private)?.map(|folder| (base, folder)),
            None => None,
        };
        Ok(Self { path: path.to_owned(), name, open })
    }

    /// Removes it with everything that we put into it, and nothing else. Gone before is fine: a guard
    /// and a cleaner may be at it together.
    ///
    /// # Errors
    /// With everything that stays, and why.
    pub(crate) fn remove(self) -> std::result::Result<(), Vec<Kept>> {
        let Some((base, folder)) = &self.open else {
            return Ok(());
        };
        let mut kept = Vec::new();
        let mut keep = |path: PathBuf, result| {
            if let Err(why) = result {
                kept.push(Kept { path, why });
            }
        };
        match folder.names() {
            Ok(names) => {
                for name in names.into_iter().filter(|name| name != LOCK) {
                    let removed = match in_session(&name) {
                        Some(made) => folder.remove_own(&name, made.shape()),
                        None => Err(KeptReason::Unknown),
                    };
                    keep(self.path.join(name), removed);
                }
            }
            Err(why) => keep(self.path.clone(), Err(why)),
        }
        // The lock last but one: as long as it is there and held, nobody takes the session for dead,
        // and by it the next one to clean knows a session of which something stays.
        if kept.is_empty() {
            let removed = folder
                .remove_own(OsStr::new(LOCK), FileKind::File)
                .map_err(|why| (self.path.join(LOCK), why))
                .and_then(|()| {
                    let removed = base.remove_own(&self.name, FileKind::Folder);
                    removed.map_err(|why| (self.path.clone(), why))
                });
            if let Err((path, why)) = removed {
                kept.push(Kept { path, why });
            }
        }
        if kept.is_empty() {
            leave_no_empty(base.path());
            Ok(())
        } else {
            Err(kept)
        }
    }
}

/// Removes the base `path`, unless it holds another session or a cool-down: then it is still needed.
fn leave_no_empty(path: &Path) {
    if let (Ok(above), Some(name)) = (Folder::above(path), path.file_name()) {
        let _ = above.remove_own(name, FileKind::Folder);
    }
}

/// The runtime base in which `path` is, or would be, the runtime folder of a session.
///
/// # Errors
/// When it is somewhere else, or named otherwise.
pub(crate) fn base_of(path: &Path) -> Result<&Path> {
    let base = path.parent().filter(|base| runtime_bases().iter().any(|known| known == base));
    match (base, path.file_name().and_then(in_base)) {
        (Some(base), Some(Artifact::Session)) => Ok(base),
        _ => Err(Error::new(ErrorKind::InvalidInput, "it is no runtime folder of a session")),
    }
}

/// Makes the folder `path` in `base`, and `base` if it is missing; what is above it is not ours to
/// make.
fn make_in(base: &Path, path: &Path) -> Result<()> {
    let mut lost = 0;
    loop {
        let made =
            own_dir(base, false).and_then(|()| std::fs::DirBuilder::new().mode(0o700).create(path));
        match made {
            Err(error) if error.kind() == ErrorKind::NotFound && lost < LOST_RACES => lost += 1,
            other => return other,
        }
    }
}
