//! The system calls that are left to cloudflared, tried one by one.

use std::os::unix::process::ExitStatusExt as _;

use nix::libc::{self, c_long};

use super::confined::captive;
use crate::harness::{Program, TestEnv};

/// Every number of a system call. One that is not listed answers `EPERM` or `ENOSYS`.
#[test]
fn every_system_call_that_is_not_listed_is_refused() {
    let env = TestEnv::new();
    let ended = Program::run(captive(&env, &["sweep"])).expect_code(0);
    let mut listed: Vec<c_long> = LISTED.to_vec();
    listed.extend(OLD);
    listed.sort_unstable();
    let answered: Vec<c_long> =
        ended.stdout.lines().map(|number| number.parse().unwrap()).collect();
    assert!(answered.len() > 50, "the calls were tried: {ended:#?}");
    let more: Vec<_> = answered.iter().filter(|number| !listed.contains(number)).collect();
    assert_eq!(more, [&0; 0], "not refused, and not listed");
    let less: Vec<_> = listed.iter().filter(|number| !answered.contains(number)).collect();
    assert_eq!(less, [&0; 0], "listed, and refused");
}

/// The list of the documentation, repeated on purpose: a change of the filter must fail here.
const LISTED: &[c_long] = &[
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fstat,
    libc::SYS_getdents64,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_umask,
    libc::SYS_execve,
    libc::SYS_wait4,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getppid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getgroups,
    libc::SYS_getrlimit,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
];

/// Calls that newer processors do not have.
#[cfg(target_arch = "x86_64")]
const OLD: [c_long; 13] = [
    libc::SYS_arch_prctl,
    libc::SYS_time,
    libc::SYS_epoll_wait,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_dup2,
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_readlink,
    libc::SYS_access,
    libc::SYS_getpgrp,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: [c_long; 0] = [];

#[test]
fn a_call_by_the_table_of_another_processor_kills_it() {
    let env = TestEnv::new();
    let ended = Program::run(captive(&env, &["foreign"]));
    assert!(ended.status.signal().is_some(), "{ended:#?}");
    assert_eq!(ended.stdout, "");
}
