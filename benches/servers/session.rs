//! A whole session: the supervisor `chattrace`, without a tunnel, in a home of its own.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;

use super::Scratch;

/// How a session for so many is started.
pub(super) fn command(
    program: &Path,
    participants: usize,
    scratch: &Scratch,
) -> Result<Command, String> {
    let mut command = Command::new(program);
    for (variable, folder) in [("HOME", "home"), ("XDG_RUNTIME_DIR", "run")] {
        let path = scratch.path().join(folder);
        // Only a folder that nobody else can enter is taken for a runtime folder.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| format!("{}: {error}", path.display()))?;
        command.env(variable, path);
    }
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(variable);
    }
    command.args(["--tunnel", "none", "--quiet", "--logs", "delete", "--max-participants"]);
    command.arg(participants.to_string());
    Ok(command)
}
