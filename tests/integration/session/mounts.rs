//! Mounts, links and files that were put into a session's folder while it ran. They are named and
//! stay, and nothing behind them is touched. The supervisor, the guard after `kill -9` and
//! `chattrace-clean` remove by the same rules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ends::{child, kill, signal};
use super::stage::{Link, Stage};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, Output, Program, in_namespace, in_shell, joining, under};

const LETTERS: &str = "dear Ana, ";

/// A script that plants something, and the line that must name it. `$S` is the session's folder,
/// `$P` a folder with `letters` on the same file system, `$T` one in memory.
const PLANTED: [(&str, &str); 13] = [
    ("mkdir -m 700 $S/home && mount --bind $P $S/home", "/home: something is mounted there"),
    ("mkdir -m 700 $S/home && mount --bind $T $S/home", "/home: something is mounted there"),
    ("mkdir -m 700 $S/home && mount -t tmpfs none $S/home", "/home: something is mounted there"),
    ("mkdir -m 700 -p $S/home/in && mount --bind $P $S/home/in", "/home: it is not empty"),
    ("mount --bind $P/letters $S/lock", "/lock: something is mounted there"),
    ("mount --bind $T/letters $S/control.sock", "/control.sock: something is mounted there"),
    ("touch $S/lock.new && mount --bind $P/letters $S/lock.new", "something is mounted there"),
    ("mount --bind $P $S", ": something is mounted there"),
    ("mount --bind $T $S", ": something is mounted there"),
    ("mount --bind $S $S", ": something is mounted there"),
    ("ln -s $P $S/home", "/home: it is a link, which chattrace never creates"),
    ("rm $S/control.sock && ln $P/letters $S/control.sock", "/control.sock: it is a file"),
    ("ln $P/letters $S/letters", "/letters: chattrace did not create it"),
];

/// The same for a folder of another user, which only root can make: a user namespace has no other user.
const OF_ANOTHER_USER: (&str, &str) =
    ("mkdir -m 700 $S/home && chown 12345 $S/home", "/home: it belongs to another user");

/// A session in a mount namespace of its own, and two folders that must survive.
struct Mounted {
    stage: Stage,
    memory: PathBuf,
    holder: Program,
    chattrace: u32,
}

impl Mounted {
    fn start() -> Self {
        let stage = Stage::new(HAPPY);
        let memory = Path::new("/dev/shm").join(stage.env.root().file_name().unwrap());
        for folder in [stage.env.home(), memory.clone()] {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("letters"), LETTERS).unwrap();
        }
        // The shell keeps the namespace alive until its input is closed.
        let script = "exec 9>&1; \"$0\" \"$@\"; echo \"ended: $?\" >&2; read -r line";
        let inside = in_shell(&stage.local(&["--json"]), script);
        let mut holder = Program::start(in_namespace(&["--mount"], &inside));
        Link::printed(&mut holder);
        let chattrace = child(holder.pid(), "chattrace");
        Self { stage, memory, holder, chattrace }
    }

    /// A command in the namespace of the session.
    fn within(&self, program: &str) -> Command {
        let program = self.stage.env.command(program);
        under(joining(&["--mount"], self.holder.pid()), &program)
    }

    fn plant(&self, script: &str) {
        let mut shell = self.within("sh");
        shell.args(["-ec", script]).env("S", &self.stage.run_dirs()[0]);
        shell.env("P", self.stage.env.home()).env("T", &self.memory);
        Program::run(shell).expect_code(0);
    }

    fn assert_untouched(&self, planted: &str) {
        for folder in [&self.stage.env.home(), &self.memory] {
            let letters = fs::read_to_string(folder.join("letters"));
            assert_eq!(letters.unwrap(), LETTERS, "{planted}");
            assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "{planted}");
        }
    }

    /// The whole output, once the namespace is gone.
    fn ended(mut self) -> Output {
        self.holder.close_stdin();
        self.holder.wait()
    }
}

fn assert_named_at_ctrl_c((planted, named): (&str, &str)) {
    let mut session = Mounted::start();
    session.plant(planted);
    signal("INT", session.chattrace);
    assert_eq!(session.holder.stderr_line_with("ended: "), "ended: 1", "{planted}");
    session.assert_untouched(planted);
    let memory = session.memory.clone();
    let ended = session.ended();
    let remains = |line: &str| line.contains("remains: ") && line.contains(named);
    assert!(ended.stderr.lines().any(remains), "{planted}: {ended:#?}");
    fs::remove_dir_all(memory).unwrap();
}

#[test]
#[ignore = "needs namespaces: tests/run"]
fn ctrl_c_names_it_and_ends_with_1() {
    PLANTED.into_iter().for_each(assert_named_at_ctrl_c);
}

fn assert_named_by_the_guard((planted, named): (&str, &str)) {
    let mut session = Mounted::start();
    session.plant(planted);
    kill(session.chattrace);
    session.holder.stderr_line_with("ended: 137");
    session.assert_untouched(planted);
    let memory = session.memory.clone();
    let ended = session.ended();
    let remains =
        |line: &str| line.contains("chattrace was killed; remains: ") && line.contains(named);
    assert!(ended.stderr.lines().any(remains), "{planted}: {ended:#?}");
    fs::remove_dir_all(memory).unwrap();
}

#[test]
#[ignore = "needs namespaces: tests/run"]
fn the_guard_names_it_when_the_supervisor_is_killed() {
    PLANTED.into_iter().for_each(assert_named_by_the_guard);
}

fn assert_named_by_chattrace_clean((planted, named): (&str, &str)) {
    let mut session = Mounted::start();
    session.plant(planted);
    // A stopped supervisor does not replace its guard.
    signal("STOP", session.chattrace);
    kill(child(session.chattrace, "chattrace-clean"));
    kill(session.chattrace);
    session.holder.stderr_line_with("ended: 137");
    let mut clean = session.within(CLEAN);
    clean.arg("--stale");
    let ended = Program::run(clean);
    session.assert_untouched(planted);
    assert_eq!(ended.code(), 1, "{planted}: {ended:#?}");
    // A folder whose lock was replaced is not entered at all: its line names the lock.
    let reason = named.split_once(": ").map_or(named, |(_, reason)| reason);
    assert!(ended.stderr.contains(reason), "{planted}: {ended:#?}");
    let memory = session.memory.clone();
    session.ended();
    fs::remove_dir_all(memory).unwrap();
}

#[test]
#[ignore = "needs namespaces: tests/run"]
fn chattrace_clean_names_it_and_ends_with_1() {
    PLANTED.into_iter().for_each(assert_named_by_chattrace_clean);
}

#[test]
#[ignore = "needs root: tests/run"]
fn a_folder_of_another_user_is_named_too() {
    assert_named_at_ctrl_c(OF_ANOTHER_USER);
    assert_named_by_the_guard(OF_ANOTHER_USER);
    assert_named_by_chattrace_clean(OF_ANOTHER_USER);
}

/// A folder that chattrace made is removed with any permission bits.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn a_sticky_home_of_ours_goes() {
    let mut session = Mounted::start();
    session.plant("mkdir -m 1700 $S/home");
    signal("INT", session.chattrace);
    assert_eq!(session.holder.stderr_line_with("ended: "), "ended: 0");
    assert!(session.stage.run_dirs().is_empty());
    fs::remove_dir_all(&session.memory).unwrap();
    session.ended();
}

/// A mount over the base hides the session's folder, which is still removed. The base, which the session
/// has created, cannot be, and is named.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn a_mount_over_the_base_hides_nothing() {
    let mut session = Mounted::start();
    session.plant("mount -t tmpfs -o mode=700 none $S/..");
    signal("INT", session.chattrace);
    session.holder.stderr_line_with("/run/chattrace: something is mounted there");
    assert_eq!(session.holder.stderr_line_with("ended: "), "ended: 1");
    assert!(session.stage.run_dirs().is_empty());
    fs::remove_dir_all(&session.memory).unwrap();
    session.ended();
}
