//! cloudflared as a child process: its arguments, and an environment without anything of the user's.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::attempt::{EdgeProtocol, OutputLine};
use super::context::{ProcessGroup, Sandbox};
use super::exec;
use super::origin::Origin;
use super::output_reader;
use crate::paths;
use crate::process::{self, ExitReason};

/// Lines that may wait to be handled. Noise is queued once, so a flood of it cannot fill the queue.
const LINE_QUEUE: usize = 64;
/// How long the pipes are read after the exit: if another process inherited them, they do not end.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);
/// Bound for `version --short`, which answers in 0.15 s (measured).
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);
/// Bound for the answer of `version --short`; a version has ten bytes.
const MAX_VERSION_BYTES: u64 = 64;

/// The return value of [`Cloudflared::next_event`].
#[derive(Clone, Debug)]
pub(super) enum CloudflaredEvent {
    /// A line that means something, or the first one of all.
    Line(OutputLine),
    /// cloudflared exited; all its lines came before.
    Exited(ExitReason),
}

/// A running cloudflared. Killed when dropped.
#[derive(Debug)]
pub(super) struct Cloudflared {
    child: Child,
    lines: mpsc::Receiver<OutputLine>,
    /// Once it has exited: how, and until when the last lines are awaited.
    exited: Option<(ExitStatus, Instant)>,
}

impl Cloudflared {
    /// Starts a quick tunnel for `origin`. Must be called on the main thread: the kernel sends the
    /// death signal when the thread that forked ends (`PR_SET_PDEATHSIG`, prctl(2)).
    ///
    /// # Errors
    /// When the process cannot be created. Later failures are lines of output and an exit.
    pub(super) fn spawn(
        program: &Path,
        sandbox: &Sandbox,
        group: ProcessGroup,
        origin: &Origin,
        protocol: EdgeProtocol,
    ) -> std::io::Result<Self> {
        let mut command = confined_command(program, sandbox, Some(origin))?;
        // `--config=` disables the user's own configuration, which would win over --url (measured).
        command.args(["tunnel", "--config=", "--url", &origin.url()]);
        command.args(["--metrics", "127.0.0.1:0", "--grace-period", "2s", "--loglevel", "info"]);
        // As variables: a version that does not know one ignores it, but exits at an unknown option.
        command.envs([("NO_AUTOUPDATE", "true"), ("TUNNEL_NO_PRECHECKS", "true")]);
        if protocol == EdgeProtocol::Http2 {
            command.env("TUNNEL_TRANSPORT_PROTOCOL", "http2");
        }
        if group == ProcessGroup::Own {
            command.process_group(0);
        }
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let (sender, lines) = mpsc::channel(LINE_QUEUE);
        let stdout = child.stdout.take().expect("stdout was piped");
        let stderr = child.stderr.take().expect("stderr was piped");
        tokio::spawn(output_reader::drain(stdout, sender.clone()));
        tokio::spawn(output_reader::drain(stderr, sender));
        Ok(Self { child, lines, exited: None })
    }

    /// The next line, or the exit once all lines have been returned. Cancel safe.
    pub(super) async fn next_event(&mut self) -> CloudflaredEvent {
        loop {
            if let Some((status, deadline)) = self.exited {
                return match timeout_at(deadline, self.lines.recv()).await {
                    Ok(Some(line)) => CloudflaredEvent::Line(line),
                    Ok(None) | Err(_) => CloudflaredEvent::Exited(status.into()),
                };
            }
            tokio::select! {
                Some(line) = self.lines.recv() => return CloudflaredEvent::Line(line),
                status = self.child.wait() => {
                    // Fails only for a child that was reaped before; no other code reaps it.
                    let status = status.unwrap_or_default();
                    self.exited = Some((status, Instant::now() + LAST_LINES_TIMEOUT));
                }
            }
        }
    }

    /// Sends SIGTERM, on which cloudflared unregisters. Once: on a second signal it exits at once.
    pub(super) fn terminate(&self) {
        if let Some(pid) = self.child.id() {
            process::terminate(pid);
        }
    }

    /// Kills and reaps it.
    pub(super) async fn kill(&mut self) {
        // Fails when it has exited before.
        let _ = self.child.kill().await;
    }
}

/// `program`, confined to `sandbox`, without the user's environment; killed when this process ends.
fn confined_command(
    program: &Path,
    sandbox: &Sandbox,
    origin: Option<&Origin>,
) -> std::io::Result<Command> {
    let home = &sandbox.home;
    let mut command = Command::from(process::shim_command()?);
    command.args(exec::args(sandbox.confinement, origin)).arg(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    // The home lies in the session's folder, whose name marks every process of the session.
    if let Some(session) = home.parent().and_then(Path::file_name) {
        command.env(paths::SESSION_MARK, session);
    }
    // A network that intercepts TLS needs its own certificates.
    for variable in paths::CERTIFICATE_VARIABLES {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    Ok(command)
}

/// The version that `version --short` prints; `None` without a valid one within [`VERSION_TIMEOUT`].
pub(super) async fn query_version(program: PathBuf, sandbox: &Sandbox) -> Option<String> {
    let mut command = confined_command(&program, sandbox, None).ok()?;
    command.args(["version", "--short"]).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdout = child.stdout.take()?.take(MAX_VERSION_BYTES);
    let mut output = Vec::new();
    let read = timeout(VERSION_TIMEOUT, stdout.read_to_end(&mut output)).await;
    // Fails when it has exited by itself.
    let _ = child.kill().await;
    read.ok()?.ok()?;
    let text = String::from_utf8(output).ok()?;
    let version = text.trim();
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b));
    is_version.then(|| version.to_owned())
}
