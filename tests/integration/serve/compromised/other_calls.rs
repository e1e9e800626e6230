//! Files, processes, memory: all that the room does not need.

use nix::libc;

use super::process::{ALL, CompromisedProcess, REFUSED, flag};
use crate::serve::server::Server;

/// All other things that a process can ask for, with arguments that would work.
#[test]
#[ignore = "needs ptrace: tests/run"]
#[expect(clippy::too_many_lines, reason = "most of it is a table of calls")]
fn it_gets_no_file_no_process_and_no_executable_memory() {
    let server = Server::with(&["--require-confinement"], "{}");
    let room = CompromisedProcess::stop(server.pid());
    let path = room.put(b"/etc/passwd\0");
    let data = flag(libc::PROT_READ | libc::PROT_WRITE);
    let run = flag(libc::PROT_READ | libc::PROT_EXEC);
    let own = flag(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let here = flag(libc::AT_FDCWD);
    let tried = [
        (libc::SYS_socket, [2, 1, 0, 0, 0, 0]),
        (libc::SYS_socket, [1, 1, 0, 0, 0, 0]),
        (libc::SYS_socketpair, [1, 1, 0, path, 0, 0]),
        (libc::SYS_open, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_openat, [here, path, 0, 0, 0, 0]),
        (libc::SYS_openat2, [here, path, path, 24, 0, 0]),
        (libc::SYS_open_by_handle_at, [here, path, 0, 0, 0, 0]),
        (libc::SYS_memfd_create, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_memfd_secret, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_pipe2, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_eventfd2, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_clone, [flag(libc::SIGCHLD), 0, 0, 0, 0, 0]),
        (libc::SYS_clone3, [path, 64, 0, 0, 0, 0]),
        (libc::SYS_fork, [0; 6]),
        (libc::SYS_vfork, [0; 6]),
        (libc::SYS_execve, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_execveat, [here, path, 0, 0, 0, 0]),
        (libc::SYS_ptrace, [flag(libc::PTRACE_TRACEME.cast_signed()), 0, 0, 0, 0, 0]),
        (libc::SYS_process_vm_readv, [1, path, 1, path, 1, 0]),
        (libc::SYS_process_vm_writev, [1, path, 1, path, 1, 0]),
        (libc::SYS_process_madvise, [0, path, 1, 0, 0, 0]),
        (libc::SYS_kill, [1, 0, 0, 0, 0, 0]),
        (libc::SYS_tgkill, [1, 1, 0, 0, 0, 0]),
        (libc::SYS_rt_sigqueueinfo, [1, 0, path, 0, 0, 0]),
        (libc::SYS_pidfd_open, [1, 0, 0, 0, 0, 0]),
        (libc::SYS_pidfd_getfd, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_pidfd_send_signal, [0, 0, 0, 0, 0, 0]),
        (libc::SYS_prctl, [flag(libc::PR_SET_DUMPABLE), 1, 0, 0, 0, 0]),
        (libc::SYS_prctl, [flag(libc::PR_SET_NAME), path, 0, 0, 0, 0]),
        (libc::SYS_prlimit64, [0, 0, 0, path, 0, 0]),
        (libc::SYS_personality, [0x0400_0000, 0, 0, 0, 0, 0]),
        (libc::SYS_io_uring_setup, [1, path, 0, 0, 0, 0]),
        (libc::SYS_bpf, [0, path, 8, 0, 0, 0]),
        (libc::SYS_perf_event_open, [path, 0, 0, 0, 0, 0]),
        (libc::SYS_userfaultfd, [0; 6]),
        (libc::SYS_keyctl, [0; 6]),
        (libc::SYS_unshare, [0x1000_0000, 0, 0, 0, 0, 0]),
        (libc::SYS_setns, [0; 6]),
        (libc::SYS_seccomp, [1, 0, path, 0, 0, 0]),
        (libc::SYS_mmap, [0, 4096, run, own, ALL, 0]),
        (libc::SYS_mmap, [0, 4096, run | data, own, ALL, 0]),
        (libc::SYS_mmap, [0, 4096, (1 << 32) | run, own, ALL, 0]),
        // Of a file or a socket; shared; over other memory; with large pages.
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_PRIVATE), 0, 0]),
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_SHARED), 0, 0]),
        (libc::SYS_mmap, [0, 4096, data, flag(libc::MAP_SHARED | libc::MAP_ANONYMOUS), ALL, 0]),
        (libc::SYS_mmap, [path & !4095, 4096, data, own | flag(libc::MAP_FIXED), ALL, 0]),
        (libc::SYS_mmap, [0, 1 << 21, data, own | flag(libc::MAP_HUGETLB), ALL, 0]),
        (libc::SYS_mprotect, [path & !4095, 4096, run, 0, 0, 0]),
        (libc::SYS_mprotect, [path & !4095, 4096, run | data, 0, 0, 0]),
        (libc::SYS_pkey_mprotect, [path & !4095, 4096, run, ALL, 0, 0]),
        (libc::SYS_mremap, [path & !4095, 4096, 4096, 3, 0, 0]),
        (libc::SYS_madvise, [path & !4095, 4096, flag(libc::MADV_DODUMP), 0, 0, 0]),
        (libc::SYS_madvise, [path & !4095, 4096, flag(libc::MADV_MERGEABLE), 0, 0, 0]),
        (libc::SYS_munlock, [path & !4095, 4096, 0, 0, 0, 0]),
        (libc::SYS_munlockall, [0; 6]),
        (libc::SYS_mlock2, [path & !4095, 4096, 0, 0, 0, 0]),
        // The processor time of process 1; the clock of a device that is open as descriptor 0.
        (libc::SYS_clock_gettime, [(!1_u64 << 3) | 2, path, 0, 0, 0, 0]),
        (libc::SYS_clock_gettime, [(!0_u64 << 3) | 3, path, 0, 0, 0, 0]),
        (libc::SYS_getrandom, [path, 8, 2, 0, 0, 0]),
        (libc::SYS_rt_sigaction, [flag(libc::SIGTERM), path, 0, 8, 0, 0]),
        (libc::SYS_futex, [path, 3, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 4, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 5, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 6 | 128, 0, 0, 0, 0]),
        (libc::SYS_futex, [path, 11, 0, 0, path, 0]),
        (libc::SYS_futex, [path, 12, 0, 0, path, 0]),
        (libc::SYS_epoll_ctl, [0, 4, 0, path, 0, 0]),
        (libc::SYS_epoll_pwait, [ALL, path, 1, 0, path, 8]),
        (libc::SYS_ppoll, [0, 0, ALL, path, 8, 0]),
        // Numbers of the x32 ABI: socket, openat.
        (0x4000_0000 + libc::SYS_socket, [2, 1, 0, 0, 0, 0]),
        (0x4000_0000 + libc::SYS_openat, [here, path, 0, 0, 0, 0]),
    ];
    let done: Vec<_> = tried
        .into_iter()
        .map(|(call, arguments)| (call, arguments, room.call(call, arguments)))
        .filter(|(.., answer)| *answer != REFUSED)
        .collect();
    drop(room);
    assert!(done.is_empty(), "(call, arguments, answer): {done:?}");
    server.stop();
}
