//! `chattrace`: one session, from the banner to "nothing remains".
//!
//! It owns the terminal, the processes and their orderly end. [`session`] decides what happens,
//! [`event_loop`] does it. [`operator`] is the room as the operator ordered it, and [`host`] has the keys of
//! a sealed one. No text of a participant ever reaches this program.

mod archive;
mod checks;
mod children;
mod cli;
mod console;
mod ctl;
mod event_loop;
mod host;
mod manual;
mod operator;
mod preflight;
mod session;
mod timers;

pub(crate) use manual::{ctl_manual, manual};

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use crate::config::{Config, ConfigError};
use crate::control::VERSION;
use crate::exit::Exit;
use crate::memory;
use crate::paths::{RunDir, RunDirError};
use crate::process::{self, ListenError, RequiredCallError, SpawnError};
use crate::terminal::{self, Screen, Verbosity};
use archive::ArchiveError;
use children::Programs;
use console::{Console, LogFate};
use event_loop::{RoomAccess, Setup, Signals};
use session::{EndReason, SessionOutcome};

/// Why a session cannot begin.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A log could not be saved at the end.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// There is no folder that is private enough for the control socket.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// A system call is refused that every session needs.
    #[error(transparent)]
    RequiredCall(#[from] RequiredCallError),
    /// No memory, thread or signal handler.
    #[error(
        "the system gave no memory, thread or signal handler: {0}; end other programs, or raise their limits"
    )]
    System(#[from] std::io::Error),
    /// The kernel gave no random bytes for the ticket or the session's id.
    #[error("the kernel gave no random bytes: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl StartError {
    fn exit(&self) -> Exit {
        match self {
            StartError::Config(error) => error.exit(),
            StartError::RunDir(error) if !error.is_clean() => Exit::Remains,
            // As at the end, when a log cannot be saved: the setting is valid, the folder is not there.
            StartError::Archive(_)
            | StartError::Listen(_)
            | StartError::Spawn(_)
            | StartError::RunDir(_)
            | StartError::RequiredCall(_) => Exit::Unavailable,
            StartError::System(_) | StartError::Randomness(_) => Exit::Failed,
        }
    }
}

/// Runs `chattrace`; see its `--help`.
pub fn main() -> ExitCode {
    if let Err(error) = process::reset_inheritance() {
        terminal::print_error("chattrace", &error);
        return Exit::Unavailable.into();
    }
    terminal::install_panic_hook("chattrace");
    let cli = match terminal::parse_args::<cli::Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(cli::Subcommand::Ctl(args)) = &cli.subcommand {
        return ctl::run(args).into();
    }
    if cli.explains_limits() {
        return explain_limits(&cli);
    }
    if cli.check {
        return check(&cli).into();
    }
    let ended = start(&cli);
    memory::overwrite_stack();
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::print_error("chattrace", &error);
            error.exit().into()
        }
    }
}

/// Tries what a session needs, and begins none.
fn check(cli: &cli::Cli) -> Exit {
    let overrides = cli.overrides();
    match Config::resolve_session(&overrides) {
        Ok(config) => preflight::run(&config, overrides.config.as_deref(), cli.json),
        Err(error) => {
            terminal::print_error("chattrace", &error);
            error.exit()
        }
    }
}

fn start(cli: &cli::Cli) -> Result<Exit, StartError> {
    process::require_service_calls()?;
    // One thread: a child dies with the thread that forked it (prctl(2)).
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(cli))
}

/// Becomes `chattrace-serve`, which knows the limits of a room.
fn explain_limits(cli: &cli::Cli) -> ExitCode {
    let unavailable = |error: &dyn std::fmt::Display| {
        terminal::print_error("chattrace", error);
        Exit::Unavailable.into()
    };
    let config = match Config::resolve_session(&cli.overrides()) {
        Ok(config) => config,
        Err(error) => {
            terminal::print_error("chattrace", &error);
            return error.exit().into();
        }
    };
    let serve = match process::sibling_path("chattrace-serve") {
        Ok(serve) => serve,
        Err(error) => return unavailable(&error),
    };
    unavailable(&Command::new(serve).args(cli.limits_args(config.room.mode)).exec())
}

async fn run(cli: &cli::Cli) -> Result<Exit, StartError> {
    // First: from here on, a signal ends the session in order and does not kill this process.
    let signals = Signals::catch()?;
    let config = Config::resolve_session(&cli.overrides())?;
    let archive_check = archive::check(&config, !cli.quiet && terminal::is_interactive())?;
    let programs = Programs::find()?;
    let listener = process::listen(config.listen)?;
    // Without it, orphans go to init, which reaps them.
    let adopted = process::become_subreaper();
    let mut console =
        Console::new(open_screen(cli.verbosity())?, cli.json, !cli.no_qr, config.bell)?;
    let access = RoomAccess::draw(&config.room, std::time::Instant::now())?;
    // Last: a step that fails before it leaves nothing, and none behind it can fail.
    let run_dir = RunDir::create(&generate_session_id()?)?;
    console.show_banner(VERSION);
    for check in checks::machine(run_dir.path()) {
        console.show_check(&check);
    }
    if let Some(check) = archive_check {
        console.show_check(&check);
    }
    if let Some(check) = checks::orphans(adopted, process::can_signal_by_pidfd()) {
        console.show_check(&check);
    }
    if let Some(check) = checks::listen_address(config.listen, config.room.mode) {
        console.show_check(&check);
    }
    let setup = Setup { config, programs, console, access, listener, run_dir };
    let (outcome, log_fate) = event_loop::run(setup, signals).await;
    Ok(exit_of(&outcome, log_fate))
}

/// Opens the screen, whose thread is the first that this program starts.
fn open_screen(verbosity: Verbosity) -> Result<Screen, StartError> {
    match Screen::stderr(verbosity) {
        Ok(screen) => Ok(screen),
        Err(_) => {
            process::require_threads()?;
            Ok(Screen::stderr(verbosity)?)
        }
    }
}

/// Twelve hex digits: short, because the path of a socket has at most 107 bytes.
fn generate_session_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn exit_of(outcome: &SessionOutcome, log_fate: LogFate) -> Exit {
    match outcome {
        SessionOutcome::Clean(EndReason::Requested(_)) => match log_fate {
            LogFate::AsRequested => Exit::Ended,
            // The folder for it is unavailable.
            LogFate::NotSaved => Exit::Unavailable,
        },
        SessionOutcome::Clean(
            EndReason::NoTunnel(_) | EndReason::Unconfined(_) | EndReason::OutputFailed(_),
        ) => Exit::Unavailable,
        SessionOutcome::Clean(EndReason::Failed(_)) => Exit::Failed,
        SessionOutcome::Panicked => Exit::Ended,
        SessionOutcome::Remains(_) => Exit::Remains,
        SessionOutcome::Killed => Exit::Killed,
    }
}
