//! The environment of one trial, and what a session left in it.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{CHATTRACE, CLEAN, Program, StandIn, TestEnv};
use crate::plan::Plan;

/// A home, a runtime folder and a stand-in of cloudflared that no other trial shares.
pub(crate) struct Environment {
    env: TestEnv,
    stand_in: StandIn,
    before: Vec<PathBuf>,
}

/// What was left on the disk.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// When the session had ended.
    pub(crate) by_session: Vec<String>,
    /// When `chattrace-clean --stale` had run as well.
    pub(crate) after_clean: Vec<String>,
    /// How `chattrace-clean` failed.
    pub(crate) error: Option<String>,
}

impl Environment {
    pub(crate) fn new(plan: &Plan) -> Self {
        let env = TestEnv::new();
        let stand_in = StandIn::install(&env, plan.orders.as_deref().unwrap_or_default());
        if plan.version_hangs {
            stand_in.version("hang");
        }
        let config = env.root().join("config.json");
        std::fs::write(config, r#"{"tunnel":{"settle_seconds":0}}"#).unwrap();
        let before = env.tree_but_bin();
        Self { env, stand_in, before }
    }

    /// `chattrace` with the options that `plan` needs.
    pub(crate) fn command(&self, plan: &Plan) -> Command {
        let mut command = self.env.command(CHATTRACE);
        command.arg("--config").arg(self.env.root().join("config.json"));
        match plan.orders {
            Some(_) => command.arg("--cloudflared").arg(self.stand_in.path()),
            None => command.args(["--tunnel", "none"]),
        };
        command.arg(plan.mode.flag());
        // Shows when old sessions are cleaned up.
        command.arg("--verbose");
        if !plan.on_terminal {
            command.arg("--json");
        }
        command
    }

    /// The address of the room, as cloudflared received it; `None` before cloudflared was started.
    pub(crate) fn origin(&self) -> Option<String> {
        self.stand_in.origin()
    }

    /// `chattrace ctl` with this command.
    pub(crate) fn ctl(&self, command: &str) -> Command {
        let mut ctl = self.env.command(CHATTRACE);
        ctl.args(["ctl", command]);
        ctl
    }

    /// Connects to the control socket of the session; `None` if there is none.
    pub(crate) fn connect(&self) -> Option<UnixStream> {
        let sessions = std::fs::read_dir(self.env.runtime().join("chattrace")).ok()?;
        let mut sockets = sessions.flatten().map(|folder| folder.path().join("control.sock"));
        sockets.find_map(|socket| UnixStream::connect(socket).ok())
    }

    /// Looks for leftovers of the session, and runs `chattrace-clean` if there are any.
    pub(crate) fn leftovers(&self) -> Leftovers {
        let by_session = self.changes();
        if by_session.is_empty() {
            return Leftovers::default();
        }
        let error = self.clean();
        Leftovers { by_session, after_clean: self.changes(), error }
    }

    /// Paths that were added or removed since the start.
    fn changes(&self) -> Vec<String> {
        let now = self.env.tree_but_bin();
        let root = self.env.root();
        let relative =
            |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
        let added = now.iter().filter(|path| !self.before.contains(path)).map(relative);
        let removed = self.before.iter().filter(|path| !now.contains(path));
        added.chain(removed.map(|path| format!("no {}", relative(path)))).collect()
    }

    fn clean(&self) -> Option<String> {
        let mut command = self.env.command(CLEAN);
        command.args(["--stale", "--yes"]);
        let ended = Program::run(command);
        (ended.status.code() != Some(0)).then(|| format!("chattrace-clean: {ended:?}"))
    }
}
