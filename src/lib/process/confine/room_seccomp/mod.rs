//! The seccomp filter of the room's process: the calls of [`allowed`] and no others.

mod allowed;

use std::os::fd::{AsRawFd as _, BorrowedFd};

use nix::libc::{self, c_int};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule,
};

use super::layers::MissingLayer;
use super::seccomp::{Rule, errno_action, int_bits, program};
use allowed::{ALLOWED, ArgumentCheck};

/// Applies the filter to all threads: from then on, none can open a file, start a program, connect,
/// trace or signal a process. `listener` is the only socket on which connections are accepted; no other
/// can be made. Needs no privilege, and sets `PR_SET_NO_NEW_PRIVS`.
pub(crate) fn restrict_syscalls(listener: BorrowedFd<'_>) -> Option<MissingLayer> {
    let filter = filter(listener.as_raw_fd());
    let applied = filter.and_then(|program| seccompiler::apply_filter_all_threads(&program));
    applied.err().map(|error| MissingLayer::Filter { why: error.to_string() })
}

fn filter(listener: c_int) -> Result<BpfProgram, Error> {
    let rules = ALLOWED.iter().map(|allowed| {
        let alternatives = allowed.alternatives.iter().map(|checks| {
            let conditions = checks.iter().map(|check| condition(*check, listener));
            Ok(SeccompRule::new(conditions.collect::<Result<_, Error>>()?)?)
        });
        Ok((allowed.call, alternatives.collect::<Result<_, Error>>()?))
    });
    let rules = rules.collect::<Result<Vec<Rule>, Error>>()?;
    program(rules, SeccompAction::Allow, errno_action(libc::EPERM))
}

/// Never fails for places below 6.
fn condition(check: ArgumentCheck, listener: c_int) -> Result<SeccompCondition, Error> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let (at, size, operation, value) = match check {
        ArgumentCheck::Is(at, value) => (at, Dword, Eq, int_bits(value)),
        ArgumentCheck::Within(at, allowed) => (at, Dword, MaskedEq(int_bits(!allowed)), 0),
        ArgumentCheck::With { at, required, optional } => {
            (at, Dword, MaskedEq(int_bits(!optional)), int_bits(required))
        }
        ArgumentCheck::Null(at) => (at, Qword, Eq, 0),
        ArgumentCheck::Listener(at) => (at, Dword, Eq, int_bits(listener)),
        ArgumentCheck::NotListener(at) => (at, Dword, Ne, int_bits(listener)),
    };
    Ok(SeccompCondition::new(at, size, operation, value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library keeps only the later entry of a call that is listed twice.
    #[test]
    fn every_call_stands_once_in_the_list() {
        let mut calls: Vec<_> = ALLOWED.iter().map(|allowed| allowed.call).collect();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), ALLOWED.len());
    }

    #[test]
    fn the_filter_can_be_built_for_this_processor() {
        assert!(filter(3).is_ok_and(|program| !program.is_empty()));
    }
}
