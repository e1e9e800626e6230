//! What lies under a name, and the reasons for which it stays there.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use nix::errno::Errno;
use nix::unistd::Uid;

/// Why something stays where it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptReason {
    /// Its name is not on the list of what we make.
    #[error("it is not one of chattrace's; move it away if you want its folder gone")]
    Unknown,
    /// The name is ours, and the thing is a link, a pipe, or whatever we never make under it.
    #[error("it is {0}, which chattrace does not make under this name; look at it yourself")]
    Disguised(FileKind),
    /// Another user made it.
    #[error("it belongs to another user")]
    Foreign,
    /// Others may enter or write, so it is not as we made it.
    #[error(
        "others may enter or change it, and chattrace makes no such folder; look at it yourself"
    )]
    Exposed,
    /// The name fits, and the first line does not.
    #[error("it does not begin as chattrace's event logs do")]
    NotALog,
    /// Somebody put another thing in its place while we looked.
    #[error("it changed while it was looked at; run chattrace-clean again")]
    Changed,
    /// Another process holds its lock.
    #[error("it is in use")]
    Busy,
    /// A folder that must not lose its lock yet.
    #[error("its session left more than could be removed; see the other lines")]
    StillNeeded,
    /// It is, or lies under, the root of another file system or of a bind mount.
    #[error("something is mounted there, and chattrace removes nothing across a mount; unmount it")]
    Mounted,
    /// The system refused.
    #[error("{0}")]
    System(#[from] Error),
}

impl From<Errno> for KeptReason {
    fn from(errno: Errno) -> Self {
        if errno == Errno::ENOTEMPTY {
            return Self::System(Error::new(ErrorKind::DirectoryNotEmpty, "it is not empty"));
        }
        // What rmdir(2) and unlink(2) say of a name that something is mounted on.
        if errno == Errno::EBUSY {
            return Self::Mounted;
        }
        Self::System(errno.into())
    }
}

/// What kind of thing lies under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A socket.
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

/// What was seen under a name, without opening it for more than that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileInfo {
    /// What it is.
    pub(crate) shape: FileKind,
    /// Its length; 0 for what has none.
    pub(crate) bytes: u64,
    /// Whether it is the user's own.
    pub(crate) mine: bool,
    /// How many names it has.
    pub(crate) links: u64,
    /// When it last changed, in seconds since 1970.
    pub(crate) modified: i64,
    /// Device and number: the same for one thing under whatever name.
    pub(crate) identity: (u64, u64),
    /// Its permissions.
    pub(crate) mode: u32,
    /// The mount that it was reached by.
    pub(crate) mount: MountId,
}

/// A mount, as this process sees it. Two bind mounts of one file system have the same device number,
/// so that alone does not tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MountId {
    /// `st_dev` (inode(7)).
    device: u64,
    /// `mnt_id` of `/proc/self/fdinfo` (proc_pid_fdinfo(5), since Linux 3.15); `None` where `/proc`
    /// is not mounted, and then bind mounts of the same file system are not noticed here. The kernel
    /// still refuses to remove what something is mounted on (`EBUSY`).
    number: Option<u64>,
}

impl MountId {
    fn of(file: &File, device: u64) -> Self {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()));
        let line = |text: &str| {
            let number = text.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
            number.trim().parse().ok()
        };
        Self { device, number: info.ok().as_deref().and_then(line) }
    }
}

impl FileInfo {
    /// Of an open file.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn at(file: &File) -> Result<Self, Error> {
        let seen = file.metadata()?;
        let kind = seen.file_type();
        let shape = match () {
            () if kind.is_file() => FileKind::File,
            () if kind.is_dir() => FileKind::Folder,
            () if kind.is_socket() => FileKind::Socket,
            () if kind.is_symlink() => FileKind::Link,
            () => FileKind::Special,
        };
        Ok(Self {
            shape,
            bytes: if shape == FileKind::File { seen.len() } else { 0 },
            mine: seen.uid() == Uid::current().as_raw(),
            links: seen.nlink(),
            modified: seen.mtime(),
            identity: (seen.dev(), seen.ino()),
            mode: seen.mode(),
            mount: MountId::of(file, seen.dev()),
        })
    }

    /// Whether it is the user's own and of this shape.
    pub(crate) fn judge(&self, shape: FileKind) -> Result<(), KeptReason> {
        if self.shape != shape {
            Err(KeptReason::Disguised(self.shape))
        } else if !self.mine {
            Err(KeptReason::Foreign)
        } else {
            Ok(())
        }
    }
}
