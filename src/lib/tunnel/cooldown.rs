//! Remembers the provider's "too many requests" across sessions, so that a restart does not ask again.

use std::ffi::OsStr;
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::Path;
use std::time::SystemTime;

use crate::paths::{
    self, FileKind, Folder, FolderTrust, MAX_COOLDOWN_FILE_BYTES, Owner, cooldown_file,
};

/// Seconds until the next try is allowed; `None` is now. Removes an expired file from `base`.
///
/// # Errors
/// When the file cannot be read, or is not a regular file of ours. The next try is then allowed.
pub(super) fn remaining(base: &Path, now: SystemTime) -> Result<Option<u64>> {
    let path = cooldown_file(base);
    let content = match paths::read_file(&path, Owner::Ours, MAX_COOLDOWN_FILE_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        content => content.map_err(|error| with_path(&path, &error))?,
    };
    let remaining = paths::cooldown_remaining(&content, now);
    if remaining.is_none() {
        remove(base, &path);
    }
    Ok(remaining)
}

/// Removes a file that is expired or incomplete. Errors do not matter: one that stays is expired for the
/// next session too.
fn remove(base: &Path, path: &Path) {
    if let (Ok(Some(base)), Some(name)) =
        (Folder::open(base, FolderTrust::Private), path.file_name())
    {
        let _ = base.remove_own(OsStr::new(name), FileKind::File);
    }
}

/// Remembers that the provider has just answered "too many requests".
///
/// # Errors
/// When the file cannot be written; it is then removed, and the next session tries at once.
pub(super) fn remember(base: &Path, now: SystemTime) -> Result<()> {
    let path = cooldown_file(base);
    let opened = paths::open_private_file(&path, MAX_COOLDOWN_FILE_BYTES);
    let mut file = opened.map_err(|error| with_path(&path, &error))?;
    let content = paths::cooldown_content(now);
    // Truncated last: another process takes an empty file for an expired one, and removes it.
    let written =
        file.write_all(content.as_bytes()).and_then(|()| file.set_len(content.len() as u64));
    written.map_err(|error| {
        remove(base, &path);
        with_path(&path, &error)
    })
}

fn with_path(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::DirBuilderExt as _;
    use std::time::Duration;

    #[test]
    fn a_cooldown_lasts_ten_minutes_and_is_then_removed() {
        let base = std::env::temp_dir().join(format!("chattrace-cooldown-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&base).unwrap();
        let now = SystemTime::now();
        assert_eq!(remaining(&base, now).unwrap(), None);
        remember(&base, now).unwrap();
        assert_eq!(remaining(&base, now).unwrap(), Some(600));
        assert_eq!(remaining(&base, now + Duration::from_secs(599)).unwrap(), Some(1));
        assert!(cooldown_file(&base).exists());
        assert_eq!(remaining(&base, now + Duration::from_secs(600)).unwrap(), None);
        assert!(!cooldown_file(&base).exists());
        for wrong in ["soon", "99999999999", "", "-1"] {
            std::fs::write(cooldown_file(&base), wrong).unwrap();
            assert_eq!(remaining(&base, now).unwrap(), None, "{wrong}");
            assert!(!cooldown_file(&base).exists());
        }
        std::fs::remove_dir(&base).unwrap();
    }
}
