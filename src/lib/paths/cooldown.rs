//! The file that remembers the tunnel provider's "too many requests" across sessions: the end of the
//! wait, in seconds since 1970. The tunnel writes and honours it; `chattrace-clean` removes it once it
//! is over. Both parse it here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long to keep away after "too many requests". Cloudflare publishes no figure, and every new
/// try makes it worse; public reports speak of minutes, so ten of them are both likely enough and
/// bearable.
pub(crate) const COOLDOWN_SECONDS: u64 = 600;

/// Bound for reading the file: a time has ten digits, and a longer content is no time.
pub(crate) const MAX_COOLDOWN_FILE_BYTES: u64 = 32;

/// What the file holds for a wait that begins at `now`.
pub(crate) fn cooldown_content(now: SystemTime) -> String {
    (unix_seconds(now) + COOLDOWN_SECONDS).to_string()
}

/// Seconds until the next try is allowed; `None` when the wait is over.
///
/// A content that is no time counts as over, and so does a time more than [`COOLDOWN_SECONDS`] ahead,
/// which the tunnel never writes: the clock was put back since. Otherwise either would block the
/// tunnel without an end that anyone can foresee.
pub(crate) fn cooldown_remaining(content: &[u8], now: SystemTime) -> Option<u64> {
    let until: u64 = std::str::from_utf8(content).ok()?.trim().parse().ok()?;
    let seconds = until.checked_sub(unix_seconds(now))?;
    (1..=COOLDOWN_SECONDS).contains(&seconds).then_some(seconds)
}

/// 0 for a clock before 1970: every wait in the file is then too far ahead, and so over.
fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_lasts_ten_minutes() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let content = cooldown_content(now);
        let remaining =
            |seconds| cooldown_remaining(content.as_bytes(), now + Duration::from_secs(seconds));
        assert_eq!(remaining(0), Some(600));
        assert_eq!(remaining(599), Some(1));
        assert_eq!(remaining(600), None);
        assert_eq!(cooldown_remaining(content.as_bytes(), now - Duration::from_secs(1)), None);
    }

    #[test]
    fn a_content_that_the_tunnel_does_not_write_is_over() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for content in ["", "soon", "-1", "99999999999", "99999999999999999999999", "1700000000"] {
            assert_eq!(cooldown_remaining(content.as_bytes(), now), None, "{content}");
        }
        assert_eq!(cooldown_remaining(b"\xff", now), None);
        assert_eq!(cooldown_remaining(b"1700000300\n", now), Some(300), "written by hand");
    }
}
