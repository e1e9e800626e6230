//! The files of chattrace and where they are, in words, for the manual pages.

use super::artifact::{
    Artifact, BIN, CONTROL_SOCKET, COOLDOWN, LOCK, LOCK_DRAFT, PARTIAL, TUNNEL_HOME, event_log_name,
};

/// The user's configuration file ([`super::config_file`]) and what it is.
pub(crate) const CONFIG_FILE: (&str, &str) = (
    "$XDG_CONFIG_HOME/chattrace/config.json",
    "The configuration file, when no other one is named. It is read if it exists, and never written. \
     Without XDG_CONFIG_HOME it is in ~/.config/chattrace.",
);

/// The variables by which the places of files are found.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("HOME", "The folder of the user; the folders below are in it unless their variables are set."),
    ("XDG_CONFIG_HOME", "The folder of configuration files; otherwise ~/.config."),
    ("XDG_DATA_HOME", "The folder of the downloaded cloudflared; otherwise ~/.local/share."),
    (
        "XDG_RUNTIME_DIR",
        "The folder of the runtime folders. Where it is not set, or is not private to the user, /dev/shm \
         is used.",
    ),
    ("TMPDIR", "The last resort for the runtime folders; otherwise /tmp."),
];

/// The variables that a download and the tunnel depend on: the path of programs, the certificates
/// ([`super::CERTIFICATE_VARIABLES`]), and the proxy, which ureq reads.
pub(crate) const NETWORK_VARIABLES: &[(&str, &str)] = &[
    ("PATH", "Where cloudflared is looked for, after the downloaded copy."),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Trusted certificates in place of those of the system: a file, and folders with a colon between \
         them. cloudflared uses them, too.",
    ),
    (
        "ALL_PROXY, HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
        "The proxy for the download of cloudflared, which itself uses none.",
    ),
];

/// Where it is, and what it is. `None` for what only `chattrace-clean` tells from another kind.
pub(crate) fn describe(artifact: Artifact) -> Option<(String, &'static str)> {
    let runtime = |name: &str| format!("$XDG_RUNTIME_DIR/chattrace/{name}");
    let bin = |suffix: &str| format!("$XDG_DATA_HOME/chattrace/{BIN}/cloudflared-VERSION{suffix}");
    Some(match artifact {
        Artifact::Session => (
            runtime("SESSION/"),
            "The runtime folder of a session, open to its user only. Without XDG_RUNTIME_DIR it is in \
             /dev/shm/chattrace-UID, or in chattrace-UID in the temporary folder.",
        ),
        Artifact::Lock => {
            (runtime(&format!("SESSION/{LOCK}")), "Locked for as long as the session lives.")
        }
        Artifact::ControlSocket => (
            runtime(&format!("SESSION/{CONTROL_SOCKET}")),
            "Takes the requests of chattrace ctl and of scripts, one JSON object per line. No message of a \
             participant ever crosses it.",
        ),
        Artifact::TunnelHome => {
            (runtime(&format!("SESSION/{TUNNEL_HOME}/")), "The home folder of cloudflared, empty.")
        }
        Artifact::Cooldown => (
            runtime(COOLDOWN),
            "A time: until then the tunnel provider asked for no further attempt.",
        ),
        Artifact::Cloudflared => (
            bin(""),
            "The downloaded cloudflared. Without XDG_DATA_HOME it is in ~/.local/share/chattrace.",
        ),
        Artifact::Download => (bin(PARTIAL), "The same, while it is being downloaded."),
        Artifact::EventLog => (
            event_log_name("YYYYmmdd-HHMMSS"),
            "A saved event log, in the archive folder: times, joins and leaves, with names; no messages. \
             It is written only when the operator says so, and only the user can read it.",
        ),
        Artifact::LockDraft => {
            (runtime(&format!("SESSION/{LOCK_DRAFT}")), "The same, until it is locked.")
        }
        Artifact::UnlockedSession | Artifact::Base | Artifact::Folder => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn every_name_that_is_ever_deleted_is_described() {
        let named = [
            Artifact::in_runtime_base(OsStr::new("3f9a0c1b2d4e")),
            Artifact::in_runtime_base(OsStr::new(COOLDOWN)),
            Artifact::in_session(OsStr::new(LOCK)),
            Artifact::in_session(OsStr::new(LOCK_DRAFT)),
            Artifact::in_session(OsStr::new(CONTROL_SOCKET)),
            Artifact::in_session(OsStr::new(TUNNEL_HOME)),
            Artifact::in_bin(OsStr::new("cloudflared-2026.9.3")),
            Artifact::in_bin(OsStr::new("cloudflared-2026.9.3.part")),
            Artifact::in_archive(OsStr::new("chattrace-20260102-030405.log")),
        ];
        for artifact in named {
            let artifact = artifact.unwrap();
            assert!(Artifact::ALL.contains(&artifact), "{artifact:?}");
            assert!(describe(artifact).is_some(), "{artifact:?}");
        }
    }
}
