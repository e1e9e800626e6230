//! What is under a name, and the reasons for which it is not removed.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use nix::errno::Errno;
use nix::unistd::Uid;

/// Why a file is not removed. Each is shown after the path, as a sentence with the next step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptReason {
    /// chattrace gives no file this name.
    #[error("chattrace did not create it; move it away to have its folder removed")]
    UnknownName,
    /// The name is one of chattrace's, but what is under it is a link, a pipe or another kind of file.
    #[error(
        "it is {0}, which chattrace never creates under this name; check what it is and move it away"
    )]
    WrongKind(FileKind),
    /// Only that user, or root, should remove it.
    #[error("it belongs to another user, who or root can remove it")]
    OtherOwner,
    /// chattrace creates its folders with mode 0700.
    #[error(
        "other users can enter or change it, and chattrace creates no such folder; check what it is \
         and move it away"
    )]
    OpenToOthers,
    /// The name is that of an event log; the content is not.
    #[error("its first line is not that of a chattrace event log; check what it is")]
    NotALog,
    /// Another file took its place between the check and the removal.
    #[error("it was replaced while it was checked; run chattrace-clean again")]
    Changed,
    /// Another process holds its lock.
    #[error("it is in use; end the session or chattrace-tunnel that uses it first")]
    InUse,
    /// The lock of a dead session, by which the next cleaner recognises the session as dead.
    #[error("other files or processes of its session remain; remove those first")]
    StillNeeded,
    /// It is, or is below, the root of another file system or of a bind mount.
    #[error("something is mounted there, and chattrace removes nothing across a mount; unmount it")]
    Mounted,
    #[error("{0}")]
    System(#[from] Error),
}

impl KeptReason {
    /// The kind of a failed system call; `None` for a reason that a check has found.
    pub(crate) fn io_kind(&self) -> Option<ErrorKind> {
        if let Self::System(error) = self { Some(error.kind()) } else { None }
    }
}

impl From<KeptReason> for Error {
    fn from(reason: KeptReason) -> Self {
        if let KeptReason::System(error) = reason { error } else { Self::other(reason) }
    }
}

impl From<Errno> for KeptReason {
    fn from(errno: Errno) -> Self {
        if errno == Errno::ENOTEMPTY {
            return Self::System(Error::new(ErrorKind::DirectoryNotEmpty, "it is not empty"));
        }
        // From rmdir(2) and unlink(2), when a file system is mounted on the name.
        if errno == Errno::EBUSY {
            return Self::Mounted;
        }
        Self::System(errno.into())
    }
}

/// The kind of a file, as far as chattrace treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    File,
    Folder,
    Socket,
    /// A symbolic link.
    Link,
    /// A pipe or a device.
    Special,
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FileKind::File => "a file",
            FileKind::Folder => "a folder",
            FileKind::Socket => "a socket",
            FileKind::Link => "a link",
            FileKind::Special => "a pipe or device",
        })
    }
}

/// What fstat(2) says of a file, and the mount by which it was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileInfo {
    /// Of the file itself: links are not followed.
    pub(crate) kind: FileKind,
    /// The length of a regular file; 0 for any other kind.
    pub(crate) bytes: u64,
    /// By the user that this process runs as.
    pub(crate) owned_by_user: bool,
    /// The number of its names (hard links).
    pub(crate) links: u64,
    /// Device and inode number: equal for all names of one file.
    pub(crate) identity: (u64, u64),
    /// Type and permission bits (inode(7)).
    pub(crate) mode: u32,
    /// Removal goes on only where this is the mount that it began on.
    pub(crate) mount: MountId,
}

/// A mount. Two bind mounts of one file system have the same device number, so the number of the
/// mount is compared as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MountId {
    /// `st_dev` (inode(7)).
    device: u64,
    /// `mnt_id` of `/proc/self/fdinfo` (proc_pid_fdinfo(5), since Linux 3.15); `None` where `/proc`
    /// is not mounted. Bind mounts of the same file system are not noticed then, but the kernel still
    /// refuses to remove a name that something is mounted on (`EBUSY`).
    number: Option<u64>,
}

impl MountId {
    fn of(file: &File, device: u64) -> Result<Self, Error> {
        let info = match std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))
        {
            Ok(info) => info,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
            {
                return Ok(Self { device, number: None });
            }
            // Such as too many open files: not a reason to take this mount for another one.
            Err(error) => return Err(error),
        };
        let number = info.lines().find_map(|line| line.strip_prefix("mnt_id:"));
        Ok(Self { device, number: number.and_then(|number| number.trim().parse().ok()) })
    }
}

impl FileInfo {
    /// Of an open file, so that nothing can take its place between this and its use.
    ///
    /// # Errors
    /// When fstat(2) fails, or `/proc` cannot be read for want of descriptors or memory.
    pub(crate) fn of(file: &File) -> Result<Self, Error> {
        let metadata = file.metadata()?;
        let file_type = metadata.file_type();
        let kind = match () {
            () if file_type.is_file() => FileKind::File,
            () if file_type.is_dir() => FileKind::Folder,
            () if file_type.is_socket() => FileKind::Socket,
            () if file_type.is_symlink() => FileKind::Link,
            () => FileKind::Special,
        };
        Ok(Self {
            kind,
            bytes: if kind == FileKind::File { metadata.len() } else { 0 },
            owned_by_user: metadata.uid() == Uid::current().as_raw(),
            links: metadata.nlink(),
            identity: (metadata.dev(), metadata.ino()),
            mode: metadata.mode(),
            mount: MountId::of(file, metadata.dev())?,
        })
    }

    /// Checks that it is of this kind and belongs to the user.
    pub(crate) fn check(&self, kind: FileKind) -> Result<(), KeptReason> {
        if self.kind != kind {
            Err(KeptReason::WrongKind(self.kind))
        } else if !self.owned_by_user {
            Err(KeptReason::OtherOwner)
        } else {
            Ok(())
        }
    }
}
