//! The seccomp filter of cloudflared, as two lists: [`calls`] with any arguments, [`mod@arguments`]
//! with some. Measured with `strace -f` on cloudflared of 2026-08, built with Go 1.27, with QUIC and
//! with HTTP/2. Added are the calls of Go 1.19 and its cgo builds, of the dynamic loader and of a shell
//! script that execs cloudflared.
//!
//! A call in neither list fails with `ENOSYS`, as on a kernel that does not have it: runtimes then
//! fall back to an older one. A listed call with other arguments fails with `EPERM`.
//!
//! The filter needs no privilege, exists since Linux 3.17 and survives exec(2). It cannot follow
//! pointers: Landlock restricts paths, and addresses as far as it has rules.

mod arguments;
mod calls;

use nix::libc;
use seccompiler::{BpfProgram, Error, SeccompAction};

use super::seccomp::{errno_action, program};
use arguments::{arguments, multipath};
use calls::CALLS;

/// From here on, this thread and the program that it execs can start threads but no process, cannot
/// leave their group or session, and keep their death signal. Sets `PR_SET_NO_NEW_PRIVS`.
///
/// `own_pid` is the only process that it may signal; exec(2) keeps the number.
///
/// # Errors
/// When the kernel has no seccomp filters, or seccompiler does not know this machine's processor. The
/// filters applied so far stay in force; each of them only forbids.
pub(crate) fn restrict_cloudflared_syscalls(own_pid: u32) -> Result<(), Error> {
    for program in filters(own_pid)? {
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

/// When several filters refuse a call, the kernel returns the error of the newest (seccomp(2)). So the
/// order is: wrong arguments, then calls in no list, then the special error for multipath TCP.
fn filters(own_pid: u32) -> Result<[BpfProgram; 3], Error> {
    let arguments = arguments(own_pid)?;
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

    /// A call in both lists would be allowed with any arguments.
    #[test]
    fn no_call_is_listed_twice() {
        let arguments = arguments(1).unwrap();
        let mut seen = BTreeSet::new();
        let all = CALLS.iter().map(|(call, _)| call).chain(arguments.iter().map(|(call, _)| call));
        for call in all {
            assert!(seen.insert(call), "{call}");
        }
        for (call, rules) in &arguments {
            assert!(!rules.is_empty(), "{call} would be allowed with any arguments");
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
