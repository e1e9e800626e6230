//! The local server that gets a public address. cloudflared gets scheme, host and port of its URL.
//! The path and the fragment can hold the ticket, so cloudflared does not get them (V-30).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::exit::Exit;

/// Bound for the text of an origin; far longer than any link of chattrace.
pub(super) const MAX_ORIGIN_BYTES: usize = 4096;

/// The URL of a local web server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    authority: String,
    /// Path, query and fragment; secret.
    tail: String,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Origin({}, hidden)", self.authority)
    }
}

/// Why a text is not an origin. The text itself is not repeated, because it may hold a ticket.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OriginError {
    /// Any scheme but `http://`, or none.
    #[error(
        "the origin does not start with http://; give the address of a local web server, such as http://127.0.0.1:8080"
    )]
    Scheme,
    /// The host is not loopback.
    #[error(
        "the origin is not on this computer; only 127.0.0.1, localhost and [::1] can be given a public address"
    )]
    Elsewhere,
    /// Absent, or not a number from 1 to 65535.
    #[error("the origin has no usable port; give one, such as http://127.0.0.1:8080")]
    Port,
    /// Not printable ASCII, or a space.
    #[error("the origin has characters that no address has; copy the link again")]
    Characters,
    /// The text is longer than [`MAX_ORIGIN_BYTES`].
    #[error(
        "the origin is longer than {MAX_ORIGIN_BYTES} bytes; give only the address of the local web server"
    )]
    Long,
    /// Standard input ended before a line did.
    #[error(
        "standard input ended before its first line; give the origin as an argument, such as http://127.0.0.1:8080, or write it as a line"
    )]
    NoLine,
    /// Neither an argument, nor a pipe as standard input.
    #[error(
        "there is no origin; give the address of a local web server, such as http://127.0.0.1:8080, or pipe it in"
    )]
    Missing,
}

impl OriginError {
    /// The exit code: [`Exit::Usage`], unless the program that writes the pipe is at fault.
    pub(super) fn exit(&self) -> Exit {
        if *self == OriginError::NoLine { Exit::Unavailable } else { Exit::Usage }
    }
}

impl Origin {
    /// Parses `http://HOST:PORT`, with or without a path, a query or a fragment behind it. Scheme and
    /// host have no case (RFC 9110, section 4.2.3). White space, quotation marks and angle brackets
    /// around a link that was pasted are no part of it.
    pub(super) fn parse(text: &str) -> Result<Self, OriginError> {
        if text.len() > MAX_ORIGIN_BYTES {
            return Err(OriginError::Long);
        }
        let text = text.trim().trim_matches(['<', '>', '"', '\'']);
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(OriginError::Characters);
        }
        let (scheme, rest) = text.split_at_checked("http://".len()).ok_or(OriginError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("http://") {
            return Err(OriginError::Scheme);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let authority = authority.to_ascii_lowercase();
        let (host, port) = authority.rsplit_once(':').ok_or(OriginError::Port)?;
        if !is_loopback(host) {
            return Err(OriginError::Elsewhere);
        }
        // parse() alone would accept "+80".
        let digits = port.bytes().all(|b| b.is_ascii_digit());
        match port.parse::<u16>() {
            Ok(1..) if digits => Ok(Self { authority, tail: tail.to_owned() }),
            Ok(_) | Err(_) => Err(OriginError::Port),
        }
    }

    /// The origin of a server that listens on `listen`; the unspecified address becomes loopback.
    pub(super) fn from_listen_address(listen: SocketAddr) -> Self {
        let mut reachable = listen;
        match listen {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
                reachable.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                reachable.set_ip(Ipv6Addr::LOCALHOST.into());
            }
            SocketAddr::V4(_) | SocketAddr::V6(_) => {}
        }
        Self { authority: reachable.to_string(), tail: String::new() }
    }

    /// The URL that cloudflared gets: scheme, host and port.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// The port. Confinement lets cloudflared connect to it and to those of the edge only.
    pub(super) fn port(&self) -> u16 {
        let port = self.authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.expect("both constructors store an authority with a port")
    }

    /// The public link: `url`, followed by the path, query and fragment of the origin.
    pub(super) fn public_link(&self, url: &str) -> String {
        format!("{url}{}", self.tail)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host == "[::1]"
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-30: cloudflared does not see the ticket.
    #[test]
    fn path_and_fragment_are_kept_from_cloudflared_and_put_back() {
        let origin = Origin::parse("http://127.0.0.1:8080/t/abc?x=1#key").unwrap();
        assert_eq!(origin.url(), "http://127.0.0.1:8080");
        assert_eq!(
            origin.public_link("https://a-b.trycloudflare.com"),
            "https://a-b.trycloudflare.com/t/abc?x=1#key"
        );
        assert!(!format!("{origin:?}").contains("abc"));
    }

    #[test]
    fn every_loopback_name_is_accepted() {
        for text in ["http://localhost:1", "http://[::1]:80/", "http://127.9.9.9:65535#x"] {
            assert!(Origin::parse(text).is_ok(), "{text}");
        }
        let all = Origin::from_listen_address("0.0.0.0:81".parse().unwrap());
        assert_eq!(all.url(), "http://127.0.0.1:81");
    }

    #[test]
    fn a_link_is_accepted_as_it_was_pasted() {
        for text in [
            "HTTP://LocalHost:8080/t/aB",
            " http://localhost:8080/t/aB\t",
            "<http://localhost:8080/t/aB>",
            "\"http://localhost:8080/t/aB\" ",
        ] {
            let origin = Origin::parse(text).unwrap();
            assert_eq!(origin.url(), "http://localhost:8080", "{text}");
            assert_eq!(origin.public_link("https://x.test"), "https://x.test/t/aB", "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_for_its_reason() {
        use OriginError::{Characters, Elsewhere, Long, Port, Scheme};
        for (text, why) in [
            ("", Scheme),
            ("https://127.0.0.1:1", Scheme),
            ("unix:/run/x", Scheme),
            ("http://127.0.0.1", Port),
            ("http://127.0.0.1:0", Port),
            ("http://127.0.0.1:+1", Port),
            ("http://127.0.0.1:99999", Port),
            ("http://127.0.0.1:", Port),
            ("http://example.org:80", Elsewhere),
            ("http://user@127.0.0.1:80", Elsewhere),
            ("http://127.0.0.1@evil.example:80", Elsewhere),
            ("http://0.0.0.0:80", Elsewhere),
            ("http://127.0.0.1:80/\u{1b}[2J", Characters),
            ("http://127.0.0.1:80/a b", Characters),
            (&format!("http://127.0.0.1:80/{}", "x".repeat(5000)), Long),
        ] {
            assert_eq!(Origin::parse(text), Err(why), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_loopback_ever_reaches_cloudflared(text in "http://\\PC{0,60}") {
            if let Ok(origin) = Origin::parse(&text) {
                let url = origin.url();
                let host = url.strip_prefix("http://").unwrap().rsplit_once(':').unwrap().0;
                assert!(is_loopback(host));
            }
        }
    }
}
