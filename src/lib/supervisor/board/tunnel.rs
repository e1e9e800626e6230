//! The lines about cloudflared and the public address.

use std::path::Path;
use std::time::Duration;

use super::{Board, Event};
use crate::control::CloudflaredSource;
use crate::log::LogEntry;
use crate::terminal::{Severity, escape_control};
use crate::units::{format_bytes, format_duration};

/// Lines about cloudflared that are not said again: what it is, and what it may do, before and after
/// another one was installed.
const SAID: usize = 8;

impl Board {
    /// cloudflared is not here and will be fetched.
    pub(in crate::supervisor) fn fetching(
        &mut self,
        version: &str,
        from: &str,
        size: Option<u64>,
        to: &Path,
    ) {
        let large = size.map_or_else(String::new, |size| format!(", {}", format_bytes(size)));
        let fact = format!(
            "missing; fetching {version}{large}\n    from {}\n    to {}",
            escape_control(from),
            escape_control(&to.display().to_string())
        );
        self.cloudflared(Severity::Info, fact);
        self.screen.start_progress("cloudflared", size);
    }

    /// So many bytes of it are here.
    pub(in crate::supervisor) fn fetched(&self, bytes: u64) {
        self.screen.set_progress(bytes);
    }

    /// cloudflared is here.
    pub(in crate::supervisor) fn found(
        &mut self,
        version: Option<&str>,
        digest: &str,
        source: CloudflaredSource,
    ) {
        self.screen.clear_status();
        let source = match source {
            CloudflaredSource::Managed => "managed, digest as pinned",
            CloudflaredSource::Path => "from PATH",
            CloudflaredSource::Chosen => "as chosen",
        };
        let version = escape_control(version.unwrap_or("of unknown version"));
        let digest: String = digest.chars().take(12).collect();
        let fact = format!("{version} ({source}, sha256 {}…)", escape_control(&digest));
        self.cloudflared(Severity::Ok, fact);
    }

    /// Nothing keeps cloudflared from this.
    pub(in crate::supervisor) fn unconfined(&mut self, what: &str) {
        self.cloudflared(Severity::Warning, escape_control(what));
    }

    /// The tunnel makes progress.
    pub(in crate::supervisor) fn tunnel(&mut self, state: &str, text: &str) {
        self.json(&Event::Tunnel { state, text: None });
        self.screen.set_status(&format!(
            "  {} {:<16} {text}",
            self.screen.symbol(Severity::Info),
            "tunnel"
        ));
    }

    /// The public address works again.
    pub(in crate::supervisor) fn back(&mut self) {
        self.address = "public";
        self.trouble = None;
        self.note(LogEntry::PublicAgain);
        self.event("the public address is back");
        self.json(&Event::Tunnel { state: "up", text: None });
    }

    /// The edge lost the tunnel for now.
    pub(in crate::supervisor) fn reconnecting(&mut self) {
        self.address = "reconnecting";
        self.event("the tunnel lost its connection and tries to come back");
        self.json(&Event::Tunnel { state: "reconnecting", text: None });
    }

    /// There is no public address, and why. The same reason again, at the next try, is no news.
    pub(in crate::supervisor) fn lost(&mut self, why: &str, pause: Option<Duration>) {
        self.screen.clear_status();
        self.address = "local only";
        let why = escape_control(why);
        self.json(&Event::Tunnel { state: "lost", text: Some(&why) });
        if self.trouble.as_ref() != Some(&why) {
            self.note(LogEntry::PublicLost);
            let next = pause.map_or_else(String::new, |pause| {
                format!("; next try in {}", format_duration(pause))
            });
            self.screen.print_fact(Severity::Warning, "tunnel", &format!("{why}{next}"));
            self.trouble = Some(why);
        }
        if self.linked {
            self.bottom();
        }
    }

    /// A line about cloudflared, unless it was said before: another try finds the same.
    fn cloudflared(&mut self, mark: Severity, fact: String) {
        if !self.cloudflared.contains(&fact) {
            self.screen.print_fact(mark, "cloudflared", &fact);
            self.cloudflared.truncate(SAID - 1);
            self.cloudflared.insert(0, fact);
        }
    }
}
