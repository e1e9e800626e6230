//! Without a supervisor: the public link goes to stdout, and the program exits on a signal, when the
//! reader of stdout is gone, or at the end of the standard input that gave the origin.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::sleep;

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
use crate::process::{self, ShutdownCause, TerminationSignal, TerminationSignals};
use crate::terminal;

/// One request to open, one to close, one to kill, and room for one more.
const REQUEST_QUEUE: usize = 4;

/// How long the program that wrote the origin may take to end before the address is unregistered. In
/// a pipeline, Ctrl+C reaches both; `chattrace-serve` then sends its goodbye through this tunnel, and
/// takes as long at most.
const ORIGIN_END_TIMEOUT: Duration = Duration::from_millis(1500);

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
    let (cause, ends_pipeline) = shutdown_cause(&mut signals, &mut stdin).await;
    let mut second_interrupt = std::pin::pin!(signals.second_interrupt(cause));
    if ends_pipeline && stdin.is_some() {
        terminal::eprint_line("closing once the program that wrote the origin has ended");
        tokio::select! {
            () = stdin_origin::ended(&mut stdin) => {}
            () = sleep(ORIGIN_END_TIMEOUT) => {}
            () = &mut second_interrupt => {
                let _ = requests.send(TunnelRequest::Kill(Exit::Killed)).await;
                return;
            }
        }
    }
    // The receiver is dropped when the program stops for another reason.
    let _ = requests.send(TunnelRequest::Close).await;
    second_interrupt.await;
    let _ = requests.send(TunnelRequest::Kill(Exit::Killed)).await;
}

/// What begins the shutdown, and whether it ends all programs of a pipeline, as Ctrl+C does.
async fn shutdown_cause(
    signals: &mut TerminationSignals,
    stdin: &mut Option<StdinEnd>,
) -> (ShutdownCause, bool) {
    let mut stdout_closed = std::pin::pin!(terminal::stdout_closed());
    tokio::select! {
        signal = signals.recv() => {
            let to_all = [TerminationSignal::Interrupt, TerminationSignal::Hangup];
            (ShutdownCause::Signal, to_all.contains(&signal))
        }
        () = stdin_origin::ended(stdin) => {
            terminal::eprint_line("standard input has ended");
            (ShutdownCause::ClosedStream, false)
        }
        () = &mut stdout_closed => {
            terminal::eprint_line("the reader of the link is gone");
            (ShutdownCause::ClosedStream, true)
        }
    }
}
