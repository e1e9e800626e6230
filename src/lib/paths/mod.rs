//! Everything chattrace can create, in one place. `chattrace-clean` deletes exactly this list.
//!
//! | what | where |
//! |---|---|
//! | runtime folder of a session, 0700: lock, control socket, empty home for cloudflared | `<runtime base>/<session>/` |
//! | the cool-down the tunnel provider asked for | `<runtime base>/cooldown` |
//! | managed cloudflared, and its download while it is partial | `<data>/bin/` |
//! | saved event logs | the archive folder, only on "save" |
//!
//! [`Made`] is that list as a type: a new thing is named there first, or nobody ever deletes it.

mod made;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

pub(crate) use made::{Made, in_archive, in_base, in_bin, in_session};

/// The user's own configuration file, whether it exists or not; read only.
pub(crate) fn config_file() -> Option<PathBuf> {
    Some(project()?.config_dir().join("config.json"))
}

/// Where a managed cloudflared lies; `None` without a home folder.
pub(crate) fn bin_dir() -> Option<PathBuf> {
    Some(data_dir()?.join(BIN))
}

/// The folder of everything that outlives a session because it was fetched; `None` without a home.
pub(crate) fn data_dir() -> Option<PathBuf> {
    Some(project()?.data_dir().to_owned())
}

fn project() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "chattrace")
}

/// The folders that may hold runtime folders, best first: in memory before on disk.
pub(crate) fn runtime_bases() -> Vec<PathBuf> {
    let uid = Uid::current();
    let given = project().and_then(|project| project.runtime_dir().map(Path::to_owned));
    given
        .into_iter()
        .chain([
            PathBuf::from(format!("/dev/shm/chattrace-{uid}")),
            std::env::temp_dir().join(format!("chattrace-{uid}")),
        ])
        .collect()
}

/// The runtime folder of one session. Its lock is free exactly when the session is dead: the
/// kernel drops it, whatever kills us.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
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
        if in_base(OsStr::new(session)) != Some(Made::Session) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a session's name is 4 to 40 letters and digits of ASCII, - and _",
            ));
        }
        make_in(base, &path)?;
        // Locked before it has its name: a lock that is there and free belongs to the dead, and a
        // cleaner must never catch it in between.
        let lock = new_lock(&path.join(LOCK_DRAFT))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::AlreadyExists.into(),
        })?;
        std::fs::rename(path.join(LOCK_DRAFT), path.join(LOCK))?;
        Ok(Self { path, _lock: lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder with everything this list puts into it.
    ///
    /// # Errors
    /// When something else lies in it, or the system refuses.
    pub(crate) fn remove(self) -> Result<()> {
        remove_run_dir(&self.path)
    }

    /// The socket for scripts and `chattrace-clean`.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

/// The runtime base in which `path` is, or would be, the runtime folder of a session.
///
/// # Errors
/// When it is somewhere else, or named otherwise.
pub(crate) fn base_of(path: &Path) -> Result<&Path> {
    let base = path.parent().filter(|base| runtime_bases().iter().any(|known| known == base));
    match (base, path.file_name().and_then(in_base)) {
        (Some(base), Some(Made::Session)) => Ok(base),
        _ => Err(Error::new(ErrorKind::InvalidInput, "it is no runtime folder of a session")),
    }
}

/// Removes the runtime folder `path` of a session with everything this list puts into it. Gone
/// before is fine: a guard and a cleaner may be at it together.
///
/// # Errors
/// When it is no runtime folder of a session, something else lies in it, or the system refuses.
pub(crate) fn remove_run_dir(path: &Path) -> Result<()> {
    let base = base_of(path)?;
    match own_dir_is_private(base) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        private => private?,
    }
    let gone = |removed: Result<()>| match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    gone(std::fs::remove_dir_all(path.join(TUNNEL_HOME)))?;
    // The lock last but one: as long as it is there and held, nobody takes the session for dead.
    for file in [CONTROL_SOCKET, LOCK_DRAFT, LOCK] {
        gone(std::fs::remove_file(path.join(file)))?;
    }
    gone(std::fs::remove_dir(path))?;
    // Refused while it holds another session or a cool-down; then it is still needed.
    let _ = std::fs::remove_dir(base);
    Ok(())
}

/// Where the cool-down that the tunnel provider asked for is remembered, beside the runtime folders
/// of `base`: a time in seconds since 1970.
pub(crate) fn cooldown(base: &Path) -> PathBuf {
    base.join(COOLDOWN)
}

const COOLDOWN: &str = "cooldown";

/// What follows the name of a managed cloudflared while it is being fetched.
pub(crate) const PARTIAL: &str = ".part";

/// Opens the file `path` for reading and writing, made for this user alone if need be, never
/// through a link.
///
/// # Errors
/// When it cannot be made, or is not ours to open.
pub(crate) fn private_file(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
}

/// Name of the folder of managed programs in the data folder.
pub(crate) const BIN: &str = "bin";
/// The variable that marks every process of a session with the name of its runtime folder, so that
/// whoever cleans up ends no others. Not a secret.
pub(crate) const SESSION_MARK: &str = "CHATTRACE_SESSION";
/// Name of the control socket in a runtime folder.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";
/// Name of the lock in a runtime folder.
pub(crate) const LOCK: &str = "lock";
/// Name of the lock while it is made and not yet held.
pub(crate) const LOCK_DRAFT: &str = "lock.new";
/// Name of cloudflared's empty home in a runtime folder.
pub(crate) const TUNNEL_HOME: &str = "home";

/// How often a session makes its base anew that others, as they end, remove under its hands.
const LOST_RACES: u32 = 16;

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

fn new_lock(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
}

/// Makes `dir` with its parents, or accepts it when it is a folder of ours that nobody else may
/// enter.
///
/// # Errors
/// When it is somebody else's, open to others, a link, or cannot be made.
pub(crate) fn private_dir(dir: &Path) -> Result<()> {
    own_dir(dir, true)
}

fn own_dir(dir: &Path, with_parents: bool) -> Result<()> {
    let made = std::fs::DirBuilder::new().recursive(with_parents).mode(0o700).create(dir);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    own_dir_is_private(dir)
}

fn own_dir_is_private(dir: &Path) -> Result<()> {
    let found = std::fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != Uid::current().as_raw() || found.mode() & 0o077 != 0 {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            "exists, but is not a folder that only you may enter",
        ));
    }
    Ok(())
}

/// First line of every saved event log, by which `chattrace-clean` knows it.
pub(crate) const EVENT_LOG_HEADER: &str = "chattrace event log v1";

/// Name of an event log that is saved at `moment`, a time as `YYYYmmdd-HHMMSS`.
pub(crate) fn event_log_name(moment: &str) -> String {
    format!("chattrace-{moment}.log")
}

/// Whether what is written to `dir` stays in memory, as far as its file system says.
pub(crate) fn is_in_memory(dir: &Path) -> bool {
    nix::sys::statfs::statfs(dir).is_ok_and(|found| {
        let kind = found.filesystem_type();
        kind == nix::sys::statfs::TMPFS_MAGIC
    })
}
