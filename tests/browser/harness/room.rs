//! A running `chattrace-serve`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use super::Folder;

/// The room alone, ended by its own number when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    child: Child,
    link: String,
    /// Kept open: the room ends when nobody reads its output any more.
    _stdout: BufReader<ChildStdout>,
    home: Folder,
}

impl Room {
    /// Opens one, with options.
    pub(crate) fn open(options: &[&str]) -> Self {
        let home = Folder::new();
        let mut child = Command::new(program())
            .arg("--open")
            .args(options)
            .env_clear()
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut link = String::new();
        stdout.read_line(&mut link).unwrap();
        assert!(link.starts_with("http://127.0.0.1:"), "chattrace-serve printed {link:?}");
        Self { child, link: link.trim_end().to_owned(), _stdout: stdout, home }
    }

    /// Opens one with this configuration.
    pub(crate) fn configured(config: &str) -> Self {
        let folder = Folder::new();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        let mut room = Self::open(&["--config", path.to_str().unwrap()]);
        room.home = folder;
        room
    }

    /// The link, as printed.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// The ticket in the link.
    pub(crate) fn ticket(&self) -> &str {
        self.link.rsplit('/').next().unwrap()
    }

    /// `http://127.0.0.1:PORT/`.
    pub(crate) fn address(&self) -> &str {
        let end = self.link.find("/t/").unwrap();
        &self.link[..=end]
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        let port = self.address().trim_end_matches('/').rsplit(':').next();
        port.unwrap().parse().unwrap()
    }

    /// Asks it to end, as an operator would.
    pub(crate) fn end(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In `CHATTRACE_BIN_DIR`, or beside the tests in the target folder.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(folder) = std::env::var_os("CHATTRACE_BIN_DIR") {
            return expect_file(PathBuf::from(folder).join("chattrace-serve"));
        }
        // target/PROFILE/deps/browser-0123456789abcdef
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("chattrace-serve");
        if is_stale(&program) {
            build(&program);
        }
        expect_file(program)
    })
}

fn expect_file(program: PathBuf) -> PathBuf {
    assert!(program.is_file(), "{} is missing: run `cargo build` first", program.display());
    program
}

/// Whether something it is made of is newer. A stale one would be tested in silence.
fn is_stale(program: &Path) -> bool {
    let Ok(built) = program.metadata().and_then(|file| file.modified()) else {
        return true;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut paths: Vec<_> = ["src", "assets", "templates"].map(|name| root.join(name)).into();
    while let Some(path) = paths.pop() {
        if path.metadata().and_then(|file| file.modified()).is_ok_and(|changed| changed > built) {
            return true;
        }
        if let Ok(entries) = path.read_dir() {
            paths.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    false
}

fn build(program: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "chattrace", "--bin", "chattrace-serve"]);
    if program.parent().unwrap().ends_with("release") {
        cargo.arg("--release");
    }
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let story = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chattrace-serve does not build:\n{story}");
}
