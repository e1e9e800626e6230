//! The base of every test: an isolated environment ([`TestEnv`]), and programs whose failed waits
//! show their whole output ([`Program`], [`Terminal`]). A wait is for a line, for EOF or for an
//! exit, with one generous deadline; nothing here sleeps.

pub(crate) mod cloudflared;
#[allow(dead_code, reason = "used by the fault and fuzz tests, which have no libtest")]
pub(crate) mod command_line;
mod file_proxy;
#[allow(dead_code, reason = "the fault and fuzz tests have no screen")]
mod gnu_screen;
#[allow(dead_code, reason = "the fault and fuzz tests have no namespaces")]
mod namespace;
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
#[allow(dead_code, reason = "the fault and fuzz tests have no screen")]
mod xterm;

pub(crate) use cloudflared::StandIn;
#[allow(unused_imports, reason = "the fault and fuzz tests have no screen")]
pub(crate) use gnu_screen::GnuScreen;
#[allow(unused_imports, reason = "the fault and fuzz tests have no namespaces")]
pub(crate) use namespace::{OwnShm, in_namespace, joining};
pub(crate) use process_handle::ProcessHandle;
pub(crate) use program::{Output, Program, Stream};
pub(crate) use supervised::Supervised;
pub(crate) use terminal::Terminal;
pub(crate) use test_env::TestEnv;
#[allow(unused_imports, reason = "the fault and fuzz tests have no screen")]
pub(crate) use tmux::Tmux;
#[allow(unused_imports, reason = "the fault and fuzz tests have no screen")]
pub(crate) use xterm::Xterm;

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The timeout of every wait: far above the slowest machine, so that only a failure reaches it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The programs under test.
pub(crate) const CHATTRACE: &str = env!("CARGO_BIN_EXE_chattrace");
pub(crate) const SERVE: &str = env!("CARGO_BIN_EXE_chattrace-serve");
pub(crate) const TUNNEL: &str = env!("CARGO_BIN_EXE_chattrace-tunnel");
pub(crate) const CLEAN: &str = env!("CARGO_BIN_EXE_chattrace-clean");

/// `command` as the last arguments of `wrapper`, a program with its own arguments, in the folder and with
/// the variables of `command`.
pub(crate) fn under(mut wrapper: Command, command: &Command) -> Command {
    wrapper.arg(command.get_program()).args(command.get_args());
    wrapper.env_clear().current_dir(command.get_current_dir().unwrap());
    wrapper.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapper
}

/// A shell that runs `script`, in which `command` is `"$0" "$@"`.
pub(crate) fn in_shell(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    under(shell, command)
}

/// `command` under a witness, which exits after the last process that descends from it: see
/// `tests/fixtures/witness/main.rs`.
fn witnessed(command: &Command) -> Command {
    under(Command::new(stand_in("witness")), command)
}

/// Sends the signal `name`, such as `TERM`, to a process that the test has started, or has just found
/// among its own descendants.
pub(crate) fn signal(name: &str, pid: u32) {
    let signal: Signal = format!("SIG{name}").parse().unwrap();
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap_or_else(|error| panic!("{pid}: {error}"));
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
