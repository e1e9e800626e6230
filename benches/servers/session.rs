//! A session: the supervisor `chattrace`, without a tunnel, with its own home folder.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;

use super::process::TempDir;

pub(super) fn command(
    program: &Path,
    participants: usize,
    temp_dir: &TempDir,
) -> Result<Command, String> {
    let mut command = Command::new(program);
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
    command.args([
        "--open",
        "--tunnel",
        "none",
        "--quiet",
        "--logs",
        "delete",
        "--max-participants",
    ]);
    command.arg(participants.to_string());
    Ok(command)
}
