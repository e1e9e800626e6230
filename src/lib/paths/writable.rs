//! Whether a file could be created in a folder, without creating one.

use std::io::Error;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::statfs::{FsType, PROC_SUPER_MAGIC, SYSFS_MAGIC, statfs};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access, eaccess};

/// Space that a file of some pages needs.
const MIN_FREE_BYTES: u64 = 64 * 1024;

/// Checks that this process can create a small file in `folder` at this moment. Creates nothing, so that
/// no start of a session writes to a disk. A quota, or a security module that decides by path, shows only
/// when a file is created.
///
/// # Errors
/// When `folder` is missing or no folder, may not be written to, is on a read-only or full file system,
/// or on one that holds no files of users.
pub(crate) fn check_can_create_in(folder: &Path) -> Result<(), Error> {
    if !folder.metadata()?.is_dir() {
        return Err(Errno::ENOTDIR.into());
    }
    check_access(folder)?;
    // For root, access(2) permits what these two refuse.
    if [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&filesystem(folder)?) {
        return Err(Errno::EPERM.into());
    }
    if is_full(folder)? { Err(Errno::ENOSPC.into()) } else { Ok(()) }
}

/// By the effective IDs and capabilities, with which a file would be created. access(2) takes the real
/// ones, which are the same here; it is for systems without faccessat2(2), and for containers that
/// refuse it.
fn check_access(folder: &Path) -> nix::Result<()> {
    let create = AccessFlags::W_OK | AccessFlags::X_OK;
    match eaccess(folder, create) {
        Err(Errno::EPERM | Errno::ENOSYS) => access(folder, create),
        checked => checked,
    }
}

fn filesystem(folder: &Path) -> nix::Result<FsType> {
    Ok(statfs(folder)?.filesystem_type())
}

/// Whether ordinary users have no space left. A file system that counts no blocks is never full.
fn is_full(folder: &Path) -> nix::Result<bool> {
    let space = statvfs(folder)?;
    // Both are 32 bits wide on some machines.
    let free = u128::from(space.blocks_available()) * u128::from(space.fragment_size());
    let no_inodes = space.files() > 0 && space.files_free() == 0;
    Ok(space.blocks() > 0 && free < u128::from(MIN_FREE_BYTES) || no_inodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errno(folder: &Path) -> Option<i32> {
        check_can_create_in(folder).err().and_then(|error| error.raw_os_error())
    }

    #[test]
    fn a_folder_that_takes_no_file_is_named_by_the_reason() {
        let file = std::env::current_exe().unwrap();
        for (folder, reason) in [
            ("/nowhere/at/all", Errno::ENOENT),
            (file.to_str().unwrap(), Errno::ENOTDIR),
            ("", Errno::ENOENT),
        ] {
            assert_eq!(errno(Path::new(folder)), Some(reason as i32), "{folder}");
        }
        for pseudo in ["/proc", "/sys"] {
            assert!(errno(Path::new(pseudo)).is_some(), "{pseudo}");
        }
    }

    #[test]
    fn a_folder_that_takes_files_passes_and_stays_as_it_was() {
        let folder = std::env::temp_dir().join(format!("writable-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let before = folder.metadata().unwrap().modified().unwrap();
        assert_eq!(errno(&folder), None);
        assert_eq!(folder.read_dir().unwrap().count(), 0);
        assert_eq!(folder.metadata().unwrap().modified().unwrap(), before);
        std::fs::remove_dir(&folder).unwrap();
    }
}
