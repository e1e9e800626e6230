//! Confines the process to its open sockets, in two steps: files and privileges before there is a second
//! thread, system calls when nothing more has to be started. Then it tries whether that holds.

use std::os::fd::BorrowedFd;

use super::error::ServeError;
use crate::control::Protection;
use crate::exit::Exit;
use crate::memory::{self, LockedMemory};
use crate::process::{self, Confinement, MissingLayer, ProbeResult, SelfTest};
use crate::terminal::{self, OutputState};

/// A process that has given up files and privileges, and not yet the system calls.
#[derive(Debug)]
pub(super) struct Confined {
    confinement: Confinement,
    locked: LockedMemory,
    self_test: SelfTest,
}

impl Confined {
    /// Locks the memory and gives up files, ports and privileges. To be called before the runtime is
    /// built: Landlock binds the thread that asks for it, and those that this thread starts.
    pub(super) fn begin() -> Self {
        // Fails only on kernels that lack it; the trials find out what holds.
        let _ = process::harden();
        let locked = memory::lock_in_ram();
        let self_test = SelfTest::prepare();
        let mut confinement = Confinement::default();
        confinement.push_missing(process::restrict_files());
        confinement.push_missing(process::drop_privileges());
        Self { confinement, locked, self_test }
    }

    /// Gives up the system calls as well, and tries from a task of the runtime what must not work. From
    /// then on no thread can be started, and connections can be accepted on `listener` only.
    pub(super) async fn complete(mut self, listener: BorrowedFd<'_>) -> Protection {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        // Something that is known to be missing needs no trial.
        if self.confinement.is_complete() {
            for trial in run_trials(self.self_test).await {
                if trial.refused.is_none() {
                    self.confinement.push_missing(Some(breach(&trial)));
                }
            }
        }
        Protection { confinement: self.confinement, locked: self.locked }
    }

    /// Does the same, and prints the result of each trial.
    ///
    /// # Errors
    /// [`ServeError::Unconfined`] if something was possible that must not be.
    pub(super) async fn self_test(mut self, listener: BorrowedFd<'_>) -> Result<Exit, ServeError> {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        for trial in run_trials(self.self_test).await {
            let line = match &trial.refused {
                Some(error) => format!("refused   {}: {error}", trial.what),
                None => {
                    self.confinement.push_missing(Some(breach(&trial)));
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

fn breach(trial: &ProbeResult) -> MissingLayer {
    MissingLayer::Breach { what: trial.what.to_owned() }
}

/// Runs the trials in a task, which shows a filter that binds one thread and not the others.
async fn run_trials(self_test: SelfTest) -> Vec<ProbeResult> {
    let trials = tokio::spawn(async move { self_test.run().collect() });
    trials.await.expect("trials return their errors")
}
