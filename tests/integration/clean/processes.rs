//! V-19: processes of dead sessions are known by their mark, never by their name.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use super::ground::Ground;

const KILLED: i32 = 9;

/// A process that only sleeps; ended by its own handle.
struct Sleeper(Child);

impl Sleeper {
    fn start(mark: Option<&str>) -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null());
        command.env_remove("CHATTRACE_SESSION");
        if let Some(mark) = mark {
            command.env("CHATTRACE_SESSION", mark);
        }
        Self(command.spawn().unwrap())
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

/// Marks must be unique among tests, which share one machine's processes.
fn mark(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

#[test]
fn the_marked_of_a_dead_session_are_ended_and_nobody_else() {
    let ground = Ground::new();
    let (dead, living) = (mark("proc-dead"), mark("proc-living"));
    let dir = ground.dead(&dead);
    let (_, _lock) = ground.living(&living);
    let mut ended = [Sleeper::start(Some(&dead)), Sleeper::start(Some(&dead))];
    // One that is stopped acts on no other signal.
    let stop = ["-STOP".to_owned(), ended[1].0.id().to_string()];
    assert!(Command::new("kill").args(stop).status().unwrap().success());
    let mut spared = [
        Sleeper::start(None),
        Sleeper::start(Some(&living)),
        Sleeper::start(Some(&format!("{dead}x"))),
        Sleeper::start(Some(&mark("proc-elsewhere"))),
    ];
    let report = ground.clean(&["--stale"]).expect_code(0);
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

/// The supervisor may start its cleaner with the mark of the session it cleans.
#[test]
fn the_cleaner_never_ends_itself_or_those_who_started_it() {
    let ground = Ground::new();
    let dead = mark("proc-own");
    let dir = ground.dead(&dead);
    let script = format!(
        "CHATTRACE_SESSION={dead}; export CHATTRACE_SESSION; sh -c 'chattrace-clean --stale; echo $?'"
    );
    let ended = ground.shell(&script).expect_code(0);
    assert!(ended.stdout.ends_with("\n0\n"), "{ended:#?}");
    assert!(!dir.exists());
}

#[test]
fn a_dry_run_ends_nobody() {
    let ground = Ground::new();
    let dead = mark("proc-dry");
    ground.dead(&dead);
    let mut sleeper = Sleeper::start(Some(&dead));
    let ended = ground.shell("chattrace-clean --all --dry-run -0 | xargs -0 ls -ld").expect_code(0);
    assert!(ended.stdout.contains(&format!("/proc/{}", sleeper.0.id())), "{ended:#?}");
    assert!(sleeper.runs());
}
