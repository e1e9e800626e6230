//! The `chattrace-clean` that runs once, at the start of a session.

use std::path::Path;
use std::process::{Command, Stdio};

use tokio::io::{AsyncBufRead, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::event::{ChildEvent, ChildRole, Cleanup};
use super::output::{excerpt, next_line, pipe_receiver};
use super::service::{Child, DRAIN_TIMEOUT};
use crate::process::{ExitReason, ServiceProcess, SpawnError};

/// Longest line: a path of 4 096 bytes, each of which JSON may escape as six, and the other fields.
const MAX_LINE_BYTES: usize = 32 * 1024;

/// Bound on all lines together: about a hundred thousand removed things.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;

/// A cleaner that runs, or has exited and is not reaped yet.
#[derive(Debug)]
pub(super) struct Cleaner {
    process: ServiceProcess,
    /// Returns how many things were removed, or why its output is not that of a cleaner.
    output: JoinHandle<Result<usize, String>>,
}

impl Cleaner {
    /// Spawns `chattrace-clean` at `program`; it reads no input and asks nothing.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(super) fn spawn(program: &Path, session_id: &str) -> Result<Self, SpawnError> {
        let name = ChildRole::Cleaner.program();
        let mut command = Command::new(program);
        command.args(["--stale", "--yes", "--json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = ServiceProcess::spawn(name, command, session_id)?;
        let stdout = pipe_receiver(name, process.stdout.take())?;
        let output = tokio::spawn(async move {
            match stdout {
                Some(stdout) => count_removed(BufReader::new(stdout)).await,
                None => Ok(0),
            }
        });
        Ok(Self { process, output })
    }
}

impl Child for Cleaner {
    fn process(&self) -> &ServiceProcess {
        &self.process
    }

    fn report_exit(self, reason: ExitReason, events: mpsc::Sender<ChildEvent>) {
        tokio::spawn(async move {
            let output = timeout(DRAIN_TIMEOUT, self.output).await;
            let removed = output.map_or(Ok(0), |read| read.unwrap_or(Ok(0)));
            let cleanup = match (removed, reason) {
                (Err(why), _) => Cleanup::Failed(why),
                (Ok(removed), ExitReason::Code(0)) => Cleanup::Complete(removed),
                (Ok(removed), ExitReason::Code(1)) => Cleanup::Partial(removed),
                (Ok(_), ExitReason::Code(_) | ExitReason::Signal(_)) => {
                    Cleanup::Failed(reason.to_string())
                }
            };
            let _ = events.send(ChildEvent::Cleaned(cleanup)).await;
        });
    }
}

/// One line of `chattrace-clean --json`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CleanLine {
    #[serde(rename = "path")]
    _path: String,
    #[serde(rename = "bytes")]
    _bytes: u64,
    #[serde(rename = "kind")]
    _kind: String,
    /// False for a thing that could not be removed.
    removed: bool,
    #[serde(rename = "why", default)]
    _why: Option<String>,
}

/// Reads to the end of `stdout`, even after an invalid line: a cleaner whose pipe is full would
/// hang.
///
/// # Errors
/// With the first thing that a cleaner does not print, to follow its name.
async fn count_removed(mut stdout: impl AsyncBufRead + Unpin) -> Result<usize, String> {
    let (mut removed, mut bytes) = (0, 0);
    let mut invalid = None;
    while let Some(line) = next_line(&mut stdout, MAX_LINE_BYTES).await {
        bytes += line.len() as u64 + 1;
        if invalid.is_some() {
            continue;
        }
        match serde_json::from_str::<CleanLine>(&line) {
            _ if bytes > MAX_OUTPUT_BYTES => {
                invalid = Some(format!("printed too much (more than {MAX_OUTPUT_BYTES} bytes)"));
            }
            Ok(line) => removed += usize::from(line.removed),
            Err(error) => {
                let error = excerpt(&error.to_string());
                invalid = Some(format!("printed an invalid line ({error})"));
            }
        }
    }
    invalid.map_or(Ok(removed), Err)
}
