//! Filters for system calls (seccomp(2)), built from rules.

use nix::libc::{self, c_int, c_long};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// A system call, and alternative conditions on its arguments; none: any arguments.
pub(super) type Rule = (c_long, Vec<SeccompRule>);

/// Makes the call fail with this error.
pub(super) fn errno_action(error: c_int) -> SeccompAction {
    SeccompAction::Errno(error.unsigned_abs())
}

/// The program that does `matched` for the calls of these rules, and `otherwise` for all others.
///
/// # Errors
/// When seccompiler does not know this machine's processor.
pub(super) fn program(
    rules: Vec<Rule>,
    matched: SeccompAction,
    otherwise: SeccompAction,
) -> Result<BpfProgram, Error> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    let rules = rules.into_iter().collect();
    Ok(SeccompFilter::new(rules, otherwise, matched, machine)?.try_into()?)
}

/// The 32 bits of an `int`. The kernel takes an `int` from the lower half of a register and ignores
/// the upper one, so filters compare the lower half.
pub(super) fn int_bits(number: c_int) -> u64 {
    u64::from(number.cast_unsigned())
}

/// A rule that holds when all of these arguments do: each with its place, from 0, and how it compares.
///
/// # Errors
/// Never, for places below 6.
pub(super) fn when(arguments: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, Error> {
    let conditions = arguments.iter().map(|(at, operation, value)| {
        SeccompCondition::new(*at, SeccompCmpArgLen::Dword, operation.clone(), *value)
    });
    Ok(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?)
}

/// [`when`], and the pointer at this place is null. A filter cannot follow a pointer.
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

/// From here on, clone3(2) does not exist for this thread, the threads that it starts and the programs
/// that they exec. Sets `PR_SET_NO_NEW_PRIVS`.
///
/// # Errors
/// When the kernel, or an earlier filter, refuses filters.
pub(crate) fn hide_clone3() -> Result<(), Error> {
    // Of several filters that refuse a call, the error of the newest counts (seccomp(2)).
    let missing = program(
        vec![(libc::SYS_clone3, vec![])],
        errno_action(libc::ENOSYS),
        SeccompAction::Allow,
    )?;
    seccompiler::apply_filter(&missing)
}
