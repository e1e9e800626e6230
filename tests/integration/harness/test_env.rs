//! The isolated environment of one test: home, runtime folder, working folder.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A temporary folder with all of them; removed when dropped.
#[derive(Debug)]
pub(crate) struct TestEnv(PathBuf);

impl TestEnv {
    /// Creates the folders. The path is short, because that of a Unix socket is limited to 107
    /// bytes (unix(7)).
    pub(crate) fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("ct-{}-{number}", std::process::id()));
        let env = Self(root);
        for dir in [env.0.clone(), env.home(), env.runtime(), env.work()] {
            std::fs::DirBuilder::new().mode(0o700).create(&dir).unwrap();
        }
        env
    }

    /// The folder that contains all others.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// `$HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// `$XDG_RUNTIME_DIR`.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.0.join("run")
    }

    /// The current directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// A command for `program` with this environment; of the real one it gets `PATH` only. Rooms are open,
    /// as most tests speak that protocol; `--sealed` takes precedence.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("CHATTRACE_MODE", "open")
            .current_dir(self.work());
        command
    }

    /// All paths below the root, sorted, so that two results can be compared.
    pub(crate) fn tree(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    /// The same without `bin`, where stand-ins are installed and keep their records.
    pub(crate) fn tree_but_bin(&self) -> Vec<PathBuf> {
        let bin = self.0.join("bin");
        self.tree().into_iter().filter(|path| !path.starts_with(&bin)).collect()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        // A failed test may have left a folder that cannot be removed; it is in the temporary
        // folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
