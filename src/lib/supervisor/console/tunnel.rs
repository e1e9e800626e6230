//! The lines about cloudflared and the public address.

use std::path::Path;
use std::time::Duration;

use super::state::Console;
use super::status::Address;
use super::stdout::ConsoleEvent;
use crate::control::CloudflaredSource;
use crate::log::LogEntry;
use crate::terminal::{Severity, StatusText, escape_control};
use crate::units::{format_bytes, format_duration};

/// Facts about cloudflared that are remembered, so that they are not repeated: its version and its
/// confinement, before and after another one was installed.
const MAX_FACTS: usize = 8;
/// Delays that are remembered for the same purpose: one attempt has two.
const MAX_DELAYS: usize = 4;

/// A step towards the public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) enum TunnelStep {
    /// cloudflared asks for an address.
    Starting,
    /// The address is assigned, and leads nowhere yet.
    Registering,
    /// The address is in use; its name is still given so many seconds to appear in DNS.
    Settling { seconds: u64 },
}

impl TunnelStep {
    /// The name of the state, for programs.
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Registering => "url",
            Self::Settling { .. } => "settling",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Starting => "requesting a public address".to_owned(),
            Self::Registering => "waiting for Cloudflare to register the address".to_owned(),
            Self::Settling { seconds } => {
                format!("the link follows in {seconds} s, once its name is known")
            }
        }
    }

    fn short_text(self) -> String {
        match self {
            Self::Starting => self.text(),
            Self::Registering => "waiting for Cloudflare".to_owned(),
            Self::Settling { seconds } => format!("the link follows in {seconds} s"),
        }
    }

    /// The status line in each of its lengths, the longest first.
    fn lengths(self, sign: &str) -> [String; 3] {
        let (text, short) = (self.text(), self.short_text());
        let with_label = |text: &str| format!("  {sign} {:<16} {text}", "tunnel");
        [with_label(&text), with_label(&short), format!("  {sign} {short}")]
    }
}

impl Console {
    /// Shows the download that is about to begin: what, how large, from where, to where.
    pub(in crate::supervisor) fn show_fetching(
        &mut self,
        version: &str,
        from: &str,
        size: Option<u64>,
        to: &Path,
    ) {
        let large = size.map_or_else(String::new, |size| format!(", {}", format_bytes(size)));
        let fact = format!(
            "not found; downloading {version}{large}\n    from {}\n    to {}",
            escape_control(from),
            escape_control(&to.display().to_string())
        );
        self.cloudflared_fact(Severity::Info, fact);
        self.screen.start_progress("cloudflared", size);
    }

    /// Moves the progress bar to `bytes`, counted from the beginning of the file.
    pub(in crate::supervisor) fn show_fetched(&self, bytes: u64) {
        self.screen.set_progress(bytes);
    }

    /// Shows which cloudflared is used, unless it is the one shown before.
    pub(in crate::supervisor) fn show_found(
        &mut self,
        version: Option<&str>,
        digest: &str,
        source: CloudflaredSource,
    ) {
        self.screen.clear_status();
        let source = match source {
            CloudflaredSource::Managed => "downloaded and checked",
            CloudflaredSource::Path => "from PATH",
            CloudflaredSource::Chosen => "as configured",
        };
        let version = escape_control(version.unwrap_or("of unknown version"));
        let digest: String = digest.chars().take(12).collect();
        let fact = if self.screen.is_verbose() {
            format!("{version} ({source}, sha256 {}…)", escape_control(&digest))
        } else {
            format!("{version} ({source})")
        };
        self.cloudflared_fact(Severity::Ok, fact);
    }

    /// Shows what cloudflared may do because this kernel lacks a layer of its confinement.
    pub(in crate::supervisor) fn show_unconfined(&mut self, what: &str) {
        self.cloudflared_fact(Severity::Warning, escape_control(what));
    }

    /// Shows a step towards the public address in the status line. Programs are told `why` it takes
    /// longer.
    pub(in crate::supervisor) fn show_tunnel_step(&self, step: TunnelStep, why: Option<&str>) {
        self.stdout.event(&ConsoleEvent::Tunnel { state: step.name(), text: why });
        let sign = self.screen.symbol(Severity::Info);
        self.screen.set_status(StatusText::new(step.lengths(&sign)));
    }

    /// Shows why the public address takes longer, unless it was shown at an attempt before.
    pub(in crate::supervisor) fn show_tunnel_delay(&mut self, why: &str) {
        let why = escape_control(why);
        if !self.tunnel_delays.contains(&why) {
            self.screen.print_fact(Severity::Warning, "tunnel", &why);
            self.tunnel_delays.truncate(MAX_DELAYS - 1);
            self.tunnel_delays.insert(0, why);
        }
    }

    /// Shows that the address which was shown last works again.
    pub(in crate::supervisor) fn show_restored(&mut self) {
        self.address = Address::Public;
        self.last_loss = None;
        self.record(LogEntry::PublicRestored);
        self.print_event("the public address works again");
        self.stdout.event(&ConsoleEvent::Tunnel { state: "registered", text: None });
    }

    /// Shows that the edge lost the tunnel. The address and its link stay valid.
    pub(in crate::supervisor) fn show_reconnecting(&mut self) {
        self.address = Address::Reconnecting;
        self.print_event("the public address lost its connection; reconnecting");
        self.stdout.event(&ConsoleEvent::Tunnel { state: "reconnecting", text: None });
    }

    /// Shows why there is no public address. The reason of the attempt before is not repeated.
    pub(in crate::supervisor) fn show_tunnel_lost(&mut self, why: &str, retry_in: Duration) {
        self.screen.clear_status();
        self.address = Address::LocalOnly;
        let why = escape_control(why);
        self.stdout.event(&ConsoleEvent::Tunnel { state: "lost", text: Some(&why) });
        if self.last_loss.as_ref() != Some(&why) {
            self.record(LogEntry::PublicLost);
            let fact = format!("{why}; next try in {}", format_duration(retry_in));
            self.screen.print_fact(Severity::Warning, "tunnel", &fact);
            self.last_loss = Some(why);
        }
        if self.has_link {
            self.update_status();
        }
    }

    /// Prints a fact unless it was printed before: each new attempt finds the same cloudflared.
    fn cloudflared_fact(&mut self, severity: Severity, fact: String) {
        if !self.cloudflared_facts.contains(&fact) {
            self.screen.print_fact(severity, "cloudflared", &fact);
            self.cloudflared_facts.truncate(MAX_FACTS - 1);
            self.cloudflared_facts.insert(0, fact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three columns stay free.
    #[test]
    fn each_step_is_whole_in_40_columns() {
        let seconds = [0, 9, 3600];
        let settling = seconds.map(|seconds| TunnelStep::Settling { seconds });
        for step in [TunnelStep::Starting, TunnelStep::Registering].into_iter().chain(settling) {
            let lengths = step.lengths("·").map(|text| text.chars().count());
            assert!(lengths[2] <= 40 - 3 && lengths[0] <= 80 - 3, "{step:?}: {lengths:?}");
        }
    }
}
