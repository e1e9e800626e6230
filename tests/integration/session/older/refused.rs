//! A container whose seccomp profile refuses one call: with each call that the programs make at their
//! start, refused as "not permitted" and as "not implemented", they either go on, or say which call it
//! was and what to do, and leave nothing behind.
//!
//! The list of calls is a trace of the programs themselves, so a new call is tried without a change
//! here.

use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;

use super::trace::{TracedCall, trace};
use super::without;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Output, Program, SERVE, Stream, TUNNEL};
use crate::session::stage::{Stage, in_shell, watched};

/// The calls without which no program reaches its first line, nor its last, and why.
const INDISPENSABLE: [(&str, &str); 15] = [
    ("arch_prctl", "the dynamic loader sets up thread-local memory"),
    ("close", "the dynamic loader closes a library"),
    ("execve", "starts the program"),
    ("exit", "ends a thread; the C library repeats it for ever"),
    ("futex", "locks; the C library aborts"),
    ("mmap", "the dynamic loader maps a library"),
    ("mprotect", "the dynamic loader protects what it has relocated"),
    ("newfstatat", "the dynamic loader looks at a library"),
    ("openat", "the dynamic loader opens a library"),
    ("poll", "std checks the standard streams before main, and aborts"),
    ("pread64", "the dynamic loader reads a library"),
    ("read", "the dynamic loader reads a library"),
    ("rt_sigaction", "std sets SIGPIPE before main, and aborts"),
    ("rt_sigreturn", "returns from a signal handler"),
    ("write", "no line can be printed"),
];

/// Trials at the same time. Most of each is spent waiting.
const WORKERS: usize = 4;

/// A program, how it is started, and how it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Session,
    /// A session whose supervisor is killed once it has started, so that its guard cleans up.
    KilledSession,
    Serve,
    Tunnel,
    Clean,
}

impl Tried {
    fn stage(self) -> Stage {
        let stage = Stage::new(HAPPY);
        if self == Self::Clean {
            // What a dead session leaves.
            let base = stage.env.runtime().join("chattrace");
            for folder in [&base, &base.join("0123456789ab")] {
                std::fs::DirBuilder::new().mode(0o700).create(folder).unwrap();
            }
            std::fs::write(base.join("0123456789ab/lock"), "").unwrap();
        }
        stage
    }

    fn command(self, stage: &Stage) -> Command {
        let with_config = |program| {
            let mut command = stage.env.command(program);
            command.arg("--json").arg("--config").arg(stage.env.root().join("config.json"));
            command
        };
        match self {
            Self::Session | Self::KilledSession => stage.public(&["--json"]),
            Self::Serve => with_config(SERVE),
            Self::Tunnel => {
                let mut command = with_config(TUNNEL);
                command
                    .arg("--cloudflared")
                    .arg(stage.stand_in.path())
                    .arg("http://127.0.0.1:8080");
                command
            }
            Self::Clean => {
                let mut command = with_config(CLEAN);
                command.args(["--stale", "--yes"]);
                command
            }
        }
    }

    /// What it prints once it has started; `None` if it ends by itself.
    fn ready(self) -> Option<&'static str> {
        match self {
            Self::Session | Self::KilledSession => Some("\"event\":\"link\""),
            Self::Serve => Some("\"event\":\"ready\""),
            Self::Tunnel => Some("\"event\":\"registered\""),
            Self::Clean => None,
        }
    }

    /// Waits until it has started or ended. Whether it has started.
    fn wait_until_ready(self, program: &mut Program) -> bool {
        let Some(ready) = self.ready() else { return false };
        program.line_or_eof(Stream::Stdout, |line| line.contains(ready)).is_some()
    }
}

/// Refuses each call of `tried`, one after the other.
fn walk(tried: Tried) {
    let stage = tried.stage();
    let calls = trace(&tried.command(&stage), |program| tried.wait_until_ready(program));
    let refusals: Vec<_> = refusals(&calls).collect();
    assert!(refusals.len() > 60, "{refusals:?}");
    let (queue, failed) = (Mutex::new(refusals.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((call, error)) = next else { return };
                    let trial = || refuse(tried, &call, error);
                    if catch_unwind(AssertUnwindSafe(trial)).is_err() {
                        failed.lock().unwrap().push(format!("{call:?} {error}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Each call with the errors of old kernels and of profiles. One operation of a call is refused as "not
/// permitted" only: a kernel that lacks it answers `EINVAL`, which differs for each.
fn refusals(calls: &BTreeSet<TracedCall>) -> impl Iterator<Item = (TracedCall, &'static str)> {
    let dispensable = |call: &&TracedCall| INDISPENSABLE.iter().all(|(name, _)| *name != call.name);
    calls.iter().filter(dispensable).flat_map(|call| {
        let errors_of_a_call = &["EPERM", "ENOSYS", "EACCES"];
        let errors = if call.is_operation() { &["EPERM"][..] } else { errors_of_a_call };
        errors.iter().map(|error| (call.clone(), *error))
    })
}

/// One trial.
fn refuse(tried: Tried, call: &TracedCall, error: &str) {
    let stage = tried.stage();
    let refusal = call.refusal(error);
    let mut program = watched(&without(&[&refusal], &tried.command(&stage)));
    let started = tried.wait_until_ready(&mut program);
    if started {
        program.signal(if tried == Tried::KilledSession { "KILL" } else { "TERM" });
    }
    let ended = program.wait();
    match ended.status.code() {
        None if tried == Tried::KilledSession => return assert_guard_cleaned_up(&stage, &ended),
        Some(0) => assert_goes_on(tried, call, &ended, started),
        Some(69 | 70) => assert!(names_the_call(call, &ended), "{call:?} {error}: {ended:#?}"),
        _ => panic!("{call:?} {error}: {ended:#?}"),
    }
    for fault in ["was killed", "internal error", "guard", "not cleaned up", "remains: "] {
        assert!(!ended.stderr.contains(fault), "{call:?} {error}: {ended:#?}");
    }
    if tried != Tried::Clean || ended.code() == 0 {
        stage.assert_nothing_left();
    }
}

/// It has started and ended in order. A session may lack a public address, and then says why.
fn assert_goes_on(tried: Tried, call: &TracedCall, ended: &Output, started: bool) {
    assert_eq!(started, tried.ready().is_some(), "{call:?}: {ended:#?}");
    match tried {
        Tried::Session => {
            assert!(ended.stderr.contains("nothing remains"), "{call:?}: {ended:#?}");
            let public = ended.stdout.contains("\"public\":true");
            assert!(public || names_the_call(call, ended), "{call:?}: {ended:#?}");
        }
        Tried::Clean => assert!(ended.stdout.contains("0123456789ab"), "{call:?}: {ended:#?}"),
        Tried::Serve | Tried::Tunnel => {}
        Tried::KilledSession => panic!("{call:?}: {ended:#?}"),
    }
}

/// The guard says once that the session was killed, and has removed all.
fn assert_guard_cleaned_up(stage: &Stage, ended: &Output) {
    let said = "chattrace was killed; its processes are ended, nothing remains";
    assert_eq!(ended.stderr.matches("was killed").count(), 1, "{ended:#?}");
    assert!(ended.stderr.contains(said), "{ended:#?}");
    stage.assert_nothing_left();
}

/// Whether it says which call is refused, and what to do.
fn names_the_call(call: &TracedCall, ended: &Output) -> bool {
    // Long lines are wrapped.
    let flat = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = |line: &str| line.contains(&format!(" {}", call.name));
    flat.contains("the seccomp profile of a container") && named(&flat)
}

#[test]
#[ignore = "needs strace: tests/run"]
fn a_session_goes_on_or_names_the_call_that_is_refused() {
    walk(Tried::Session);
}

#[test]
#[ignore = "needs strace: tests/run"]
fn a_killed_session_is_cleaned_up_whichever_call_is_refused() {
    walk(Tried::KilledSession);
}

#[test]
#[ignore = "needs strace: tests/run"]
fn a_room_alone_goes_on_or_names_the_call_that_is_refused() {
    walk(Tried::Serve);
}

#[test]
#[ignore = "needs strace: tests/run"]
fn a_tunnel_alone_goes_on_or_names_the_call_that_is_refused() {
    walk(Tried::Tunnel);
}

#[test]
#[ignore = "needs strace: tests/run"]
fn a_cleanup_goes_on_or_names_the_call_that_is_refused() {
    walk(Tried::Clean);
}

/// The C library falls back to clone(2) at `ENOSYS` alone, and older profiles answer `EPERM`.
#[test]
fn without_clone3_threads_and_programs_are_started_by_clone() {
    for error in ["EPERM", "EACCES", "EINVAL", "ENOSYS"] {
        let stage = Stage::new(HAPPY);
        let refusal = format!("clone3={error}");
        let mut session = watched(&without(&[&refusal], &stage.public(&["--json"])));
        session.stdout_line_with("\"public\":true");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("protected        sandbox, "), "{error}: {ended:#?}");
        stage.assert_nothing_left();
    }
}

/// Without filters, the fallback cannot be brought about.
#[test]
fn without_clone3_and_filters_the_sentence_names_clone3() {
    let stage = Stage::new(HAPPY);
    let refusals = ["clone3=EPERM", "seccomp=EPERM"];
    let ended = watched(&without(&refusals, &stage.public(&["--json"]))).wait().expect_code(69);
    assert_eq!(
        ended.stderr,
        "chattrace: the system refuses the call clone3, which starts threads and programs: Operation not \
         permitted (os error 1); the likely cause is the seccomp profile of a container, or an old kernel: \
         update the container's runtime, allow the call in its profile, or run outside the container\n"
    );
    stage.assert_nothing_left();
}

/// The shell ignores both for a job in the background. To catch them, the program needs a runtime, which
/// panics where a call is refused.
#[test]
fn with_ignored_signals_a_refused_call_is_named_too() {
    let stage = Stage::new(HAPPY);
    for refused in ["53=EPERM", "318=EACCES"] {
        let refusing = without(&[refused], &stage.local(&["--json"]));
        let ignoring = in_shell(&refusing, "trap '' INT QUIT; exec \"$0\" \"$@\"");
        let ended = watched(&ignoring).wait().expect_code(69);
        assert!(ended.stderr.contains("the system refuses the call"), "{ended:#?}");
    }
    stage.assert_nothing_left();
}
