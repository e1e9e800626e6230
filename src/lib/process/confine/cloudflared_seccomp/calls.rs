//! The calls that are allowed with any arguments. None reaches another process, another user's rights
//! or an object that this process has not opened. Landlock restricts those that open something.

use nix::libc::{self, c_long};

/// A call, and what it is for. Those marked `*` were in the trace of the real cloudflared.
pub(super) const CALLS: &[(c_long, &str)] = &[
    // Memory.
    (libc::SYS_munmap, "memory is unmapped"),
    (libc::SYS_mremap, "realloc of C and Rust programs"),
    (libc::SYS_madvise, "* Go's heap returns memory"),
    (libc::SYS_mincore, "Go before 1.20 looks for its page size"),
    (libc::SYS_brk, "memory of C programs"),
    // Threads.
    (libc::SYS_futex, "* locks"),
    (libc::SYS_set_robust_list, "a thread of a C library starts"),
    (libc::SYS_set_tid_address, "the same"),
    (libc::SYS_rseq, "the same"),
    (libc::SYS_membarrier, "locks of C libraries"),
    (libc::SYS_gettid, "* signals to own threads"),
    (libc::SYS_getpid, "* the same"),
    (libc::SYS_sched_yield, "* locks"),
    (libc::SYS_sched_getaffinity, "* how many processors there are"),
    (libc::SYS_getcpu, "which processor it runs on"),
    (libc::SYS_exit, "a thread ends"),
    (libc::SYS_exit_group, "the process ends"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_arch_prctl, "* thread-local memory"),
    // Handling signals.
    (libc::SYS_rt_sigaction, "* sets a handler"),
    (libc::SYS_rt_sigprocmask, "* blocks signals"),
    (libc::SYS_rt_sigreturn, "* returns from a handler"),
    (libc::SYS_rt_sigtimedwait, "C programs wait for one"),
    (libc::SYS_sigaltstack, "* the handler's stack"),
    (libc::SYS_restart_syscall, "a wait resumes after SIGSTOP and SIGCONT"),
    // Time.
    (libc::SYS_clock_gettime, "the time, where the kernel gives it no other way"),
    (libc::SYS_clock_getres, "the same"),
    (libc::SYS_gettimeofday, "the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_time, "the same"),
    (libc::SYS_nanosleep, "* Go's monitor of its threads"),
    (libc::SYS_clock_nanosleep, "the same, by way of a C library"),
    // Waiting.
    (libc::SYS_epoll_create1, "* its event loop"),
    (libc::SYS_epoll_ctl, "* the same"),
    (libc::SYS_epoll_pwait, "* the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "the same"),
    (libc::SYS_eventfd2, "* one thread wakes another"),
    (libc::SYS_pipe2, "the same, by Go before 1.21 and by shells"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pipe, "the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "resolvers of C libraries"),
    (libc::SYS_ppoll, "the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "the same"),
    (libc::SYS_pselect6, "the same; Go before 1.20 sleeps so"),
    // Open descriptors.
    (libc::SYS_read, "* reading"),
    (libc::SYS_readv, "reading"),
    (libc::SYS_pread64, "* reading"),
    (libc::SYS_write, "* writing to sockets and the lines on stderr"),
    (libc::SYS_writev, "the same"),
    (libc::SYS_lseek, "reading"),
    (libc::SYS_close, "closing"),
    (libc::SYS_close_range, "closing"),
    (libc::SYS_dup, "shells redirect"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_dup2, "the same"),
    (libc::SYS_dup3, "the same"),
    (libc::SYS_fstat, "* how much there is to read"),
    (libc::SYS_getdents64, "* folders are listed"),
    // Files by path, which Landlock restricts. No call here creates, renames, removes or changes one.
    (libc::SYS_openat, "* certificates, names, /proc/self, control groups"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "the same, by musl"),
    (libc::SYS_newfstatat, "* the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, "the same, by musl"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, "the same, by musl"),
    (libc::SYS_statx, "the same, by newer C libraries and Rust"),
    (libc::SYS_statfs, "* control groups"),
    (libc::SYS_readlinkat, "* its own path"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_readlink, "the same"),
    (libc::SYS_faccessat, "the dynamic loader and shells"),
    (libc::SYS_faccessat2, "the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_access, "the same"),
    (libc::SYS_getcwd, "* its working directory"),
    (libc::SYS_chdir, "a shell changes it"),
    (libc::SYS_umask, "a shell reads it"),
    // Exec: the filters and Landlock stay in force.
    (libc::SYS_execve, "* the shim execs cloudflared, or a script that does"),
    (libc::SYS_wait4, "a shell waits for children that it cannot have"),
    // Information about itself and the machine.
    (libc::SYS_uname, "* the kernel's version"),
    (libc::SYS_sysinfo, "the size of memory"),
    (libc::SYS_getrusage, "its own use of the machine, for the metrics"),
    (libc::SYS_getrandom, "* keys"),
    (libc::SYS_getuid, "* its own user"),
    (libc::SYS_geteuid, "the same"),
    (libc::SYS_getgid, "the same"),
    (libc::SYS_getegid, "* the same"),
    (libc::SYS_getppid, "the same"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_getpgrp, "a shell's group"),
    (libc::SYS_getpgid, "the same"),
    (libc::SYS_getsid, "the same"),
    (libc::SYS_getgroups, "the same"),
    (libc::SYS_getrlimit, "its own limits"),
    // Sockets. Which can be made, configured and sent from: see `arguments`.
    (libc::SYS_bind, "* the metrics port, a port for QUIC: by TCP only the kernel's choice"),
    (libc::SYS_listen, "* the metrics port"),
    (libc::SYS_accept4, "* chattrace-tunnel polls the metrics there"),
    (libc::SYS_connect, "* the edge, the room, DNS: by TCP only those ports"),
    (libc::SYS_getsockname, "* its own address"),
    (libc::SYS_getpeername, "* the peer's address"),
    (libc::SYS_recvfrom, "* DNS"),
    (libc::SYS_recvmsg, "QUIC"),
    (libc::SYS_recvmmsg, "* QUIC"),
    (libc::SYS_shutdown, "the end of a connection"),
];
