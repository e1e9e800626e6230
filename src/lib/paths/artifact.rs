//! The names of everything that chattrace creates. A name that is not here is never deleted.

use std::ffi::OsStr;

use super::file_info::FileKind;

/// Name of the folder of managed programs in the data folder.
pub(crate) const BIN: &str = "bin";
/// Suffix of a managed cloudflared while it is being downloaded.
pub(crate) const PARTIAL: &str = ".part";
/// The control socket of a session, in its runtime folder.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";
/// The lock of a session, in its runtime folder; the supervisor holds it for as long as it lives.
pub(crate) const LOCK: &str = "lock";
/// The lock until it is held.
pub(crate) const LOCK_DRAFT: &str = "lock.new";
/// The empty home of cloudflared.
pub(crate) const TUNNEL_HOME: &str = "home";
/// Name of the cool-down in a runtime base.
pub(super) const COOLDOWN: &str = "cooldown";

/// The environment variable that marks every process of a session with the name of its runtime
/// folder, so that a cleaner or guard kills these and no others. Not a secret.
pub(crate) const SESSION_MARK: &str = "CHATTRACE_SESSION";

/// First line of every saved event log, by which `chattrace-clean` recognises it.
pub(crate) const EVENT_LOG_HEADER: &str = "chattrace event log v1";

/// Name of an event log that is saved at `time`, which is written as `YYYYmmdd-HHMMSS`.
pub(crate) fn event_log_name(time: &str) -> String {
    format!("chattrace-{time}.log")
}

/// Everything that chattrace creates, as far as `chattrace-clean` treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Artifact {
    /// The runtime folder of a session.
    Session,
    /// A runtime folder without a lock, which is removed only if it is still empty: its session may be
    /// about to lock it.
    UnlockedSession,
    Lock,
    /// The lock of a session that was killed between creating it and locking it.
    LockDraft,
    ControlSocket,
    /// The empty home of a session's cloudflared.
    TunnelHome,
    Cooldown,
    /// A managed cloudflared.
    Cloudflared,
    /// A partial download of cloudflared.
    Download,
    EventLog,
    /// A runtime base that is removed only if it is empty once the dead sessions are.
    Base,
    /// A folder that holds the above and is removed with it: runtime base, data folder, its `bin`.
    Folder,
}

impl Artifact {
    /// Every one of them.
    pub(crate) const ALL: &[Artifact] = &[
        Artifact::Session,
        Artifact::UnlockedSession,
        Artifact::Lock,
        Artifact::LockDraft,
        Artifact::ControlSocket,
        Artifact::TunnelHome,
        Artifact::Cooldown,
        Artifact::Cloudflared,
        Artifact::Download,
        Artifact::EventLog,
        Artifact::Base,
        Artifact::Folder,
    ];

    /// The kind of file that chattrace creates under its name.
    pub(crate) fn kind(self) -> FileKind {
        match self {
            Artifact::Session
            | Artifact::UnlockedSession
            | Artifact::TunnelHome
            | Artifact::Base
            | Artifact::Folder => FileKind::Folder,
            Artifact::ControlSocket => FileKind::Socket,
            Artifact::Lock
            | Artifact::LockDraft
            | Artifact::Cooldown
            | Artifact::Cloudflared
            | Artifact::Download
            | Artifact::EventLog => FileKind::File,
        }
    }

    /// Parses a name in a runtime base.
    pub(crate) fn in_runtime_base(name: &OsStr) -> Option<Self> {
        let name = name.to_str()?;
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        if name == COOLDOWN {
            return Some(Artifact::Cooldown);
        }
        ((4..=40).contains(&name.len()) && name.bytes().all(allowed)).then_some(Artifact::Session)
    }

    /// Parses a name in the runtime folder of a session.
    pub(crate) fn in_session(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            LOCK => Some(Artifact::Lock),
            LOCK_DRAFT => Some(Artifact::LockDraft),
            CONTROL_SOCKET => Some(Artifact::ControlSocket),
            TUNNEL_HOME => Some(Artifact::TunnelHome),
            _ => None,
        }
    }

    /// Parses a name in `<data>/bin`: `cloudflared-2026.9.3`, or that with `.part`.
    pub(crate) fn in_bin(name: &OsStr) -> Option<Self> {
        let rest = name.to_str()?.strip_prefix("cloudflared-")?;
        let (version, artifact) = match rest.strip_suffix(PARTIAL) {
            Some(version) => (version, Artifact::Download),
            None => (rest, Artifact::Cloudflared),
        };
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        version.split('.').all(is_number).then_some(artifact)
    }

    /// Parses a name in the archive folder: `chattrace-YYYYmmdd-HHMMSS.log`.
    pub(crate) fn in_archive(name: &OsStr) -> Option<Self> {
        let stamp = name.to_str()?.strip_prefix("chattrace-")?;
        let (day, time) = stamp.strip_suffix(".log")?.split_once('-')?;
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|c| c.is_ascii_digit());
        (digits(day, 8) && digits(time, 6)).then_some(Artifact::EventLog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_chattrace_gives_are_artifacts() {
        let parsed = |parse: fn(&OsStr) -> Option<Artifact>, name: &str| parse(OsStr::new(name));
        assert_eq!(parsed(Artifact::in_runtime_base, "3f9a0c1b2d4e"), Some(Artifact::Session));
        assert_eq!(parsed(Artifact::in_runtime_base, "cooldown"), Some(Artifact::Cooldown));
        for name in ["", "..", ".x", "a/b", "ab", "notes.txt", &"a".repeat(41), "größe"] {
            assert_eq!(parsed(Artifact::in_runtime_base, name), None, "{name}");
        }
        assert_eq!(parsed(Artifact::in_bin, "cloudflared-2026.9.3"), Some(Artifact::Cloudflared));
        assert_eq!(parsed(Artifact::in_bin, "cloudflared-2026.9.3.part"), Some(Artifact::Download));
        for name in ["cloudflared", "cloudflared-", "cloudflared-2026..3", "cloudflared-1.old"] {
            assert_eq!(parsed(Artifact::in_bin, name), None, "{name}");
        }
        assert_eq!(
            parsed(Artifact::in_archive, "chattrace-20260102-030405.log"),
            Some(Artifact::EventLog)
        );
        for name in [
            "chattrace-20260102-030405.log.bak",
            "chattrace-2026012-030405.log",
            "chattrace-20260102-03040x.log",
            "x-chattrace-20260102-030405.log",
        ] {
            assert_eq!(parsed(Artifact::in_archive, name), None, "{name}");
        }
    }
}
