//! A `chattrace-tunnel` whose supervisor is the test: the lifeline, and the messages over it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::cloudflared::HOST;
use super::{DEADLINE, StandIn, TUNNEL, TestEnv};

/// A running `chattrace-tunnel`, and the supervisor's end of its lifeline.
pub(crate) struct Supervised {
    pub(crate) child: Child,
    pub(crate) lifeline: UnixStream,
    pub(crate) messages: BufReader<UnixStream>,
    pub(crate) run_dir: std::path::PathBuf,
}

impl Supervised {
    /// Starts the tunnel, and receives its `hello`.
    pub(crate) fn start(env: &TestEnv) -> Self {
        Self::start_as(env, env.command(TUNNEL))
    }

    /// The same with another command.
    pub(crate) fn start_as(env: &TestEnv, mut command: Command) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        let child = command
            .args(["--lifeline", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let run_dir = env.runtime().join("chattrace/session");
        std::fs::create_dir_all(&run_dir).unwrap();
        let base = run_dir.parent().unwrap();
        for dir in [base, &run_dir] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(dir, mode).unwrap();
        }
        let mut supervised = Self {
            child,
            messages: BufReader::new(ours.try_clone().unwrap()),
            lifeline: ours,
            run_dir,
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(supervised.next(), json!({ "type": "hello", "version": version }));
        supervised
    }

    /// Starts the tunnel with this stand-in as cloudflared.
    pub(crate) fn with(env: &TestEnv, stand_in: &StandIn) -> Self {
        let mut supervised = Self::start(env);
        supervised.begin(json!(stand_in.path()), Value::Null);
        supervised
    }

    /// Sends `start` with these settings.
    pub(crate) fn begin(&mut self, cloudflared: Value, download_base: Value) {
        let tunnel = json!({
            "provider": "auto",
            "cloudflared": cloudflared,
            "settle_seconds": 0,
            "download_base": download_base,
        });
        let run_dir = self.run_dir.clone();
        let confine = "required";
        self.send(&json!({
            "type": "start", "tunnel": tunnel, "confine": confine, "run_dir": run_dir,
        }));
    }

    /// Sends `open`.
    pub(crate) fn open(&mut self) {
        self.send(&json!({ "type": "open", "origin": "127.0.0.1:8080" }));
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.lifeline.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    /// Receives the next message.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Receives the next message, and checks its type.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        let message = self.next();
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// Receives all messages up to `up`.
    pub(crate) fn up(&mut self) {
        self.expect("found");
        self.open();
        for kind in ["starting", "url", "settling", "registered"] {
            let message = self.expect(kind);
            let named = matches!(kind, "url" | "settling" | "registered");
            assert_eq!(
                message.get("url"),
                named.then(|| json!(format!("https://{HOST}"))).as_ref()
            );
        }
    }

    /// Waits for EOF on stdout, which must be empty, and for the exit; returns the exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        let stdout = self.child.stdout.take().unwrap();
        assert_eq!(std::io::read_to_string(stdout).unwrap(), "");
        self.child.wait().unwrap().code()
    }
}
