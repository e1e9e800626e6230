//! What cloudflared may not do: start processes, or leave our reach. It starts none by itself, but
//! an update would, and a process that forks twice and leads a session of its own is out of reach
//! of every death signal and every group. Threads it may start.
//!
//! A filter for system calls (seccomp(2)), because it works without privileges on every kernel
//! since 3.17 and is inherited by whatever cloudflared may become.

use nix::libc;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// From here on, this thread and whatever it becomes can start threads and no process, can leave
/// neither its group nor its session, and keeps its death signal. Needs no privilege, and gives up
/// for good the gaining of any (`PR_SET_NO_NEW_PRIVS`).
///
/// # Errors
/// When the kernel has no such filter, or this machine's architecture is unknown to us. Nothing is
/// forbidden then.
pub(crate) fn forbid_processes() -> Result<(), Error> {
    for program in [refused()?, unknown()?] {
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

/// Calls that answer "not permitted".
fn refused() -> Result<BpfProgram, Error> {
    // clone(2) has its flags in the first argument on every architecture we know.
    let process = condition(SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0)?;
    let death = condition(SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG as u64)?;
    filter(
        [
            (libc::SYS_clone, vec![SeccompRule::new(vec![process])?]),
            (libc::SYS_prctl, vec![SeccompRule::new(vec![death])?]),
            (libc::SYS_setsid, vec![]),
            (libc::SYS_setpgid, vec![]),
            // Older calls that other architectures do not have.
            #[cfg(target_arch = "x86_64")]
            (libc::SYS_fork, vec![]),
            #[cfg(target_arch = "x86_64")]
            (libc::SYS_vfork, vec![]),
        ],
        libc::EPERM,
    )
}

/// clone3(2) has its flags behind a pointer, where no filter can look; whoever is told that this
/// kernel does not know it falls back to clone(2).
fn unknown() -> Result<BpfProgram, Error> {
    filter([(libc::SYS_clone3, vec![])], libc::ENOSYS)
}

fn condition(operation: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Error> {
    Ok(SeccompCondition::new(0, SeccompCmpArgLen::Dword, operation, value)?)
}

fn filter<const N: usize>(
    rules: [(libc::c_long, Vec<SeccompRule>); N],
    answer: libc::c_int,
) -> Result<BpfProgram, Error> {
    let answer = SeccompAction::Errno(answer.unsigned_abs());
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    let rules = rules.into_iter().collect();
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, answer, machine)?.try_into()?)
}
