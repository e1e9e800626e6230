//! Where the files of chattrace are, by the rules of the platform.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::Uid;

use super::artifact::{Artifact, BIN, COOLDOWN};

/// The user's own configuration file, whether it exists or not. chattrace never writes it.
pub(crate) fn config_file() -> Option<PathBuf> {
    Some(project()?.config_dir().join("config.json"))
}

/// The folder of managed programs; `None` without a home folder.
pub(crate) fn bin_dir() -> Option<PathBuf> {
    Some(data_dir()?.join(BIN))
}

/// The folder of downloads, which outlive a session; `None` without a home folder.
pub(crate) fn data_dir() -> Option<PathBuf> {
    Some(project()?.data_dir().to_owned())
}

fn project() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "chattrace")
}

/// The folders that may hold runtime folders, best first: in memory before on disk.
pub(crate) fn runtime_bases() -> Vec<PathBuf> {
    let uid = Uid::current();
    let configured = project().and_then(|project| project.runtime_dir().map(Path::to_owned));
    configured
        .into_iter()
        .chain([
            PathBuf::from(format!("/dev/shm/chattrace-{uid}")),
            std::env::temp_dir().join(format!("chattrace-{uid}")),
        ])
        .collect()
}

/// The runtime base in which `path` is, or would be, the runtime folder of a session.
///
/// # Errors
/// When `path` is in another folder, or its last part is not the name of a session.
pub(crate) fn runtime_base_of(path: &Path) -> Result<&Path> {
    let base = path.parent().filter(|base| runtime_bases().iter().any(|known| known == base));
    match (base, path.file_name().and_then(Artifact::in_runtime_base)) {
        (Some(base), Some(Artifact::Session)) => Ok(base),
        _ => Err(Error::new(ErrorKind::InvalidInput, "it is not the runtime folder of a session")),
    }
}

/// Where the cool-down that the tunnel provider asked for is remembered, beside the runtime folders
/// of `base`: a time in seconds since 1970.
pub(crate) fn cooldown_file(base: &Path) -> PathBuf {
    base.join(COOLDOWN)
}

/// Whether files in `dir` stay in memory, as far as the type of its file system says.
pub(crate) fn is_in_memory(dir: &Path) -> bool {
    statfs(dir).is_ok_and(|found| found.filesystem_type() == TMPFS_MAGIC)
}

/// Whether `path` lies on a file system from which the kernel runs no program (mount(8), `noexec`).
/// `false` for a path that does not exist.
pub(crate) fn is_noexec(path: &Path) -> bool {
    statvfs(path).is_ok_and(|found| found.flags().contains(FsFlags::ST_NOEXEC))
}

/// The variables that name trusted certificates, in place of those of the system: a file, and folders
/// with a colon between them (OpenSSL, `SSL_CTX_set_default_verify_paths(3)`; Go, crypto/x509).
pub(crate) const CERTIFICATE_VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
