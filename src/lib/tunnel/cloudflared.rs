//! cloudflared as a child: its arguments, an environment with nothing of the user's in it, and its
//! output, which is read for ever (with a full pipe it ignores even SIGTERM) and never relayed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::attempt::Protocol;
use super::origin::Origin;
use super::output::{self, Meaning};
use super::shim;
use crate::config::ConfinementPolicy;
use crate::line_reader::read_truncated_line;
use crate::paths;
use crate::process::{self, ExitReason};

/// A line longer than this is cut. The longest that means something here is below 300 bytes.
const LINE_BYTES: usize = 8 * 1024;
/// Meanings on their way; noise is not among them, so a flood does not fill this.
const QUEUE: usize = 64;
/// How long the pipes of a dead cloudflared are read for its last words. They end with it, unless
/// somebody else inherited them.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// `version --short` answered in 0.15 s; a program that needs thirty times as long is not asked.
const VERSION_PATIENCE: Duration = Duration::from_secs(5);

/// Where it stands among processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// In ours, which the supervisor ends as one.
    Ours,
    /// In its own: Ctrl+C in a terminal reaches whole groups, and a second signal on top of ours
    /// would kill it before it has unregistered.
    Own,
}

/// Where it lives.
#[derive(Clone, Debug)]
pub(super) struct Quarters {
    /// Its home, which is empty.
    pub(super) home: PathBuf,
    /// What it means if it cannot be confined to it.
    pub(super) confine: ConfinementPolicy,
}

/// What it did.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// A line that means something, or its first sign of life.
    Line(Meaning),
    /// Ended; every line was told before.
    Ended(ExitReason),
}

/// A running cloudflared. Killed when dropped.
#[derive(Debug)]
pub(super) struct Cloudflared {
    child: Child,
    lines: mpsc::Receiver<Meaning>,
    ended: Option<(ExitStatus, Instant)>,
}

impl Cloudflared {
    /// Starts it for `origin` in its quarters. Must be called on the main thread:
    /// its death signal follows the thread.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start(
        program: &Path,
        quarters: &Quarters,
        group: Group,
        origin: &Origin,
        protocol: Protocol,
    ) -> std::io::Result<Self> {
        let mut command = command(program, quarters, Some(origin))?;
        // As measured. `--config=` keeps the user's own file out, which would win over --url.
        command.args(["tunnel", "--config=", "--url", &origin.bare()]);
        command.args(["--metrics", "127.0.0.1:0", "--grace-period", "2s", "--loglevel", "info"]);
        // Variables, because one that an older version does not know is ignored, not fatal.
        command.envs([("NO_AUTOUPDATE", "true"), ("TUNNEL_NO_PRECHECKS", "true")]);
        if protocol == Protocol::Http2 {
            command.env("TUNNEL_TRANSPORT_PROTOCOL", "http2");
        }
        if group == Group::Own {
            command.process_group(0);
        }
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let (sender, lines) = mpsc::channel(QUEUE);
        let stdout = child.stdout.take().expect("stdout was piped");
        let stderr = child.stderr.take().expect("stderr was piped");
        tokio::spawn(drain(stdout, sender.clone()));
        tokio::spawn(drain(stderr, sender));
        Ok(Self { child, lines, ended: None })
    }

    /// What it does next. Safe to cancel.
    pub(super) async fn next(&mut self) -> Said {
        loop {
            if let Some((status, until)) = self.ended {
                return match timeout_at(until, self.lines.recv()).await {
                    Ok(Some(meaning)) => Said::Line(meaning),
                    Ok(None) | Err(_) => Said::Ended(status.into()),
                };
            }
            tokio::select! {
                Some(meaning) = self.lines.recv() => return Said::Line(meaning),
                status = self.child.wait() => {
                    // An error here means that it was collected already, which only we can do.
                    let status = status.unwrap_or_default();
                    self.ended = Some((status, Instant::now() + LAST_WORDS));
                }
            }
        }
    }

    /// Asks it to unregister and end. Once only: a second signal kills it at once.
    pub(super) fn terminate(&self) {
        // No number: it is gone and collected, which is what was wanted.
        if let Some(pid) = self.child.id() {
            process::terminate(pid);
        }
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        // An error means that it is gone already.
        let _ = self.child.kill().await;
    }
}

/// `program` tied to our life and confined, with none of the user's environment.
fn command(
    program: &Path,
    quarters: &Quarters,
    origin: Option<&Origin>,
) -> std::io::Result<Command> {
    let home = &quarters.home;
    let mut command = Command::from(process::shim_command()?);
    command.args(shim::words(quarters.confine, origin)).arg(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    // cloudflared's home lies in the folder of its session, whose name marks all its processes.
    if let Some(session) = home.parent().and_then(Path::file_name) {
        command.env(paths::SESSION_MARK, session);
    }
    // Networks that open TLS need their own certificates here.
    if let Some(file) = std::env::var_os("SSL_CERT_FILE") {
        command.env("SSL_CERT_FILE", file);
    }
    Ok(command)
}

/// What the program says its version is; `None` when it says nothing of the kind in time.
pub(super) async fn version(program: PathBuf, quarters: &Quarters) -> Option<String> {
    let mut command = command(&program, quarters, None).ok()?;
    command.args(["version", "--short"]).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let stdout = child.stdout.take()?;
    let mut said = Vec::new();
    // 64 bytes: a version is ten.
    let mut bounded = stdout.take(64);
    let read = timeout(VERSION_PATIENCE, bounded.read_to_end(&mut said)).await;
    // Gone or stuck, it is not needed any more.
    let _ = child.kill().await;
    read.ok()?.ok()?;
    let text = String::from_utf8(said).ok()?;
    let version = text.trim();
    let shaped = version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b));
    shaped.then(|| version.to_owned())
}

/// Reads everything, for ever; tells what means something.
async fn drain(stream: impl AsyncRead + Unpin, to: mpsc::Sender<Meaning>) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    let mut alive = false;
    while let Ok(true) = read_truncated_line(&mut reader, &mut line, LINE_BYTES).await {
        let meaning = output::read(&String::from_utf8_lossy(&line));
        // One sign of life is enough; a flood of noise ends here.
        if meaning == Meaning::Noise && std::mem::replace(&mut alive, true) {
            continue;
        }
        // Nobody listens any more: read on all the same, or it stops.
        let _ = to.send(meaning).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_noise_is_one_sign_of_life() {
        let (sender, mut meanings) = mpsc::channel(1);
        let flood = b"noise\n".repeat(100_000);
        drain(&*flood, sender).await;
        assert_eq!(meanings.recv().await, Some(Meaning::Noise));
        assert_eq!(meanings.recv().await, None);
    }
}
