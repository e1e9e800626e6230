//! An open folder. Everything in it is reached by its bare name, relative to the open descriptor
//! (openat(2)): no link can lead elsewhere, whenever another process puts it there, and nothing beyond
//! a mount is reached.
//!
//! [`Folder::remove`] is the only removal in all four programs.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::file_info::{FileInfo, FileKind, KeptReason, MountId};
use super::open::CANNOT_BLOCK;
use super::owner_access;

/// Descriptors that a removal has open at once: base, folder, a name in it, and its line in `/proc`.
const REMOVAL_DESCRIPTORS: usize = 4;

/// Opens as many descriptors as the removal of something needs that is about to be created. They are
/// dropped before the removal. Without them the creation fails here, and has created nothing.
///
/// # Errors
/// When this process may not have that many open files (`RLIMIT_NOFILE`).
pub(super) fn reserve_descriptors() -> std::io::Result<[File; REMOVAL_DESCRIPTORS]> {
    let open = || File::open("/dev/null");
    Ok([open()?, open()?, open()?, open()?])
}

/// What the mode and owner of a folder must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderTrust {
    /// The user's own, and no other user may enter: runtime folders.
    Private,
    /// The user's own, and no other user may write: downloads, which hold no secret.
    Unshared,
    /// Any: the user has chosen it, and each file in it is checked by itself.
    Any,
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    fd: File,
    mount: MountId,
}

impl Folder {
    /// Opens `path`, whose last part must not be a link; `None` when it does not exist.
    ///
    /// # Errors
    /// When it is not a folder, or not as `trust` demands.
    pub(crate) fn open(path: &Path, trust: FolderTrust) -> Result<Option<Self>, KeptReason> {
        Self::open_checked(path.to_owned(), |flags| open(path, flags, Mode::empty()), trust)
    }

    /// Opens the parent of `path`, following links, to remove one empty folder from it.
    pub(crate) fn open_parent(path: &Path) -> Result<Self, KeptReason> {
        let path = path.parent().ok_or(KeptReason::UnknownName)?.to_owned();
        let fd = File::from(open(&path, flags() - OFlag::O_NOFOLLOW, Mode::empty())?);
        let mount = FileInfo::of(&fd)?.mount;
        Ok(Self { path, fd, mount })
    }

    /// Opens the folder `name` in this one, as [`Folder::open`] does.
    ///
    /// # Errors
    /// As [`Folder::open`], and when something is mounted there.
    pub(crate) fn open_subfolder(
        &self,
        name: &OsStr,
        trust: FolderTrust,
    ) -> Result<Option<Self>, KeptReason> {
        let open = |flags| openat(&self.fd, name, flags, Mode::empty());
        match Self::open_checked(self.path.join(name), open, trust)? {
            Some(subfolder) if subfolder.mount != self.mount => Err(KeptReason::Mounted),
            subfolder => Ok(subfolder),
        }
    }

    fn open_checked(
        path: PathBuf,
        open: impl Fn(OFlag) -> Result<OwnedFd, Errno>,
        trust: FolderTrust,
    ) -> Result<Option<Self>, KeptReason> {
        let fd = match open_own(open, trust) {
            Ok(fd) => File::from(fd),
            Err(Errno::ENOENT) => return Ok(None),
            // Also the answer to a link, because of O_NOFOLLOW.
            Err(Errno::ENOTDIR | Errno::ELOOP) => {
                return Err(Error::new(ErrorKind::NotADirectory, "it is not a folder").into());
            }
            Err(errno) => return Err(errno.into()),
        };
        let forbidden = match trust {
            FolderTrust::Private => 0o077,
            FolderTrust::Unshared => 0o022,
            FolderTrust::Any => 0,
        };
        let info = FileInfo::of(&fd)?;
        if forbidden != 0 {
            info.check(FileKind::Folder)?;
            if info.mode & forbidden != 0 {
                return Err(KeptReason::OpenToOthers);
            }
        }
        Ok(Some(Self { path, fd, mount: info.mount }))
    }

    /// Waits until the names in it are on the disk (fsync(2)).
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.fd.sync_all()
    }

    /// For messages: something else may be at this path by now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Every name in it, sorted; none when another process has removed it.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, KeptReason> {
        let mut listed = match Dir::openat(&self.fd, ".", flags(), Mode::empty()) {
            Ok(listed) => listed,
            Err(Errno::ENOENT) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        };
        let mut names = Vec::new();
        for entry in listed.iter() {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Information about `name`, without opening it; `None` when it does not exist.
    ///
    /// # Errors
    /// When a system call fails, and when something is mounted there: what is under the name then
    /// belongs to another folder.
    pub(crate) fn stat(&self, name: &OsStr) -> Result<Option<FileInfo>, KeptReason> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => {
                let info = FileInfo::of(&File::from(fd))?;
                if info.mount == self.mount { Ok(Some(info)) } else { Err(KeptReason::Mounted) }
            }
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens the file `name`, of which `expected` is what [`Folder::stat`] returned.
    ///
    /// # Errors
    /// When another file has taken its place, or it cannot be opened.
    pub(crate) fn open_file(
        &self,
        name: &OsStr,
        expected: &FileInfo,
        access: OFlag,
    ) -> Result<File, KeptReason> {
        // A pipe that was put there would otherwise block until another process opens it.
        let flags = access | CANNOT_BLOCK | OFlag::O_NOFOLLOW;
        let file = File::from(openat(&self.fd, name, flags, Mode::empty())?);
        if FileInfo::of(&file)?.identity == expected.identity {
            Ok(file)
        } else {
            Err(KeptReason::Changed)
        }
    }

    /// Removes `name` if it is of this kind and the user's own. It may be gone already.
    pub(crate) fn remove_own(&self, name: &OsStr, kind: FileKind) -> Result<(), KeptReason> {
        let Some(info) = self.stat(name)? else {
            return Ok(());
        };
        info.check(kind)?;
        self.remove(name, &info)
    }

    /// Removes `name`, of which `expected` is what [`Folder::stat`] returned, and checks that it is
    /// gone. It may be gone already.
    ///
    /// # Errors
    /// When another file has taken its place, when a system call fails, or when it is still there.
    pub(crate) fn remove(&self, name: &OsStr, expected: &FileInfo) -> Result<(), KeptReason> {
        let Some(info) = self.stat(name)? else {
            return Ok(());
        };
        if info.identity != expected.identity {
            return Err(KeptReason::Changed);
        }
        let flags = match info.kind {
            FileKind::Folder => UnlinkatFlags::RemoveDir,
            FileKind::File | FileKind::Socket | FileKind::Link | FileKind::Special => {
                UnlinkatFlags::NoRemoveDir
            }
        };
        match unlinkat(&self.fd, name, flags) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        match self.stat(name)? {
            None => Ok(()),
            Some(_) => Err(KeptReason::Changed),
        }
    }
}

/// Opens a folder; one of chattrace's own gets the rights back that its owner needs.
fn open_own(
    open: impl Fn(OFlag) -> Result<OwnedFd, Errno>,
    trust: FolderTrust,
) -> Result<OwnedFd, Errno> {
    if trust != FolderTrust::Any
        && let Ok(unread) = open(owner_access::FLAGS)
    {
        // An error shows itself when the folder is opened or used.
        let _ = owner_access::restore(&File::from(unread));
    }
    open(flags())
}

fn flags() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | CANNOT_BLOCK
}
