//! By hand or in a pipeline: the origin from the command line or from standard input, the public
//! link to stdout, the end when either neighbour ends.

use std::io::IsTerminal as _;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use super::NAME;
use super::cli::Cli;
use super::cloudflared::Group;
use super::drive::{self, Ask, Ground};
use super::origin::{ORIGIN_BYTES, Origin, OriginError};
use super::report::Report;
use super::screen::{Output, Screen};
use crate::config::Config;
use crate::exit::Exit;
use crate::line_reader::read_line_blocking;
use crate::paths::RunDir;
use crate::process::{self, ShutdownCause, TerminationSignals};
use crate::terminal;

/// Opens a public address and keeps it until asked to end.
pub(super) async fn run(cli: &Cli) -> Exit {
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
    let (origin, input) = match origin(cli, &mut signals).await {
        Ok(Some(both)) => both,
        Ok(None) => return Exit::Ended,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return error.exit();
        }
    };
    let output = if cli.json { Output::Json } else { Output::Link };
    session(config, origin, input, output, signals).await
}

/// The tunnel in a runtime folder of its own, which is gone afterwards.
async fn session(
    config: Config,
    origin: Origin,
    input: Option<Input>,
    output: Output,
    signals: TerminationSignals,
) -> Exit {
    let run_dir = match RunDir::create(&session_name()) {
        Ok(run_dir) => run_dir,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return Exit::Unavailable;
        }
    };
    let ground = Ground {
        settings: config.tunnel,
        run_dir: run_dir.path().to_owned(),
        confine: config.confinement,
        group: Group::Own,
    };
    let (sender, mut asks) = mpsc::channel(4);
    // The queue is empty and has room for it.
    let _ = sender.try_send(Ask::Open(origin.clone()));
    tokio::spawn(watch(signals, input, sender));
    let mut report = Report::Screen(Screen::new(output, origin));
    let exit = drive::run(&ground, &mut asks, &mut report).await;
    match run_dir.remove() {
        Ok(()) => exit,
        Err(kept) => {
            for thing in kept {
                terminal::print_error(NAME, &format_args!("remains: {thing}"));
            }
            Exit::Remains
        }
    }
}

/// A name for the runtime folder that no other living program has.
fn session_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |since| since.subsec_nanos());
    format!("tunnel-{}-{nanos:x}", process::own_pid())
}

/// Tells the driver when it is over: a signal, the end of standard input, the end of stdout.
async fn watch(mut signals: TerminationSignals, mut input: Option<Input>, to: mpsc::Sender<Ask>) {
    let mut stdout_closed = std::pin::pin!(terminal::stdout_closed());
    let began = tokio::select! {
        _ = signals.recv() => ShutdownCause::Signal,
        () = ended(&mut input) => {
            terminal::eprint_line("standard input has ended");
            ShutdownCause::ClosedStream
        }
        () = &mut stdout_closed => {
            terminal::eprint_line("nobody reads the link any more");
            ShutdownCause::ClosedStream
        }
    };
    // Nobody takes it when it is over already.
    let _ = to.send(Ask::Close).await;
    signals.second_interrupt(began).await;
    let _ = to.send(Ask::Kill(Exit::Killed)).await;
}

/// What becomes of standard input after its first line.
struct Input {
    end: oneshot::Receiver<()>,
}

async fn ended(input: &mut Option<Input>) {
    match input {
        // An error means that the thread is gone, and the input with it.
        Some(input) => drop((&mut input.end).await),
        None => std::future::pending().await,
    }
}

/// The origin, and the input it came from; `None` when a signal was faster.
async fn origin(
    cli: &Cli,
    signals: &mut TerminationSignals,
) -> Result<Option<(Origin, Option<Input>)>, OriginError> {
    match cli.origin.as_deref() {
        Some("-") => {}
        Some(text) => return Ok(Some((Origin::parse(text)?, None))),
        None if std::io::stdin().is_terminal() => return Err(OriginError::Missing),
        None => {}
    }
    let (first, input) = read_input();
    let line = tokio::select! {
        line = first => line.ok().flatten().ok_or(OriginError::NoLine)?,
        _ = signals.recv() => return Ok(None),
    };
    Ok(Some((Origin::parse(line.trim_end_matches(['\r', '\n']))?, Some(input))))
}

/// Reads standard input on a thread of its own: the first line, then to the end. A read cannot be
/// called off, so the thread ends with the program.
fn read_input() -> (oneshot::Receiver<Option<String>>, Input) {
    let (line, first) = oneshot::channel();
    let (over, end) = oneshot::channel();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut text = Vec::new();
        // One byte more than an origin may have, so that a longer one is told from a line.
        let read = read_line_blocking(&mut stdin, &mut text, ORIGIN_BYTES + 2);
        let whole = read.is_ok() && (text.ends_with(b"\n") || text.len() > ORIGIN_BYTES);
        let _ = line.send(whole.then(|| String::from_utf8_lossy(&text).into_owned()));
        let _ = std::io::copy(&mut stdin, &mut std::io::sink());
        let _ = over.send(());
    });
    (first, Input { end })
}
