//! What a process gives up for good, before it meets the network. Three layers, because each knows
//! something that the others do not:
//!
//! | layer | what it takes | since Linux |
//! |---|---|---|
//! | [`privileges`], [`dynamic_user`] | whatever root has beyond others | 2.6.25 |
//! | [`mod@landlock`] | files by where they are, ports, sockets of others | 5.13, 6.7, 6.12 |
//! | [`room_seccomp`], [`cloudflared_seccomp`] | system calls, and so processes and new connections | 3.17 |
//!
//! Nothing here needs a privilege, and nothing can be taken back. Landlock and privileges bind the
//! thread that asks and those that it starts, so they come before the runtime; the filter binds all
//! threads and forbids what a start needs, so it comes last.

mod cloudflared_seccomp;
mod dynamic_user;
mod landlock;
mod privileges;
mod room_seccomp;
mod seccomp;
mod self_test;

use serde::{Deserialize, Serialize};

pub(crate) use self::landlock::{
    CloudflaredPolicy, restrict_cloudflared, restrict_files, restrict_writes,
};
pub(crate) use cloudflared_seccomp::restrict_cloudflared_syscalls;
pub(super) use dynamic_user::is_dynamic_user;
pub(crate) use dynamic_user::{can_read_unprivileged, drop_root};
pub(crate) use privileges::drop_privileges;
pub(crate) use room_seccomp::restrict_syscalls;
pub(crate) use self_test::{ProbeResult, SelfTest};

/// A layer of confinement that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "snake_case")]
pub(crate) enum MissingLayer {
    /// Landlock: files, ports.
    Landlock {
        /// What the system said, safe to show.
        why: String,
    },
    /// Landlock's rules for ports.
    Ports,
    /// The filter for system calls.
    Filter {
        /// What the system said, safe to show.
        why: String,
    },
    /// The privileges of root could not be given up.
    Privileges {
        /// What the system said, safe to show.
        why: String,
    },
    /// All layers were said to be there, and yet this could be done: a mistake, ours or the kernel's.
    Breach {
        /// What could be done.
        what: String,
    },
}

/// What the room's process is without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confinement {
    /// Every layer that is not there, from the strongest.
    pub(crate) missing: Vec<MissingLayer>,
}

impl Confinement {
    /// Notes that a layer is not there.
    pub(crate) fn push_missing(&mut self, missing: Option<MissingLayer>) {
        self.missing.extend(missing);
    }

    /// Whether every layer holds.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// In words, for the line that the operator reads.
    pub(crate) fn summary(&self) -> String {
        if self.is_complete() {
            return "the room can open no file, start no program, dial nobody".to_owned();
        }
        let without = |missing: &MissingLayer| matches!(missing, MissingLayer::Landlock { .. });
        let unfiltered = |missing: &MissingLayer| matches!(missing, MissingLayer::Filter { .. });
        let open = match (self.missing.iter().any(without), self.missing.iter().any(unfiltered)) {
            (true, true) => "; the room runs with your rights",
            (false, true) => "; the room could start processes and talk to other machines",
            // The filter knows no call that opens a file.
            (true, false) => "; the filter alone keeps the room from files",
            (false, false) => "",
        };
        let missing: Vec<String> = self.missing.iter().map(ToString::to_string).collect();
        format!("{}{open}", missing.join(", "))
    }
}

impl std::fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MissingLayer::Landlock { why } => write!(f, "no Landlock ({why})"),
            MissingLayer::Ports => {
                f.write_str("no rules for ports (this kernel is older than 6.7)")
            }
            MissingLayer::Filter { why } => write!(f, "no filter for system calls ({why})"),
            MissingLayer::Privileges { why } => write!(f, "privileges kept ({why})"),
            MissingLayer::Breach { what } => write!(f, "it could still {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_missing(missing: &[MissingLayer]) -> Confinement {
        Confinement { missing: missing.to_vec() }
    }

    #[test]
    fn the_line_says_exactly_what_is_missing_and_what_follows() {
        let landlock = MissingLayer::Landlock { why: "not in this kernel".into() };
        let filter = MissingLayer::Filter { why: "refused".into() };
        let breach = MissingLayer::Breach { what: "open a socket".into() };
        assert!(push_missing(&[]).is_complete() && push_missing(&[]).summary().contains("no file"));
        for (missing, said) in [
            (
                vec![landlock.clone()],
                "no Landlock (not in this kernel); the filter alone keeps the room from files",
            ),
            (
                vec![filter.clone()],
                "no filter for system calls (refused); the room could start processes and talk to \
                 other machines",
            ),
            (
                vec![landlock, filter],
                "no Landlock (not in this kernel), no filter for system calls (refused); the room \
                 runs with your rights",
            ),
            (vec![breach], "it could still open a socket"),
        ] {
            let confinement = push_missing(&missing);
            assert!(!confinement.is_complete());
            assert_eq!(confinement.summary(), said);
        }
    }
}
