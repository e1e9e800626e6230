//! Parses the output of cloudflared, line by line. Tested with recorded transcripts and random text.
//!
//! cloudflared prints answers of the network word for word. A line is therefore recognised only by
//! its whole form, and an address is used only after the metrics port has confirmed it.

use std::net::SocketAddr;

use crate::quick_tunnel::QuickTunnelName;

/// One line of cloudflared, or of `chattrace-tunnel exec` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum OutputLine {
    /// Any line that is not one of the others.
    Noise,
    /// The box with the public address.
    Address(QuickTunnelName),
    /// The box with another `https://` address in it, cut to [`MAX_QUOTED_CHARS`].
    WrongAddress(String),
    /// The metrics port; always on loopback.
    MetricsAddress(SocketAddr),
    /// The edge accepted a connection; a reason to query `/ready` at once.
    ConnectionRegistered,
    /// The edge lost a connection, or none was made yet; a reason to query `/ready` at once.
    ConnectionLost,
    /// The edge unregistered the tunnel on request. Printed once: a quick tunnel has one connection.
    ConnectionUnregistered,
    /// `chattrace-tunnel exec` could not confine it: what cloudflared may do, and why.
    Unconfined(String),
    /// A failure. cloudflared may recover from it; if it exits, this is the reason.
    Error(CloudflaredError),
}

/// The failures that cloudflared's messages tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) enum CloudflaredError {
    /// The API answered with this HTTP status and no tunnel.
    ApiStatus(u16),
    /// The API's answer is not the expected JSON.
    ApiUnreadable,
    /// The API answered JSON without a tunnel in it, as it does to too many requests.
    ApiNoTunnel,
    /// The API's name cannot be looked up.
    ApiUnresolved,
    /// The connection to the API is refused.
    ApiUnreachable,
    /// The API's certificate is signed by an authority that this computer does not trust.
    ApiCertificate,
    /// The API's certificate is not valid at the time of this computer's clock.
    ApiCertificateTime,
    /// A server that is not the API answers in its place.
    ApiWrongServer,
    /// This computer has no trusted certificates at all.
    NoTrustedCertificates,
    /// The API does not answer in time.
    ApiTimeout,
    /// The API closed the connection.
    ApiDisconnected,
    /// The names of the edge cannot be looked up.
    EdgeUnresolved,
    /// The edge does not answer on port 7844.
    DialFailed,
    /// The edge closed the connection, or broke off its handshake.
    EdgeDisconnected,
    /// The edge's certificate is not trusted.
    EdgeCertificate,
    /// The edge does not register the tunnel. cloudflared prints the reason over HTTP/2 only, and no
    /// reason when the edge does not answer.
    RegistrationRefused(Option<String>),
    /// The metrics port cannot be opened.
    MetricsPortUnavailable,
    /// cloudflared does not know one of the options.
    UnknownOption,
    /// `chattrace-tunnel exec` could not run it: why.
    ExecFailed(String),
    /// cloudflared is about to exit for a reason that is none of the others.
    Unrecognized(String),
}

impl CloudflaredError {
    /// How much an error says; of two, the one that says more is reported.
    pub(super) fn specificity(&self) -> u8 {
        match self {
            Self::Unrecognized(_) => 0,
            Self::ApiUnreadable => 1,
            Self::DialFailed | Self::EdgeDisconnected => 2,
            Self::RegistrationRefused(None) => 3,
            Self::RegistrationRefused(Some(_))
            | Self::ApiStatus(_)
            | Self::ApiNoTunnel
            | Self::ApiUnresolved
            | Self::ApiUnreachable
            | Self::ApiCertificate
            | Self::ApiCertificateTime
            | Self::ApiWrongServer
            | Self::NoTrustedCertificates
            | Self::ApiTimeout
            | Self::ApiDisconnected
            | Self::EdgeUnresolved
            | Self::EdgeCertificate
            | Self::MetricsPortUnavailable
            | Self::UnknownOption
            | Self::ExecFailed(_) => 4,
        }
    }

    /// Whether a connection to the edge was not made, or not registered.
    pub(super) fn is_of_connection(&self) -> bool {
        *self == Self::DialFailed || self.is_of_edge()
    }

    /// Whether only an edge that is reached can cause this.
    pub(super) fn is_of_edge(&self) -> bool {
        let of_edge = [Self::EdgeDisconnected, Self::EdgeCertificate];
        matches!(self, Self::RegistrationRefused(_)) || of_edge.contains(self)
    }
}

/// The line of `chattrace-tunnel exec` when it cannot run cloudflared; the reason follows.
pub(in crate::tunnel) const EXEC_FAILED_PREFIX: &str = "chattrace-tunnel: cannot run cloudflared: ";

/// The line of `chattrace-tunnel exec` for a missing layer; what cloudflared may do follows.
pub(in crate::tunnel) const UNCONFINED_PREFIX: &str =
    "chattrace-tunnel: cloudflared is not confined, it ";

/// Bound for text of cloudflared or of the network that goes into an error.
const MAX_QUOTED_CHARS: usize = 120;

/// Bound for the reason of `chattrace-tunnel exec`, which is a sentence and may have a path in it.
const MAX_EXEC_CHARS: usize = 500;

impl OutputLine {
    /// Parses one line, without its line feed. Never fails: an unknown line is [`Self::Noise`].
    pub(in crate::tunnel) fn parse(line: &str) -> Self {
        match parse_log_line(line) {
            Some(("INF", message)) => parse_info(message),
            Some(("ERR", message)) => parse_error(message),
            Some(_) => Self::Noise,
            None => parse_unformatted(line),
        }
    }
}

/// Level and message of a formatted line: `2026-11-23T04:53:42Z INF message`.
fn parse_log_line(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.split_once(' ')?;
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    let shaped = time.len() == 20 && digits == 14 && time.ends_with('Z') && time.contains('T');
    let (level, message) = rest.split_once(' ')?;
    (shaped && ["DBG", "INF", "WRN", "ERR", "FTL"].contains(&level)).then_some((level, message))
}

fn parse_info(message: &str) -> OutputLine {
    if let Some(inside) = box_text(message) {
        return match inside.strip_prefix("https://") {
            Some(name) => QuickTunnelName::parse(name)
                .map_or_else(|| OutputLine::WrongAddress(quoted(inside)), OutputLine::Address),
            None => OutputLine::Noise,
        };
    }
    if let Some(rest) = message.strip_prefix("Starting metrics server on ") {
        let address = rest.strip_suffix("/metrics").and_then(|a| a.parse().ok());
        return match address {
            Some(address) if SocketAddr::ip(&address).is_loopback() => {
                OutputLine::MetricsAddress(address)
            }
            Some(_) | None => OutputLine::Noise,
        };
    }
    if message.starts_with("Registered tunnel connection ") {
        return OutputLine::ConnectionRegistered;
    }
    if message.starts_with("Unregistered tunnel connection ") {
        return OutputLine::ConnectionUnregistered;
    }
    if message.starts_with("Retrying connection in up to ") {
        return OutputLine::ConnectionLost;
    }
    OutputLine::Noise
}

/// The text between the bars of a box line.
fn box_text(message: &str) -> Option<&str> {
    Some(message.strip_prefix('|')?.strip_suffix('|')?.trim())
}

fn parse_error(message: &str) -> OutputLine {
    let starts = |prefix: &str| message.starts_with(prefix);
    if starts("Error unmarshaling QuickTunnel response") {
        let error = status_code(message)
            .map_or(CloudflaredError::ApiUnreadable, CloudflaredError::ApiStatus);
        return OutputLine::Error(error);
    }
    if let Some(why) = error_field(message, "Failed to dial a quic connection") {
        return OutputLine::Error(parse_dial_error(why));
    }
    if let Some(why) = error_field(message, "Unable to establish connection with Cloudflare edge") {
        return OutputLine::Error(parse_dial_error(why));
    }
    for refusal in REFUSALS {
        if let Some(why) = error_field(message, refusal) {
            return parse_registration_error(why);
        }
    }
    if let Some(why) = error_field(message, "failed to serve tunnel connection") {
        let refused = why.starts_with("control stream encountered a failure");
        let refused = refused.then_some(CloudflaredError::RegistrationRefused(None));
        return OutputLine::Error(refused.unwrap_or(CloudflaredError::EdgeDisconnected));
    }
    if error_field(message, "Serve tunnel error") == Some("connection with edge closed") {
        return OutputLine::Error(CloudflaredError::EdgeDisconnected);
    }
    if let Some(why) = error_field(message, "Initiating shutdown") {
        return OutputLine::Error(CloudflaredError::Unrecognized(quoted(why)));
    }
    if starts("Serve tunnel error") {
        return OutputLine::ConnectionLost;
    }
    OutputLine::Noise
}

/// The beginnings of a message about a registration that failed. Over HTTP/2 the first is printed at
/// once, and the second only when the edge closes the connection as well.
const REFUSALS: [&str; 3] = [
    "failed to serve incoming request",
    "Register tunnel error from server side",
    "Unable to establish connection.",
];

/// The field `error` of a message that begins with `text`; in quotes where it has more than a word.
fn error_field<'a>(message: &'a str, text: &str) -> Option<&'a str> {
    let value = message.strip_prefix(text)?.strip_prefix(" error=")?;
    match value.strip_prefix('"') {
        Some(value) => Some(value.split('"').next().unwrap_or(value)),
        None => value.split(' ').next(),
    }
}

/// Parses why no connection to the edge was made: over UDP by QUIC, or over TCP by TLS.
fn parse_dial_error(why: &str) -> CloudflaredError {
    if why.contains("x509") {
        CloudflaredError::EdgeCertificate
    } else if why.starts_with("TLS handshake with edge error") || why.contains("CRYPTO_ERROR") {
        CloudflaredError::EdgeDisconnected
    } else {
        CloudflaredError::DialFailed
    }
}

/// Parses why a request of the edge was not served. The first one is the registration; those of
/// visitors follow it.
fn parse_registration_error(why: &str) -> OutputLine {
    let of_visitors = ["Failed to proxy HTTP", "cloudflared received", "Received unknown"];
    if of_visitors.iter().any(|text| why.starts_with(text)) {
        return OutputLine::Noise;
    }
    let closed = ["EOF", "context canceled", "connection closed", "connection reset"];
    OutputLine::Error(if why.contains("deadline exceeded") {
        CloudflaredError::RegistrationRefused(None)
    } else if closed.iter().any(|text| why.contains(text)) {
        CloudflaredError::EdgeDisconnected
    } else {
        CloudflaredError::RegistrationRefused(Some(quoted(why)))
    })
}

/// Text for an error, within its bound.
fn quoted(text: &str) -> String {
    text.chars().take(MAX_QUOTED_CHARS).collect()
}

/// Parses a line without time and level: printed before an exit, or the rest of a longer message.
fn parse_unformatted(line: &str) -> OutputLine {
    let starts = |prefix: &str| line.starts_with(prefix);
    if let Some(what) = line.strip_prefix(UNCONFINED_PREFIX) {
        return OutputLine::Unconfined(quoted(what));
    }
    let error = if let Some(why) = line.strip_prefix("failed to request quick Tunnel: ") {
        parse_request_error(why)
    } else if let Some(why) = line.strip_prefix("failed to read quick-tunnel response: ") {
        parse_request_error(why)
    } else if let Some(why) = line.strip_prefix(EXEC_FAILED_PREFIX) {
        CloudflaredError::ExecFailed(why.chars().take(MAX_EXEC_CHARS).collect())
    } else if starts("failed to unmarshal quick Tunnel") {
        CloudflaredError::ApiUnreadable
    } else if starts("failed to parse quick Tunnel ID: invalid UUID length: 0") {
        CloudflaredError::ApiNoTunnel
    } else if starts("failed to parse quick Tunnel ID") {
        CloudflaredError::ApiUnreadable
    } else if UNRESOLVED_EDGE.iter().any(|text| starts(text)) {
        CloudflaredError::EdgeUnresolved
    } else if starts("Error opening metrics server listener") {
        CloudflaredError::MetricsPortUnavailable
    } else if starts("Incorrect Usage") || starts("unknown protocol ") {
        CloudflaredError::UnknownOption
    } else if let Some(code) = status_code(line) {
        CloudflaredError::ApiStatus(code)
    } else {
        return OutputLine::Noise;
    };
    OutputLine::Error(error)
}

/// The beginnings of a final line about the look-ups for the edge.
const UNRESOLVED_EDGE: [&str; 5] = [
    "Could not lookup srv records",
    "Couldn't resolve SRV record",
    "SRV record ",
    "expected at least 2 Cloudflare Regions",
    "failed to resolve any edge address",
];

/// Parses why the request to the API failed, from the error text of Go's network library.
fn parse_request_error(why: &str) -> CloudflaredError {
    let has = |part: &str| why.contains(part);
    if has("no such host") || has("server misbehaving") || (has("lookup ") && has("i/o timeout")) {
        CloudflaredError::ApiUnresolved
    } else if has("expired or is not yet valid") {
        CloudflaredError::ApiCertificateTime
    } else if has("failed to load system roots") {
        CloudflaredError::NoTrustedCertificates
    } else if has("unknown authority") {
        CloudflaredError::ApiCertificate
    } else if has("x509") || has("does not look like a TLS handshake") || has("HTTPS client") {
        CloudflaredError::ApiWrongServer
    } else if has("deadline exceeded") || has("i/o timeout") || has("handshake timeout") {
        CloudflaredError::ApiTimeout
    } else if has("connect: ") {
        CloudflaredError::ApiUnreachable
    } else {
        CloudflaredError::ApiDisconnected
    }
}

/// The number in `status_code="429 …"` at the end of a line; text before it may come from the network.
fn status_code(line: &str) -> Option<u16> {
    let (_, value) = line.strip_suffix('"')?.rsplit_once("status_code=\"")?;
    value.get(..3)?.parse().ok()
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
