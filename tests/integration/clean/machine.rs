//! A machine on which chattrace has run: a private root, home, runtime and working folder.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{CLEAN, Output, OwnShm, Program, TestEnv};

/// First line of every event log.
pub(super) const HEADER: &str = "chattrace event log v1\n";

pub(super) struct Machine {
    env: TestEnv,
    shm: OwnShm,
}

impl Machine {
    /// A machine on which chattrace has never run.
    pub(super) fn new() -> Self {
        let machine = Self { env: TestEnv::new(), shm: OwnShm::new() };
        fs::create_dir_all(machine.data().parent().unwrap()).unwrap();
        machine
    }

    /// The runtime base.
    pub(super) fn base(&self) -> PathBuf {
        let base = self.env.runtime().join("chattrace");
        private(&base);
        base
    }

    /// The data folder, whether it exists or not.
    pub(super) fn data(&self) -> PathBuf {
        self.env.home().join(".local/share/chattrace")
    }

    /// The working folder, which is also the default archive folder.
    pub(super) fn work(&self) -> PathBuf {
        self.env.work()
    }

    pub(super) fn home(&self) -> PathBuf {
        self.env.home()
    }

    /// The empty runtime folder of a session.
    pub(super) fn session_dir(&self, session: &str) -> PathBuf {
        let dir = self.base().join(session);
        private(&dir);
        dir
    }

    /// The runtime folder of a session that was killed, with everything in it.
    pub(super) fn dead_session(&self, session: &str) -> PathBuf {
        let dir = self.session_dir(session);
        fs::write(dir.join("lock"), "").unwrap();
        drop(UnixListener::bind(dir.join("control.sock")).unwrap());
        private(&dir.join("home"));
        dir
    }

    /// The runtime folder of a session that runs until the lock is dropped.
    pub(super) fn running_session(&self, session: &str) -> (PathBuf, File) {
        let dir = self.dead_session(session);
        let lock = File::open(dir.join("lock")).unwrap();
        lock.lock().unwrap();
        (dir, lock)
    }

    /// A file in the folder of managed programs.
    pub(super) fn managed_file(&self, name: &str) -> PathBuf {
        let bin = self.data().join("bin");
        private(&self.data());
        private(&bin);
        let file = bin.join(name);
        fs::write(&file, "program").unwrap();
        file
    }

    /// A saved event log.
    pub(super) fn event_log(&self, name: &str) -> PathBuf {
        let file = self.work().join(name);
        fs::write(&file, format!("{HEADER}12:00:00 #1 joined\n")).unwrap();
        file
    }

    /// A folder of the user's with one file in it.
    pub(super) fn user_data(&self) -> UserData {
        let folder = self.home().join("precious");
        private(&folder);
        let file = folder.join("letters");
        fs::write(&file, LETTERS).unwrap();
        UserData { folder, file }
    }

    /// Every path on the machine.
    pub(super) fn tree(&self) -> Vec<PathBuf> {
        self.env.tree()
    }

    /// A command that sees no other session than those of this machine.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.env.command(program);
        command.args(arguments);
        self.shm.within(command)
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Program {
        Program::start(self.command(CLEAN, arguments))
    }

    /// Runs `chattrace-clean` to its end.
    pub(super) fn clean(&self, arguments: &[&str]) -> Output {
        Program::run(self.command(CLEAN, arguments))
    }

    /// Runs `script` in a shell that finds `chattrace-clean`.
    pub(super) fn shell(&self, script: &str) -> Output {
        let own = Path::new(CLEAN).parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.command("sh", &["-c", script]);
        command.env("PATH", format!("{own}:{path}"));
        Program::run(command)
    }
}

const LETTERS: &str = "dear Ana, ";

/// Must never change.
pub(super) struct UserData {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
}

impl UserData {
    pub(super) fn assert_untouched(&self) {
        assert_eq!(fs::read_to_string(&self.file).unwrap(), LETTERS);
        assert_eq!(fs::read_dir(&self.folder).unwrap().count(), 1);
    }
}

fn private(dir: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
}
