//! What the program that starts chattrace leaves behind: open descriptors, signals, limits, modes,
//! surroundings. `tests/fixtures/launcher/main.rs` lists what a launcher can do.

mod descriptors;
mod limits;
mod modes;
mod signals;
mod surroundings;
mod time_zones;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::stage::{Stage, event, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, Output, Program, TestEnv, stand_in, under};

/// A user who is not root, and has no group.
const NOBODY: u32 = 65534;

/// `command`, started by a launcher with these settings.
fn launched<T: AsRef<OsStr>>(settings: &[T], command: &Command) -> Command {
    let mut launcher = Command::new(stand_in("launcher"));
    launcher.args(settings).arg("--");
    under(launcher, command)
}

/// Starts a session, asserts that it prints a link, and that TERM ends it in order.
fn assert_whole_session<T: AsRef<OsStr> + Debug>(
    stage: &Stage,
    settings: &[T],
    command: &Command,
) -> Output {
    let mut session = watched(&launched(settings, command));
    event(&mut session, "link");
    session.signal("TERM");
    let ended = session.wait();
    assert_eq!(ended.status.code(), Some(0), "{settings:?}: {ended:#?}");
    assert!(ended.stderr.contains("nothing remains"), "{settings:?}: {ended:#?}");
    stage.assert_nothing_left();
    ended
}

/// A line of `/proc/PID/status` (proc_pid_status(5)).
fn status(pid: u32, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("{name} is not in {status}")).trim().to_owned()
}

/// The processes of a session with the stand-in: guard, room, tunnel and cloudflared.
fn services(session: &Program) -> [u32; 4] {
    use super::ends::{child, guard};
    let tunnel = child(session.pid(), "chattrace-tunnel");
    [guard(session), child(session.pid(), "chattrace-serve"), tunnel, child(tunnel, "cloudflared")]
}

/// Gives everything in the place to a user who is not root, and returns the setting with which a
/// launcher becomes that user; none when the tests do not run as root.
fn settings_of_another_user(stage: &Stage) -> Vec<String> {
    if !nix::unistd::Uid::effective().is_root() {
        return Vec::new();
    }
    let root = stage.env.root().to_owned();
    for path in stage.env.tree().into_iter().chain([root]) {
        std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    vec![format!("uid={NOBODY}")]
}

/// The four programs, where another user can read them too; in `bin` of the place.
fn programs_for_all(stage: &Stage) -> PathBuf {
    let bin = stage.env.root().join("bin");
    for name in ["chattrace", "chattrace-serve", "chattrace-tunnel", "chattrace-clean"] {
        let original = Path::new(CHATTRACE).with_file_name(name);
        if std::fs::hard_link(&original, bin.join(name)).is_err() {
            let copied = Command::new("cp").arg(&original).arg(&bin).status();
            assert!(copied.unwrap().success());
        }
    }
    bin
}

/// A place of a user who is not root, for whom modes count.
struct Place {
    stage: Stage,
    bin: PathBuf,
    user: Vec<String>,
}

impl Place {
    fn new() -> Self {
        let stage = Stage::new(HAPPY);
        let bin = programs_for_all(&stage);
        let user = settings_of_another_user(&stage);
        Self { stage, bin, user }
    }

    fn env(&self) -> &TestEnv {
        &self.stage.env
    }

    /// A program of this user, with these settings of a launcher.
    fn command(&self, program: &str, settings: &[&str], arguments: &[&str]) -> Command {
        let mut command = self.env().command(self.bin.join(program));
        command.args(arguments);
        let user = self.user.iter().map(String::as_str);
        let settings: Vec<&str> = user.chain(settings.iter().copied()).collect();
        launched(&settings, &command)
    }
}
