//! Everything chattrace can create, in one place. `chattrace-clean` deletes exactly this list.
//!
//! | what | where |
//! |---|---|
//! | runtime folder of a session, 0700: lock, control socket, empty home for cloudflared | `<runtime base>/<session>/` |
//! | the cool-down the tunnel provider asked for | `<runtime base>/cooldown` |
//! | managed cloudflared, and its download while it is partial | `<data>/bin/` |
//! | saved event logs | the archive folder, only on "save" |
//!
//! [`Artifact`] is that list as a type: a new thing is named there first, or nobody ever deletes it.

mod artifact;
mod cooldown;
mod file_info;
mod folder;
mod open;
mod run_dir;

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

pub(crate) use artifact::{Artifact, in_archive, in_base, in_bin, in_session};
pub(crate) use cooldown::{
    COOLDOWN_SECONDS, MAX_COOLDOWN_FILE_BYTES, cooldown_content, cooldown_remaining,
};
pub(crate) use file_info::{FileInfo, FileKind, KeptReason};
pub(crate) use folder::{Folder, FolderTrust};
pub(crate) use open::{Access, Owner, open_file, read_file};
pub(crate) use run_dir::{RunDir, RunFolder, base_of};

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

/// Where the cool-down that the tunnel provider asked for is remembered, beside the runtime folders
/// of `base`: a time in seconds since 1970.
pub(crate) fn cooldown_file(base: &Path) -> PathBuf {
    base.join(COOLDOWN)
}

const COOLDOWN: &str = "cooldown";

/// What follows the name of a managed cloudflared while it is being fetched.
pub(crate) const PARTIAL: &str = ".part";

/// Opens the file `path` for reading and writing, made for this user alone if need be; see
/// [`open_file`].
///
/// # Errors
/// When it cannot be made, or is not a plain file of ours of at most `max_bytes`.
pub(crate) fn private_file(path: &Path, max_bytes: u64) -> Result<File> {
    open_file(path, Owner::Ours, Access::Make, max_bytes)
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
