//! Who may knock: the rules for `Host` and `Origin`, against DNS rebinding and foreign pages.
//! Pure; `guard` applies them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

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
        let (name, port) = match host.rsplit_once(':') {
            // The colons of a bare IPv6 address are not in front of a port.
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
            Some(_) | None => (host, 80),
        };
        let known = port == self.listen.port() && (name == "localhost" || self.is_here(name));
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
        ip.is_some_and(|ip| ip.is_loopback() || !self.listen.ip().is_loopback())
    }

    fn is_public(&self, host: &str) -> bool {
        match &self.public {
            Public::Named(name) => {
                let name = name.lock().unwrap_or_else(PoisonError::into_inner);
                name.as_deref() == Some(host)
            }
            Public::AnyQuickTunnel => {
                host.strip_suffix(".trycloudflare.com").is_some_and(|label| {
                    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                    !label.is_empty() && label.len() <= 63 && label.bytes().all(letter)
                })
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn door(listen: &str, name: Option<&str>) -> Door {
        let public = Public::Named(Mutex::new(name.map(str::to_owned)));
        Door::new(listen.parse().unwrap(), public)
    }

    /// V-20.
    #[test]
    fn only_our_own_names_are_answered() {
        let door = door("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "a-b.trycloudflare.com"] {
            assert!(door.address(host).is_some(), "{host}");
        }
        for host in [
            "",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:80",
            "rebind.test:8080",
            "10.0.0.1:8080",
            "A-B.trycloudflare.com",
            "a-b.trycloudflare.com:443",
            "x.a-b.trycloudflare.com",
            "a-b.trycloudflare.com.",
            "[::1:8080",
            "localhost:8080:8080",
            "localhost:99999",
        ] {
            assert_eq!(door.address(host), None, "{host}");
        }
    }

    #[test]
    fn port_80_needs_no_port_in_the_header() {
        assert!(door("127.0.0.1:80", None).address("localhost").is_some());
        assert!(door("[::1]:80", None).address("[::1]").is_some());
    }

    #[test]
    fn beyond_loopback_addresses_in_numbers_are_answered_and_names_are_not() {
        let door = door("0.0.0.0:8080", None);
        assert!(door.address("192.168.1.5:8080").is_some());
        assert!(door.address("laptop.local:8080").is_none());
    }

    #[test]
    fn alone_any_quick_tunnel_name_is_answered() {
        let door = Door::new("127.0.0.1:8080".parse().unwrap(), Public::AnyQuickTunnel);
        assert!(door.address("some-words.trycloudflare.com").is_some());
        assert!(door.address("a.b.trycloudflare.com").is_none());
        assert!(door.address(".trycloudflare.com").is_none());
    }

    #[test]
    fn foreign_pages_may_neither_upgrade_nor_post() {
        let here = Address::Tunnel("a.trycloudflare.com".into());
        let from = |origin, site| Provenance { origin, site };
        let ours = Some("https://a.trycloudflare.com");
        let evil = Some("https://evil.test");
        assert!(here.may_upgrade(from(ours, None)) && here.may_post(from(ours, None)));
        for origin in [evil, None, Some("null"), Some("http://a.trycloudflare.com")] {
            assert!(!here.may_upgrade(from(origin, Some("same-origin"))));
        }
        assert!(here.may_post(from(Some("null"), Some("same-origin"))));
        assert!(here.may_post(from(None, None)));
        for refused in [from(evil, None), from(None, Some("cross-site")), from(Some("null"), None)]
        {
            assert!(!here.may_post(refused), "{refused:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_host_makes_the_door_panic(host in "\\PC{0,80}") {
            let _ = door("127.0.0.1:8080", None).address(&host);
        }
    }
}
