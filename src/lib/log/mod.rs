//! The event log: what happened and when, never what was said.
//!
//! It lives in memory. [`LogEntry`] has no place for message text, so none can get in. Only
//! [`EventLog::save`] writes a file, and only on the order of the operator.

mod participant;
mod room_change;

pub(crate) use room_change::{PersonChange, RoomChange, Rule, WholeRoomChange};

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use participant::format_participant;

use crate::control::Participant;
use crate::paths::{self, Owner};

/// A session with more has run for days or was flooded with joins. Then the oldest entries are
/// dropped, and the log says how many.
const MAX_ENTRIES: usize = 10_000;

/// The variables that the event log depends on, for the manual pages.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("TZ", "The time zone of the event log, as in tzset(3); otherwise that of the system."),
    ("TZDIR", "The folder of time zones; otherwise /usr/share/zoneinfo."),
];

/// Something that happened in a session. No variant has a place for the text of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogEntry {
    Started,
    LocalLink,
    PublicLink,
    PublicRestored,
    PublicLost,
    /// The caller has escaped name and tag for a terminal.
    Joined(Participant),
    /// The same holds here.
    Left(Participant),
    /// By an order of the operator. The caller has escaped the name.
    Changed(RoomChange),
    /// The end was requested.
    Ended,
}

/// The entries of a session, oldest first, with the local time of each.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    entries: VecDeque<(ZonedDateTime, LogEntry)>,
    dropped: u64,
}

/// The local time, or UTC where the time zone cannot be read, as in other programs (tzset(3)).
pub(crate) fn now() -> ZonedDateTime {
    local_time(Timestamp::now())
}

fn local_time(at: Timestamp) -> ZonedDateTime {
    static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(local_zone);
    at.to_zoned_datetime(ZONE.clone().unwrap_or(TimeZone::UTC))
}

/// The largest files of the zone database have 4 KiB.
const MAX_ZONE_BYTES: u64 = 64 * 1024;

/// The zone of this machine, or the one that `TZ` names (tzset(3)). jiff is not used to find it: it
/// opens every file of the zone database, and any other file, such as a pipe, that lies there.
fn local_zone() -> Option<TimeZone> {
    match std::env::var_os("TZ") {
        None => zone_file(Path::new("/etc/localtime")),
        Some(given) => named_zone(&given),
    }
}

/// `Europe/Berlin`, `:/a/file`, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
fn named_zone(given: &OsStr) -> Option<TimeZone> {
    let given = given.to_str()?;
    let name = given.strip_prefix(':').unwrap_or(given);
    let folder = std::env::var_os("TZDIR");
    let folder = folder.as_deref().unwrap_or(OsStr::new("/usr/share/zoneinfo"));
    // An absolute name replaces the folder.
    zone_file(&Path::new(folder).join(name)).or_else(|| TimeZone::posix(given).ok())
}

fn zone_file(path: &Path) -> Option<TimeZone> {
    let content = paths::read_file(path, Owner::Anyone, MAX_ZONE_BYTES).ok()?;
    TimeZone::tzif(&path.to_string_lossy(), &content).ok()
}

/// The time of day of `at`, in milliseconds since 1970, as `15:04`.
pub(crate) fn time_of_day(at: u64) -> String {
    let timestamp = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let local = timestamp.map(local_time);
    local.map_or_else(String::new, |local| local.strftime("%H:%M").to_string())
}

impl std::fmt::Display for LogEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LogEntry::Started => f.write_str("session started"),
            LogEntry::LocalLink => f.write_str("local link shown"),
            LogEntry::PublicLink => f.write_str("public link shown"),
            LogEntry::PublicRestored => f.write_str("public address restored"),
            LogEntry::PublicLost => f.write_str("public address lost"),
            LogEntry::Joined(participant) => {
                write!(f, "joined {}", format_participant(participant))
            }
            LogEntry::Left(participant) => write!(f, "left   {}", format_participant(participant)),
            LogEntry::Changed(change) => change.fmt(f),
            LogEntry::Ended => f.write_str("session ended"),
        }
    }
}

impl EventLog {
    /// Adds an entry with its time; beyond [`MAX_ENTRIES`], drops the oldest.
    pub(crate) fn push(&mut self, at: ZonedDateTime, entry: LogEntry) {
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back((at, entry));
    }

    /// Entries that are kept.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The whole log, exactly as [`EventLog::save`] writes it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", paths::EVENT_LOG_HEADER);
        if self.dropped > 0 {
            text.push_str(&format!("{} earlier entries were dropped\n", self.dropped));
        }
        for (at, entry) in &self.entries {
            text.push_str(&format!("{}  {entry}\n", at.strftime("%Y-%m-%d %H:%M:%S")));
        }
        text
    }

    /// Writes the log into a new file in `folder`, named after `now` and readable by its owner
    /// only. Returns its path. A file that cannot be completed is removed.
    ///
    /// # Errors
    /// When the folder cannot be written to, or a hundred logs of this second are there.
    pub(crate) fn save(
        &self,
        folder: &Path,
        now: &ZonedDateTime,
    ) -> Result<PathBuf, paths::NewFileError> {
        let mut at = now.clone();
        for _ in 0..100 {
            let path =
                folder.join(paths::event_log_name(&at.strftime("%Y%m%d-%H%M%S").to_string()));
            match paths::write_new_file(&path, self.text().as_bytes()) {
                Ok(()) => return Ok(path),
                // Another session ended in the same second: the next free one is close enough.
                Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {
                    at = at.saturating_add(jiff::Span::new().seconds(1));
                }
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::from(ErrorKind::AlreadyExists).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (EventLog, ZonedDateTime) {
        let at: ZonedDateTime = "2026-11-23T15:04:05+01:00[Europe/Berlin]".parse().unwrap();
        let mut log = EventLog::default();
        log.push(at.clone(), LogEntry::Started);
        let ana = Participant { number: 1, name: "Ana".into(), tag: "k7q".into() };
        log.push(at.clone(), LogEntry::Joined(ana));
        (log, at)
    }

    #[test]
    fn what_is_saved_is_what_was_shown() {
        let (log, at) = log();
        let folder = std::env::temp_dir().join(format!("ct-log-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let first = log.save(&folder, &at).unwrap();
        let second = log.save(&folder, &at).unwrap();
        assert_eq!(first.file_name().unwrap(), "chattrace-20261123-150405.log");
        assert_eq!(second.file_name().unwrap(), "chattrace-20261123-150406.log");
        let saved = std::fs::read_to_string(&first).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(saved, log.text());
        assert!(saved.ends_with("2026-11-23 15:04:05  joined Ana #k7q (1)\n"));
    }

    #[test]
    fn a_zone_is_found_by_its_rule_and_by_its_file() {
        assert!(named_zone(OsStr::new("CET-1CEST,M3.5.0,M10.5.0/3")).is_some());
        assert!(named_zone(OsStr::new("Europe/Berlin")).is_some());
        for wrong in ["", "../..", "/dev/zero", ":/dev/zero", "nowhere at all"] {
            assert_eq!(named_zone(OsStr::new(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_flood_makes_it_forget_and_say_so() {
        let (mut log, at) = log();
        for _ in 0..MAX_ENTRIES {
            log.push(at.clone(), LogEntry::Ended);
        }
        assert_eq!(log.len(), MAX_ENTRIES);
        assert!(log.text().contains("\n2 earlier entries were dropped\n"));
    }
}
