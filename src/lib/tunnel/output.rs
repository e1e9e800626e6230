//! One line of cloudflared, and what it means. Pure; tried on recorded transcripts and on noise.
//!
//! cloudflared prints answers of strangers word for word, so a line is believed only where its
//! whole shape fits, and an address only when the metrics port says the same.

use std::net::SocketAddr;

use crate::quick_tunnel::QuickTunnelName;

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that matters here.
    Noise,
    /// The box with the public address.
    Address(QuickTunnelName),
    /// The box with something else in it, cut to what a screen can show.
    WrongAddress(String),
    /// The metrics port, on loopback.
    Metrics(SocketAddr),
    /// The edge knows the tunnel: worth a look at `/ready`.
    Registered,
    /// The edge lost the tunnel, or does not know it yet: worth a look at `/ready`.
    Unsettled,
    /// The edge knows the tunnel no more, as it was asked. The first line of this kind is the only
    /// one: a quick tunnel has one connection.
    Unregistered,
    /// Our own shim could not keep it from starting processes: why.
    Unconfined(String),
    /// Something failed; alone it may be harmless, before an exit it is the reason.
    Trouble(Trouble),
}

/// The kinds of failure that cloudflared's words tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The API answered something that is no tunnel, with this HTTP status.
    Answered(u16),
    /// The API answered something that is no tunnel.
    Unreadable,
    /// The API answered JSON without a tunnel in it. So it answers too many requests, too.
    NoTunnel,
    /// The API's name has no address.
    ApiName,
    /// Nobody answers at the API's address.
    ApiUnreachable,
    /// The API's certificate is not trusted.
    ApiCertificate,
    /// The API does not answer in time.
    ApiTimeout,
    /// The API broke the connection off.
    ApiBroken,
    /// The names of the edge have no addresses.
    EdgeName,
    /// The edge does not answer on port 7844.
    Dial,
    /// The edge does not take the tunnel; over QUIC its reason is not logged.
    Refused(Option<String>),
    /// The metrics port could not be opened.
    MetricsPort,
    /// It does not know an option.
    Options,
    /// It could not be run at all; said by our own shim.
    NotRun(String),
}

/// What our shim says when the program it shall become cannot be run.
pub(super) const NOT_RUN: &str = "chattrace-tunnel: cannot run cloudflared: ";

/// What our shim says when the program it becomes may do something all the same.
pub(super) const UNCONFINED: &str = "chattrace-tunnel: cloudflared is not confined, it ";

/// Bytes of a stranger's text that a sentence may carry.
const SHOWN: usize = 120;

/// Reads one line, without its newline.
pub(super) fn read(line: &str) -> Meaning {
    match logged(line) {
        Some(("INF", message)) => information(message),
        Some(("ERR", message)) => error(message),
        Some(_) => Meaning::Noise,
        None => plain(line),
    }
}

/// Level and message of a formatted line: `2026-11-23T04:53:42Z INF message`.
fn logged(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.split_once(' ')?;
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    let shaped = time.len() == 20 && digits == 14 && time.ends_with('Z') && time.contains('T');
    let (level, message) = rest.split_once(' ')?;
    (shaped && ["DBG", "INF", "WRN", "ERR", "FTL"].contains(&level)).then_some((level, message))
}

fn information(message: &str) -> Meaning {
    if let Some(inside) = boxed(message) {
        return match inside.strip_prefix("https://") {
            Some(name) => QuickTunnelName::parse(name).map_or_else(
                || Meaning::WrongAddress(inside.chars().take(SHOWN).collect()),
                Meaning::Address,
            ),
            None => Meaning::Noise,
        };
    }
    if let Some(rest) = message.strip_prefix("Starting metrics server on ") {
        let address = rest.strip_suffix("/metrics").and_then(|a| a.parse().ok());
        return match address {
            Some(address) if SocketAddr::ip(&address).is_loopback() => Meaning::Metrics(address),
            Some(_) | None => Meaning::Noise,
        };
    }
    if message.starts_with("Registered tunnel connection ") {
        return Meaning::Registered;
    }
    if message.starts_with("Unregistered tunnel connection ") {
        return Meaning::Unregistered;
    }
    if message.starts_with("Retrying connection in up to ") {
        return Meaning::Unsettled;
    }
    Meaning::Noise
}

/// The text between the walls of a box line.
fn boxed(message: &str) -> Option<&str> {
    Some(message.strip_prefix('|')?.strip_suffix('|')?.trim())
}

fn error(message: &str) -> Meaning {
    let starts = |prefix: &str| message.starts_with(prefix);
    if starts("Error unmarshaling QuickTunnel response") {
        let trouble = status(message).map_or(Trouble::Unreadable, Trouble::Answered);
        return Meaning::Trouble(trouble);
    }
    if starts("Failed to dial a quic connection")
        || starts("Unable to establish connection with Cloudflare edge")
    {
        return Meaning::Trouble(Trouble::Dial);
    }
    if let Some(rest) = message.strip_prefix("Register tunnel error from server side error=\"") {
        let reason = rest.split('"').next().unwrap_or(rest);
        return Meaning::Trouble(Trouble::Refused(Some(reason.chars().take(SHOWN).collect())));
    }
    if starts("failed to serve tunnel connection error=\"control stream encountered a failure") {
        return Meaning::Trouble(Trouble::Refused(None));
    }
    if starts("Serve tunnel error") || starts("Lost connection with the edge") {
        return Meaning::Unsettled;
    }
    Meaning::Noise
}

/// A line without time and level: the last words before an exit, or the rest of a longer message.
fn plain(line: &str) -> Meaning {
    let starts = |prefix: &str| line.starts_with(prefix);
    if let Some(what) = line.strip_prefix(UNCONFINED) {
        return Meaning::Unconfined(what.chars().take(SHOWN).collect());
    }
    let trouble = if let Some(why) = line.strip_prefix("failed to request quick Tunnel: ") {
        request(why)
    } else if let Some(why) = line.strip_prefix(NOT_RUN) {
        Trouble::NotRun(why.chars().take(SHOWN).collect())
    } else if starts("failed to read quick-tunnel response") {
        Trouble::ApiTimeout
    } else if starts("failed to unmarshal quick Tunnel") {
        Trouble::Unreadable
    } else if starts("failed to parse quick Tunnel ID") {
        Trouble::NoTunnel
    } else if starts("Could not lookup srv records") {
        Trouble::EdgeName
    } else if starts("Error opening metrics server listener") {
        Trouble::MetricsPort
    } else if starts("Incorrect Usage") || starts("unknown protocol ") {
        Trouble::Options
    } else if let Some(code) = status(line) {
        Trouble::Answered(code)
    } else {
        return Meaning::Noise;
    };
    Meaning::Trouble(trouble)
}

/// Why the API was not reached, in the words of Go's network library.
fn request(why: &str) -> Trouble {
    let has = |part: &str| why.contains(part);
    if has("no such host") || has("server misbehaving") || (has("lookup ") && has("i/o timeout")) {
        Trouble::ApiName
    } else if has("x509") || has("tls:") {
        Trouble::ApiCertificate
    } else if has("deadline exceeded") || has("i/o timeout") {
        Trouble::ApiTimeout
    } else if has("connect: ") {
        Trouble::ApiUnreachable
    } else {
        Trouble::ApiBroken
    }
}

/// The number in `status_code="429 Too Many Requests"` at the end of a line. The last one counts:
/// what stands before it may be the stranger's own text.
fn status(line: &str) -> Option<u16> {
    let (_, value) = line.strip_suffix('"')?.rsplit_once("status_code=\"")?;
    value.get(..3)?.parse().ok()
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
