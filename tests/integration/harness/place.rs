//! A machine of its own for one test: home, runtime folder, working folder, all gone afterwards.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Removed with everything in it when dropped.
#[derive(Debug)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// An empty one. Its path is short, because a socket's path must be.
    pub(crate) fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("ct-{}-{number}", std::process::id()));
        let place = Self(root);
        for dir in [place.0.clone(), place.home(), place.runtime(), place.work()] {
            std::fs::DirBuilder::new().mode(0o700).create(&dir).unwrap();
        }
        place
    }

    /// Everything below.
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

    /// The working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// A command for `program` that sees this machine and nothing of the real one but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .current_dir(self.work());
        command
    }

    /// Every path below the root, sorted: two of these compare two states of the machine.
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

    /// The same without `bin`, where stand-ins lie and note things down.
    pub(crate) fn tree_but_bin(&self) -> Vec<PathBuf> {
        let bin = self.0.join("bin");
        self.tree().into_iter().filter(|path| !path.starts_with(&bin)).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test that failed half-way may have left anything; the folder is in the temporary one.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
