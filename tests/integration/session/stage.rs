//! The surroundings of a whole session: folders, configuration, the stand-in for cloudflared.

use std::path::PathBuf;
use std::process::Command;

pub(crate) use crate::harness::in_shell;
use crate::harness::{CHATTRACE, CLEAN, Output, Program, StandIn, Stream, Terminal, TestEnv};

/// A place with a configuration and a stand-in, and a list of the files that were there before.
pub(crate) struct Stage {
    pub(crate) env: TestEnv,
    pub(crate) stand_in: StandIn,
    before: Vec<PathBuf>,
}

/// A link, and where its room listens.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The whole link.
    pub(crate) url: String,
    /// `127.0.0.1:PORT`, also of a public link.
    pub(crate) address: String,
    pub(crate) ticket: String,
}

impl Stage {
    /// An empty place, with a stand-in that has these orders.
    pub(crate) fn new(orders: &str) -> Self {
        let env = TestEnv::new();
        let stand_in = StandIn::install(&env, orders);
        std::fs::write(env.root().join("config.json"), r#"{"tunnel":{"settle_seconds":0}}"#)
            .unwrap();
        let before = env.tree_but_bin();
        Self { env, stand_in, before }
    }

    /// `chattrace` with the stand-in and these arguments.
    pub(crate) fn public(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_config(&[]);
        command.arg("--cloudflared").arg(self.stand_in.path()).args(arguments);
        command
    }

    /// `chattrace` without a tunnel and with these arguments.
    pub(crate) fn local(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_config(&["--tunnel", "none"]);
        command.args(arguments);
        command
    }

    /// `chattrace` with its configuration and these arguments.
    pub(crate) fn with_config(&self, arguments: &[&str]) -> Command {
        let mut command = self.env.command(CHATTRACE);
        command.arg("--config").arg(self.env.root().join("config.json")).args(arguments);
        command
    }

    /// Lets `chattrace-clean` remove what dead sessions left, as JSON lines.
    pub(crate) fn clean(&self) -> Output {
        let mut clean = self.env.command(CLEAN);
        clean.args(["--stale", "--yes", "--json"]);
        Program::run(clean)
    }

    /// Asserts that no file and no folder has come since the start.
    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!(self.env.tree_but_bin(), self.before);
    }

    /// Ends a session at its question about the event log. Nothing may be left of it.
    pub(crate) fn expect_end(&self, terminal: Terminal) -> Output {
        let ended = end_at_question(terminal);
        self.assert_nothing_left();
        ended
    }

    /// The runtime folders of all sessions.
    pub(crate) fn run_dirs(&self) -> Vec<PathBuf> {
        let base = self.env.runtime().join("chattrace");
        let entries = std::fs::read_dir(base).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Where the room of a session with the stand-in listens.
    pub(crate) fn origin(&self) -> String {
        self.stand_in.origin().unwrap()
    }
}

/// Starts `command` so that its output ends when the last process that it started has exited.
pub(crate) fn watched(command: &Command) -> Program {
    scripted(command, "exec \"$0\" \"$@\"")
}

/// The same with a script, in which the command is `"$0" "$@"`.
pub(crate) fn scripted(command: &Command, script: &str) -> Program {
    Program::start_witnessed(command, script)
}

/// Answers the question about the event log with Enter, which deletes it. The session has to end well.
pub(crate) fn end_at_question(mut terminal: Terminal) -> Output {
    terminal.wait_for("[v]iew");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0)
}

/// The next event of this name from a session with `--json`.
pub(crate) fn event(program: &mut Program, name: &str) -> serde_json::Value {
    let part = format!("\"event\":\"{name}\"");
    let line = program.line(Stream::Stdout, |line| line.contains(&part));
    serde_json::from_str(&line).unwrap()
}

/// Every event that a session with `--json` has printed.
pub(crate) fn events(ended: &Output) -> Vec<serde_json::Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Link {
    /// The local link in `url`.
    pub(crate) fn local(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        Self::at(url, address)
    }

    /// The link `url` of a room that listens at `address`.
    pub(crate) fn at(url: &str, address: &str) -> Self {
        // `/t/TICKET` of an open room, `/#1.TICKET` of a sealed one.
        let ticket = url.rsplit(['/', '.']).next().unwrap();
        assert_eq!(ticket.len(), 22, "{url}");
        Self { url: url.to_owned(), address: address.to_owned(), ticket: ticket.to_owned() }
    }

    /// The next link of a session with `--json` and without a tunnel.
    pub(crate) fn printed(program: &mut Program) -> Self {
        Self::local(event(program, "link")["url"].as_str().unwrap())
    }

    /// The link on a terminal. The output before it is discarded.
    pub(crate) fn on_screen(terminal: &mut Terminal) -> Self {
        terminal.wait_for("http://");
        let rest = terminal.wait_for("\n");
        Self::local(&format!("http://{}", rest.trim()))
    }
}
