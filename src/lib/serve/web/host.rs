//! A host with its port, as in a `Host` header, an `Origin` or a request target. No I/O.

use std::fmt::{Display, Formatter, Result};
use std::net::{IpAddr, Ipv4Addr};

/// A host and its port in their normal form (RFC 9110, section 4.2.3): all spellings that mean the same
/// server are equal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: HostName,
    /// `None` if there is none, or an empty one.
    pub(super) port: Option<u16>,
}

/// The host without its port.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HostName {
    /// In any spelling of RFC 3986, section 3.2.2.
    Ip(IpAddr),
    /// In lower case, without the dot that may end a name in DNS.
    Registered(String),
}

impl Host {
    /// Parses `uri-host [":" port]` (RFC 9110, section 7.2). `None` for everything else: an empty host,
    /// user info, a zone, characters that no host has, and a number that is no port.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(text) => {
                let (ip, rest) = text.split_once(']')?;
                (HostName::Ip(IpAddr::V6(ip.parse().ok()?)), rest)
            }
            None => {
                let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                (HostName::parse(name)?, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            None => return None,
            Some("") => None,
            // parse() alone would accept "+80".
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
        };
        Some(Self { name, port })
    }

    /// The host as browsers write it (WHATWG URL, "host serializer"), with the port unless it is
    /// `default`, that of the scheme.
    pub(super) fn without_port(&self, default: u16) -> String {
        match self.port.filter(|port| *port != default) {
            Some(port) => format!("{}:{port}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl HostName {
    /// An IPv4 address or a registered name (RFC 3986, section 3.2.2).
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Some(Self::Ip(ip.into()));
        }
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&b);
        let is_name = !text.is_empty() && text.bytes().all(is_allowed);
        is_name.then(|| Self::Registered(text.to_ascii_lowercase()))
    }
}

impl Display for HostName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Registered(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(v4)) => write!(f, "{v4}"),
            // Without the dotted form that std writes for mapped addresses.
            Self::Ip(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => {
                let [.., high, low] = v6.segments();
                write!(f, "[::ffff:{high:x}:{low:x}]")
            }
            Self::Ip(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}
