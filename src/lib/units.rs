//! Formats bytes and durations for people, in one way for all four programs.
//!
//! Both are rounded up: a memory bound is never shown smaller than it is, a file with content is never
//! shown as empty, and a client that waits as long as it was told is not refused again.

use std::time::Duration;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// The longest duration that is written in seconds; a longer one is written in minutes.
const MAX_SECONDS: u64 = 90;

/// `bytes` as `7 B`, `34 KiB`, `38.7 MiB` or `1.2 GiB`: whole numbers below a MiB, tenths from there
/// where it is not a whole number.
///
/// Binary units, as in the figures that people compare with these: the limits in `config.json`,
/// `ulimit -l`, `/proc/PID/status`, `ls -lh`.
pub(crate) fn format_bytes(bytes: u64) -> String {
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        MIB..GIB => format!("{} MiB", in_tenths(bytes, MIB)),
        GIB.. => format!("{} GiB", in_tenths(bytes, GIB)),
    }
}

fn in_tenths(bytes: u64, unit: u64) -> String {
    let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(unit));
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// `wait` as `1 s` to `90 s`, and from there as `2 min` and more. Never zero.
pub(crate) fn format_duration(wait: Duration) -> String {
    match wait.as_millis().div_ceil(1000) {
        0 => "1 s".to_owned(),
        seconds if seconds <= u128::from(MAX_SECONDS) => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_rounded_up() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1025, "2 KiB"),
            (MIB - 1, "1024 KiB"),
            (8 * MIB, "8 MiB"),
            (8 * MIB + 1, "8.1 MiB"),
            (40_000_000, "38.2 MiB"),
            (GIB, "1 GiB"),
            (u64::MAX, "17179869184 GiB"),
        ] {
            assert_eq!(format_bytes(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn waits_are_rounded_up_and_never_zero() {
        for (millis, text) in [
            (0, "1 s"),
            (1, "1 s"),
            (1000, "1 s"),
            (1001, "2 s"),
            (90_000, "90 s"),
            (90_001, "2 min"),
            (600_000, "10 min"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(millis)), text, "{millis}");
        }
        assert_eq!(format_duration(Duration::MAX), "307445734561825861 min");
    }
}
