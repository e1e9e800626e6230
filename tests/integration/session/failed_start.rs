//! V-11: a start that fails at any step, or is killed there, leaves nothing in any of the places where a
//! runtime folder may be; what a kill leaves is removed by the next cleaner, however young it is.

use std::process::Command;

use super::stage::{Link, Stage, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Output, Program, in_namespace, in_shell};

/// The calls that create, open, check and lock files, and open sockets.
const TRACED: &str = "mkdir,mkdirat,openat,statx,flock,rename,renameat,unlinkat,socket,bind";

/// Prints every path in the three places.
const LIST: &str =
    "find \"$XDG_RUNTIME_DIR\" /dev/shm \"$TMPDIR\" -mindepth 1 -printf 'left: %p\\n' >&2";

/// Runs `script` in a mount namespace of its own, in which `/dev/shm` is empty. `"$0" "$@"` is a session
/// without a tunnel, which ends by itself if its input is a pipe that ends.
fn with_empty_shm(stage: &Stage, script: &str) -> Output {
    let temporary = stage.env.root().join("bin/tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let script = format!("mount -t tmpfs none /dev/shm || exit 99; {script}");
    let mut inside = in_shell(&stage.local(&["--json"]), &script);
    inside.env("TMPDIR", temporary).env("CLEAN", CLEAN);
    Program::run(in_namespace(&["--mount"], &inside))
}

/// A script that starts a session under strace with these options, and lists what it has left.
fn traced(options: &str) -> String {
    let log = "-o \"$HOME/../bin/trace\"";
    format!(
        ": | strace {log} -e trace={TRACED} {options} \"$0\" \"$@\"; code=$?; {LIST}; exit $code"
    )
}

/// The calls of a start from the creation of the runtime folder's base to the control socket: the name
/// of each, and how many calls of this name came before it.
fn steps() -> Vec<(String, usize)> {
    let stage = Stage::new(HAPPY);
    with_empty_shm(&stage, &traced("")).expect_code(0);
    let log = std::fs::read_to_string(stage.env.root().join("bin/trace")).unwrap();
    let name = |line: &str| line.split('(').next().unwrap().to_owned();
    // Other lines are signals and exits.
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with(['-', '+'])).collect();
    let first = lines.iter().position(|line| line.contains("/run/chattrace\"")).unwrap();
    let last = lines.iter().position(|line| line.contains("control.sock")).unwrap();
    let step = |index: usize| {
        let call = name(lines[index]);
        let before = lines[..index].iter().filter(|line| name(line) == call).count();
        (call, before)
    };
    (first..=last).map(step).collect()
}

#[test]
#[ignore = "needs namespaces, strace: tests/run"]
fn a_step_that_fails_leaves_nothing() {
    let steps = steps();
    assert!(steps.len() > 10, "{steps:?}");
    for (call, before) in steps {
        let stage = Stage::new(HAPPY);
        let inject = format!("-e inject={call}:error=ENOSPC:when={}", before + 1);
        // Another folder holds the session, or it runs without a control socket.
        let ended = with_empty_shm(&stage, &traced(&inject)).expect_code(0);
        assert!(!ended.stderr.contains("left: "), "{call} {before}: {ended:#?}");
        assert!(ended.stderr.contains("nothing remains"), "{call} {before}: {ended:#?}");
    }
}

#[test]
#[ignore = "needs namespaces, strace: tests/run"]
fn killed_at_any_step_the_next_cleaner_removes_it_at_once() {
    for (call, before) in steps() {
        let stage = Stage::new(HAPPY);
        let inject = format!("-e inject={call}:signal=KILL:when={}", before + 1);
        let log = "-o /dev/null";
        let script = format!(
            ": | strace {log} -e trace={TRACED} {inject} \"$0\" \"$@\"; \
             \"$CLEAN\" --stale || exit $?; {LIST}"
        );
        let ended = with_empty_shm(&stage, &script).expect_code(0);
        assert!(!ended.stdout.contains("\"link\""), "killed: {call} {before}: {ended:#?}");
        assert!(!ended.stderr.contains("left: "), "{call} {before}: {ended:#?}");
    }
}

/// No place has an inode for the folder or for its lock.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn places_that_are_full_are_named_with_69_and_nothing_is_left() {
    // The root of the file system takes one inode; base, folder, lock and socket are to follow.
    for (inodes, code) in [(1, 69), (2, 69), (3, 69), (4, 0), (5, 0)] {
        let stage = Stage::new(HAPPY);
        let mount = format!("mount -t tmpfs -o mode=700,nr_inodes={inodes} none");
        let script = format!(
            "for place in \"$XDG_RUNTIME_DIR\" /dev/shm \"$TMPDIR\"; do {mount} \"$place\"; done; \
             : | \"$0\" \"$@\"; code=$?; {LIST}; exit $code"
        );
        let ended = with_empty_shm(&stage, &script).expect_code(code);
        assert!(!ended.stderr.contains("left: "), "{inodes}: {ended:#?}");
        if code == 69 {
            let sentence = "cannot create a folder for the control socket (";
            assert!(ended.stderr.contains(sentence), "{inodes}: {ended:#?}");
            assert_eq!(ended.stderr.matches("No space left on device").count(), 3, "{ended:#?}");
        }
    }
}

/// The first place lets a session create its folder, and the session can neither rename nor remove
/// anything there. Its cleaner, which can, does not take the session for the dead one. The first call of
/// each kind is only tried at the start, so the second one fails.
#[test]
#[ignore = "needs namespaces, strace: tests/run"]
fn what_a_failed_attempt_leaves_is_removed_by_the_cleaner() {
    let stage = Stage::new(HAPPY);
    let inject = "-e inject=rename:error=EPERM:when=2 -e inject=unlinkat:error=EPERM:when=2";
    let ended = with_empty_shm(&stage, &traced(inject)).expect_code(0);
    assert!(!ended.stderr.contains("guard"), "nothing was killed: {ended:#?}");
    assert!(!ended.stderr.contains("left: "), "{ended:#?}");
}

/// No program can remove anything.
#[test]
#[ignore = "needs namespaces, strace: tests/run"]
fn what_a_failed_attempt_cannot_remove_is_named_with_1() {
    // In the first place alone, so that another one holds the session; and in all of them.
    for (renames, places) in [("when=2", 1), ("when=2+", 3)] {
        let stage = Stage::new(HAPPY);
        let inject = format!(
            "-f -e inject=rename:error=EPERM:{renames} -e inject=unlinkat:error=EPERM:when=2+"
        );
        let ended = with_empty_shm(&stage, &traced(&inject)).expect_code(1);
        // The session's own cleaner is allowed its first removal: it may take the file, not the folder.
        let left = ended.stderr.matches("remains: ").count();
        let held = ended.stderr.matches("/lock: Operation").count();
        assert_eq!(left - held, places, "{ended:#?}");
        assert!(!ended.stderr.contains("nothing remains"), "{ended:#?}");
    }
}

/// A cleaner takes a folder that is not locked yet for that of a dead session, and the session begins
/// anew under another name.
#[test]
fn cleaners_and_sessions_that_begin_at_the_same_time_do_not_disturb_each_other() {
    let stage = Stage::new(HAPPY);
    let go = stage.env.root().join("bin/go");
    std::fs::write(&go, "").unwrap();
    let cleaners = [(); 2].map(|()| {
        let script = "while [ -e \"$1\" ]; do \"$0\" --stale || exit $?; done";
        let mut cleaner = Command::new(CLEAN);
        cleaner.arg(&go).current_dir(stage.env.work());
        cleaner.env("XDG_RUNTIME_DIR", stage.env.runtime()).env("HOME", stage.env.home());
        Program::start(in_shell(&cleaner, script))
    });
    for _ in 0..20 {
        let mut session = watched(&stage.local(&["--json"]));
        Link::printed(&mut session);
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    }
    std::fs::remove_file(go).unwrap();
    for cleaner in cleaners {
        cleaner.wait().expect_code(0);
    }
    stage.assert_nothing_left();
}
