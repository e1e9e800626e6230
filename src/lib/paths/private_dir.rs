//! Folders that only this user may enter.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::open;
use nix::sys::stat::Mode;
use nix::unistd::Uid;

use super::file_info::FileKind;
use super::folder::Folder;
use super::owner_access;

/// Whether a folder was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FolderOrigin {
    /// This process has created it, and removes it.
    Created,
    /// It existed.
    Existing,
}

/// The folders that a call has created, outermost first, so that its caller can take them back.
#[derive(Debug, Default)]
pub(crate) struct CreatedDirs(Vec<PathBuf>);

impl CreatedDirs {
    /// Removes those that are empty. One that is not empty, or cannot be removed, stays with those around
    /// it.
    pub(crate) fn remove_empty(&self) {
        for dir in self.0.iter().rev() {
            if let (Ok(parent), Some(name)) = (Folder::open_parent(dir), dir.file_name()) {
                let _ = parent.remove_own(name, FileKind::Folder);
            }
        }
    }
}

/// Creates `dir` and its missing parents with mode 0700, or accepts it when it exists, belongs to this
/// user and no other user may enter it. Returns the folders that it has created.
///
/// # Errors
/// When it belongs to another user, is open to others, is a link, or cannot be created. Everything that
/// was created is then removed.
pub(crate) fn create_private_dir(dir: &Path) -> Result<CreatedDirs> {
    let mut created = CreatedDirs::default();
    let missing = dir.ancestors().take_while(|dir| std::fs::symlink_metadata(dir).is_err());
    let missing: Vec<&Path> = missing.filter(|dir| !dir.as_os_str().is_empty()).collect();
    let result = missing.into_iter().rev().try_for_each(|dir| {
        if create_one(dir)? == FolderOrigin::Created {
            created.0.push(dir.to_owned());
        }
        Ok(())
    });
    match result.and_then(|()| check(dir)) {
        Ok(()) => Ok(created),
        Err(error) => {
            created.remove_empty();
            Err(error)
        }
    }
}

/// The same without parents: in a folder that was removed meanwhile, nothing is created.
///
/// # Errors
/// As [`create_private_dir`].
pub(crate) fn create_private_subdir(dir: &Path) -> Result<()> {
    create_one(dir)?;
    check(dir)
}

/// Creates `dir` with mode 0700 unless there is something of that name.
pub(super) fn create_one(dir: &Path) -> Result<FolderOrigin> {
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => Ok(FolderOrigin::Created),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(FolderOrigin::Existing),
        Err(error) => Err(error),
    }
}

/// Checks that `dir` is a folder of this user that no other user may enter, and gives the user the rights
/// on it back that they need.
pub(super) fn check(dir: &Path) -> Result<()> {
    is_private(dir)?;
    owner_access::restore(&File::from(open(dir, owner_access::FLAGS, Mode::empty())?))
}

/// The same without a change to it.
pub(super) fn is_private(dir: &Path) -> Result<()> {
    let info = std::fs::symlink_metadata(dir)?;
    if info.is_dir() && info.uid() == Uid::current().as_raw() && info.mode() & 0o077 == 0 {
        return Ok(());
    }
    let text = "it exists, but is not a folder that only you may enter; move it away";
    Err(Error::new(ErrorKind::PermissionDenied, text))
}
