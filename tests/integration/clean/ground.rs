//! A machine on which sessions have been.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::harness::{CLEAN, Ended, Place, Program};

/// What every log begins with.
pub(super) const HEADER: &str = "chattrace event log v1\n";

pub(super) struct Ground(Place);

impl Ground {
    /// A machine that never had chattrace.
    pub(super) fn new() -> Self {
        let ground = Self(Place::new());
        fs::create_dir_all(ground.data().parent().unwrap()).unwrap();
        ground
    }

    /// The runtime base.
    pub(super) fn base(&self) -> PathBuf {
        let base = self.0.runtime().join("chattrace");
        private(&base);
        base
    }

    /// The data folder, whether it exists or not.
    pub(super) fn data(&self) -> PathBuf {
        self.0.home().join(".local/share/chattrace")
    }

    /// The working folder, which is the archive folder as well.
    pub(super) fn work(&self) -> PathBuf {
        self.0.work()
    }

    /// The home folder.
    pub(super) fn home(&self) -> PathBuf {
        self.0.home()
    }

    /// An empty folder of a session.
    pub(super) fn folder(&self, session: &str) -> PathBuf {
        let dir = self.base().join(session);
        private(&dir);
        dir
    }

    /// The folder of a session that was killed.
    pub(super) fn dead(&self, session: &str) -> PathBuf {
        let dir = self.folder(session);
        fs::write(dir.join("lock"), "").unwrap();
        drop(UnixListener::bind(dir.join("control.sock")).unwrap());
        private(&dir.join("home"));
        dir
    }

    /// The folder of a session that lives as long as the lock.
    pub(super) fn living(&self, session: &str) -> (PathBuf, File) {
        let dir = self.dead(session);
        let lock = File::open(dir.join("lock")).unwrap();
        lock.lock().unwrap();
        (dir, lock)
    }

    /// A file among the managed programs.
    pub(super) fn fetched(&self, name: &str) -> PathBuf {
        let bin = self.data().join("bin");
        private(&self.data());
        private(&bin);
        let file = bin.join(name);
        fs::write(&file, "program").unwrap();
        file
    }

    /// A saved event log.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        let file = self.work().join(name);
        fs::write(&file, format!("{HEADER}12:00:00 #1 joined\n")).unwrap();
        file
    }

    /// A folder with a file in it, neither of which has anything to do with us.
    pub(super) fn precious(&self) -> Precious {
        let folder = self.home().join("precious");
        private(&folder);
        let file = folder.join("letters");
        fs::write(&file, LETTERS).unwrap();
        Precious { folder, file }
    }

    /// Makes `path` look as if it last changed that many seconds ago.
    pub(super) fn age(&self, path: &Path, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::open(path).unwrap().set_modified(then).unwrap();
    }

    /// Every path below.
    pub(super) fn tree(&self) -> Vec<PathBuf> {
        self.0.tree()
    }

    /// A command on this machine.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.0.command(program);
        command.args(arguments);
        command
    }

    /// Starts `chattrace-clean`.
    pub(super) fn start(&self, arguments: &[&str]) -> Program {
        Program::start(self.command(CLEAN, arguments))
    }

    /// Runs `chattrace-clean` to its end.
    pub(super) fn clean(&self, arguments: &[&str]) -> Ended {
        Program::run(self.command(CLEAN, arguments))
    }

    /// Runs `script` in a shell that finds `chattrace-clean`.
    pub(super) fn shell(&self, script: &str) -> Ended {
        let own = Path::new(CLEAN).parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.command("sh", &["-c", script]);
        command.env("PATH", format!("{own}:{path}"));
        Program::run(command)
    }
}

const LETTERS: &str = "dear Ana, ";

/// What must survive.
pub(super) struct Precious {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
}

impl Precious {
    pub(super) fn assert_untouched(&self) {
        assert_eq!(fs::read_to_string(&self.file).unwrap(), LETTERS);
        assert_eq!(fs::read_dir(&self.folder).unwrap().count(), 1);
    }
}

fn private(dir: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
}
