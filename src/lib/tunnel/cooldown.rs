//! The provider's "too many requests", remembered across sessions: a restart must not ask again.

use std::ffi::OsStr;
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::failure::COOL_DOWN_SECONDS;
use crate::paths::{self, FileKind, Folder, FolderTrust, Owner};

/// A time has ten digits; what is longer is none.
const FILE_BYTES: u64 = 32;

/// Seconds until the next try is allowed, in the runtime base `base`; `None` is now. A file that is
/// over, that holds no time, or that is from a clock that was put back is removed.
///
/// # Errors
/// When something else lies under its name, or it cannot be read: the next try is allowed then.
pub(super) fn remaining(base: &Path, now: SystemTime) -> Result<Option<u64>> {
    let path = paths::cooldown(base);
    let content = match paths::read_file(&path, Owner::Ours, FILE_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        content => content.map_err(|error| named(&path, &error))?,
    };
    let text = String::from_utf8(content).ok();
    // 0 is long over.
    let until: u64 = text.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    match until.checked_sub(unix(now)) {
        Some(seconds @ 1..=COOL_DOWN_SECONDS) => Ok(Some(seconds)),
        Some(_) | None => {
            forget(base, &path);
            Ok(None)
        }
    }
}

/// Removes the file. It may be gone already, and one that stays is over all the same.
fn forget(base: &Path, path: &Path) {
    if let (Ok(Some(base)), Some(name)) =
        (Folder::open(base, FolderTrust::Private), path.file_name())
    {
        let _ = base.remove_own(OsStr::new(name), FileKind::File);
    }
}

/// Remembers that the provider has just said no.
///
/// # Errors
/// When the file cannot be written; the caller goes on without.
pub(super) fn remember(base: &Path, now: SystemTime) -> Result<()> {
    let until = unix(now) + COOL_DOWN_SECONDS;
    let path = paths::cooldown(base);
    let mut file =
        paths::open_private_file(&path, FILE_BYTES).map_err(|error| named(&path, &error))?;
    file.set_len(0)?;
    write!(file, "{until}")
}

fn named(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn unix(time: SystemTime) -> u64 {
    // Before 1970 only a broken clock is; then nothing is over, and nothing is remembered.
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::DirBuilderExt as _;

    #[test]
    fn it_lasts_ten_minutes_and_then_removes_itself() {
        let base = std::env::temp_dir().join(format!("chattrace-cooldown-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&base).unwrap();
        let now = SystemTime::now();
        assert_eq!(remaining(&base, now).unwrap(), None);
        remember(&base, now).unwrap();
        assert_eq!(remaining(&base, now).unwrap(), Some(600));
        assert_eq!(remaining(&base, now + Duration::from_secs(599)).unwrap(), Some(1));
        assert!(paths::cooldown(&base).exists());
        assert_eq!(remaining(&base, now + Duration::from_secs(600)).unwrap(), None);
        assert!(!paths::cooldown(&base).exists());
        for wrong in ["soon", "99999999999", "", "-1"] {
            std::fs::write(paths::cooldown(&base), wrong).unwrap();
            assert_eq!(remaining(&base, now).unwrap(), None, "{wrong}");
            assert!(!paths::cooldown(&base).exists());
        }
        std::fs::remove_dir(&base).unwrap();
    }
}
