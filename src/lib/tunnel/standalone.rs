//! Without a supervisor: the public link goes to stdout, and the program exits on a signal, when the
//! reader of stdout is gone, or at the end of the standard input that gave the origin.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::cli::{NAME, TunnelCli};
use super::context::{Context, ProcessGroup, TunnelRequest};
use super::lifecycle;
use super::origin::Origin;
use super::screen::TunnelScreen;
use super::status_sink::StatusSink;
use super::stdin_origin::{self, StdinEnd};
use super::stdout::{OutputFormat, Stdout};
use crate::config::Config;
use crate::exit::Exit;
use crate::paths::RunDir;
use crate::process::{self, ShutdownCause, TerminationSignals};
use crate::terminal;

/// One request to open, one to close, one to kill, and room for one more.
const REQUEST_QUEUE: usize = 4;

/// Resolves configuration and origin, runs until the tunnel is closed, and returns the exit code.
pub(super) async fn run(cli: &TunnelCli) -> Exit {
    let config = match Config::resolve(&cli.overrides()) {
        Ok(config) => config,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return error.exit();
        }
    };
    let mut signals = match TerminationSignals::catch() {
        Ok(signals) => signals,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed;
        }
    };
    let (origin, stdin) = match stdin_origin::resolve(cli.origin.as_deref(), &mut signals).await {
        Ok(Some(resolved)) => resolved,
        Ok(None) => return Exit::Ended,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return error.exit();
        }
    };
    let format = if cli.json { OutputFormat::Json } else { OutputFormat::Link };
    run_session(config, origin, stdin, format, signals).await
}

/// Runs in a runtime folder of its own, and removes it afterwards.
async fn run_session(
    config: Config,
    origin: Origin,
    stdin: Option<StdinEnd>,
    format: OutputFormat,
    signals: TerminationSignals,
) -> Exit {
    let run_dir = match RunDir::create(&session_name()) {
        Ok(run_dir) => run_dir,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return if error.is_clean() { Exit::Unavailable } else { Exit::Remains };
        }
    };
    let context = Context {
        settings: config.tunnel,
        run_dir: run_dir.path().to_owned(),
        confinement: config.confinement,
        process_group: ProcessGroup::Own,
    };
    let (sender, mut requests) = mpsc::channel(REQUEST_QUEUE);
    // Cannot fail: the channel is empty and its receiver alive.
    let _ = sender.try_send(TunnelRequest::Open(origin.clone()));
    tokio::spawn(request_shutdown(signals, stdin, sender));
    let stdout = Stdout::new(format, origin);
    let mut status = StatusSink::Standalone { screen: TunnelScreen::default(), stdout };
    let exit = lifecycle::run(&context, &mut requests, &mut status).await;
    match run_dir.remove() {
        Ok(()) => exit,
        Err(kept) => {
            for path in kept {
                terminal::print_error(NAME, &format_args!("remains: {path}"));
            }
            Exit::Remains
        }
    }
}

/// A name for the runtime folder that no other running program has.
fn session_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |since| since.subsec_nanos());
    format!("tunnel-{}-{nanos:x}", process::own_pid())
}

/// Requests the shutdown when its cause comes, and the kill at the next Ctrl+C after it.
async fn request_shutdown(
    mut signals: TerminationSignals,
    mut stdin: Option<StdinEnd>,
    requests: mpsc::Sender<TunnelRequest>,
) {
    let mut stdout_closed = std::pin::pin!(terminal::stdout_closed());
    let cause = tokio::select! {
        _ = signals.recv() => ShutdownCause::Signal,
        () = stdin_origin::ended(&mut stdin) => {
            terminal::eprint_line("standard input has ended");
            ShutdownCause::ClosedStream
        }
        () = &mut stdout_closed => {
            terminal::eprint_line("the reader of the link is gone");
            ShutdownCause::ClosedStream
        }
    };
    // The receiver is dropped when the program stops for another reason.
    let _ = requests.send(TunnelRequest::Close).await;
    signals.second_interrupt(cause).await;
    let _ = requests.send(TunnelRequest::Kill(Exit::Killed)).await;
}
