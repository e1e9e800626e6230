//! The filter that leaves the room the calls of [`allowed`] and nothing else.

mod allowed;

use std::os::fd::{AsRawFd as _, BorrowedFd};

use nix::libc::{self, c_int};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule,
};

use super::MissingLayer;
use super::seccomp::{Rule, errno_action, program};
use allowed::{ALLOWED, ArgumentCheck};

/// From here on, no thread of this process can open, run, connect to, trace or signal anything.
/// `listener` is the one socket that is accepted on, and there is no way left to make another one.
/// Needs no privilege, and gives up for good the gaining of any (`PR_SET_NO_NEW_PRIVS`).
pub(crate) fn restrict_syscalls(listener: BorrowedFd<'_>) -> Option<MissingLayer> {
    let filter = filter(listener.as_raw_fd());
    let closed = filter.and_then(|program| seccompiler::apply_filter_all_threads(&program));
    closed.err().map(|error| MissingLayer::Filter { why: error.to_string() })
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

/// # Errors
/// Never, for places below 6.
fn condition(check: ArgumentCheck, listener: c_int) -> Result<SeccompCondition, Error> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let (at, size, operation, value) = match check {
        ArgumentCheck::Is(at, value) => (at, Dword, Eq, bits(value)),
        ArgumentCheck::Within(at, allowed) => (at, Dword, MaskedEq(bits(!allowed)), 0),
        ArgumentCheck::With { at, required, optional } => {
            (at, Dword, MaskedEq(bits(!optional)), bits(required))
        }
        ArgumentCheck::Null(at) => (at, Qword, Eq, 0),
        ArgumentCheck::Listener(at) => (at, Dword, Eq, bits(listener)),
        ArgumentCheck::NotListener(at) => (at, Dword, Ne, bits(listener)),
    };
    Ok(SeccompCondition::new(at, size, operation, value)?)
}

/// The 32 bits of an `int`, and nothing above them.
fn bits(number: c_int) -> u64 {
    u64::from(number.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that is listed twice would lose one of its entries: the library keeps the later one.
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
