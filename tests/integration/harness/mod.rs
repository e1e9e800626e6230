//! What every test starts from: a machine of its own ([`Place`]) and programs that tell everything
//! they said when a wait fails ([`Program`]). Waits are for a line, an end of file or an exit, with
//! one generous deadline; nothing here sleeps to see whether something happens.

pub(crate) mod cloudflared;
mod edge;
mod place;
mod program;
mod supervised;
mod terminal;

pub(crate) use cloudflared::StandIn;
pub(crate) use place::Place;
pub(crate) use program::{Ended, Living, Program, Stream};
pub(crate) use supervised::Supervised;
pub(crate) use terminal::Terminal;

use std::process::Command;
use std::time::Duration;

/// Far beyond anything that works, on the slowest machine; reached only by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The programs under test.
pub(crate) const CHATTRACE: &str = env!("CARGO_BIN_EXE_chattrace");
pub(crate) const SERVE: &str = env!("CARGO_BIN_EXE_chattrace-serve");
pub(crate) const TUNNEL: &str = env!("CARGO_BIN_EXE_chattrace-tunnel");
pub(crate) const CLEAN: &str = env!("CARGO_BIN_EXE_chattrace-clean");

/// `script` as a command, in which `command` is `"$0" "$@"`.
pub(crate) fn in_shell(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().current_dir(command.get_current_dir().unwrap());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

/// `command` with a witness over it, which lives as long as the last of everything that was started:
/// see `tests/fixtures/witness/main.rs`. Its environment and working folder are those of `command`.
fn witnessed(command: &Command) -> Command {
    let mut witness = Command::new(stand_in("witness"));
    witness.arg(command.get_program()).args(command.get_args());
    witness.env_clear().current_dir(command.get_current_dir().unwrap());
    witness.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    witness
}

/// The children of the process `parent`, by every thread of it (proc(5)); none of one that is gone.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten();
    let lists = threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// A program of `tests/fixtures`, built by cargo as an example.
pub(crate) fn stand_in(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(CHATTRACE).with_file_name("examples").join(name);
    assert!(path.is_file(), "{} is not built; run `cargo test`, which builds it", path.display());
    path
}
