//! V-11, V-19: no process outlives a session on kernels that lack a layer, and the screen names the
//! gap.

mod refused;
mod trace;

use std::process::Command;
use std::time::Instant;

use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, Program, stand_in};
use crate::session::ends::{child, kill, kill_with_guard};
use crate::session::stage::{Stage, event, in_shell, watched};

/// `command` on a kernel, or in a container, that refuses this: see
/// `tests/fixtures/older_kernel/main.rs`.
pub(super) fn without(refusals: &[&str], command: &Command) -> Command {
    let older = stand_in("older-kernel");
    let script = format!("exec {} {} -- \"$0\" \"$@\"", older.display(), refusals.join(" "));
    in_shell(command, &script)
}

/// A cloudflared that forks twice, so that a grandchild leads a session of its own.
const FORKS: &str = "fork\nhold-on\n";

fn forked(stage: &Stage) -> bool {
    let records = stage.stand_in.records();
    records.iter().find_map(|record| record["forked"].as_bool()).expect("it has tried")
}

#[test]
fn cloudflared_cannot_start_processes() {
    let stage = Stage::new(&format!("{HAPPY}{FORKS}touch tried\nwait go\n"));
    let mut session = watched(&stage.public(&["--json"]));
    event(&mut session, "link");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(!forked(&stage));
    assert!(!ended.stderr.contains("may start processes"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// A session without the seccomp filter, whose cloudflared has left a grandchild.
fn without_seccomp(stage: &Stage) -> Program {
    let mut session = watched(&without(&["seccomp"], &stage.public(&["--json"])));
    session.stderr_line_with("may start processes of its own here");
    event(&mut session, "link");
    assert!(forked(stage));
    session
}

fn forking() -> Stage {
    Stage::new(&format!("{FORKS}{HAPPY}"))
}

#[test]
fn without_the_filter_it_is_said_and_who_was_left_is_found_by_the_mark() {
    for name in ["TERM", "KILL", "INT"] {
        let stage = forking();
        let session = without_seccomp(&stage);
        session.signal(name);
        let ended = session.wait();
        assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
        stage.assert_nothing_left();
    }
}

/// Such a process could keep up the address that the console calls lost.
#[test]
fn without_the_filter_nobody_of_a_lost_tunnel_stays_while_the_session_goes_on() {
    let stage = forking();
    let mut session = without_seccomp(&stage);
    let tunnel = child(session.pid(), "chattrace-tunnel");
    kill(tunnel);
    assert_eq!(event(&mut session, "tunnel")["state"], "lost");
    let end = Instant::now() + DEADLINE;
    while marked(&session).contains(&"sleep".to_owned()) {
        assert!(Instant::now() < end, "{:?}", marked(&session));
        std::thread::yield_now();
    }
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// The names of the processes that carry the mark of the session.
fn marked(session: &Program) -> Vec<String> {
    let read = |pid: u32, file: &str| {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default())
            .into_owned()
    };
    let guard = read(crate::session::ends::guard(session), "environ");
    let mark = guard.split('\0').find(|entry| entry.starts_with("CHATTRACE_SESSION=")).unwrap();
    let all = std::fs::read_dir("/proc").unwrap();
    let pids = all.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok());
    let of_it = pids.filter(|pid| read(*pid, "environ").split('\0').any(|entry| entry == mark));
    of_it.map(|pid| read(pid, "comm").trim_end().to_owned()).collect()
}

/// With supervisor and guard killed at once, the next cleanup finds the process by its mark.
#[test]
fn without_the_filter_and_without_a_guard_the_rest_is_found_by_chattrace_clean() {
    let stage = forking();
    let session = without_seccomp(&stage);
    kill_with_guard(&session);
    let cleaned = stage.clean().expect_code(0);
    assert!(cleaned.stdout.contains(r#""kind":"process","removed":true"#), "{cleaned:#?}");
    session.wait();
    assert_eq!(stage.run_dirs().len(), 0);
}

/// Ways to be without pidfds: a kernel before 5.1 or 5.3, and what profiles of containers answer.
const NO_PIDFDS: [&str; 7] = [
    "pidfd",
    "pidfd_open=EPERM",
    "pidfd_open=EACCES",
    "pidfd_open=EINVAL",
    "pidfd_send_signal=ENOSYS",
    "pidfd_send_signal=EPERM",
    "pidfd_send_signal=EINVAL",
];

/// Without pidfds the guard learns of the death by the lifeline alone.
#[test]
fn without_pidfds_a_living_session_is_not_taken_for_a_dead_one() {
    for refusal in NO_PIDFDS {
        for name in ["TERM", "KILL"] {
            let stage = Stage::new(HAPPY);
            let mut session = watched(&without(&[refusal], &stage.public(&["--json"])));
            let url = event(&mut session, "link")["url"].to_string();
            assert!(url.contains("trycloudflare.com"), "{refusal}: {url}");
            session.signal(name);
            let ended = session.wait();
            assert!(ended.stderr.contains("nothing remains"), "{refusal}: {ended:#?}");
            let killed = ended.stderr.matches("chattrace was killed").count();
            assert_eq!(killed, usize::from(name == "KILL"), "{refusal}: {ended:#?}");
            assert!(!ended.stderr.contains("guard"), "{refusal}: {ended:#?}");
            stage.assert_nothing_left();
        }
    }
}

/// A process that has no death signal is named and left: its pid may belong to another one by now.
#[test]
fn without_pidfds_nobody_is_signalled_who_could_be_mistaken_for_another() {
    for refusal in NO_PIDFDS {
        nobody_else_is_signalled(&["seccomp", refusal]);
    }
}

fn nobody_else_is_signalled(refusals: &[&str]) {
    // An orphan that the supervisor adopted is its child, so its pid is certain.
    let stage = forking();
    let mut session = watched(&without(refusals, &stage.public(&["--json"])));
    event(&mut session, "link");
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
    // The guard adopts no orphans.
    let mut session = watched(&without(refusals, &stage.public(&["--json"])));
    event(&mut session, "link");
    session.signal("KILL");
    session.stderr_line_with(
        "it cannot be signalled without mistaking another for it, because the system refuses pidfds",
    );
    session.wait_exit();
    assert_eq!(stage.run_dirs().len(), 1, "by which it is found");
    let cleaned = stage.clean().expect_code(0);
    assert!(cleaned.stdout.contains(r#""kind":"process","removed":true"#), "{cleaned:#?}");
    session.wait();
    assert_eq!(stage.run_dirs().len(), 0);
}
