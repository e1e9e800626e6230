//! `chattrace`: one session, from the banner to "nothing remains".
//!
//! It owns the terminal, the processes and the end. [`session`] decides, [`drive`] does.

mod board;
mod checks;
mod cli;
mod closing;
mod drive;
mod qr;
mod services;
mod session;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use crate::config::{Config, ConfigError, Provider};
use crate::control::VERSION;
use crate::exit::Exit;
use crate::memory;
use crate::paths::RunDir;
use crate::process::{self, ListenError, SpawnError, TerminationSignals};
use crate::terminal::{self, Screen, Verbosity};
use crate::token::Token;
use board::Board;
use services::Programs;
use session::{Cause, Ending, Tunnelling};

/// Why a session cannot begin.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A sibling program is missing.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// There is no place for the control socket.
    #[error("{0}")]
    RunDir(std::io::Error),
    /// The system refused something basic.
    #[error("the system refused what every session needs: {0}")]
    System(#[from] std::io::Error),
    /// No randomness.
    #[error("the kernel has no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl StartError {
    fn exit(&self) -> Exit {
        match self {
            StartError::Config(error) => error.exit(),
            StartError::Listen(_) | StartError::Spawn(_) | StartError::RunDir(_) => {
                Exit::Unavailable
            }
            StartError::System(_) | StartError::Randomness(_) => Exit::Failed,
        }
    }
}

/// Runs `chattrace`; see its `--help`.
pub fn main() -> ExitCode {
    process::close_inherited_fds();
    terminal::install_panic_hook("chattrace");
    let cli = match terminal::parse_args::<cli::Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if cli.explains() {
        return explain_limits(&cli);
    }
    // One thread: a child dies with the thread that forked it (prctl(2)).
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(StartError::from).and_then(|runtime| runtime.block_on(run(&cli)));
    memory::overwrite_stack();
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::print_error("chattrace", &error);
            error.exit().into()
        }
    }
}

/// The room's process knows its limits, so it answers in our place.
fn explain_limits(cli: &cli::Cli) -> ExitCode {
    let serve = match process::sibling_path("chattrace-serve") {
        Ok(serve) => serve,
        Err(error) => {
            terminal::print_error("chattrace", &error);
            return Exit::Unavailable.into();
        }
    };
    let error = Command::new(serve).args(cli.limits()).exec();
    terminal::print_error("chattrace", &error);
    Exit::Unavailable.into()
}

async fn run(cli: &cli::Cli) -> Result<Exit, StartError> {
    // Caught first of all: from here on, a signal ends a session and not just this process.
    let signals = TerminationSignals::catch()?;
    let config = Config::resolve(&cli.overrides())?;
    let programs = Programs::find()?;
    let listener = process::listen(config.listen)?;
    // Refused only where the kernel has no such thing; then orphans go to init, which reaps them.
    let _ = process::become_subreaper();
    let id = session_id()?;
    let run_dir = RunDir::create(&id).map_err(StartError::RunDir)?;
    let volume = if cli.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut board = Board::new(Screen::stderr(volume)?, cli.json, !cli.no_qr)?;
    board.banner(VERSION);
    for check in checks::machine(run_dir.path()) {
        board.check(&check);
    }
    if let Some(check) = checks::listen(config.listen) {
        board.check(&check);
    }
    let ticket = Token::generate()?;
    let begin = drive::Beginning { config, programs, board, id, ticket, listener, run_dir };
    Ok(exit_of(&drive::run(begin, signals).await?))
}

/// Twelve hex digits: short, because a socket's path is, and never met twice on one machine.
fn session_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn exit_of(ending: &Ending) -> Exit {
    match ending {
        Ending::Clean(Cause::Asked(_)) => Exit::Ended,
        Ending::Clean(Cause::NoTunnel(_) | Cause::Unconfined(_)) => Exit::Unavailable,
        Ending::Clean(Cause::Failed(_)) => Exit::Failed,
        Ending::Remains => Exit::Remains,
        Ending::Killed => Exit::Killed,
    }
}

fn tunnelling(provider: Provider) -> Tunnelling {
    match provider {
        Provider::None => Tunnelling::Never,
        Provider::Auto => Tunnelling::WhenPossible,
        Provider::Cloudflared => Tunnelling::Required,
    }
}
