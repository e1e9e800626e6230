//! V-19: processes of dead sessions are recognised by their mark, never by their name.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use super::machine::Machine;
use crate::harness::signal;

const KILLED: i32 = 9;

/// A process that only sleeps. Killed when it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start(machine: &Machine, mark: Option<&str>) -> Self {
        let mut command = machine.command("sh", &["-c", "echo; exec sleep 1000"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(mark) = mark {
            command.env("CHATTRACE_SESSION", mark);
        }
        let mut child = command.spawn().unwrap();
        // It has joined the namespaces, where its environment can be read.
        assert_eq!(child.stdout.as_mut().unwrap().read(&mut [0]).unwrap(), 1);
        Self(child)
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session name that is unique among the tests, which share the processes of one machine.
fn unique_session(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

#[test]
fn only_processes_with_the_mark_of_a_dead_session_are_killed() {
    let machine = Machine::new();
    let (dead, living) = (unique_session("proc-dead"), unique_session("proc-living"));
    let dir = machine.dead_session(&dead);
    let (_, _lock) = machine.running_session(&living);
    let mut ended = [Sleeper::start(&machine, Some(&dead)), Sleeper::start(&machine, Some(&dead))];
    // A stopped process acts on no signal but SIGKILL and SIGCONT.
    signal("STOP", ended[1].0.id());
    let mut spared = [
        Sleeper::start(&machine, None),
        Sleeper::start(&machine, Some(&living)),
        Sleeper::start(&machine, Some(&format!("{dead}x"))),
        Sleeper::start(&machine, Some(&unique_session("proc-elsewhere"))),
    ];
    let report = machine.clean(&["--stale"]).expect_code(0);
    for sleeper in &mut ended {
        assert_eq!(sleeper.0.wait().unwrap().signal(), Some(KILLED));
        let line = format!("/proc/{}\n", sleeper.0.id());
        assert!(report.stdout.contains(&line), "{report:#?}");
    }
    for sleeper in &mut spared {
        assert!(sleeper.runs(), "{report:#?}");
    }
    assert!(!dir.exists());
}

/// A supervisor may start its cleaner with the mark of the session that is cleaned.
#[test]
fn the_cleaner_never_kills_itself_or_its_ancestors() {
    let machine = Machine::new();
    let dead = unique_session("proc-own");
    let dir = machine.dead_session(&dead);
    let script = format!(
        "CHATTRACE_SESSION={dead}; export CHATTRACE_SESSION; sh -c 'chattrace-clean --stale; echo $?'"
    );
    let ended = machine.shell(&script).expect_code(0);
    assert!(ended.stdout.ends_with("\n0\n"), "{ended:#?}");
    assert!(!dir.exists());
}

#[test]
fn a_dry_run_kills_no_process() {
    let machine = Machine::new();
    let dead = unique_session("proc-dry");
    machine.dead_session(&dead);
    let mut sleeper = Sleeper::start(&machine, Some(&dead));
    let ended =
        machine.shell("chattrace-clean --all --dry-run -0 | xargs -0 ls -ld").expect_code(0);
    assert!(ended.stdout.contains(&format!("/proc/{}", sleeper.0.id())), "{ended:#?}");
    assert!(sleeper.runs());
}
