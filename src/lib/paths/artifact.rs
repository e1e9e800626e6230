//! The names of everything that chattrace makes. What is not here is never deleted.

use std::ffi::OsStr;

use super::file_info::FileKind;
use super::{CONTROL_SOCKET, COOLDOWN, LOCK, LOCK_DRAFT, PARTIAL, TUNNEL_HOME};

/// Everything that chattrace makes, as `chattrace-clean` tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Artifact {
    /// The runtime folder of a session.
    Session,
    /// The lock in it.
    Lock,
    /// The lock before it was held; left only by a session that died in that moment.
    LockDraft,
    /// The control socket in it.
    ControlSocket,
    /// The empty home of cloudflared in it.
    TunnelHome,
    /// The cool-down in the runtime base.
    Cooldown,
    /// A managed cloudflared.
    Cloudflared,
    /// A partial download of it.
    Download,
    /// A saved event log.
    EventLog,
    /// A runtime base that goes if it is empty once the dead are out of it.
    Base,
    /// A folder that holds the above: a runtime base, the data folder, its `bin`.
    Folder,
}

impl Artifact {
    /// What lies under its name when we made it.
    pub(crate) fn shape(self) -> FileKind {
        match self {
            Artifact::Session | Artifact::TunnelHome | Artifact::Base | Artifact::Folder => {
                FileKind::Folder
            }
            Artifact::ControlSocket => FileKind::Socket,
            Artifact::Lock
            | Artifact::LockDraft
            | Artifact::Cooldown
            | Artifact::Cloudflared
            | Artifact::Download
            | Artifact::EventLog => FileKind::File,
        }
    }
}

/// What `name` is in a runtime base; `None` is not ours.
pub(crate) fn in_base(name: &OsStr) -> Option<Artifact> {
    let name = name.to_str()?;
    let letters = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if name == COOLDOWN {
        Some(Artifact::Cooldown)
    } else {
        ((4..=40).contains(&name.len()) && name.bytes().all(letters)).then_some(Artifact::Session)
    }
}

/// What `name` is in the runtime folder of a session; `None` is not ours.
pub(crate) fn in_session(name: &OsStr) -> Option<Artifact> {
    match name.to_str()? {
        LOCK => Some(Artifact::Lock),
        LOCK_DRAFT => Some(Artifact::LockDraft),
        CONTROL_SOCKET => Some(Artifact::ControlSocket),
        TUNNEL_HOME => Some(Artifact::TunnelHome),
        _ => None,
    }
}

/// What `name` is in `<data>/bin`: `cloudflared-2026.9.3`, or that with `.part`; `None` is not ours.
pub(crate) fn in_bin(name: &OsStr) -> Option<Artifact> {
    let rest = name.to_str()?.strip_prefix("cloudflared-")?;
    let (version, made) = match rest.strip_suffix(PARTIAL) {
        Some(version) => (version, Artifact::Download),
        None => (rest, Artifact::Cloudflared),
    };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    version.split('.').all(number).then_some(made)
}

/// What `name` is in the archive folder: `chattrace-YYYYmmdd-HHMMSS.log`; `None` is not ours.
pub(crate) fn in_archive(name: &OsStr) -> Option<Artifact> {
    let stamp = name.to_str()?.strip_prefix("chattrace-")?;
    let (day, time) = stamp.strip_suffix(".log")?.split_once('-')?;
    let digits = |text: &str, n| text.len() == n && text.bytes().all(|c| c.is_ascii_digit());
    (digits(day, 8) && digits(time, 6)).then_some(Artifact::EventLog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let ours = |place: fn(&OsStr) -> Option<Artifact>, name: &str| place(OsStr::new(name));
        assert_eq!(ours(in_base, "3f9a0c1b2d4e"), Some(Artifact::Session));
        assert_eq!(ours(in_base, "cooldown"), Some(Artifact::Cooldown));
        for name in ["", "..", ".x", "a/b", "ab", "notes.txt", &"a".repeat(41), "größe"] {
            assert_eq!(ours(in_base, name), None, "{name}");
        }
        assert_eq!(ours(in_bin, "cloudflared-2026.9.3"), Some(Artifact::Cloudflared));
        assert_eq!(ours(in_bin, "cloudflared-2026.9.3.part"), Some(Artifact::Download));
        for name in ["cloudflared", "cloudflared-", "cloudflared-2026..3", "cloudflared-1.old"] {
            assert_eq!(ours(in_bin, name), None, "{name}");
        }
        assert_eq!(ours(in_archive, "chattrace-20260102-030405.log"), Some(Artifact::EventLog));
        for name in [
            "chattrace-20260102-030405.log.bak",
            "chattrace-2026012-030405.log",
            "chattrace-20260102-03040x.log",
            "x-chattrace-20260102-030405.log",
        ] {
            assert_eq!(ours(in_archive, name), None, "{name}");
        }
    }
}
