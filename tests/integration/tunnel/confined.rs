//! What a compromised cloudflared can do: `tests/fixtures/captive`, confined as `chattrace-tunnel`
//! confines cloudflared.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command};

use nix::libc;

use crate::harness::{DEADLINE, Output, Program, TUNNEL, TestEnv, stand_in};

/// A port of the edge, which cloudflared may connect to in any case.
const ORIGIN: &str = "http://127.0.0.1:443";

/// The captive with these arguments, confined as cloudflared is.
pub(super) fn captive(env: &TestEnv, arguments: &[&str]) -> Command {
    confined(env, &stand_in("captive"), arguments)
}

fn confined(env: &TestEnv, program: &Path, arguments: &[&str]) -> Command {
    let mut command = env.command(TUNNEL);
    command.arg("exec").arg(std::process::id().to_string()).args(["where_possible", ORIGIN]);
    command.arg(program).args(arguments);
    command
}

/// The lines of its output, as name and value.
fn values(ended: &Output) -> BTreeMap<&str, &str> {
    ended.stdout.lines().filter_map(|line| line.split_once([' ', '\t'])).collect()
}

/// Another process of the same user. Killed and reaped when dropped.
struct OtherProcess(Child);

impl OtherProcess {
    fn start() -> Self {
        Self(Command::new("sleep").arg("3600").spawn().unwrap())
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The expected error of every attempt; 0 for what is allowed, because it is needed or harmless.
const EXPECTED: &[(i32, &str)] = &[
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

/// Files, processes, sockets, memory and settings of others, and its own confinement.
#[test]
fn a_compromised_cloudflared_reaches_nothing_else() {
    let env = TestEnv::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port().to_string();
    let other = OtherProcess::start();
    // Outside its home, which it may read, and which is empty in a session.
    let diary = env.work().join("diary");
    std::fs::write(&diary, "dear diary").unwrap();
    std::fs::set_permissions(&diary, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = env.root().join("socket");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let pid = other.0.id().to_string();
    let arguments = ["attempts", &port, &pid, diary.to_str().unwrap(), path.to_str().unwrap()];
    let ended = Program::run(captive(&env, &arguments)).expect_code(0);
    let mut answers = values(&ended);
    // Refused for one of two reasons: the pair is connected already, or its path is in a folder of
    // root.
    for name in ["pair-connect", "pair-sendto"] {
        assert_ne!(answers.remove(name).unwrap(), "ok", "{name}: {ended:#?}");
    }
    for (error, names) in EXPECTED {
        let expected = if *error == 0 { "ok".to_owned() } else { error.to_string() };
        for name in names.split_whitespace() {
            // The tables of other processors lack the older calls.
            let absent = cfg!(not(target_arch = "x86_64")) && ["chmod", "fork"].contains(&name);
            let answer = answers.remove(name);
            assert!(absent || answer == Some(&expected), "{name}: {answer:?}, expected {expected}");
        }
    }
    assert_eq!(answers.len(), 0, "not expected: {answers:?}");
    assert_eq!(
        tcp.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "no connection was made"
    );
    assert!(socket.recv(&mut [0; 8]).is_err(), "no datagram was sent");
    assert_eq!(std::fs::read_to_string(&diary).unwrap(), "dear diary");
    let mode = std::fs::metadata(&diary).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Capabilities and root's user id are gone before cloudflared runs.
#[test]
fn it_has_no_capability_and_under_root_a_user_id_of_its_own() {
    let env = TestEnv::new();
    let ended = Program::run(captive(&env, &["facts"])).expect_code(0);
    let facts = values(&ended);
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
        assert_eq!(users, [own.as_raw(); 4], "only root can change the user id");
    }
}

/// No system-call filter can stop them, and Landlock only since Linux 7.2; docs/security.md says so.
#[test]
fn datagrams_go_anywhere_unless_the_kernel_has_rules_for_them() {
    let env = TestEnv::new();
    let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
    listener.set_read_timeout(Some(DEADLINE)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ended = Program::run(captive(&env, &["datagram", &port])).expect_code(0);
    match ended.stdout.trim() {
        "true" => assert_eq!(listener.recv(&mut [0; 8]).unwrap(), 3),
        sent => assert_eq!(sent, "false"),
    }
}

/// A program may lie in a folder that only root can enter. A script cannot: its interpreter opens it,
/// as the other user.
#[test]
fn a_program_that_only_root_may_run_is_run_and_a_script_is_explained() {
    let env = TestEnv::new();
    let private = std::fs::Permissions::from_mode(0o700);
    let program = env.root().join("captive");
    let copied = Command::new("cp").arg(stand_in("captive")).arg(&program).status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(&program, private.clone()).unwrap();
    let ended = Program::run(confined(&env, &program, &["facts"])).expect_code(0);
    assert!(ended.stdout.contains("NoNewPrivs:\t1"), "{ended:#?}");

    let script = env.root().join("wrapper");
    write_script(&script, "exec cat /proc/self/status");
    std::fs::set_permissions(&script, private).unwrap();
    let ended = Program::run(confined(&env, &script, &["facts"]));
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

/// A wrapper script that ends with `exec`, in either shell.
#[test]
fn a_wrapper_script_runs_the_program() {
    let env = TestEnv::new();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(env.root(), open.clone()).unwrap();
    for shell in ["sh", "bash"] {
        let script = env.root().join(shell);
        write_script(&script, "cd / && [ -x /bin/cat ] && exec cat \"$@\" 2>/dev/null");
        std::fs::set_permissions(&script, open.clone()).unwrap();
        let ended = Program::run(confined(&env, &script, &["/proc/self/status"]));
        let ended = ended.expect_code(0);
        assert!(ended.stdout.contains("NoNewPrivs:\t1"), "{shell}: {ended:#?}");
    }
}

/// Written by another process: a file that one of our threads holds open for writing while another
/// forks cannot be run (ETXTBSY).
fn write_script(path: &Path, line: &str) {
    let written = Command::new("sh")
        .args(["-c", "printf '#!/bin/%s\\n%s\\n' \"$2\" \"$1\" > \"$0\""])
        .args([path.as_os_str(), line.as_ref()])
        .arg(path.file_name().filter(|name| *name == "bash").unwrap_or("sh".as_ref()))
        .status();
    assert!(written.unwrap().success());
}
