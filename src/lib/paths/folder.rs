//! A folder that was opened and judged. Everything in it is reached by its name alone, through
//! the open descriptor: no link can lead elsewhere, neither before nor after we looked, and nothing
//! beyond a mount is reached at all.
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

/// Whom a folder must keep out to be taken for one that we made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderTrust {
    /// Everybody else: our runtime folders are made so.
    Private,
    /// Everybody else's changes: what is fetched holds no secret.
    Unshared,
    /// Nobody: the folder is the user's choice, and each file in it is judged by itself.
    Any,
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    opened: File,
    mount: MountId,
}

impl Folder {
    /// Opens `path`, whose last part must not be a link; `None` when nothing is there.
    ///
    /// # Errors
    /// When something else is there, or it is not as `trust` demands.
    pub(crate) fn open(path: &Path, trust: FolderTrust) -> Result<Option<Self>, KeptReason> {
        Self::judged(path.to_owned(), open(path, flags(), Mode::empty()), trust)
    }

    /// Opens the folder above `path`, by whichever links lead there, to take one empty folder out.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn above(path: &Path) -> Result<Self, KeptReason> {
        let path = path.parent().ok_or(KeptReason::Unknown)?.to_owned();
        let opened = File::from(open(&path, flags() - OFlag::O_NOFOLLOW, Mode::empty())?);
        let mount = FileInfo::at(&opened)?.mount;
        Ok(Self { path, opened, mount })
    }

    /// Opens the folder `name` in this one; otherwise as [`Folder::open`].
    ///
    /// # Errors
    /// As [`Folder::open`], and when something is mounted there.
    pub(crate) fn within(
        &self,
        name: &OsStr,
        trust: FolderTrust,
    ) -> Result<Option<Self>, KeptReason> {
        let opened = openat(&self.opened, name, flags(), Mode::empty());
        let within = Self::judged(self.path.join(name), opened, trust)?;
        match within {
            Some(within) if within.mount != self.mount => Err(KeptReason::Mounted),
            within => Ok(within),
        }
    }

    fn judged(
        path: PathBuf,
        opened: Result<OwnedFd, Errno>,
        trust: FolderTrust,
    ) -> Result<Option<Self>, KeptReason> {
        let opened = match opened {
            Ok(opened) => File::from(opened),
            Err(Errno::ENOENT) => return Ok(None),
            // What the kernel says for a link as well, when no link is to be followed.
            Err(Errno::ENOTDIR | Errno::ELOOP) => {
                return Err(Error::new(ErrorKind::NotADirectory, "it is not a folder").into());
            }
            Err(errno) => return Err(errno.into()),
        };
        let kept_out = match trust {
            FolderTrust::Private => 0o077,
            FolderTrust::Unshared => 0o022,
            FolderTrust::Any => 0,
        };
        let look = FileInfo::at(&opened)?;
        if kept_out != 0 {
            look.judge(FileKind::Folder)?;
            if look.mode & kept_out != 0 {
                return Err(KeptReason::Exposed);
            }
        }
        Ok(Some(Self { path, opened, mount: look.mount }))
    }

    /// Waits until the names in it are on the disk (fsync(2)).
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.opened.sync_all()
    }

    /// Where it was when it was opened; for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Every name in it, sorted; none when it was removed by somebody else.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, KeptReason> {
        let mut listed = match Dir::openat(&self.opened, ".", flags(), Mode::empty()) {
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

    /// What lies under `name`; `None` when nothing does.
    ///
    /// # Errors
    /// When the system does not say, and when something is mounted there: then what lies under the
    /// name belongs to another folder.
    pub(crate) fn look(&self, name: &OsStr) -> Result<Option<FileInfo>, KeptReason> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(&self.opened, name, flags, Mode::empty()) {
            Ok(opened) => {
                let look = FileInfo::at(&File::from(opened))?;
                if look.mount == self.mount { Ok(Some(look)) } else { Err(KeptReason::Mounted) }
            }
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens the regular file `name` that was seen before, and that one only.
    ///
    /// # Errors
    /// When it is another one by now, or cannot be opened.
    pub(crate) fn file(
        &self,
        name: &OsStr,
        seen: &FileInfo,
        access: OFlag,
    ) -> Result<File, KeptReason> {
        // A pipe that was put there would otherwise keep us waiting for its other end.
        let flags = access | super::open::CANNOT_BLOCK | OFlag::O_NOFOLLOW;
        let file = File::from(openat(&self.opened, name, flags, Mode::empty())?);
        if FileInfo::at(&file)?.identity == seen.identity {
            Ok(file)
        } else {
            Err(KeptReason::Changed)
        }
    }

    /// Takes out what lies under `name` if it is of this shape and the user's own. Gone before is
    /// fine.
    ///
    /// # Errors
    /// When it is something else, or stays; see [`Folder::remove`].
    pub(crate) fn remove_own(&self, name: &OsStr, shape: FileKind) -> Result<(), KeptReason> {
        let Some(seen) = self.look(name)? else {
            return Ok(());
        };
        seen.judge(shape)?;
        self.remove(name, &seen)
    }

    /// Takes out what was seen under `name`, and looks whether it is gone. Gone before is fine.
    ///
    /// # Errors
    /// When it is another thing by now, when the system refuses, or when it is still there.
    pub(crate) fn remove(&self, name: &OsStr, seen: &FileInfo) -> Result<(), KeptReason> {
        let Some(now) = self.look(name)? else {
            return Ok(());
        };
        if now.identity != seen.identity {
            return Err(KeptReason::Changed);
        }
        let how = match now.shape {
            FileKind::Folder => UnlinkatFlags::RemoveDir,
            FileKind::File | FileKind::Socket | FileKind::Link | FileKind::Special => {
                UnlinkatFlags::NoRemoveDir
            }
        };
        match unlinkat(&self.opened, name, how) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        match self.look(name)? {
            None => Ok(()),
            Some(_) => Err(KeptReason::Changed),
        }
    }
}

fn flags() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | super::open::CANNOT_BLOCK
}
