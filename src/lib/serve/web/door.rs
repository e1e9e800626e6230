//! Who may knock: the rules for `Host` and `Origin`, against DNS rebinding and foreign pages.
//! Pure; `guard` applies them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use crate::quick_tunnel::QuickTunnelName;

/// The public names under which the room may be reached.
#[derive(Debug)]
pub(crate) enum Public {
    /// Exactly this one, which the supervisor tells; `None` until then.
    Named(Mutex<Option<String>>),
    /// Any one-label name under the tunnel provider's domain. For `chattrace-serve` alone, which
    /// nobody tells the name. The provider's names resolve to the provider only, so no foreign
    /// page can point one at this machine.
    AnyQuickTunnel,
}

/// The rules for one listening address.
#[derive(Debug)]
pub(crate) struct Door {
    listen: SocketAddr,
    public: Public,
}

/// How a request reached us, once its `Host` was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Directly, over plain HTTP.
    Direct(String),
    /// Through the tunnel, over HTTPS.
    Tunnel(String),
}

/// What a browser says about where a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Provenance<'a> {
    /// The `Origin` header.
    pub(super) origin: Option<&'a str>,
    /// The `Sec-Fetch-Site` header.
    pub(super) site: Option<&'a str>,
}

impl Door {
    /// The rules for a room that listens here.
    pub(crate) fn new(listen: SocketAddr, public: Public) -> Self {
        Self { listen, public }
    }

    /// From now on, this public name is ours; `None`: none is.
    pub(crate) fn rename(&self, name: Option<String>) {
        if let Public::Named(current) = &self.public {
            *current.lock().unwrap_or_else(PoisonError::into_inner) = name;
        }
    }

    /// Judges a `Host` header. `None` means 421, Misdirected Request (RFC 9110, section 15.5.20).
    pub(super) fn address(&self, host: &str) -> Option<Address> {
        if self.is_public(host) {
            return Some(Address::Tunnel(host.to_owned()));
        }
        let name = match self.listen.port() {
            // Browsers leave out the port of the scheme.
            80 => host.strip_suffix(":80").unwrap_or(host),
            port => host.strip_suffix(&format!(":{port}"))?,
        };
        let known = name == "localhost" || self.is_here(name);
        known.then(|| Address::Direct(host.to_owned()))
    }

    /// An address in numbers cannot be rebound. Loopback always; others only if asked to listen
    /// beyond it.
    fn is_here(&self, name: &str) -> bool {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let ip: Option<IpAddr> = match bare {
            Some(v6) => v6.parse().ok().map(IpAddr::V6),
            None => name.parse().ok().map(IpAddr::V4),
        };
        ip.is_some_and(|ip| {
            canonical(ip) == name && (ip.is_loopback() || !self.listen.ip().is_loopback())
        })
    }

    fn is_public(&self, host: &str) -> bool {
        match &self.public {
            Public::Named(name) => {
                let name = name.lock().unwrap_or_else(PoisonError::into_inner);
                name.as_deref() == Some(host)
            }
            Public::AnyQuickTunnel => QuickTunnelName::is_valid(host),
        }
    }
}

/// An address as every browser writes it, whatever was typed (WHATWG URL, "host serializer"): one
/// address has one name, and so one origin.
fn canonical(ip: IpAddr) -> String {
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

impl Address {
    /// The only origin whose pages may act here.
    fn origin(&self) -> String {
        match self {
            Address::Direct(host) => format!("http://{host}"),
            Address::Tunnel(host) => format!("https://{host}"),
        }
    }

    /// Where the page may open its socket.
    pub(super) fn socket_source(&self) -> String {
        match self {
            Address::Direct(host) => format!("ws://{host}"),
            Address::Tunnel(host) => format!("wss://{host}"),
        }
    }

    /// Whether a WebSocket handshake may go on. Browsers always send `Origin` with it, and nothing
    /// else protects a socket from a foreign page, so everybody must.
    pub(super) fn may_upgrade(&self, from: Provenance<'_>) -> bool {
        from.origin == Some(self.origin().as_str())
    }

    /// Whether a request that changes something may go on: from our own page, from our own form
    /// (which sends `null` under our referrer policy), or from no browser at all.
    pub(super) fn may_post(&self, from: Provenance<'_>) -> bool {
        match from.origin {
            Some("null") => from.site == Some("same-origin"),
            Some(origin) => origin == self.origin(),
            None => from.site.is_none(),
        }
    }
}
