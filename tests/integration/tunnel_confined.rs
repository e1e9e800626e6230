//! What a program that was taken over can do in cloudflared's place: `tests/fixtures/captive`, run as
//! `chattrace-tunnel` runs cloudflared.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command};

use nix::libc::{self, c_long};

use crate::harness::{DEADLINE, Ended, Place, Program, TUNNEL, stand_in};

/// A port of the edge, where no room listens.
const ORIGIN: &str = "http://127.0.0.1:443";

/// The captive as cloudflared would be run.
fn captive(place: &Place, words: &[&str]) -> Command {
    confined(place, &stand_in("captive"), words)
}

fn confined(place: &Place, program: &Path, words: &[&str]) -> Command {
    let mut command = place.command(TUNNEL);
    command.arg("exec").arg(std::process::id().to_string()).args(["where_possible", ORIGIN]);
    command.arg(program).args(words);
    command
}

/// What it said, as pairs.
fn pairs(ended: &Ended) -> BTreeMap<&str, &str> {
    ended.stdout.lines().filter_map(|line| line.split_once([' ', '\t'])).collect()
}

/// Another process of the same user.
struct Neighbour(Child);

impl Neighbour {
    fn start() -> Self {
        Self(Command::new("sleep").arg("3600").spawn().unwrap())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The answers to every attempt: 0 for what is allowed, because it is needed or harms nobody.
const ANSWERS: &[(i32, &str)] = &[
    (libc::EACCES, "connect open-file open-environment open-memory write-process make-file"),
    (
        libc::EPERM,
        "sendto-fastopen sendmsg-fastopen sendmmsg-fastopen sendto-fastopen-and-more \
         unix-stream unix-datagram unix-packet raw raw6 ping udplite sctp packet netlink alg vsock smc \
         xdp bluetooth pair-datagram pair-packet \
         set-fastopen-connect set-fastopen set-ulp set-repair set-device set-mark set-filter \
         set-zerocopy set-membership set-tables own-descriptor async async-ioctl type-into-terminal \
         kill-other kill-group kill-all tgkill-other limits-other limits-other-read limits-own-core \
         clone clone-namespace death-signal undumpable set-memory tracer listen-to-filter \
         map-code map-code-and-write map-own-code-and-write stack-is-code",
    ),
    (
        libc::ENOSYS,
        "tkill-other queue-other pidfd ptrace read-memory write-memory priority-other \
         processors-other compare clone3 fork setsid setpgid setuid unshare setns \
         chmod fchmod fchmodat fchmodat2 fchownat setxattr setxattrat utimensat truncate unlinkat \
         renameat2 linkat symlinkat mkdirat mknodat inotify execveat \
         io_uring bpf perf userfaultfd keyctl add_key memfd mount fsopen open_tree move_mount chroot \
         personality module future",
    ),
    (libc::EPROTONOSUPPORT, "mptcp mptcp6"),
    (libc::EPIPE, "sendto-plain"),
    (0, "tcp tcp6 udp pair-stream set-nodelay kill-self limits-own-read map-data map-own-code"),
];

/// Every way out that the issue names, and others of the same kinds.
#[test]
fn a_program_in_cloudflareds_place_gets_nowhere() {
    let place = Place::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port().to_string();
    let neighbour = Neighbour::start();
    // Not in its home, which it may read, and which is empty in a session.
    let diary = place.work().join("diary");
    std::fs::write(&diary, "dear diary").unwrap();
    std::fs::set_permissions(&diary, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = place.root().join("socket");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let pid = neighbour.0.id().to_string();
    let words = ["attempts", &port, &pid, diary.to_str().unwrap(), path.to_str().unwrap()];
    let ended = Program::run(captive(&place, &words)).expect_code(0);
    let mut said = pairs(&ended);
    // A pair is connected already, or the path is behind a folder of root's: which of the two is told.
    for name in ["pair-connect", "pair-sendto"] {
        assert_ne!(said.remove(name).unwrap(), "ok", "{name}: {ended:#?}");
    }
    for (error, names) in ANSWERS {
        let answer = if *error == 0 { "ok".to_owned() } else { error.to_string() };
        for name in names.split_whitespace() {
            // Tables of other processors lack the older calls.
            let absent = cfg!(not(target_arch = "x86_64")) && ["chmod", "fork"].contains(&name);
            let said = said.remove(name);
            assert!(absent || said == Some(&answer), "{name}: {said:?}, expected {answer}");
        }
    }
    assert_eq!(said.len(), 0, "nothing is left out: {said:?}");
    assert_eq!(tcp.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
    assert!(socket.recv(&mut [0; 8]).is_err(), "nothing came");
    assert_eq!(std::fs::read_to_string(&diary).unwrap(), "dear diary");
    let mode = std::fs::metadata(&diary).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Every call by its number. What is not in this list answers `EPERM` or `ENOSYS`.
#[test]
fn every_system_call_that_is_not_listed_is_refused() {
    let place = Place::new();
    let ended = Program::run(captive(&place, &["sweep"])).expect_code(0);
    let mut listed: Vec<c_long> = LISTED.to_vec();
    listed.extend(OLD);
    listed.sort_unstable();
    let answered: Vec<c_long> =
        ended.stdout.lines().map(|number| number.parse().unwrap()).collect();
    assert!(answered.len() > 50, "it looked at them: {ended:#?}");
    let more: Vec<_> = answered.iter().filter(|number| !listed.contains(number)).collect();
    assert_eq!(more, [&0; 0], "not refused, and not listed");
    let less: Vec<_> = listed.iter().filter(|number| !answered.contains(number)).collect();
    assert_eq!(less, [&0; 0], "listed, and refused");
}

/// The list of the documentation, once more: it changes here, or not at all.
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
fn a_call_by_the_table_of_another_processor_is_the_end() {
    let place = Place::new();
    let ended = Program::run(captive(&place, &["foreign"]));
    assert!(ended.status.signal().is_some(), "{ended:#?}");
    assert_eq!(ended.stdout, "");
}

/// Before it is cloudflared it has lost what root has beyond others, and root's number.
#[test]
fn it_has_no_capability_and_root_gives_it_a_number_of_its_own() {
    let place = Place::new();
    let ended = Program::run(captive(&place, &["facts"])).expect_code(0);
    let facts = pairs(&ended);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(facts[set].trim(), "0000000000000000", "{set}");
    }
    assert_eq!(facts["NoNewPrivs:"].trim(), "1");
    assert_eq!(facts["Seccomp:"].trim(), "2");
    let numbers = |of: &str| -> Vec<u32> {
        facts[of].split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let (users, groups) = (numbers("Uid:"), numbers("Gid:"));
    let own = nix::unistd::Uid::current();
    if own.is_root() {
        assert_eq!(facts["CapBnd:"].trim(), "0000000000000000");
        assert!(users.iter().all(|user| (61184..=65519).contains(user)), "{users:?}");
        assert_eq!(users, groups);
        assert_eq!(facts["Groups:"].trim(), "");
    } else {
        assert_eq!(users, [own.as_raw(); 4], "nobody else's, for who is not root");
    }
}

/// What no filter can stop, and only Landlock since Linux 7.2 does: the README says so.
#[test]
fn datagrams_go_anywhere_unless_the_kernel_has_rules_for_them() {
    let place = Place::new();
    let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
    listener.set_read_timeout(Some(DEADLINE)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ended = Program::run(captive(&place, &["datagram", &port])).expect_code(0);
    match ended.stdout.trim() {
        "true" => assert_eq!(listener.recv(&mut [0; 8]).unwrap(), 3),
        sent => assert_eq!(sent, "false"),
    }
}

/// Root's programs may lie where only root can go; a script is opened by its interpreter, as the
/// other user.
#[test]
fn a_program_that_only_root_may_run_is_run_and_a_script_is_explained() {
    let place = Place::new();
    let private = std::fs::Permissions::from_mode(0o700);
    let program = place.root().join("captive");
    let copied = Command::new("cp").arg(stand_in("captive")).arg(&program).status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(&program, private.clone()).unwrap();
    let ended = Program::run(confined(&place, &program, &["facts"])).expect_code(0);
    assert!(ended.stdout.contains("NoNewPrivs:\t1"), "{ended:#?}");

    let script = place.root().join("wrapper");
    write_script(&script, "exec cat /proc/self/status");
    std::fs::set_permissions(&script, private).unwrap();
    let ended = Program::run(confined(&place, &script, &["facts"]));
    if nix::unistd::Uid::current().is_root() {
        let ended = ended.expect_code(69);
        assert!(
            ended.stderr.contains("root runs it as a user of its own, who may not read"),
            "{ended:#?}"
        );
        assert!(ended.stderr.contains("/wrapper"), "{ended:#?}");
    } else {
        assert!(ended.expect_code(0).stdout.contains("NoNewPrivs:\t1"));
    }
}

/// A wrapper that `exec`s, in either shell.
#[test]
fn a_wrapper_becomes_the_program() {
    let place = Place::new();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.root(), open.clone()).unwrap();
    for shell in ["sh", "bash"] {
        let script = place.root().join(shell);
        write_script(&script, "cd / && [ -x /bin/cat ] && exec cat \"$@\" 2>/dev/null");
        std::fs::set_permissions(&script, open.clone()).unwrap();
        let ended = Program::run(confined(&place, &script, &["/proc/self/status"]));
        let ended = ended.expect_code(0);
        assert!(ended.stdout.contains("NoNewPrivs:\t1"), "{shell}: {ended:#?}");
    }
}

/// By another process: a file that a thread of ours holds open while another forks cannot be run
/// (ETXTBSY).
fn write_script(path: &Path, line: &str) {
    let written = Command::new("sh")
        .args(["-c", "printf '#!/bin/%s\\n%s\\n' \"$2\" \"$1\" > \"$0\""])
        .args([path.as_os_str(), line.as_ref()])
        .arg(path.file_name().filter(|name| *name == "bash").unwrap_or("sh".as_ref()))
        .status();
    assert!(written.unwrap().success());
}
