//! Everything chattrace can create, in one place. `chattrace-clean` deletes exactly this list.
//!
//! | what | where |
//! |---|---|
//! | runtime folder of a session, 0700: lock, control socket, empty home for cloudflared | `<runtime base>/<session>/` |
//! | the cool-down the tunnel provider asked for | `<runtime base>/cooldown` |
//! | managed cloudflared, its download while it is partial, and that one's lock | `<data>/bin/` |
//! | saved event logs | the archive folder, only on "save" |
//!
//! [`Made`] is that list as a type: a new thing is named there first, or nobody ever deletes it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

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
        private_dir(base)?;
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        // Locked before it has its name: a lock that is there and free belongs to the dead, and a
        // cleaner must never catch it in between.
        let lock = open_lock(&path.join(LOCK_DRAFT), true)?;
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

    /// The socket for scripts and `chattrace-clean`.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

/// Name of the control socket in a runtime folder.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";
/// Name of the lock in a runtime folder.
pub(crate) const LOCK: &str = "lock";
/// Name of the lock while it is made and not yet held.
pub(crate) const LOCK_DRAFT: &str = "lock.new";
/// Name of cloudflared's empty home in a runtime folder.
pub(crate) const TUNNEL_HOME: &str = "home";

/// Opens the lock of the runtime folder `dir`, never through a link.
///
/// # Errors
/// When it is not there, or not ours.
pub(crate) fn lock_file(dir: &Path, create: bool) -> Result<File> {
    open_lock(&dir.join(LOCK), create)
}

fn open_lock(path: &Path, create: bool) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(create)
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
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let found = std::fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != Uid::current().as_raw() || found.mode() & 0o077 != 0 {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            "exists, but is not a folder that only you may enter",
        ));
    }
    Ok(())
}

/// Name of the folder of managed programs in the data folder.
pub(crate) const BIN: &str = "bin";

/// First line of every saved event log.
pub(crate) const EVENT_LOG_HEADER: &str = "chattrace event log v1";

/// Name of the file in the runtime base that says until when the tunnel provider wants to be left
/// alone: the second since 1970 at which that ends, in decimal.
pub(crate) const COOLDOWN: &str = "cooldown";

/// Everything that chattrace makes, as `chattrace-clean` tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The runtime folder of a session.
    Session,
    /// The lock in it.
    Lock,
    /// The lock before it was held; left only by a session that died in that moment.
    LockDraft,
    /// The control socket in it.
    ControlSocket,
    /// The empty home of cloudflared in it.
    TunnelHome,
    /// The cool-down in the runtime base.
    Cooldown,
    /// A managed cloudflared.
    Cloudflared,
    /// A partial download of it.
    Download,
    /// What keeps two downloads apart.
    DownloadLock,
    /// A saved event log.
    EventLog,
    /// A folder that holds the above: a runtime base, the data folder, its `bin`.
    Folder,
}

/// What `name` is in a runtime base; `None` is not ours.
pub(crate) fn in_base(name: &OsStr) -> Option<Made> {
    let name = name.to_str()?;
    let letters = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if name == COOLDOWN {
        Some(Made::Cooldown)
    } else {
        ((4..=40).contains(&name.len()) && name.bytes().all(letters)).then_some(Made::Session)
    }
}

/// What `name` is in the runtime folder of a session; `None` is not ours.
pub(crate) fn in_session(name: &OsStr) -> Option<Made> {
    match name.to_str()? {
        LOCK => Some(Made::Lock),
        LOCK_DRAFT => Some(Made::LockDraft),
        CONTROL_SOCKET => Some(Made::ControlSocket),
        TUNNEL_HOME => Some(Made::TunnelHome),
        _ => None,
    }
}

/// What `name` is in `<data>/bin`: `cloudflared-2026.9.3`, with `.part` or `.lock`; `None` is not
/// ours.
pub(crate) fn in_bin(name: &OsStr) -> Option<Made> {
    let rest = name.to_str()?.strip_prefix("cloudflared-")?;
    let (version, made) = if let Some(version) = rest.strip_suffix(".part") {
        (version, Made::Download)
    } else if let Some(version) = rest.strip_suffix(".lock") {
        (version, Made::DownloadLock)
    } else {
        (rest, Made::Cloudflared)
    };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    version.split('.').all(number).then_some(made)
}

/// What `name` is in the archive folder: `chattrace-YYYYmmdd-HHMMSS.log`; `None` is not ours.
pub(crate) fn in_archive(name: &OsStr) -> Option<Made> {
    let stamp = name.to_str()?.strip_prefix("chattrace-")?;
    let (day, time) = stamp.strip_suffix(".log")?.split_once('-')?;
    let digits = |text: &str, n| text.len() == n && text.bytes().all(|c| c.is_ascii_digit());
    (digits(day, 8) && digits(time, 6)).then_some(Made::EventLog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let ours = |place: fn(&OsStr) -> Option<Made>, name: &str| place(OsStr::new(name));
        assert_eq!(ours(in_base, "3f9a0c1b2d4e"), Some(Made::Session));
        assert_eq!(ours(in_base, "cooldown"), Some(Made::Cooldown));
        for name in [
            "",
            "..",
            ".x",
            "a/b",
            "ab",
            "notes.txt",
            &"a".repeat(41),
            "größe",
        ] {
            assert_eq!(ours(in_base, name), None, "{name}");
        }
        assert_eq!(
            ours(in_bin, "cloudflared-2026.9.3"),
            Some(Made::Cloudflared)
        );
        assert_eq!(
            ours(in_bin, "cloudflared-2026.9.3.part"),
            Some(Made::Download)
        );
        for name in [
            "cloudflared",
            "cloudflared-",
            "cloudflared-2026..3",
            "cloudflared-1.old",
        ] {
            assert_eq!(ours(in_bin, name), None, "{name}");
        }
        assert_eq!(
            ours(in_archive, "chattrace-20260102-030405.log"),
            Some(Made::EventLog)
        );
        for name in [
            "chattrace-20260102-030405.log.bak",
            "chattrace-2026012-030405.log",
            "chattrace-20260102-03040x.log",
            "x-chattrace-20260102-030405.log",
        ] {
            assert_eq!(ours(in_archive, name), None, "{name}");
        }
    }
}
