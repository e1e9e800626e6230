//! The output for the user on stderr: states, and progress displays. Text from outside is escaped.

use std::path::Path;

use super::cli::NAME;
use super::progress::ProgressDisplay;
use crate::control::{CloudflaredSource, FromTunnel};
use crate::terminal::{self, escape_control};
use crate::units::format_bytes;

/// Hex digits of a digest that are shown; enough to tell releases apart.
const SHOWN_DIGEST_CHARS: usize = 12;

/// The writer of stderr. At most one progress display is drawn, below the last line.
#[derive(Debug, Default)]
pub(super) struct TunnelScreen {
    progress: Option<ProgressDisplay>,
}

impl TunnelScreen {
    /// Shows `state`. The line of a new state replaces a progress display.
    pub(super) fn show(&mut self, state: &FromTunnel) {
        match state {
            FromTunnel::Hello { .. } | FromTunnel::Unregistered => {}
            FromTunnel::Unconfined { what } => {
                self.print(&format!("cloudflared {}", escape_control(what)));
            }
            FromTunnel::Fetching { version, from, size, resumed_at, to } => {
                self.show_download(version, from, *size, *resumed_at, to);
            }
            FromTunnel::Fetched { bytes } => {
                if let Some(progress) = &mut self.progress {
                    progress.set_position(*bytes);
                }
            }
            FromTunnel::Found { path, version, digest, source } => {
                self.print(&format!(
                    "cloudflared {}, {} at {}, sha256 {}…",
                    version.as_deref().unwrap_or("of unknown version"),
                    describe_source(*source),
                    escape_control(&path.to_string_lossy()),
                    digest.get(..SHOWN_DIGEST_CHARS).unwrap_or(digest),
                ));
            }
            FromTunnel::Starting { why } => {
                if let Some(why) = why {
                    self.print(&escape_control(why));
                }
                self.print("requesting a public address");
            }
            FromTunnel::Delayed { why } => self.print(&escape_control(why)),
            FromTunnel::Url { url } => self.print(&format!(
                "address {}; waiting for Cloudflare's network to register it",
                escape_control(url)
            )),
            FromTunnel::Settling { settle_seconds: 0, .. } => self.print("registered"),
            FromTunnel::Settling { settle_seconds, .. } => {
                self.progress = ProgressDisplay::settling(*settle_seconds);
            }
            FromTunnel::Registered { .. } => self.print("the public address works"),
            FromTunnel::Reconnecting => {
                self.print("Cloudflare's network lost the tunnel; reconnecting");
            }
            FromTunnel::Lost { why, .. } => {
                self.clear_progress();
                terminal::print_error(NAME, why);
            }
            FromTunnel::Closed => self.print("closed"),
        }
    }

    /// Shows that the shutdown has begun, for which there is no state.
    pub(super) fn show_closing(&mut self) {
        self.print("closing");
    }

    /// V-36: printed before the first byte is fetched.
    fn show_download(
        &mut self,
        version: &str,
        from: &str,
        size: Option<u64>,
        resumed_at: u64,
        to: &Path,
    ) {
        self.print(&format!("cloudflared is not on this computer; downloading version {version}"));
        self.print(&format!("  from  {}", escape_control(from)));
        self.print(&format!("  size  {}", size.map_or_else(|| "unknown".to_owned(), format_bytes)));
        self.print(&format!("  to    {}", escape_control(&to.to_string_lossy())));
        if resumed_at > 0 {
            self.print(&format!("  resuming after {}", format_bytes(resumed_at)));
        }
        self.progress = Some(ProgressDisplay::download(size));
    }

    /// A closed stderr does not end the program; a closed stdout does.
    fn print(&mut self, line: &str) {
        self.clear_progress();
        terminal::eprint_line(line);
    }

    fn clear_progress(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.clear();
        }
    }
}

fn describe_source(source: CloudflaredSource) -> &'static str {
    match source {
        CloudflaredSource::Managed => "downloaded and checked,",
        CloudflaredSource::Path => "found on PATH",
        CloudflaredSource::Chosen => "as named",
    }
}
