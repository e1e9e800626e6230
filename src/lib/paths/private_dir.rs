//! Folders that only this user may enter.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use nix::fcntl::open;
use nix::sys::stat::Mode;
use nix::unistd::Uid;

use super::owner_access;

/// What is created above a folder that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parents {
    /// Every missing parent, with the same mode.
    Create,
    /// None: without its parent, the folder cannot be created.
    Require,
}

/// Creates `dir` and its parents with mode 0700, or accepts it when it exists, belongs to this user
/// and no other user may enter it.
///
/// # Errors
/// When it belongs to another user, is open to others, is a link, or cannot be created.
pub(crate) fn create_private_dir(dir: &Path) -> Result<()> {
    create(dir, Parents::Create)
}

/// Creates `dir` with mode 0700, or accepts one that is private already.
///
/// # Errors
/// As [`create_private_dir`].
pub(super) fn create(dir: &Path, parents: Parents) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(parents == Parents::Create).mode(0o700);
    match builder.create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        // A recursive creation also succeeds on a folder that exists.
        Ok(()) | Err(_) => {}
    }
    check(dir)
}

/// Also gives the user the rights on their own folder back that they need.
fn check(dir: &Path) -> Result<()> {
    let info = std::fs::symlink_metadata(dir)?;
    if info.is_dir() && info.uid() == Uid::current().as_raw() && info.mode() & 0o077 == 0 {
        return owner_access::restore(&File::from(open(dir, owner_access::FLAGS, Mode::empty())?));
    }
    let text = "it exists, but is not a folder that only you may enter; move it away";
    Err(Error::new(ErrorKind::PermissionDenied, text))
}
