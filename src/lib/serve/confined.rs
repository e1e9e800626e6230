//! The room gives up everything but its open sockets, in two steps: files and rights before there is
//! a second thread, system calls when nothing more has to be started. Then it tries whether it is true.

use std::os::fd::BorrowedFd;

use crate::control::Protection;
use crate::exit::Exit;
use crate::memory::{self, LockedMemory};
use crate::process::{self, Confinement, MissingLayer, ProbeResult, SelfTest};
use crate::terminal::{self, OutputState};

use super::ServeError;

/// A process that has given up files and rights, and not yet the system calls.
#[derive(Debug)]
pub(super) struct Confined {
    confinement: Confinement,
    locked: LockedMemory,
    self_test: SelfTest,
}

impl Confined {
    /// Locks the memory and gives up files, ports and rights. To be called before the runtime is
    /// built: Landlock binds the thread that asks, and those that it starts.
    pub(super) fn begin() -> Self {
        // Refused only where the kernel has no such thing; the supervisor says what holds.
        let _ = process::harden();
        let locked = memory::lock_in_ram();
        let self_test = SelfTest::prepare();
        let mut confinement = Confinement::default();
        confinement.push_missing(process::restrict_files());
        confinement.push_missing(process::drop_privileges());
        Self { confinement, locked, self_test }
    }

    /// Gives up the system calls as well, and tries from a task of the runtime what must not work.
    /// Nothing can be started after this, no thread either, and nothing accepted on but `listener`.
    pub(super) async fn complete(mut self, listener: BorrowedFd<'_>) -> Protection {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        // What is known to be missing need not be tried.
        if self.confinement.is_complete() {
            let done =
                tried(self.self_test).await.into_iter().filter(|trial| trial.refused.is_none());
            let breach = |trial: ProbeResult| MissingLayer::Breach { what: trial.what.to_owned() };
            done.for_each(|trial| self.confinement.push_missing(Some(breach(trial))));
        }
        Protection { confinement: self.confinement, locked: self.locked }
    }

    /// Does the same, and shows what came of each trial: for whoever does not take our word.
    ///
    /// # Errors
    /// [`ServeError::Unconfined`] when something could be done.
    pub(super) async fn test(mut self, listener: BorrowedFd<'_>) -> Result<Exit, ServeError> {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        for trial in tried(self.self_test).await {
            let line = match &trial.refused {
                Some(why) => format!("refused   {}: {why}", trial.what),
                None => {
                    let missing = MissingLayer::Breach { what: trial.what.to_owned() };
                    self.confinement.push_missing(Some(missing));
                    format!("possible  {}", trial.what)
                }
            };
            if terminal::print_line(&line) == OutputState::Closed {
                break;
            }
        }
        if self.confinement.is_complete() {
            return Ok(Exit::Ended);
        }
        Err(ServeError::Unconfined(self.confinement.summary()))
    }
}

/// The trials, made by a task: where the filter binds one thread and not the others, it is found out.
async fn tried(self_test: SelfTest) -> Vec<ProbeResult> {
    let trials = tokio::spawn(async move { self_test.run().collect() });
    trials.await.expect("trials return their errors")
}
