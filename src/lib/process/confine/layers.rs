//! The layers of the sandbox as its user sees them: which of them are missing, and what follows.

use serde::{Deserialize, Serialize};

/// A layer of confinement that is not in force. The reasons are the system's, and may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "snake_case")]
pub(crate) enum MissingLayer {
    /// Landlock, with its rules for files and ports.
    Landlock { why: String },
    /// Landlock's rules for ports; those for files are in force.
    Ports,
    /// The seccomp filter.
    Filter { why: String },
    /// Root's privileges could not be dropped.
    Privileges { why: String },
    /// All layers are in force, and yet the self test could do this: a fault, ours or the kernel's.
    Breach { what: String },
}

/// Confinement is required, and this is missing of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "confinement is required but incomplete: {0}; use a newer kernel, allow the calls in the \
     container's seccomp profile, or leave out --require-confinement"
)]
pub(crate) struct IncompleteConfinement(pub(crate) String);

/// The layers that a process lacks, the strongest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confinement {
    /// Empty if every layer is in force and the self test found no breach.
    pub(crate) missing: Vec<MissingLayer>,
}

impl Confinement {
    /// Records the result of putting one layer in force; `None` is success.
    pub(crate) fn push_missing(&mut self, missing: Option<MissingLayer>) {
        self.missing.extend(missing);
    }

    /// Whether nothing is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Tells the operator what is missing and what the room could therefore do. Not escaped.
    pub(crate) fn summary(&self) -> String {
        if self.is_complete() {
            return "the room cannot open files, start programs or connect out".to_owned();
        }
        let unlocked = |missing: &MissingLayer| matches!(missing, MissingLayer::Landlock { .. });
        let unfiltered = |missing: &MissingLayer| matches!(missing, MissingLayer::Filter { .. });
        let open = match (self.missing.iter().any(unlocked), self.missing.iter().any(unfiltered)) {
            (true, true) => "; the room runs with your rights",
            (false, true) => "; the room could start programs and reach other computers",
            // The filter allows no call that opens a file.
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

    fn lacking(missing: &[MissingLayer]) -> Confinement {
        Confinement { missing: missing.to_vec() }
    }

    #[test]
    fn the_summary_names_what_is_missing_and_what_follows() {
        let landlock = MissingLayer::Landlock { why: "not in this kernel".into() };
        let filter = MissingLayer::Filter { why: "refused".into() };
        let breach = MissingLayer::Breach { what: "open a socket".into() };
        assert!(lacking(&[]).is_complete() && lacking(&[]).summary().contains("cannot open files"));
        for (missing, summary) in [
            (
                vec![landlock.clone()],
                "no Landlock (not in this kernel); the filter alone keeps the room from files",
            ),
            (
                vec![filter.clone()],
                "no filter for system calls (refused); the room could start programs and reach \
                 other computers",
            ),
            (
                vec![landlock, filter],
                "no Landlock (not in this kernel), no filter for system calls (refused); the room \
                 runs with your rights",
            ),
            (vec![breach], "it could still open a socket"),
        ] {
            let confinement = lacking(&missing);
            assert!(!confinement.is_complete());
            assert_eq!(confinement.summary(), summary);
        }
    }
}
