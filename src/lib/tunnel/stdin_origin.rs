//! The origin: an argument, or the first line of standard input.

use std::io::{BufReader, IsTerminal as _};

use tokio::sync::oneshot;

use super::origin::{MAX_ORIGIN_BYTES, Origin, OriginError};
use crate::line_reader::read_line_blocking;
use crate::process::TerminationSignals;
use crate::terminal::BlockingStdin;

/// The end of standard input. Also signalled if the thread that reads it ends without reaching it.
#[derive(Debug)]
pub(super) struct StdinEnd(oneshot::Receiver<()>);

/// The origin, and the end of standard input if it came from there; `None` when a signal came first.
/// Without `argument` standard input is read, unless it is a terminal.
///
/// # Errors
/// When there is neither an argument nor a whole line, or the text is not an origin.
pub(super) async fn resolve(
    argument: Option<&str>,
    signals: &mut TerminationSignals,
) -> Result<Option<(Origin, Option<StdinEnd>)>, OriginError> {
    match argument {
        Some("-") => {}
        Some(text) => return Ok(Some((Origin::parse(text)?, None))),
        None if std::io::stdin().is_terminal() => return Err(OriginError::Missing),
        None => {}
    }
    let (first_line, end) = spawn_reader();
    let line = tokio::select! {
        line = first_line => line.ok().flatten().ok_or(OriginError::NoLine)?,
        _ = signals.recv() => return Ok(None),
    };
    Ok(Some((Origin::parse(line.trim_end_matches(['\r', '\n']))?, Some(end))))
}

/// Waits for the end of standard input; for ever, if the origin did not come from there.
pub(super) async fn ended(stdin: &mut Option<StdinEnd>) {
    match stdin {
        Some(StdinEnd(end)) => drop(end.await),
        None => std::future::pending().await,
    }
}

/// Reads the first line, then to the end. On a thread, as a blocking read cannot be cancelled.
fn spawn_reader() -> (oneshot::Receiver<Option<String>>, StdinEnd) {
    let (line, first_line) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let mut stdin = BufReader::new(BlockingStdin);
        let mut text = Vec::new();
        // Room for CRLF. A line that fills it without ending is too long; a shorter one without a
        // line feed was cut off by the end of input.
        let read = read_line_blocking(&mut stdin, &mut text, MAX_ORIGIN_BYTES + 2);
        let complete = read.is_ok() && (text.ends_with(b"\n") || text.len() > MAX_ORIGIN_BYTES);
        let _ = line.send(complete.then(|| String::from_utf8_lossy(&text).into_owned()));
        let _ = std::io::copy(&mut stdin, &mut std::io::sink());
        let _ = ended.send(());
    });
    (first_line, StdinEnd(end))
}
