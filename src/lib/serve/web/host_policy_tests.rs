//! Which hosts are accepted, and whose pages may send requests that change something (V-20).

use std::sync::Mutex;

use super::host_policy::{AcceptedHost, HostPolicy, PublicHost, RequestSource};

fn policy(listen: &str, name: Option<&str>) -> HostPolicy {
    let public = PublicHost::Named(Mutex::new(name.map(str::to_owned)));
    HostPolicy::new(listen.parse().unwrap(), public)
}

/// V-20.
#[test]
fn only_our_own_hosts_are_accepted() {
    let policy = policy("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
    for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "a-b.trycloudflare.com"] {
        assert!(policy.accept(host).is_some(), "{host}");
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
        assert_eq!(policy.accept(host), None, "{host}");
    }
}

/// None of these is `:8080`.
const PORTS: &[&str] = &[
    ":+8080",
    ":-8080",
    ":08080",
    ":008080",
    ": 8080",
    ":8080 ",
    ":8080:",
    "::8080",
    ":",
    ":8 080",
    ":0x1f90",
    ":8080.0",
    ":8_080",
    ":８０８０",
    ":73616",
    ":8081",
    ":808",
    ":80800",
    ":8080/",
    ":8080?",
    ":8080#",
    ":8080@",
    ":8080\\",
    ":8080\t",
    ":8080\0",
    "",
    ":80",
    ":http",
];

/// None of these is a name for this machine.
const NAMES: &[&str] = &[
    "",
    " localhost",
    "localhost ",
    "localhost.",
    ".localhost",
    "LOCALHOST",
    "Localhost",
    "lo\u{440}alhost",
    "localhost%2e",
    "%6cocalhost",
    "user@localhost",
    "@localhost",
    "http://localhost",
    "//localhost",
    "localhost,localhost",
    "x.localhost",
    "localhost\0",
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "2130706433",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.1 ",
    "+127.0.0.1",
    "127.0.0.256",
    "127.0.0",
    "１２７.0.0.1",
    "0",
    "0.0.0.0",
    "[127.0.0.1]",
    "::1",
    "[::1",
    "::1]",
    "[[::1]]",
    "[]",
    "[::]",
    "[0::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::0001]",
    "[::01]",
    "[::1%lo]",
    "[::1%25lo]",
    "[::1%1]",
    "[::1]]",
    "[::0.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7f00:1]",
    "[v1.x]",
    "[::1] ",
    "[ ::1]",
    "[localhost]",
    "[::1].",
    "10.0.0.1",
    "a-b.trycloudflare.com",
];

/// None of these is `a-b.trycloudflare.com`.
const PUBLIC: &[&str] = &[
    "a-b.trycloudflare.com:443",
    "a-b.trycloudflare.com:",
    "a-b.trycloudflare.com.",
    "A-b.trycloudflare.com",
    " a-b.trycloudflare.com",
    "a-b.trycloudflare.com ",
    "a-b.trycloudflare.comx",
    "xa-b.trycloudflare.com",
    "a-b。trycloudflare.com",
    "a%2db.trycloudflare.com",
    "x@a-b.trycloudflare.com",
    ".trycloudflare.com",
];

/// One more byte before, after or in an accepted host makes it a foreign one.
#[test]
fn each_of_our_hosts_has_one_spelling() {
    let policy = policy("127.0.0.1:8080", Some("a-b.trycloudflare.com"));
    for name in ["localhost", "127.0.0.1", "[::1]"] {
        for port in PORTS {
            assert_eq!(policy.accept(&format!("{name}{port}")), None, "{name}{port}");
        }
    }
    for name in NAMES {
        assert_eq!(policy.accept(&format!("{name}:8080")), None, "{name:?}");
    }
    for name in PUBLIC {
        assert_eq!(policy.accept(name), None, "{name:?}");
    }
    assert!(policy.accept("127.0.0.2:8080").is_some());
}

#[test]
fn ip_addresses_are_accepted_as_browsers_write_them() {
    let any_interface = policy("0.0.0.0:8080", None);
    for host in ["[2001:db8::1]:8080", "[::ffff:c000:205]:8080", "[::]:8080", "0.0.0.0:8080"] {
        assert!(any_interface.accept(host).is_some(), "{host}");
    }
    for host in ["[2001:DB8::1]:8080", "[2001:db8:0::1]:8080", "[::ffff:192.0.2.5]:8080"] {
        assert_eq!(any_interface.accept(host), None, "{host}");
    }
    let port_80 = policy("127.0.0.1:80", None);
    for host in ["localhost:080", "localhost:", "localhost:+80", "localhost:80:80", "[::1]:"] {
        assert_eq!(port_80.accept(host), None, "{host}");
    }
    assert!(port_80.accept("localhost:80").is_some());
}

#[test]
fn port_80_needs_no_port_in_the_header() {
    assert!(policy("127.0.0.1:80", None).accept("localhost").is_some());
    assert!(policy("[::1]:80", None).accept("[::1]").is_some());
}

#[test]
fn beyond_loopback_ip_addresses_are_accepted_and_names_are_not() {
    let policy = policy("0.0.0.0:8080", None);
    assert!(policy.accept("192.168.1.5:8080").is_some());
    assert!(policy.accept("laptop.local:8080").is_none());
}

#[test]
fn without_a_supervisor_any_quick_tunnel_name_is_accepted() {
    let policy = HostPolicy::new("127.0.0.1:8080".parse().unwrap(), PublicHost::AnyQuickTunnel);
    assert!(policy.accept("some-words.trycloudflare.com").is_some());
    assert!(policy.accept("a.b.trycloudflare.com").is_none());
    assert!(policy.accept(".trycloudflare.com").is_none());
    for other in ["api.trycloudflare.com", "-a.trycloudflare.com", "a-.trycloudflare.com"] {
        assert!(policy.accept(other).is_none(), "{other}");
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
