//! Folders of chattrace that their owner may not enter: an earlier version made them under the file mode
//! creation mask of the program that started it (umask(2)).

use std::fs::{File, Permissions};
use std::io::Result;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use nix::fcntl::OFlag;
use nix::unistd::Uid;

/// With these, open(2) succeeds for every mode of the folder, and gives no right to its content.
pub(super) const FLAGS: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// What an owner needs to list, enter and change a folder.
const OWNER: u32 = 0o700;

/// Lets this user list, enter and change a folder of their own that was opened with [`FLAGS`]. Never
/// changes what other users may do.
///
/// # Errors
/// When `/proc` is not mounted: chmod(2) takes the descriptor of such a folder by its path there only.
pub(super) fn restore(folder: &File) -> Result<()> {
    let metadata = folder.metadata()?;
    if metadata.uid() != Uid::effective().as_raw() || metadata.mode() & OWNER == OWNER {
        return Ok(());
    }
    let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
    std::fs::set_permissions(path, Permissions::from_mode(metadata.mode() & 0o7777 | OWNER))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nix::fcntl::open;
    use nix::sys::stat::Mode;

    use super::*;

    fn restored(path: &Path) -> u32 {
        restore(&File::from(open(path, FLAGS, Mode::empty()).unwrap())).unwrap();
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn the_owner_gets_all_rights_and_others_none() {
        let path = std::env::temp_dir().join(format!("ct-owner-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        for (mode, expected) in [(0, 0o700), (0o500, 0o700), (0o700, 0o700), (0o055, 0o755)] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(restored(&path), expected, "{mode:o}");
        }
        std::fs::remove_dir(&path).unwrap();
    }
}
