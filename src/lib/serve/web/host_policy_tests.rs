//! Which hosts are accepted, and whose pages may send requests that change something (V-20).

use std::sync::Mutex;

use super::host_policy::{AcceptedHost, HostError, HostPolicy, PublicHost, RequestSource};

fn policy(listen: &str, name: Option<&str>) -> HostPolicy {
    let public = PublicHost::Named(Mutex::new(name.map(str::to_owned)));
    HostPolicy::new(listen.parse().unwrap(), public)
}

/// V-20: by RFC 9110, section 4.2.3, each of these lines is one host in several spellings.
#[test]
fn all_spellings_of_our_hosts_are_one_host() {
    let policy = policy("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
    for (normal, spellings) in [
        (
            "localhost:8080",
            ["localhost:8080", "LOCALHOST:8080", "Localhost.:8080", "localhost:08080"],
        ),
        (
            "127.0.0.1:8080",
            ["127.0.0.1:8080", "127.0.0.1.:8080", "127.0.0.1:008080", "127.0.0.1:8080"],
        ),
        (
            "[::1]:8080",
            ["[::1]:8080", "[0:0:0:0:0:0:0:1]:8080", "[::0001]:8080", "[::0.0.0.1]:8080"],
        ),
    ] {
        for spelling in spellings {
            let accepted = policy.accept(spelling);
            assert_eq!(accepted, Ok(AcceptedHost::Direct(normal.to_owned())), "{spelling}");
        }
    }
    for spelling in [
        "a-b.trycloudflare.com",
        "A-B.TryCloudflare.COM",
        "a-b.trycloudflare.com.",
        "a-b.trycloudflare.com:443",
        "a-b.trycloudflare.com:",
    ] {
        let tunnel = AcceptedHost::Tunnel("a-b.trycloudflare.com".to_owned());
        assert_eq!(policy.accept(spelling), Ok(tunnel), "{spelling}");
    }
    assert!(policy.accept("127.0.0.2:8080").is_ok());
}

/// V-20: hosts of other servers.
const UNKNOWN: &[&str] = &[
    "localhost",
    "localhost:",
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost:443",
    "localhost:8081",
    "localhost:808",
    "rebind.test:8080",
    "10.0.0.1:8080",
    "0.0.0.0:8080",
    "[::]:8080",
    "[::ffff:127.0.0.1]:8080",
    "localhost..:8080",
    ".localhost:8080",
    "x.localhost:8080",
    "localhost,localhost:8080",
    "%6cocalhost:8080",
    "localhost%2e:8080",
    "127.1:8080",
    "127.0.1:8080",
    "0x7f000001:8080",
    "0x7f.0.0.1:8080",
    "2130706433:8080",
    "0177.0.0.1:8080",
    "127.0.0.01:8080",
    "127.0.0.256:8080",
    "+127.0.0.1:8080",
    "0:8080",
    "a-b.trycloudflare.com:8080",
    "a-b.trycloudflare.com:80",
    "a-b.trycloudflare.com..",
    "a-b.trycloudflare.comx",
    "xa-b.trycloudflare.com",
    "x.a-b.trycloudflare.com",
    "a%2db.trycloudflare.com",
    ".trycloudflare.com",
    "trycloudflare.com",
];

/// No hosts at all (RFC 9110, section 7.2).
const INVALID: &[&str] = &[
    "",
    ".",
    ":8080",
    " localhost:8080",
    "local host:8080",
    "localhost:8080 ",
    "localhost :8080",
    "localhost:+8080",
    "localhost:-8080",
    "localhost: 8080",
    "localhost:8080:",
    "localhost:8080:8080",
    "localhost::8080",
    "localhost:0x1f90",
    "localhost:8_080",
    "localhost:8080.0",
    "localhost:８０８０",
    "localhost:73616",
    "localhost:8080/",
    "localhost:8080?",
    "localhost:8080#",
    "localhost:8080@",
    "localhost:8080\\",
    "localhost:8080\t",
    "localhost:8080\0",
    "localhost:http",
    "lo\u{440}alhost:8080",
    "user@localhost:8080",
    "@localhost:8080",
    "http://localhost:8080",
    "//localhost:8080",
    "１２７.0.0.1:8080",
    "[127.0.0.1]:8080",
    "::1:8080",
    "[::1:8080",
    "::1]:8080",
    "[[::1]]:8080",
    "[]:8080",
    "[::1%lo]:8080",
    "[::1%25lo]:8080",
    "[::1]]:8080",
    "[::1].:8080",
    "[::1]8080",
    "[::1] :8080",
    "[v1.x]:8080",
    "[localhost]:8080",
    "a-b。trycloudflare.com",
    "x@a-b.trycloudflare.com",
];

#[test]
fn other_hosts_are_unknown_and_other_texts_are_no_hosts() {
    let policy = policy("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
    for (hosts, error) in [(UNKNOWN, HostError::Unknown), (INVALID, HostError::Invalid)] {
        for host in hosts {
            assert_eq!(policy.accept(host), Err(error), "{host:?}");
        }
    }
}

/// An origin has the same spellings as a host: browsers send the normal form, other clients any.
#[test]
fn all_spellings_of_our_origin_are_one_origin() {
    let policy = policy("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
    let from = |origin| RequestSource { origin: Some(origin), fetch_site: None };
    for (host, ours, foreign) in [
        (
            "LOCALHOST:8080",
            ["http://localhost:8080", "HTTP://LocalHost:8080", "http://localhost.:8080"],
            ["https://localhost:8080", "http://localhost", "http://127.0.0.1:8080"],
        ),
        (
            "A-B.trycloudflare.com:443",
            [
                "https://a-b.trycloudflare.com",
                "https://A-B.trycloudflare.com:443",
                "https://a-b.trycloudflare.com.",
            ],
            [
                "http://a-b.trycloudflare.com",
                "https://a-b.trycloudflare.com:80",
                "https://a-b.trycloudflare.com/",
            ],
        ),
        (
            "[0:0:0:0:0:0:0:1]:8080",
            ["http://[::1]:8080", "http://[::1]:8080", "http://[::0001]:8080"],
            ["http://[::1]", "http://::1:8080", "http://user@[::1]:8080"],
        ),
    ] {
        let host = policy.accept(host).unwrap();
        for origin in ours {
            assert!(host.may_upgrade(from(origin)) && host.may_post(from(origin)), "{origin}");
        }
        for origin in foreign {
            assert!(!host.may_upgrade(from(origin)) && !host.may_post(from(origin)), "{origin}");
        }
    }
}

#[test]
fn ip_addresses_get_the_form_that_browsers_write() {
    let any_interface = policy("0.0.0.0:8080", None);
    for (host, normal) in [
        ("[2001:DB8:0::1]:8080", "[2001:db8::1]:8080"),
        ("[::ffff:192.0.2.5]:8080", "[::ffff:c000:205]:8080"),
        ("[::]:8080", "[::]:8080"),
        ("0.0.0.0:8080", "0.0.0.0:8080"),
    ] {
        let direct = AcceptedHost::Direct(normal.to_owned());
        assert_eq!(any_interface.accept(host), Ok(direct), "{host}");
    }
}

#[test]
fn port_80_needs_no_port_in_the_header() {
    let policy = policy("127.0.0.1:80", None);
    for host in ["localhost", "localhost:", "localhost:80", "LOCALHOST:080"] {
        assert_eq!(policy.accept(host), Ok(AcceptedHost::Direct("localhost".into())), "{host}");
    }
    assert!(policy.accept("[::1]").is_ok() && policy.accept("localhost:8080").is_err());
}

#[test]
fn beyond_loopback_ip_addresses_are_accepted_and_names_are_not() {
    let policy = policy("0.0.0.0:8080", None);
    assert!(policy.accept("192.168.1.5:8080").is_ok());
    assert!(policy.accept("laptop.local:8080").is_err());
}

#[test]
fn without_a_supervisor_any_quick_tunnel_name_is_accepted() {
    let policy = HostPolicy::new("127.0.0.1:8080".parse().unwrap(), PublicHost::AnyQuickTunnel);
    assert!(policy.accept("some-words.trycloudflare.com").is_ok());
    assert!(policy.accept("a.b.trycloudflare.com").is_err());
    assert!(policy.accept(".trycloudflare.com").is_err());
    for other in ["api.trycloudflare.com", "-a.trycloudflare.com", "a-.trycloudflare.com"] {
        assert!(policy.accept(other).is_err(), "{other}");
    }
}

#[test]
fn foreign_pages_may_neither_upgrade_nor_post() {
    let here = AcceptedHost::Tunnel("a.trycloudflare.com".into());
    let from = |origin, fetch_site| RequestSource { origin, fetch_site };
    let ours = Some("https://a.trycloudflare.com");
    let evil = Some("https://evil.test");
    assert!(here.may_upgrade(from(ours, None)) && here.may_post(from(ours, None)));
    for origin in [evil, None, Some("null"), Some("http://a.trycloudflare.com")] {
        assert!(!here.may_upgrade(from(origin, Some("same-origin"))));
    }
    assert!(here.may_post(from(Some("null"), Some("same-origin"))));
    assert!(here.may_post(from(None, None)));
    for refused in [from(evil, None), from(None, Some("cross-site")), from(Some("null"), None)] {
        assert!(!here.may_post(refused), "{refused:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_host_header_makes_the_policy_panic(host in "\\PC{0,80}") {
        let _ = policy("127.0.0.1:8080", None).accept(&host);
    }
}
