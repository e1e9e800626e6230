//! Every file that is opened by its path, in one way: the open cannot block, and the file is checked
//! before anything of it is used.
//!
//! Every program of the user can write to the user's folders, and one of them may be hostile: a pipe
//! under the name of a file blocks open(2) until another process opens the other end, a device may act
//! when it is opened, and a link or a second name leads to a file of another folder.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::Uid;

/// With these flags, open(2) waits neither for the other end of a pipe nor for a lease, and no
/// terminal becomes ours. On an open regular file `O_NONBLOCK` has no effect.
pub(super) const CANNOT_BLOCK: OFlag =
    OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// Whose file it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A file that chattrace created: the user's own, with one name, and not reached by a link.
    Ours,
    /// A file that the user or the system named: any owner, any number of names, links are followed.
    Anyone,
}

/// What the file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// Reading and writing; a missing file is created with mode 0600.
    Create,
}

/// Opens the regular file `path`, of at most `max_bytes`.
///
/// # Errors
/// When it cannot be opened, is of another kind or another owner, or is larger. The text of the
/// error says what it is instead, and is to follow the path.
pub(crate) fn open_file(path: &Path, owner: Owner, access: Access, max_bytes: u64) -> Result<File> {
    // Checked before the open as well, because opening a device may already act on it. Only the
    // check of the open file is free of races.
    let before = match owner {
        Owner::Ours => std::fs::symlink_metadata(path),
        Owner::Anyone => std::fs::metadata(path),
    };
    match before {
        Ok(metadata) => check(&metadata, owner, max_bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound && access != Access::Read => {}
        Err(error) => return Err(error),
    }
    let mut flags = CANNOT_BLOCK;
    if owner == Owner::Ours {
        flags |= OFlag::O_NOFOLLOW;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(access != Access::Read).truncate(false);
    options.create(access == Access::Create);
    let file = options.mode(0o600).custom_flags(flags.bits()).open(path)?;
    check(&file.metadata()?, owner, max_bytes)?;
    Ok(file)
}

/// Creates the file `path` with mode 0600, and does not check it: the caller removes what it created.
///
/// # Errors
/// When there is something of this name, or it cannot be created.
pub(super) fn create_new(path: &Path) -> Result<File> {
    let flags = CANNOT_BLOCK | OFlag::O_NOFOLLOW;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).custom_flags(flags.bits()).open(path)
}

/// Checks a file that was just created: some file systems give it to another user.
pub(super) fn check_new(file: &File) -> Result<()> {
    check(&file.metadata()?, Owner::Ours, 0)
}

/// Opens a file of chattrace's own for reading and writing; a missing one is created with mode 0600.
pub(crate) fn open_private_file(path: &Path, max_bytes: u64) -> Result<File> {
    open_file(path, Owner::Ours, Access::Create, max_bytes)
}

/// Reads the whole regular file `path`, of at most `max_bytes`.
///
/// # Errors
/// As [`open_file`], and when it cannot be read.
pub(crate) fn read_file(path: &Path, owner: Owner, max_bytes: u64) -> Result<Vec<u8>> {
    let file = open_file(path, owner, Access::Read, max_bytes)?;
    let mut content = Vec::new();
    // The file may grow while it is read.
    let length = file.take(max_bytes + 1).read_to_end(&mut content)?;
    if length as u64 > max_bytes { Err(too_large(max_bytes)) } else { Ok(content) }
}

fn check(metadata: &Metadata, owner: Owner, max_bytes: u64) -> Result<()> {
    let kind = metadata.file_type();
    let instead = match () {
        () if kind.is_file() => None,
        () if kind.is_dir() => Some("a folder"),
        () if kind.is_symlink() => Some("a link"),
        () if kind.is_socket() => Some("a socket"),
        () if kind.is_fifo() => Some("a pipe"),
        () => Some("a device"),
    };
    let refused = |text: String| Err(Error::new(ErrorKind::InvalidInput, text));
    if let Some(instead) = instead {
        return refused(format!("it is {instead}, not a file; move it away"));
    }
    if owner == Owner::Ours && metadata.uid() != Uid::effective().as_raw() {
        return refused("it belongs to another user; move it away".to_owned());
    }
    if owner == Owner::Ours && metadata.nlink() > 1 {
        return refused("it has a second name elsewhere (a hard link); move it away".to_owned());
    }
    if metadata.len() > max_bytes { Err(too_large(max_bytes)) } else { Ok(()) }
}

fn too_large(max_bytes: u64) -> Error {
    let text = format!("it is larger than {max_bytes} bytes; check that it is the right file");
    Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use nix::sys::stat::Mode;

    const MAX: u64 = 64;

    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A name, what creates it (from its path and that of a regular file), and the word for it in the
    /// error.
    type Planted = (&'static str, fn(&Path, &Path), &'static str);

    const PLANTED: [Planted; 7] = [
        ("pipe", |at, _| nix::unistd::mkfifo(at, Mode::S_IRWXU).unwrap(), "a pipe"),
        ("folder", |at, _| std::fs::create_dir(at).unwrap(), "a folder"),
        ("socket", |at, _| drop(UnixListener::bind(at).unwrap()), "a socket"),
        ("link", |at, file| std::os::unix::fs::symlink(file, at).unwrap(), "a link"),
        ("dangling", |at, _| std::os::unix::fs::symlink("/no/where", at).unwrap(), "a link"),
        ("hard", |at, file| std::fs::hard_link(file, at).unwrap(), "a second name"),
        ("sparse", |at, _| File::create(at).unwrap().set_len(1 << 40).unwrap(), "larger than 64"),
    ];

    #[test]
    fn only_a_regular_file_of_the_user_is_opened() {
        let scratch = Scratch(std::env::temp_dir().join(format!("ct-open-{}", std::process::id())));
        std::fs::create_dir(&scratch.0).unwrap();
        let file = scratch.0.join("file");
        std::fs::write(&file, "text").unwrap();
        for (name, plant, word) in PLANTED {
            let at = scratch.0.join(name);
            plant(&at, &file);
            for access in [Access::Read, Access::Create] {
                let error = open_file(&at, Owner::Ours, access, MAX).unwrap_err().to_string();
                assert!(error.contains(word), "{name} {access:?}: {error}");
            }
            let error = create_new(&at).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
            let content = read_file(&at, Owner::Anyone, MAX);
            match name {
                "link" => assert_eq!(content.unwrap(), b"text"),
                "dangling" => assert_eq!(content.unwrap_err().kind(), ErrorKind::NotFound),
                // Its second name is removed below.
                "hard" => assert_eq!(content.unwrap(), b"text"),
                _ => assert!(content.unwrap_err().to_string().contains(word), "{name}"),
            }
            if name == "hard" {
                std::fs::remove_file(&at).unwrap();
            }
        }
        let device = read_file(Path::new("/dev/zero"), Owner::Anyone, MAX).unwrap_err();
        assert!(device.to_string().contains("a device"), "{device}");
        assert_eq!(read_file(&file, Owner::Ours, MAX).unwrap(), b"text");
        assert!(!scratch.0.join("new").exists());
        check_new(&create_new(&scratch.0.join("new")).unwrap()).unwrap();
        open_file(&scratch.0.join("new"), Owner::Ours, Access::Create, MAX).unwrap();
    }
}
