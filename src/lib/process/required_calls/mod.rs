//! The system calls without which no program of ours can work. Each is tried once at the start, before
//! anything is created: a refusal is then named, with its likely cause. Later it would be an error
//! without a name, a panic of the runtime, or a folder that cannot be removed any more.
//!
//! Containers are the reason: their seccomp profiles refuse what they do not list, the older ones with
//! `EPERM` instead of `ENOSYS`. `tests/integration/session/older/refused.rs` refuses each call in turn.

mod probes;

use std::io;

use nix::errno::Errno;

use super::confine::hide_clone3;
use probes::{BASIC_PROBES, Bench, Probe, RUNTIME_PROBES, SERVICE_PROBES, TUNNEL_PROBES};

/// A system call that is needed and refused. Its `Display` is the sentence for the user.
#[derive(Debug, thiserror::Error)]
#[error("the system refuses the call {call}, which {purpose}: {source}; {}", next_step(.source))]
pub(crate) struct RequiredCallError {
    /// The name of the call, or of several that belong together.
    call: &'static str,
    /// What the programs do with it, as a verb with its object.
    purpose: &'static str,
    source: io::Error,
}

/// The step that most likely removes the cause of `error`.
fn next_step(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EMFILE | Errno::ENFILE) => "raise the limit of open files (ulimit -n)",
        Some(Errno::EAGAIN | Errno::ENOMEM) => {
            "raise the limits of processes and memory (ulimit -u, ulimit -v), or end other programs"
        }
        Some(_) | None => {
            "the likely cause is the seccomp profile of a container, or an old kernel: update the \
             container's runtime, allow the call in its profile, or run outside the container"
        }
    }
}

/// Tries what a program needs that only cleans up.
///
/// # Errors
/// With the first call that is refused.
pub(crate) fn require_cleaning_calls() -> Result<(), RequiredCallError> {
    run_probes(BASIC_PROBES)
}

/// Tries what a program needs that serves or supervises. Its services need not repeat it: filters are
/// inherited.
///
/// # Errors
/// With the first call that is refused.
pub(crate) fn require_service_calls() -> Result<(), RequiredCallError> {
    run_probes(BASIC_PROBES.into_iter().chain(RUNTIME_PROBES).chain(SERVICE_PROBES))
}

/// Tries what a runtime needs, and nothing else.
///
/// # Errors
/// With the first call that is refused.
pub(super) fn require_runtime_calls() -> Result<(), RequiredCallError> {
    run_probes(RUNTIME_PROBES)
}

/// Tries what `chattrace-tunnel` needs beyond [`require_service_calls`].
///
/// # Errors
/// With the first call that is refused.
pub(crate) fn require_tunnel_calls() -> Result<(), RequiredCallError> {
    run_probes(TUNNEL_PROBES)
}

fn run_probes(probes: impl IntoIterator<Item = Probe>) -> Result<(), RequiredCallError> {
    let bench = Bench::new().map_err(|source| RequiredCallError {
        call: "socketpair",
        purpose: "connects the programs of a session",
        source,
    });
    let mut bench = bench?;
    for (call, purpose, probe) in probes {
        probe(&mut bench).map_err(|source| RequiredCallError { call, purpose, source })?;
    }
    Ok(())
}

/// Starts a thread, and if that fails once more behind a filter that answers `ENOSYS` to clone3(2).
/// The C library falls back to clone(2) at that error only, and profiles that do not know clone3 answer
/// `EPERM`. The programs that this one starts inherit the filter.
///
/// Not one of the service calls, because it takes longer than all of them (0.2 ms): to be called where
/// threads or programs are started without haste, or where that has failed.
///
/// # Errors
/// When clone3(2) is refused, and filters are, too; when there may be no more threads.
pub(crate) fn require_threads() -> Result<(), RequiredCallError> {
    let Err(source) = start_thread() else { return Ok(()) };
    let error =
        RequiredCallError { call: "clone3", purpose: "starts threads and programs", source };
    if error.source.raw_os_error() == Some(Errno::EAGAIN as i32) {
        return Err(error);
    }
    // Without this filter, the first error names the cause.
    if hide_clone3().is_err() || start_thread().is_err() {
        return Err(error);
    }
    Ok(())
}

fn start_thread() -> io::Result<()> {
    let thread = std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(|| ())?;
    // It returns nothing, and cannot panic.
    let _ = thread.join();
    Ok(())
}

/// std raises it to the least that the system needs.
const THREAD_STACK_BYTES: usize = 16 * 1024;
