//! Confines the process to its open sockets, in two steps: files and privileges while there is one
//! thread, system calls once no more threads have to be started. Then probes whether the kernel
//! refuses.

use std::os::fd::BorrowedFd;

use super::error::ServeError;
use crate::control::Protection;
use crate::exit::Exit;
use crate::memory::{self, LockedMemory};
use crate::process::{
    self, Confinement, IncompleteConfinement, MissingLayer, ProbeResult, SelfTest,
};
use crate::terminal::{self, OutputEnd};

/// The state between the two steps: files and privileges are given up, system calls are not yet
/// filtered.
#[derive(Debug)]
pub(super) struct Confined {
    confinement: Confinement,
    locked: LockedMemory,
    self_test: SelfTest,
}

impl Confined {
    /// Locks the memory and gives up files, ports and privileges. Call it before the runtime is built:
    /// Landlock binds the calling thread and those that it starts later.
    pub(super) fn begin() -> Self {
        // Fails only on kernels that lack it; the probes show whether it is in effect.
        let _ = process::harden();
        let locked = memory::lock_in_ram();
        let self_test = SelfTest::prepare();
        let mut confinement = Confinement::default();
        confinement.push_missing(process::restrict_files());
        confinement.push_missing(process::drop_privileges());
        Self { confinement, locked, self_test }
    }

    /// Filters the system calls as well, and runs the probes. From then on no thread can be started,
    /// and connections can be accepted on `listener` only.
    pub(super) async fn complete(mut self, listener: BorrowedFd<'_>) -> Protection {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        if self.confinement.is_complete() {
            for probe in run_probes(self.self_test).await {
                if probe.refused.is_none() {
                    self.confinement.push_missing(Some(breach(&probe)));
                }
            }
        }
        Protection { confinement: self.confinement, locked: self.locked }
    }

    /// Filters the system calls, runs all probes, and prints what came of it as JSON: for `chattrace
    /// --check`.
    ///
    /// # Errors
    /// [`ServeError::Output`] if it could not be written.
    pub(super) async fn report(self, listener: BorrowedFd<'_>) -> Result<Exit, ServeError> {
        let protection = self.complete(listener).await;
        match terminal::print_line(&terminal::json_line(&protection)) {
            Ok(()) | Err(OutputEnd::ReaderGone) => Ok(Exit::Ended),
            Err(OutputEnd::Failed(error)) => Err(error.into()),
        }
    }

    /// Filters the system calls, runs all probes, and prints the result of each.
    ///
    /// # Errors
    /// [`ServeError::Unconfined`] if something was possible that must not be, and
    /// [`ServeError::Output`] if a result could not be written.
    pub(super) async fn self_test(mut self, listener: BorrowedFd<'_>) -> Result<Exit, ServeError> {
        self.confinement.push_missing(process::restrict_syscalls(listener));
        for probe in run_probes(self.self_test).await {
            let line = match &probe.refused {
                Some(error) => format!("refused   {}: {error}", probe.what),
                None => {
                    self.confinement.push_missing(Some(breach(&probe)));
                    format!("possible  {}", probe.what)
                }
            };
            match terminal::print_line(&line) {
                Ok(()) => {}
                Err(OutputEnd::ReaderGone) => break,
                Err(OutputEnd::Failed(error)) => return Err(error.into()),
            }
        }
        if self.confinement.is_complete() {
            return Ok(Exit::Ended);
        }
        Err(IncompleteConfinement(self.confinement.summary()).into())
    }
}

fn breach(probe: &ProbeResult) -> MissingLayer {
    MissingLayer::Breach { what: probe.what.to_owned() }
}

/// Runs the probes in a task of the runtime: a filter that does not bind its thread would show there.
async fn run_probes(self_test: SelfTest) -> Vec<ProbeResult> {
    let probes = tokio::spawn(async move { self_test.run().collect() });
    probes.await.expect("probes return their errors")
}
