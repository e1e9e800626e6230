//! Filters for system calls (seccomp(2)), built from rules.

use nix::libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// A call, and the arguments for which it is meant; none: for all.
pub(super) type Rule = (c_long, Vec<SeccompRule>);

/// The answer "not permitted", or whatever error this number is.
pub(super) fn errno_action(error: nix::libc::c_int) -> SeccompAction {
    SeccompAction::Errno(error.unsigned_abs())
}

/// The program that does `matched` for the calls of these rules, and `otherwise` for all others.
///
/// # Errors
/// When this machine's processor is unknown to our library.
pub(super) fn program(
    rules: Vec<Rule>,
    matched: SeccompAction,
    otherwise: SeccompAction,
) -> Result<BpfProgram, Error> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    let rules = rules.into_iter().collect();
    Ok(SeccompFilter::new(rules, otherwise, matched, machine)?.try_into()?)
}

/// A rule that holds when all of these arguments are so: their place, from 0, and how they compare.
///
/// # Errors
/// Never, for places below 6.
pub(super) fn when(arguments: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, Error> {
    let conditions = arguments.iter().map(|(at, operation, value)| {
        SeccompCondition::new(*at, SeccompCmpArgLen::Dword, operation.clone(), *value)
    });
    Ok(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?)
}

/// A rule that holds when the pointer at this place is null and all of these arguments are so. A
/// filter cannot look behind a pointer, only at whether there is one.
///
/// # Errors
/// Never, for places below 6.
pub(super) fn when_null(
    pointer: u8,
    arguments: &[(u8, SeccompCmpOp, u64)],
) -> Result<SeccompRule, Error> {
    let null = SeccompCondition::new(pointer, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0);
    let conditions = arguments.iter().map(|(at, operation, value)| {
        SeccompCondition::new(*at, SeccompCmpArgLen::Dword, operation.clone(), *value)
    });
    Ok(SeccompRule::new(conditions.chain([null]).collect::<Result<_, _>>()?)?)
}
