//! Which `Host` and `Origin` headers are accepted, against DNS rebinding and foreign pages. No I/O;
//! `middleware` applies the rules.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use crate::quick_tunnel::QuickTunnelName;

/// The public host names under which the room may be reached.
#[derive(Debug)]
pub(in crate::serve) enum PublicHost {
    /// Exactly this one, which the supervisor sends; `None` until it does.
    Named(Mutex<Option<String>>),
    /// Any one-label name under the tunnel provider's domain. For a `chattrace-serve` without a
    /// supervisor, which does not learn the name. All such names resolve to the provider, so no foreign
    /// page can point one at this machine.
    AnyQuickTunnel,
}

/// The `Host` headers that are accepted for one listening address.
#[derive(Debug)]
pub(in crate::serve) struct HostPolicy {
    listen: SocketAddr,
    public: PublicHost,
}

/// An accepted `Host` header, and how its request reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AcceptedHost {
    /// Directly, over plain HTTP.
    Direct(String),
    /// Through the tunnel, over HTTPS.
    Tunnel(String),
}

/// The headers in which a browser says which page sent a request; `None` if absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestSource<'a> {
    /// `Origin`: the page's scheme, host and port. Browsers omit it from some requests.
    pub(super) origin: Option<&'a str>,
    /// `Sec-Fetch-Site`: how that page relates to this server. Only browsers send it.
    pub(super) fetch_site: Option<&'a str>,
}

impl HostPolicy {
    /// Accepts the address `listen`, loopback addresses at its port, and the public names.
    pub(in crate::serve) fn new(listen: SocketAddr, public: PublicHost) -> Self {
        Self { listen, public }
    }

    /// From now on, only this public name is accepted; with `None`, no public name is.
    pub(super) fn set_public_host(&self, name: Option<String>) {
        if let PublicHost::Named(current) = &self.public {
            *current.lock().unwrap_or_else(PoisonError::into_inner) = name;
        }
    }

    /// Checks a `Host` header. `None` means 421, Misdirected Request (RFC 9110, section 15.5.20).
    pub(super) fn accept(&self, host: &str) -> Option<AcceptedHost> {
        if self.is_public(host) {
            return Some(AcceptedHost::Tunnel(host.to_owned()));
        }
        let name = match self.listen.port() {
            // Browsers leave out the port of the scheme.
            80 => host.strip_suffix(":80").unwrap_or(host),
            port => host.strip_suffix(&format!(":{port}"))?,
        };
        let is_accepted = name == "localhost" || self.accepts_ip(name);
        is_accepted.then(|| AcceptedHost::Direct(host.to_owned()))
    }

    /// An IP address cannot be rebound, unlike a name. Loopback addresses are always accepted, others
    /// only if the room listens on one.
    fn accepts_ip(&self, name: &str) -> bool {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let ip: Option<IpAddr> = match bare {
            Some(v6) => v6.parse().ok().map(IpAddr::V6),
            None => name.parse().ok().map(IpAddr::V4),
        };
        ip.is_some_and(|ip| {
            serialize_host(ip) == name && (ip.is_loopback() || !self.listen.ip().is_loopback())
        })
    }

    fn is_public(&self, host: &str) -> bool {
        match &self.public {
            PublicHost::Named(name) => {
                let name = name.lock().unwrap_or_else(PoisonError::into_inner);
                name.as_deref() == Some(host)
            }
            PublicHost::AnyQuickTunnel => QuickTunnelName::is_valid(host),
        }
    }
}

/// An IP address as browsers write it into `Host` (WHATWG URL, "host serializer"). Other spellings of
/// it are refused, so that one address has one origin.
fn serialize_host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        // Without the dotted form that std writes for mapped addresses.
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(_) => {
                let [.., high, low] = v6.segments();
                format!("[::ffff:{high:x}:{low:x}]")
            }
            None => format!("[{v6}]"),
        },
    }
}

impl AcceptedHost {
    /// The only origin whose pages may send requests that change something.
    fn origin(&self) -> String {
        match self {
            Self::Direct(host) => format!("http://{host}"),
            Self::Tunnel(host) => format!("https://{host}"),
        }
    }

    /// Where the page may open its WebSocket, for the Content-Security-Policy.
    pub(super) fn socket_source(&self) -> String {
        match self {
            Self::Direct(host) => format!("ws://{host}"),
            Self::Tunnel(host) => format!("wss://{host}"),
        }
    }

    /// Whether a WebSocket handshake may go on. Nothing but `Origin` protects a socket from a foreign
    /// page, and browsers always send it, so it is required of all clients.
    pub(super) fn may_upgrade(&self, source: RequestSource<'_>) -> bool {
        source.origin == Some(self.origin().as_str())
    }

    /// Whether a request that changes something may go on: from our own page, from our own form (which
    /// sends `null` under our referrer policy), or from a client that is no browser.
    pub(super) fn may_post(&self, source: RequestSource<'_>) -> bool {
        match source.origin {
            Some("null") => source.fetch_site == Some("same-origin"),
            Some(origin) => origin == self.origin(),
            None => source.fetch_site.is_none(),
        }
    }
}
