//! The one shot of `chattrace-clean` at the beginning of a session.

use std::path::Path;
use std::process::{Command, Stdio};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::running::{ECHO, each_line, receiver};
use super::{Input, Role};
use crate::process::{ExitReason, Service, SpawnError};

/// The `chattrace-clean` that looks for what dead sessions left.
#[derive(Debug)]
pub(in crate::supervisor) struct Cleaner {
    service: Service,
    /// Ends with how many things it has removed.
    removed: JoinHandle<usize>,
}

/// What became of what dead sessions left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Cleaning {
    /// So many things were removed, and nothing remains.
    Done(usize),
    /// So many things were removed, and others could not be.
    InPart(usize),
    /// It did not get to its end: why.
    Failed(String),
}

impl Cleaner {
    /// Starts it.
    ///
    /// # Errors
    /// When the system does not.
    pub(super) fn start(program: &Path, session: &str) -> Result<Self, SpawnError> {
        let name = Role::Guard.program();
        let mut command = Command::new(program);
        command.args(["--stale", "--yes", "--json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut service = Service::start(name, command, session)?;
        let stdout = receiver(name, service.stdout.take())?;
        let removed = tokio::spawn(async move {
            let mut removed = 0;
            if let Some(stdout) = stdout {
                each_line(stdout, |line| removed += usize::from(was_removed(line))).await;
            }
            removed
        });
        Ok(Self { service, removed })
    }

    /// Its process.
    pub(in crate::supervisor) fn service(&self) -> &Service {
        &self.service
    }

    /// Lets [`Input::Cleaned`] follow its last line.
    pub(in crate::supervisor) fn bury(self, reason: ExitReason, inputs: mpsc::Sender<Input>) {
        tokio::spawn(async move {
            let removed = tokio::time::timeout(ECHO, self.removed).await;
            let removed = removed.map_or(0, Result::unwrap_or_default);
            let cleaning = match reason {
                ExitReason::Code(0) => Cleaning::Done(removed),
                ExitReason::Code(1) => Cleaning::InPart(removed),
                ExitReason::Code(_) | ExitReason::Signal(_) => Cleaning::Failed(reason.to_string()),
            };
            let _ = inputs.send(Input::Cleaned(cleaning)).await;
        });
    }
}

/// Whether this line of `chattrace-clean --json` is about a thing that is gone now; others are about
/// things that stay.
fn was_removed(line: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Line {
        removed: bool,
    }
    serde_json::from_str::<Line>(line).is_ok_and(|line| line.removed)
}
