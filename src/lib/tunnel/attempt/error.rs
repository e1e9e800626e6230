//! Every reason why there is no public address, each as one sentence with the next step.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::output::CloudflaredError;
use crate::paths::COOLDOWN_SECONDS;
use crate::process::ExitReason;
use crate::quick_tunnel::QuickTunnelName;
use crate::terminal::escape_control;
use crate::units::format_duration;

/// Why there is no public address. Text of cloudflared or of the network is escaped when displayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::tunnel) enum TunnelError {
    /// HTTP 429 from the API, in either of its two forms.
    #[error(
        "Cloudflare gives this network no more tunnels for now (too many requests); wait {}, or use another network",
        wait(COOLDOWN_SECONDS)
    )]
    TooManyRequests,
    /// The wait after an earlier 429 is not over.
    #[error("Cloudflare asked this network to wait (too many requests); try again in {}", wait(*.seconds))]
    CoolingDown { seconds: u64 },
    /// An HTTP status from 400, except 429.
    #[error(
        "Cloudflare's tunnel service answered with error {0} instead of an address; the fault is on their side, try again in a few minutes"
    )]
    ApiStatus(u16),
    /// Not JSON, or JSON in another form.
    #[error(
        "Cloudflare's tunnel service gave an answer that cloudflared cannot read; a proxy or a sign-in page of this network may be in between, try another network"
    )]
    ApiUnreadable,
    #[error(
        "the name api.trycloudflare.com cannot be looked up; check that this computer is online and its DNS works"
    )]
    ApiUnresolved,
    #[error(
        "api.trycloudflare.com cannot be reached; check that this computer is online and a firewall lets it out on port 443"
    )]
    ApiUnreachable,
    /// The API gave a tunnel without a name.
    #[error(
        "Cloudflare's tunnel service gave a tunnel without an address; the fault is on their side, try again in a few minutes"
    )]
    ApiNoAddress,
    #[error(
        "the certificate of api.trycloudflare.com is not trusted; a virus scanner or proxy may be reading along: let it pass this name, or name its certificates in SSL_CERT_FILE"
    )]
    ApiCertificate,
    #[error(
        "the certificate of api.trycloudflare.com is not valid at the time of this computer's clock; set the clock"
    )]
    ApiCertificateTime,
    /// Another name in the certificate, or no TLS at all.
    #[error(
        "another server answers in place of api.trycloudflare.com; a sign-in page of this network may be in between: open it in a browser, or use another network"
    )]
    ApiWrongServer,
    #[error(
        "this computer has no trusted certificates; install the package ca-certificates, or name a file in SSL_CERT_FILE"
    )]
    NoTrustedCertificates,
    /// No answer of the API within cloudflared's own timeout.
    #[error(
        "api.trycloudflare.com does not answer in time; try again in a few minutes, or use another network"
    )]
    ApiTimeout,
    /// Any other failure of the request to the API.
    #[error(
        "api.trycloudflare.com closed the connection; try again in a few minutes, or use another network"
    )]
    ApiDisconnected,
    /// The API answers, but DNS gives no address for the edge.
    #[error(
        "the names of Cloudflare's network cannot be looked up; check this computer's DNS, which must answer for argotunnel.com"
    )]
    EdgeUnresolved,
    /// The edge answers neither over QUIC nor over HTTP/2.
    #[error(
        "Cloudflare's network cannot be reached on port 7844, neither by UDP nor by TCP; let this port out through the firewall, or use another network"
    )]
    EdgeUnreachable,
    /// The edge closed its connections, or broke off their handshakes.
    #[error(
        "connections to Cloudflare's network on port 7844 are closed before the tunnel is registered; a firewall or proxy may do this: let this port through, use another network, or try again in a few minutes"
    )]
    EdgeDisconnected,
    #[error(
        "the certificate of Cloudflare's network on port 7844 is not trusted; a proxy may be reading along: let this port pass, or use another network"
    )]
    EdgeCertificate,
    /// The edge answers; with the reason that it gives, if it gives one.
    #[error("{}; try again in a few minutes", refusal(.0))]
    RegistrationRefused(Option<String>),
    /// No registration over either protocol in this many seconds, and no error.
    #[error(
        "Cloudflare's network did not register the tunnel within {}; let port 7844 out through the firewall, use another network, or try again in a few minutes",
        wait(*.0)
    )]
    NotRegistered(u64),
    /// The tunnel was registered, and has not reconnected for this many seconds.
    #[error(
        "Cloudflare's network has not known the tunnel for {}; check that this computer is online, then start again for a new address",
        wait(*.0)
    )]
    EdgeLost(u64),
    /// Not one line in this many seconds.
    #[error(
        "cloudflared printed nothing for {}; check with --cloudflared that it is the right program",
        wait(*.0)
    )]
    NoOutput(u64),
    /// Lines, but no box with an address, in this many seconds.
    #[error(
        "cloudflared got no public address within {}; check the network and try again",
        wait(*.0)
    )]
    NoAddress(u64),
    /// The box of cloudflared holds another address than that of a quick tunnel. It repeats the API's.
    #[error("cloudflared announced \"{}\", which is no address of a quick tunnel; try again in a few minutes, or use another version of cloudflared", escape_control(.0))]
    WrongAddress(String),
    /// The metrics port, or a second box, gives another name.
    #[error("cloudflared announced {printed} and answers for {}; neither is trusted, use another version of cloudflared", escape_control(.other))]
    AddressMismatch { printed: QuickTunnelName, other: String },
    /// The metrics port is open, but gave no name before the deadline.
    #[error(
        "cloudflared announced {0}, and its metrics port never confirmed it; use another version of cloudflared"
    )]
    AddressUnconfirmed(QuickTunnelName),
    /// cloudflared still runs, but this metrics port no longer answers.
    #[error("cloudflared no longer answers on {0} and was ended; start again for a new address")]
    MetricsLost(SocketAddr),
    #[error(
        "cloudflared cannot open its metrics port on 127.0.0.1; check that loopback works on this computer"
    )]
    MetricsPortUnavailable,
    #[error(
        "this cloudflared does not know the options of quick tunnels; use version 2025.6.1 or newer"
    )]
    UnknownOption,
    /// Why `chattrace-tunnel exec` could not become cloudflared, and the next step.
    #[error("cloudflared cannot be run: {}", escape_control(.0))]
    ExecFailed(String),
    /// It exited before it was registered, and gave a reason that is not recognised.
    #[error(
        "cloudflared gave up before it had a public address (\"{}\"); try again in a few minutes, or use another network",
        escape_control(.0)
    )]
    GaveUp(String),
    /// A script that was named as cloudflared exited without an address.
    #[error(
        "cloudflared {0} before it had a public address; it is a script, and what it runs is confined: let it exec a program in /usr or /opt, because it can start no second process and read no folder of a user, or name that program itself with --cloudflared"
    )]
    ScriptFailed(ExitReason),
    /// Exited before it was registered, without an error that is recognised.
    #[error(
        "cloudflared {0} before it had a public address; run it by hand to see why: cloudflared tunnel --url http://127.0.0.1:8080"
    )]
    ExitedEarly(ExitReason),
    /// Exited while it was registered.
    #[error("cloudflared {0}, and its public address is gone; start again for a new one")]
    Exited(ExitReason),
    /// The process, or its home folder, cannot be created.
    #[error("cloudflared cannot be started: {0}")]
    SpawnFailed(String),
    /// The file that the user named, or the one on `PATH`, is not a program that can be run.
    #[error("{path} cannot be used as cloudflared: {why}; check --cloudflared or tunnel.cloudflared", path = path.display())]
    UnusableProgram { path: PathBuf, why: String },
    /// One of the versions with cloudflared issue 1717.
    #[error("{path} is cloudflared {version}, which strips slashes from the end of addresses and so breaks links; use 2026.8.2 or newer", path = path.display())]
    FaultyVersion { path: PathBuf, version: String },
    /// The managed copy is not the file that was installed.
    #[error("{path} is not the cloudflared that was downloaded: its SHA-256 is {found}, expected {expected}; remove the file, and it is downloaded again", path = path.display())]
    DigestMismatch { path: PathBuf, found: String, expected: String },
    /// The pinned release has no file for this architecture.
    #[error(
        "there is no cloudflared for this kind of processor ({0}); build one, and name it with --cloudflared"
    )]
    UnsupportedProcessor(String),
    /// cloudflared was not installed; the text is a whole sentence.
    #[error("{0}")]
    NotInstalled(String),
}

impl From<CloudflaredError> for TunnelError {
    fn from(error: CloudflaredError) -> Self {
        match error {
            // The API refuses a quick tunnel without a status for this one reason (measured).
            CloudflaredError::ApiStatus(429) | CloudflaredError::ApiNoTunnel => {
                Self::TooManyRequests
            }
            CloudflaredError::ApiStatus(status @ 400..) => Self::ApiStatus(status),
            // Below 400 the request succeeded, and only the content of the answer is wrong.
            CloudflaredError::ApiStatus(_) | CloudflaredError::ApiUnreadable => Self::ApiUnreadable,
            CloudflaredError::ApiUnresolved => Self::ApiUnresolved,
            CloudflaredError::ApiUnreachable => Self::ApiUnreachable,
            CloudflaredError::ApiCertificate => Self::ApiCertificate,
            CloudflaredError::ApiCertificateTime => Self::ApiCertificateTime,
            CloudflaredError::ApiWrongServer => Self::ApiWrongServer,
            CloudflaredError::NoTrustedCertificates => Self::NoTrustedCertificates,
            CloudflaredError::ApiTimeout => Self::ApiTimeout,
            CloudflaredError::ApiDisconnected => Self::ApiDisconnected,
            CloudflaredError::EdgeUnresolved => Self::EdgeUnresolved,
            CloudflaredError::DialFailed => Self::EdgeUnreachable,
            CloudflaredError::EdgeDisconnected => Self::EdgeDisconnected,
            CloudflaredError::EdgeCertificate => Self::EdgeCertificate,
            CloudflaredError::RegistrationRefused(reason) => Self::RegistrationRefused(reason),
            CloudflaredError::MetricsPortUnavailable => Self::MetricsPortUnavailable,
            CloudflaredError::UnknownOption => Self::UnknownOption,
            CloudflaredError::ExecFailed(why) => Self::ExecFailed(why),
            CloudflaredError::Unrecognized(why) => Self::GaveUp(why),
        }
    }
}

impl TunnelError {
    /// Seconds before which another attempt fails, or makes the wait longer; `None` without a wait.
    pub(in crate::tunnel) fn retry_after(&self) -> Option<u64> {
        if let Self::CoolingDown { seconds } = self {
            return Some(*seconds);
        }
        (*self == Self::TooManyRequests).then_some(COOLDOWN_SECONDS)
    }
}

fn wait(seconds: u64) -> String {
    format_duration(Duration::from_secs(seconds))
}

fn refusal(reason: &Option<String>) -> String {
    match reason {
        Some(text) => {
            format!("Cloudflare's network refuses the tunnel (\"{}\")", escape_control(text))
        }
        None => "Cloudflare's network answers, and does not register the tunnel".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-10: text from outside cannot act on a terminal.
    #[test]
    fn text_of_cloudflared_is_escaped() {
        for error in [
            TunnelError::RegistrationRefused(Some("\u{1b}[2J".to_owned())),
            TunnelError::WrongAddress("https://\u{202e}x".to_owned()),
            TunnelError::ExecFailed("\r".to_owned()),
        ] {
            let text = error.to_string();
            assert!(text.contains("\\u{") && !text.chars().any(char::is_control), "{text}");
        }
    }
}
