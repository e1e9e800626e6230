//! A session: the supervisor `chattrace`, without a tunnel, with its own home folder.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::process::TempDir;

/// Who can read what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Sealed,
    Open,
}

/// How a session is started.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The path of `chattrace`.
    pub(crate) program: PathBuf,
    pub(crate) participants: usize,
    pub(crate) mode: Mode,
}

/// Without a rate limit.
pub(super) fn command(session: &Session, temp_dir: &TempDir) -> Result<Command, String> {
    let mut command = Command::new(&session.program);
    for (variable, folder) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "run")] {
        let path = temp_dir.path().join(folder);
        // chattrace accepts a runtime folder only if other users cannot enter it.
        let created = DirBuilder::new().mode(0o700).create(&path);
        created.map_err(|error| format!("{}: {error}", path.display()))?;
        command.env(variable, path);
    }
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(variable);
    }
    let config = temp_dir.write("config.json", r#"{"room":{"rate":{"per_second":0}}}"#)?;
    command.arg("--config").arg(config);
    command.args(["--tunnel", "none", "--quiet", "--logs", "delete", "--max-participants"]);
    command.arg(session.participants.to_string());
    command.arg(match session.mode {
        Mode::Sealed => "--sealed",
        Mode::Open => "--open",
    });
    Ok(command)
}
