//! The one shot of `chattrace-clean` at the beginning of a session.

use std::path::Path;
use std::process::{Command, Stdio};

use tokio::io::{AsyncBufRead, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::running::{ECHO, excerpt, next_line, receiver};
use super::{Input, Role};
use crate::process::{ExitReason, ServiceProcess, SpawnError};

/// Longest line: a path of 4 096 bytes, each of which JSON writes as six at most, and the rest.
const LINE_BYTES: usize = 32 * 1024;

/// All lines together: a hundred thousand things of dead sessions.
const OUTPUT_BYTES: u64 = 16 * 1024 * 1024;

/// The `chattrace-clean` that looks for what dead sessions left.
#[derive(Debug)]
pub(in crate::supervisor) struct Cleaner {
    service: ServiceProcess,
    /// Ends with how many things it has removed, or with what it said that ours never says.
    told: JoinHandle<Result<usize, String>>,
}

/// What became of what dead sessions left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum Cleaning {
    /// So many things were removed, and nothing remains.
    Done(usize),
    /// So many things were removed, and others could not be.
    InPart(usize),
    /// It did not get to its end: why.
    Failed(String),
}

impl Cleaner {
    /// Starts it.
    ///
    /// # Errors
    /// When the system does not.
    pub(super) fn start(program: &Path, session: &str) -> Result<Self, SpawnError> {
        let name = Role::Guard.program();
        let mut command = Command::new(program);
        command.args(["--stale", "--yes", "--json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut service = ServiceProcess::spawn(name, command, session)?;
        let stdout = receiver(name, service.stdout.take())?;
        let told = tokio::spawn(async move {
            match stdout {
                Some(stdout) => read(BufReader::new(stdout)).await,
                None => Ok(0),
            }
        });
        Ok(Self { service, told })
    }

    /// Its process.
    pub(in crate::supervisor) fn service(&self) -> &ServiceProcess {
        &self.service
    }

    /// Lets [`Input::Cleaned`] follow its last line.
    pub(in crate::supervisor) fn bury(self, reason: ExitReason, inputs: mpsc::Sender<Input>) {
        tokio::spawn(async move {
            let told = tokio::time::timeout(ECHO, self.told).await;
            let told = told.map_or(Ok(0), |told| told.unwrap_or(Ok(0)));
            let cleaning = match (told, reason) {
                (Err(what), _) => Cleaning::Failed(what),
                (Ok(removed), ExitReason::Code(0)) => Cleaning::Done(removed),
                (Ok(removed), ExitReason::Code(1)) => Cleaning::InPart(removed),
                (Ok(_), ExitReason::Code(_) | ExitReason::Signal(_)) => {
                    Cleaning::Failed(reason.to_string())
                }
            };
            let _ = inputs.send(Input::Cleaned(cleaning)).await;
        });
    }
}

/// One line of `chattrace-clean --json`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "path")]
    _path: String,
    #[serde(rename = "bytes")]
    _bytes: u64,
    #[serde(rename = "kind")]
    _kind: String,
    /// Whether the thing is gone now.
    removed: bool,
    #[serde(rename = "why", default)]
    _why: Option<String>,
}

/// Reads every line to the end, and counts the things that are gone.
///
/// # Errors
/// With what it said that ours never says; the rest is read and means nothing.
async fn read(mut stdout: impl AsyncBufRead + Unpin) -> Result<usize, String> {
    let (mut removed, mut bytes) = (0, 0);
    let mut wrong = None;
    while let Some(line) = next_line(&mut stdout, LINE_BYTES).await {
        bytes += line.len() as u64 + 1;
        if wrong.is_some() {
            continue;
        }
        match serde_json::from_str::<Line>(&line) {
            _ if bytes > OUTPUT_BYTES => {
                wrong = Some(format!("talks too much (more than {OUTPUT_BYTES} bytes)"));
            }
            Ok(line) => removed += usize::from(line.removed),
            Err(error) => {
                let error = excerpt(&error.to_string());
                wrong = Some(format!("said something that is not understood ({error})"));
            }
        }
    }
    wrong.map_or(Ok(removed), Err)
}
