//! A room: `chattrace-serve` alone, or under its supervisor.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;

use serde_json::{Value, json};

use super::{TempDir, WAIT_TIMEOUT};
use crate::build_programs::build_programs;

/// A room without a tunnel, killed when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    child: Child,
    link: String,
    /// Kept open: the programs end when their standard output is closed.
    _stdout: BufReader<ChildStdout>,
    home: TempDir,
}

impl Room {
    /// Starts an open room with these options, and waits for its link.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_program("chattrace-serve", &[&["--open"], options].concat())
    }

    /// Starts a sealed room with these options, and waits for its link. Its keys are the supervisor's.
    pub(crate) fn sealed(options: &[&str]) -> Self {
        Self::operated("--sealed", options)
    }

    /// Starts a whole session, whose room is `--open` or `--sealed`, and waits for its link.
    pub(crate) fn operated(mode: &str, options: &[&str]) -> Self {
        let fixed = [mode, "--quiet", "--tunnel", "none", "--logs", "delete"];
        Self::start_program("chattrace", &[&fixed, options].concat())
    }

    /// Has the session carry out a command of the operator. Returns its answer.
    pub(crate) fn command(&self, command: &str) -> String {
        let answer = self.request(&json!({ "id": 1, "type": "do", "command": command }));
        assert_eq!(answer["type"], "done", "{command}: {answer}");
        answer["text"].as_str().unwrap().to_owned()
    }

    /// Sends one request to the control socket. Returns its answer.
    fn request(&self, request: &Value) -> Value {
        let sessions = self.home.path().join("chattrace").read_dir().unwrap();
        let mut sockets = sessions.map(|entry| entry.unwrap().path().join("control.sock"));
        let socket = sockets.find(|path| path.exists()).expect("the session has a socket");
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn start_program(name: &str, options: &[&str]) -> Self {
        let home = TempDir::new();
        let mut child = Command::new(program(name))
            .args(options)
            .env_clear()
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut link = String::new();
        stdout.read_line(&mut link).unwrap();
        assert!(link.starts_with("http://127.0.0.1:"), "{name} printed {link:?}");
        Self { child, link: link.trim_end().to_owned(), _stdout: stdout, home }
    }

    /// Starts a room with this configuration file.
    pub(crate) fn with_config(config: &str) -> Self {
        let folder = TempDir::new();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        let mut room = Self::start(&["--config", path.to_str().unwrap()]);
        room.home = folder;
        room
    }

    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// The ticket in the link.
    pub(crate) fn ticket(&self) -> &str {
        self.link.rsplit(['/', '.']).next().unwrap()
    }

    /// `http://127.0.0.1:PORT/`, without the ticket.
    pub(crate) fn address(&self) -> &str {
        let end = self.link.rfind(':').unwrap();
        let end = end + self.link[end..].find('/').unwrap();
        &self.link[..=end]
    }

    pub(crate) fn port(&self) -> u16 {
        let port = self.address().trim_end_matches('/').rsplit(':').next();
        port.unwrap().parse().unwrap()
    }

    /// Sends SIGTERM.
    pub(crate) fn end(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in `CHATTRACE_BIN_DIR`, or in the target folder of these tests, where all are built when they
/// are older than their sources.
fn program(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    if let Some(folder) = std::env::var_os("CHATTRACE_BIN_DIR") {
        return expect_file(PathBuf::from(folder).join(name));
    }
    // target/PROFILE/deps/browser-0123456789abcdef
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).unwrap();
    BUILD.call_once(|| {
        if ["chattrace", "chattrace-serve"].iter().any(|name| is_stale(&folder.join(name))) {
            build_programs(folder);
        }
    });
    expect_file(folder.join(name))
}

fn expect_file(program: PathBuf) -> PathBuf {
    assert!(program.is_file(), "{} is missing: run `cargo build` first", program.display());
    program
}

/// Whether a source file is newer than the program. The tests would otherwise pass or fail for an
/// old version of it.
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
