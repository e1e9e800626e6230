//! The provider's "too many requests", remembered across sessions: a restart must not ask again.

use std::io::{Read as _, Result, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::failure::COOL_DOWN_SECONDS;
use crate::paths;

/// Seconds until the next try is allowed, in the runtime base `base`; `None` is now. A file that is
/// over, unreadable or from a clock that was put back is removed.
pub(super) fn remaining(base: &Path, now: SystemTime) -> Option<u64> {
    let until = read(base)?;
    match until.checked_sub(unix(now)) {
        Some(seconds @ 1..=COOL_DOWN_SECONDS) => Some(seconds),
        Some(_) | None => {
            // Somebody else may have seen the same and been faster.
            let _ = std::fs::remove_file(paths::cooldown(base));
            None
        }
    }
}

/// Remembers that the provider has just said no.
///
/// # Errors
/// When the file cannot be written; the caller goes on without.
pub(super) fn remember(base: &Path, now: SystemTime) -> Result<()> {
    let until = unix(now) + COOL_DOWN_SECONDS;
    let mut file = paths::private_file(&paths::cooldown(base))?;
    file.set_len(0)?;
    write!(file, "{until}")
}

/// The time in the file; 0, which is long over, when it holds none.
fn read(base: &Path) -> Option<u64> {
    let file = std::fs::File::open(paths::cooldown(base)).ok()?;
    let mut text = String::new();
    // A time has ten digits.
    let read = file.take(32).read_to_string(&mut text);
    Some(read.ok().and_then(|_| text.trim().parse().ok()).unwrap_or(0))
}

fn unix(time: SystemTime) -> u64 {
    // Before 1970 only a broken clock is; then nothing is over, and nothing is remembered.
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_ten_minutes_and_then_removes_itself() {
        let base = std::env::temp_dir().join(format!("chattrace-cooldown-{}", std::process::id()));
        std::fs::create_dir(&base).unwrap();
        let now = SystemTime::now();
        assert_eq!(remaining(&base, now), None);
        remember(&base, now).unwrap();
        assert_eq!(remaining(&base, now), Some(600));
        assert_eq!(remaining(&base, now + Duration::from_secs(599)), Some(1));
        assert!(paths::cooldown(&base).exists());
        assert_eq!(remaining(&base, now + Duration::from_secs(600)), None);
        assert!(!paths::cooldown(&base).exists());
        for wrong in ["soon", "99999999999", "", "-1"] {
            std::fs::write(paths::cooldown(&base), wrong).unwrap();
            assert_eq!(remaining(&base, now), None, "{wrong}");
            assert!(!paths::cooldown(&base).exists());
        }
        std::fs::remove_dir(&base).unwrap();
    }
}
