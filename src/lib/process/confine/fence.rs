//! What cloudflared may not call. It starts no process by itself, but an update would, and a process
//! that forks twice and leads a session of its own is out of reach of every death signal and every
//! group. Threads it may start. What else is here was never seen to be called, and is what a program
//! would need that somebody else has taken over.
//!
//! A list of what is forbidden, because which calls another version makes is not ours to know. It
//! works without privileges on every kernel since 3.17 and is inherited by whatever cloudflared may
//! become.

use nix::libc;
use seccompiler::{Error, SeccompAction, SeccompCmpOp};

use super::filter::{Rule, answer, program, when};

/// Files as others left them, the memory of others, and the kernel itself.
const FORBIDDEN: [libc::c_long; 30] = [
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_mknodat,
    libc::SYS_truncate,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_setsid,
    libc::SYS_setpgid,
];

/// Older calls for the same that other processors do not have.
#[cfg(target_arch = "x86_64")]
const OLD: [libc::c_long; 6] = [
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_mknod,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: [libc::c_long; 0] = [];

/// From here on, this thread and whatever it becomes can start threads and no process, can leave
/// neither its group nor its session, and keeps its death signal. Needs no privilege, and gives up
/// for good the gaining of any (`PR_SET_NO_NEW_PRIVS`).
///
/// # Errors
/// When the kernel has no such filter, or this machine's processor is unknown to us. Nothing is
/// forbidden then.
pub(crate) fn forbid_processes() -> Result<(), Error> {
    // clone3(2) has its flags behind a pointer, where no filter can look; whoever is told that this
    // kernel does not know it falls back to clone(2).
    let unknown = vec![(libc::SYS_clone3, vec![])];
    for (rules, error) in [(refused()?, libc::EPERM), (unknown, libc::ENOSYS)] {
        seccompiler::apply_filter(&program(rules, answer(error), SeccompAction::Allow)?)?;
    }
    Ok(())
}

/// Calls that answer "not permitted".
fn refused() -> Result<Vec<Rule>, Error> {
    // clone(2) has its flags in the first argument on every processor that we know.
    let process = when(&[(0, SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0)])?;
    let death = when(&[(0, SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG as u64)])?;
    let mut rules = vec![(libc::SYS_clone, vec![process]), (libc::SYS_prctl, vec![death])];
    rules.extend(FORBIDDEN.iter().chain(&OLD).map(|call| (*call, vec![])));
    Ok(rules)
}
