//! Which hosts and origins are accepted, against DNS rebinding and foreign pages. No I/O; `middleware`
//! and `ws/upgrade` apply the rules.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName, header};

use super::host::{Host, HostName};
use crate::quick_tunnel::QuickTunnelName;

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

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

/// The hosts that are accepted for one listening address.
#[derive(Debug)]
pub(in crate::serve) struct HostPolicy {
    listen: SocketAddr,
    public: PublicHost,
}

/// An accepted host in its normal form, with the port unless it is the scheme's own; and how its
/// request reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AcceptedHost {
    /// Directly, over plain HTTP.
    Direct(String),
    /// Through the tunnel, over HTTPS.
    Tunnel(String),
}

/// Why a host is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostError {
    /// Not a host by RFC 9110, section 7.2, or not exactly one: 400.
    Invalid,
    /// The host of another server: 421, Misdirected Request (RFC 9110, section 15.5.20).
    Unknown,
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

    /// Checks a `Host` header, or the host of an absolute request target.
    ///
    /// # Errors
    /// When it is no host, or the host of another server.
    pub(super) fn accept(&self, host: &str) -> Result<AcceptedHost, HostError> {
        let Host { name, port } = Host::parse(host).ok_or(HostError::Invalid)?;
        if matches!(port, None | Some(HTTPS_PORT)) && self.is_public(&name) {
            return Ok(AcceptedHost::Tunnel(name.to_string()));
        }
        let is_ours = port.unwrap_or(HTTP_PORT) == self.listen.port() && self.is_direct(&name);
        let direct = || AcceptedHost::Direct(Host { name, port }.without_port(HTTP_PORT));
        is_ours.then(direct).ok_or(HostError::Unknown)
    }

    /// An IP address cannot be rebound, unlike a name. Loopback addresses are always accepted, others
    /// only if the room listens on one.
    fn is_direct(&self, name: &HostName) -> bool {
        match name {
            HostName::Ip(ip) => ip.is_loopback() || !self.listen.ip().is_loopback(),
            HostName::Registered(name) => name == "localhost",
        }
    }

    fn is_public(&self, name: &HostName) -> bool {
        let HostName::Registered(host) = name else { return false };
        match &self.public {
            PublicHost::Named(name) => {
                let name = name.lock().unwrap_or_else(PoisonError::into_inner);
                name.as_ref() == Some(host)
            }
            PublicHost::AnyQuickTunnel => QuickTunnelName::is_valid(host),
        }
    }
}

impl AcceptedHost {
    /// Whether a request may name this scheme in its target. A target with `https` is for a server
    /// with a certificate, and only the tunnel has one (RFC 9110, section 7.4).
    pub(super) fn serves(&self, scheme: &str) -> bool {
        match self {
            Self::Direct(_) => scheme == "http",
            Self::Tunnel(_) => matches!(scheme, "http" | "https"),
        }
    }

    /// Whether `origin` is the only one whose pages may send requests that change something: this host
    /// with its scheme. Browsers write it in its normal form, and other clients as it was typed.
    fn is_origin(&self, origin: &str) -> bool {
        let (expected, expected_scheme, port) = match self {
            Self::Direct(host) => (host, "http", HTTP_PORT),
            Self::Tunnel(host) => (host, "https", HTTPS_PORT),
        };
        origin.split_once("://").is_some_and(|(scheme, host)| {
            scheme.eq_ignore_ascii_case(expected_scheme)
                && Host::parse(host).is_some_and(|host| host.without_port(port) == *expected)
        })
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
        source.origin.is_some_and(|origin| self.is_origin(origin))
    }

    /// Whether a request that changes something may go on: from our own page, from our own form (which
    /// sends `null` under our referrer policy), or from a client that is no browser.
    pub(super) fn may_post(&self, source: RequestSource<'_>) -> bool {
        match source.origin {
            Some("null") => source.fetch_site == Some("same-origin"),
            Some(origin) => self.is_origin(origin),
            None => source.fetch_site.is_none(),
        }
    }
}

impl<'a> RequestSource<'a> {
    /// Of a request with these headers.
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        // A header that is not text, or is there twice, counts as foreign: "?" is no origin and no site.
        let text = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let value = values.next()?;
            let is_only = values.next().is_none();
            Some(value.to_str().ok().filter(|_| is_only).unwrap_or("?"))
        };
        let fetch_site = HeaderName::from_static("sec-fetch-site");
        Self { origin: text(header::ORIGIN), fetch_site: text(fetch_site) }
    }
}
