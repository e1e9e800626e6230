//! Every way in which there is no public address, each as one sentence with the next step.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::output::Trouble;
use crate::paths::COOLDOWN_SECONDS;
use crate::process::ExitReason;
use crate::quick_tunnel::QuickTunnelName;
use crate::terminal::escape_control;
use crate::units::format_duration;

/// Why there is no public address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// HTTP 429 from the API, in either of its two forms.
    #[error(
        "Cloudflare gives this network no more tunnels for now (too many requests); wait {}, or use another network",
        wait(COOLDOWN_SECONDS)
    )]
    TooMany,
    /// An earlier 429 is not over.
    #[error("Cloudflare asked this network to wait (too many requests); a new public address can be tried in {}", wait(*.seconds))]
    CoolingDown {
        /// Until then.
        seconds: u64,
    },
    /// The API is ill.
    #[error(
        "Cloudflare's tunnel service answered with error {0} instead of an address; it is a fault on their side, try again in a few minutes"
    )]
    Answered(u16),
    /// The API, or something in between, answers nonsense.
    #[error(
        "Cloudflare's tunnel service gave an answer that cloudflared cannot read; a proxy or a sign-in page of this network may be in between, try another network"
    )]
    Unreadable,
    /// No DNS.
    #[error(
        "the name api.trycloudflare.com cannot be looked up; check that this computer is online and its DNS works"
    )]
    ApiName,
    /// Nobody there.
    #[error(
        "api.trycloudflare.com cannot be reached; check that this computer is online and a firewall lets it out on port 443"
    )]
    ApiUnreachable,
    /// TLS is opened on the way.
    #[error(
        "the certificate of api.trycloudflare.com is not trusted; a virus scanner or proxy may be reading along: let it pass this name, or name its certificates in SSL_CERT_FILE"
    )]
    ApiCertificate,
    /// The API hangs.
    #[error(
        "api.trycloudflare.com does not answer in time; try again in a few minutes, or use another network"
    )]
    ApiTimeout,
    /// The API hangs up.
    #[error(
        "api.trycloudflare.com broke the connection off; try again in a few minutes, or use another network"
    )]
    ApiBroken,
    /// The API has answered, and the edge has no name.
    #[error(
        "the names of Cloudflare's network cannot be looked up; check this computer's DNS, which must answer for argotunnel.com"
    )]
    EdgeName,
    /// Neither UDP nor TCP gets through.
    #[error(
        "Cloudflare's network cannot be reached on port 7844, neither by UDP nor by TCP; let this port out through the firewall, or use another network"
    )]
    EdgeUnreachable,
    /// The edge says no.
    #[error("Cloudflare's network refuses the tunnel{}; try again in a few minutes", said(.0))]
    Refused(Option<String>),
    /// It was up, and is not coming back.
    #[error(
        "Cloudflare's network has not known the tunnel for {}; check that this computer is online; a new start gives a new address",
        wait(*.0)
    )]
    EdgeLost(u64),
    /// No life sign.
    #[error(
        "cloudflared printed nothing for {}; check with --cloudflared that it is the right program",
        wait(*.0)
    )]
    Silent(u64),
    /// It lives, and has no address.
    #[error(
        "cloudflared got no public address within {}; check the network and try again",
        wait(*.0)
    )]
    NoAddress(u64),
    /// The box holds something else.
    #[error("cloudflared announced \"{}\", which is no address of a quick tunnel; use another version of cloudflared", escape_control(.0))]
    WrongAddress(String),
    /// The box and the metrics port differ.
    #[error("cloudflared announced {printed} and answers for {}; neither is trusted, use another version of cloudflared", escape_control(.answered))]
    Disagrees {
        /// In the box.
        printed: QuickTunnelName,
        /// On the metrics port, or in a second box.
        answered: String,
    },
    /// The metrics port never said the name.
    #[error(
        "cloudflared announced {0}, and its metrics port never confirmed it; use another version of cloudflared"
    )]
    Unconfirmed(QuickTunnelName),
    /// The metrics port is dead, and the process is not.
    #[error(
        "cloudflared no longer answers on {0}; it was ended, and a new start gives a new address"
    )]
    MetricsGone(SocketAddr),
    /// The metrics port could not be opened.
    #[error(
        "cloudflared cannot open its metrics port on 127.0.0.1; check that loopback works on this computer"
    )]
    MetricsPort,
    /// It does not understand us.
    #[error(
        "this cloudflared does not know the options of quick tunnels; use version 2025.6.1 or newer"
    )]
    Options,
    /// It is no program for this computer.
    #[error("cloudflared cannot be run: {}; check that it is made for this computer", escape_control(.0))]
    NotRun(String),
    /// It ended before it was up, without a word.
    #[error(
        "cloudflared {how} before it had a public address; run it by hand to see why: cloudflared tunnel --url http://127.0.0.1:8080"
    )]
    EndedEarly {
        /// How.
        how: ExitReason,
    },
    /// It ended while it was up.
    #[error("cloudflared {how}, and its public address is gone; a new start gives a new one")]
    Died {
        /// How.
        how: ExitReason,
    },
    /// The system refuses.
    #[error("cloudflared cannot be started: {0}")]
    NotStarted(String),
    /// The program that was named is none.
    #[error("{path} cannot be used as cloudflared: {why}; check --cloudflared or tunnel.cloudflared", path = path.display())]
    Chosen {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A version with a known fault.
    #[error("{path} is cloudflared {version}, which strips slashes from the end of addresses and so breaks links; use 2026.8.2 or newer", path = path.display())]
    Denied {
        /// The program.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// The managed copy is not what was fetched.
    #[error("{path} is not the cloudflared that was fetched: its SHA-256 is {found}, expected {expected}; remove the file, and it is fetched again", path = path.display())]
    Tampered {
        /// The managed copy.
        path: PathBuf,
        /// In hex.
        found: String,
        /// In hex.
        expected: String,
    },
    /// There is no release for this processor.
    #[error(
        "there is no cloudflared for this kind of processor ({0}); build one, and name it with --cloudflared"
    )]
    Processor(String),
    /// Anything that went wrong while it was fetched: a sentence of its own.
    #[error("{0}")]
    Fetch(String),
}

impl Failure {
    /// The reason that cloudflared's own words give for its exit.
    pub(super) fn of(trouble: Trouble) -> Self {
        match trouble {
            // A quick tunnel is refused without a status for one known reason (measured).
            Trouble::Answered(429) | Trouble::NoTunnel => Failure::TooMany,
            // 2xx and the like: the answer was in order, its content was not.
            Trouble::Answered(status @ 400..) => Failure::Answered(status),
            Trouble::Answered(_) | Trouble::Unreadable => Failure::Unreadable,
            Trouble::ApiName => Failure::ApiName,
            Trouble::ApiUnreachable => Failure::ApiUnreachable,
            Trouble::ApiCertificate => Failure::ApiCertificate,
            Trouble::ApiTimeout => Failure::ApiTimeout,
            Trouble::ApiBroken => Failure::ApiBroken,
            Trouble::EdgeName => Failure::EdgeName,
            Trouble::Dial => Failure::EdgeUnreachable,
            Trouble::Refused(reason) => Failure::Refused(reason),
            Trouble::MetricsPort => Failure::MetricsPort,
            Trouble::Options => Failure::Options,
            Trouble::NotRun(why) => Failure::NotRun(why),
        }
    }

    /// Seconds before which a new try is pointless or harmful.
    pub(super) fn retry_after(&self) -> Option<u64> {
        if let Failure::CoolingDown { seconds } = self {
            return Some(*seconds);
        }
        (*self == Failure::TooMany).then_some(COOLDOWN_SECONDS)
    }
}

fn wait(seconds: u64) -> String {
    format_duration(Duration::from_secs(seconds))
}

fn said(reason: &Option<String>) -> String {
    reason.as_ref().map_or_else(String::new, |text| format!(" (\"{}\")", escape_control(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-10: what a stranger wrote cannot act on a terminal.
    #[test]
    fn strangers_words_are_made_harmless() {
        for failure in [
            Failure::Refused(Some("\u{1b}[2J".to_owned())),
            Failure::WrongAddress("https://\u{202e}x".to_owned()),
            Failure::NotRun("\r".to_owned()),
        ] {
            let text = failure.to_string();
            assert!(text.contains("\\u{") && !text.chars().any(char::is_control), "{text}");
        }
    }
}
