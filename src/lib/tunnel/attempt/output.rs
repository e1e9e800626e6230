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
    /// The API's certificate is not trusted.
    ApiCertificate,
    /// The API does not answer in time.
    ApiTimeout,
    /// The API closed the connection.
    ApiDisconnected,
    /// The names of the edge cannot be looked up.
    EdgeUnresolved,
    /// The edge does not answer on port 7844.
    DialFailed,
    /// The edge refuses the tunnel. cloudflared prints the reason over HTTP/2 only.
    RegistrationRefused(Option<String>),
    /// The metrics port cannot be opened.
    MetricsPortUnavailable,
    /// cloudflared does not know one of the options.
    UnknownOption,
    /// `chattrace-tunnel exec` could not run it: why.
    ExecFailed(String),
}

/// The line of `chattrace-tunnel exec` when it cannot run cloudflared; the reason follows.
pub(in crate::tunnel) const EXEC_FAILED_PREFIX: &str = "chattrace-tunnel: cannot run cloudflared: ";

/// The line of `chattrace-tunnel exec` for a missing layer; what cloudflared may do follows.
pub(in crate::tunnel) const UNCONFINED_PREFIX: &str =
    "chattrace-tunnel: cloudflared is not confined, it ";

/// Bound for text of cloudflared or of the network that goes into an error.
const MAX_QUOTED_CHARS: usize = 120;

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
            Some(name) => QuickTunnelName::parse(name).map_or_else(
                || OutputLine::WrongAddress(inside.chars().take(MAX_QUOTED_CHARS).collect()),
                OutputLine::Address,
            ),
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
    if starts("Failed to dial a quic connection")
        || starts("Unable to establish connection with Cloudflare edge")
    {
        return OutputLine::Error(CloudflaredError::DialFailed);
    }
    if let Some(rest) = message.strip_prefix("Register tunnel error from server side error=\"") {
        let reason = rest.split('"').next().unwrap_or(rest);
        return OutputLine::Error(CloudflaredError::RegistrationRefused(Some(
            reason.chars().take(MAX_QUOTED_CHARS).collect(),
        )));
    }
    if starts("failed to serve tunnel connection error=\"control stream encountered a failure") {
        return OutputLine::Error(CloudflaredError::RegistrationRefused(None));
    }
    if starts("Serve tunnel error") || starts("Lost connection with the edge") {
        return OutputLine::ConnectionLost;
    }
    OutputLine::Noise
}

/// Parses a line without time and level: printed before an exit, or the rest of a longer message.
fn parse_unformatted(line: &str) -> OutputLine {
    let starts = |prefix: &str| line.starts_with(prefix);
    if let Some(what) = line.strip_prefix(UNCONFINED_PREFIX) {
        return OutputLine::Unconfined(what.chars().take(MAX_QUOTED_CHARS).collect());
    }
    let error = if let Some(why) = line.strip_prefix("failed to request quick Tunnel: ") {
        parse_request_error(why)
    } else if let Some(why) = line.strip_prefix(EXEC_FAILED_PREFIX) {
        CloudflaredError::ExecFailed(why.chars().take(MAX_QUOTED_CHARS).collect())
    } else if starts("failed to read quick-tunnel response") {
        CloudflaredError::ApiTimeout
    } else if starts("failed to unmarshal quick Tunnel") {
        CloudflaredError::ApiUnreadable
    } else if starts("failed to parse quick Tunnel ID") {
        CloudflaredError::ApiNoTunnel
    } else if starts("Could not lookup srv records") {
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

/// Parses why the request to the API failed, from the error text of Go's network library.
fn parse_request_error(why: &str) -> CloudflaredError {
    let has = |part: &str| why.contains(part);
    if has("no such host") || has("server misbehaving") || (has("lookup ") && has("i/o timeout")) {
        CloudflaredError::ApiUnresolved
    } else if has("x509") || has("tls:") {
        CloudflaredError::ApiCertificate
    } else if has("deadline exceeded") || has("i/o timeout") {
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
