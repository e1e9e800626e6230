//! The base of every test: an isolated environment ([`TestEnv`]), and programs whose failed waits
//! show their whole output ([`Program`], [`Terminal`]). A wait is for a line, for EOF or for an
//! exit, with one generous deadline; nothing here sleeps.

pub(crate) mod cloudflared;
#[allow(dead_code, reason = "used by the fault and fuzz tests, which have no libtest")]
pub(crate) mod command_line;
mod file_proxy;
mod process_handle;
mod program;
mod pty;
#[allow(dead_code, reason = "the fault and fuzz tests use all of it")]
pub(crate) mod rng;
pub(crate) mod strict_reader;
mod supervised;
mod terminal;
mod test_env;
#[allow(dead_code, reason = "the fault and fuzz tests have no screen")]
mod tmux;

pub(crate) use cloudflared::StandIn;
pub(crate) use process_handle::ProcessHandle;
pub(crate) use program::{Output, Program, Stream};
pub(crate) use supervised::Supervised;
pub(crate) use terminal::Terminal;
pub(crate) use test_env::TestEnv;
#[allow(unused_imports, reason = "the fault and fuzz tests have no screen")]
pub(crate) use tmux::Tmux;

use std::process::Command;
use std::time::Duration;

/// The timeout of every wait: far above the slowest machine, so that only a failure reaches it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The programs under test.
pub(crate) const CHATTRACE: &str = env!("CARGO_BIN_EXE_chattrace");
pub(crate) const SERVE: &str = env!("CARGO_BIN_EXE_chattrace-serve");
pub(crate) const TUNNEL: &str = env!("CARGO_BIN_EXE_chattrace-tunnel");
pub(crate) const CLEAN: &str = env!("CARGO_BIN_EXE_chattrace-clean");

/// A shell that runs `script`, in which `command` is `"$0" "$@"`.
pub(crate) fn in_shell(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().current_dir(command.get_current_dir().unwrap());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

/// `command` under a witness, which exits after the last process that descends from it: see
/// `tests/fixtures/witness/main.rs`.
fn witnessed(command: &Command) -> Command {
    let mut witness = Command::new(stand_in("witness"));
    witness.arg(command.get_program()).args(command.get_args());
    witness.env_clear().current_dir(command.get_current_dir().unwrap());
    witness.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    witness
}

/// The children of all threads of the process `parent` (proc(5)); empty if it has exited.
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

/// A program of `tests/fixtures`; cargo builds it as an example.
pub(crate) fn stand_in(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(CHATTRACE).with_file_name("examples").join(name);
    assert!(path.is_file(), "{} is not built; run `cargo test`, which builds it", path.display());
    path
}
