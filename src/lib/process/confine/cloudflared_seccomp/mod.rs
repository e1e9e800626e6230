//! The system calls that cloudflared may make, and with which arguments: two lists, [`calls`] and
//! [`mod@arguments`]. Measured with `strace -f` on cloudflared of 2026-08, built with Go 1.27, with QUIC
//! and with HTTP/2; beside it stand what Go 1.19 and its cgo builds call, what the dynamic loader and
//! a shell need until they have become cloudflared, and what tokio needs to catch a signal.
//!
//! What is in neither list answers `ENOSYS`, as on a kernel that does not have the call: runtimes
//! know an older way for everything that is newer than they are. A call of the list with an argument
//! that is not answers `EPERM`.
//!
//! It works without privileges on every kernel since 3.17 and binds what cloudflared may become. What
//! a filter cannot see lies behind pointers: addresses and paths. Those are Landlock's.

mod arguments;
mod calls;

use nix::libc;
use seccompiler::{BpfProgram, Error, SeccompAction};

use super::seccomp::{errno_action, program};
use arguments::{arguments, multipath};
use calls::CALLS;

/// From here on, this thread and the program that it becomes can make the calls of the lists and no others:
/// it can start threads and no process, can leave neither its group nor its session, and keeps its
/// death signal. Needs no privilege, and gives up for good the gaining of any
/// (`PR_SET_NO_NEW_PRIVS`).
///
/// `own` is the number of this process, which it keeps at exec: the only one that it may signal.
///
/// # Errors
/// When the kernel has no such filter, or this machine's processor is unknown to our library. What
/// was applied until then stays; it is stricter than nothing and allows nothing.
pub(crate) fn restrict_cloudflared_syscalls(own: u32) -> Result<(), Error> {
    for program in filters(own)? {
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

/// Of several errors for one call the kernel takes that of the newest filter (seccomp(2)), so the
/// order matters: first the arguments, then the calls that are in no list, then the one error that a
/// program waits for.
fn filters(own: u32) -> Result<[BpfProgram; 3], Error> {
    let arguments = arguments(own)?;
    let mut all: Vec<_> = CALLS.iter().map(|(call, _)| (*call, vec![])).collect();
    let mut listed = all.clone();
    listed.extend(arguments.iter().map(|(call, _)| (*call, vec![])));
    all.extend(arguments);
    Ok([
        program(all, SeccompAction::Allow, errno_action(libc::EPERM))?,
        program(listed, SeccompAction::Allow, errno_action(libc::ENOSYS))?,
        program(vec![multipath()?], errno_action(libc::EPROTONOSUPPORT), SeccompAction::Allow)?,
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A call that is in both lists would be allowed with every argument.
    #[test]
    fn no_call_is_listed_twice() {
        let arguments = arguments(1).unwrap();
        let mut seen = BTreeSet::new();
        let all = CALLS.iter().map(|(call, _)| call).chain(arguments.iter().map(|(call, _)| call));
        for call in all {
            assert!(seen.insert(call), "{call}");
        }
        for (call, rules) in &arguments {
            assert!(!rules.is_empty(), "{call} would be allowed with every argument");
        }
    }

    /// The kernel takes programs of up to 4096 instructions (bpf_common.h, `BPF_MAXINSNS`).
    #[test]
    fn every_filter_is_short_enough_for_the_kernel() {
        for program in filters(u32::MAX).unwrap() {
            assert!(program.len() < 2048, "{}", program.len());
        }
    }
}
