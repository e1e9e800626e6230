use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::process::ExitReason;
use crate::tunnel::attempt::{Attempt, AttemptAction, AttemptEvent, ProgramFormat, TunnelError};

const RECORDED: &str = "some-random-words-here.trycloudflare.com";

/// The lines that cloudflared printed in a recorded run.
fn recorded(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transcripts");
    let bytes = std::fs::read(folder.join(name).with_extension("txt")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter_map(|line| {
        let (_, printed) = line.split_once(" err| ").or_else(|| line.split_once(" out| "))?;
        (line.starts_with('+') && printed != "<EOF>").then(|| printed.to_owned())
    });
    lines.collect()
}

fn parsed(name: &str) -> Vec<OutputLine> {
    recorded(name).iter().map(|line| OutputLine::parse(line)).collect()
}

/// The error at the end of a recorded run.
fn final_error(name: &str) -> TunnelError {
    let (mut attempt, _) = Attempt::start(Duration::ZERO, Duration::ZERO, ProgramFormat::Binary);
    let lines = parsed(name).into_iter().map(AttemptEvent::Line);
    for event in lines.chain([AttemptEvent::Exited(ExitReason::Code(1))]) {
        for action in attempt.handle(Duration::ZERO, event) {
            if let AttemptAction::Fail(error) = action {
                return error;
            }
        }
    }
    unreachable!("an exit always fails the attempt");
}

#[test]
fn a_recorded_start_gives_address_port_and_registration_in_this_order() {
    for (name, port) in [("01-happy-default-quic", 20241), ("02-happy-recommended", 29001)] {
        let mut lines = parsed(name);
        lines.retain(|line| {
            matches!(
                line,
                OutputLine::Address(_)
                    | OutputLine::MetricsAddress(_)
                    | OutputLine::ConnectionRegistered
            )
        });
        let host = QuickTunnelName::parse(RECORDED).unwrap();
        let metrics = SocketAddr::from(([127, 0, 0, 1], port));
        let expected = [
            OutputLine::Address(host),
            OutputLine::MetricsAddress(metrics),
            OutputLine::ConnectionRegistered,
        ];
        assert_eq!(lines, expected, "{name}");
    }
}

/// V-15: every recorded failure after which cloudflared exits by itself.
#[test]
fn every_recorded_failure_has_its_reason() {
    for (name, error) in [
        ("10-api-429", TunnelError::TooManyRequests),
        ("10-api-429json", TunnelError::TooManyRequests),
        ("10-api-500", TunnelError::ApiStatus(500)),
        ("10-api-500html", TunnelError::ApiStatus(500)),
        ("10-api-empty", TunnelError::ApiUnreadable),
        ("10-api-garbage", TunnelError::ApiUnreadable),
        ("10-api-close", TunnelError::ApiDisconnected),
        ("11-api-badcert", TunnelError::ApiCertificate),
        ("11-api-dnsdrop", TunnelError::ApiUnresolved),
        ("11-api-nxdomain", TunnelError::ApiUnresolved),
        ("11-api-servfail", TunnelError::ApiUnresolved),
        ("11-api-refused", TunnelError::ApiUnreachable),
        ("12-api-hang", TunnelError::ApiTimeout),
        ("12-api-hangbody", TunnelError::ApiTimeout),
        ("13-dns-dead-after-api", TunnelError::EdgeUnresolved),
        (
            "20-reg-refuse-http2",
            TunnelError::RegistrationRefused(Some("tunnel is not allowed".to_owned())),
        ),
        ("50-metrics-port-in-use", TunnelError::MetricsPortUnavailable),
        ("52-protocol-bogus", TunnelError::UnknownOption),
        ("52-unknown-flag", TunnelError::UnknownOption),
    ] {
        assert_eq!(final_error(name), error, "{name}");
    }
    assert_eq!(final_error("10-api-nohost"), TunnelError::ApiNoAddress);
}

/// A line of level ERR.
fn error_line(message: &str) -> OutputLine {
    OutputLine::parse(&format!("2026-11-23T05:02:57Z ERR {message}"))
}

/// V-15: the messages of the source of cloudflared 2026.8.2 about the edge (supervisor/tunnel.go,
/// connection/http2.go, edgediscovery/dial.go).
#[test]
fn every_message_about_the_edge_has_its_meaning() {
    use CloudflaredError::{
        DialFailed, EdgeCertificate, EdgeDisconnected, RegistrationRefused, Unrecognized,
    };
    let refused = |why: &str| RegistrationRefused(Some(why.to_owned()));
    let x509 = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    for (message, meaning) in [
        (r#"failed to serve incoming request error="tunnel is not allowed""#.to_owned(), refused("tunnel is not allowed")),
        (r#"failed to serve incoming request error="please retry later""#.to_owned(), refused("please retry later")),
        (r#"failed to serve incoming request error="Unauthorized: Invalid tunnel secret""#.to_owned(), refused("Unauthorized: Invalid tunnel secret")),
        ("failed to serve incoming request error=Unauthorized".to_owned(), refused("Unauthorized")),
        (r#"failed to serve incoming request error="context deadline exceeded""#.to_owned(), RegistrationRefused(None)),
        (r#"failed to serve incoming request error="context canceled""#.to_owned(), EdgeDisconnected),
        ("failed to serve incoming request error=EOF".to_owned(), EdgeDisconnected),
        (r#"Register tunnel error from server side error="please retry later" connIndex=0 event=0 ip=127.0.2.1"#.to_owned(), refused("please retry later")),
        (r#"Register tunnel error from server side error="context deadline exceeded" connIndex=0"#.to_owned(), RegistrationRefused(None)),
        (r#"Unable to establish connection. error="already connected to this server, trying another address" connIndex=0"#.to_owned(), refused("already connected to this server, trying another address")),
        (r#"Serve tunnel error error="connection with edge closed" connIndex=0 event=0 ip=127.0.1.1"#.to_owned(), EdgeDisconnected),
        (r#"failed to serve tunnel connection error="accept stream listener encountered a failure while serving" connIndex=0"#.to_owned(), EdgeDisconnected),
        (r#"failed to serve tunnel connection error="control stream encountered a failure while serving" connIndex=0"#.to_owned(), RegistrationRefused(None)),
        (r#"Unable to establish connection with Cloudflare edge error="DialContext error: dial tcp 127.0.1.1:7844: connect: connection refused" connIndex=0"#.to_owned(), DialFailed),
        (r#"Unable to establish connection with Cloudflare edge error="DialContext error: dial tcp 127.0.1.1:7844: i/o timeout" connIndex=0"#.to_owned(), DialFailed),
        ("Unable to establish connection with Cloudflare edge error=\"TLS handshake with edge error: EOF\" connIndex=0".to_owned(), EdgeDisconnected),
        (format!("Unable to establish connection with Cloudflare edge error=\"TLS handshake with edge error: {x509}\" connIndex=0"), EdgeCertificate),
        (r#"Failed to dial a quic connection error="failed to dial to edge with quic: timeout: no recent network activity" connIndex=0"#.to_owned(), DialFailed),
        (format!("Failed to dial a quic connection error=\"failed to dial to edge with quic: CRYPTO_ERROR 0x12a (local): {x509}\" connIndex=0"), EdgeCertificate),
        (r#"Failed to dial a quic connection error="failed to dial to edge with quic: CRYPTO_ERROR 0x178 (remote): tls: no application protocol" connIndex=0"#.to_owned(), EdgeDisconnected),
        (r#"Initiating shutdown error="there are no free edge addresses left to resolve to""#.to_owned(), Unrecognized("there are no free edge addresses left to resolve to".to_owned())),
    ] {
        assert_eq!(error_line(&message), OutputLine::Error(meaning), "{message}");
    }
    for (message, meaning) in [
        // A visitor's request that failed, and a drop over QUIC.
        (
            r#"failed to serve incoming request error="Failed to proxy HTTP: context canceled""#,
            OutputLine::Noise,
        ),
        (
            r#"Serve tunnel error error="accept stream listener encountered a failure while serving" connIndex=0"#,
            OutputLine::ConnectionLost,
        ),
    ] {
        assert_eq!(error_line(message), meaning, "{message}");
    }
}

/// The messages of Go's network library about the API.
#[test]
fn every_failure_of_the_request_to_the_api_has_its_meaning() {
    use CloudflaredError::{
        ApiCertificate, ApiCertificateTime, ApiDisconnected, ApiTimeout, ApiUnreachable,
        ApiWrongServer, NoTrustedCertificates,
    };
    for (why, meaning) in [
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            ApiCertificate,
        ),
        (
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z",
            ApiCertificateTime,
        ),
        (
            "tls: failed to verify certificate: x509: certificate is valid for login.hotel.example, not api.trycloudflare.com",
            ApiWrongServer,
        ),
        ("tls: first record does not look like a TLS handshake", ApiWrongServer),
        ("http: server gave HTTP response to HTTPS client", ApiWrongServer),
        (
            "x509: failed to load system roots and no roots provided; open /etc/ssl: permission denied",
            NoTrustedCertificates,
        ),
        ("net/http: TLS handshake timeout", ApiTimeout),
        ("dial tcp 104.16.0.1:443: connect: network is unreachable", ApiUnreachable),
        ("EOF", ApiDisconnected),
    ] {
        let line = format!(
            "failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": {why}"
        );
        assert_eq!(OutputLine::parse(&line), OutputLine::Error(meaning), "{why}");
    }
    for (line, meaning) in [
        ("failed to read quick-tunnel response: unexpected EOF", ApiDisconnected),
        (
            "failed to read quick-tunnel response: context deadline exceeded (Client.Timeout or context cancellation while reading body)",
            ApiTimeout,
        ),
        ("failed to parse quick Tunnel ID: invalid UUID format", CloudflaredError::ApiUnreadable),
        (
            "Couldn't resolve SRV record &{region1 7844 1 1}: lookup region1: no such host",
            CloudflaredError::EdgeUnresolved,
        ),
        (
            "expected at least 2 Cloudflare Regions regions, but SRV only returned 1",
            CloudflaredError::EdgeUnresolved,
        ),
    ] {
        assert_eq!(OutputLine::parse(line), OutputLine::Error(meaning), "{line}");
    }
}

#[test]
fn recorded_networks_without_udp_are_failed_dials() {
    for name in ["23-udp-blocked-default", "21-edge-down-at-start-http2"] {
        let dials = parsed(name)
            .into_iter()
            .filter(|line| *line == OutputLine::Error(CloudflaredError::DialFailed));
        assert!(dials.count() >= 3, "{name}");
    }
    let refused = OutputLine::Error(CloudflaredError::RegistrationRefused(None));
    assert!(parsed("20-reg-refuse-quic").contains(&refused));
}

#[test]
fn a_recorded_drop_is_noticed_and_so_is_the_return() {
    let mut lines = parsed("22-drop-quic");
    lines.retain(|line| {
        matches!(line, OutputLine::ConnectionLost | OutputLine::ConnectionRegistered)
    });
    lines.dedup();
    let (up, down) = (OutputLine::ConnectionRegistered, OutputLine::ConnectionLost);
    assert_eq!(lines[..4], [up.clone(), down.clone(), up, down]);
}

/// Even when the edge keeps the connection open for another 30 s.
#[test]
fn a_recorded_shutdown_says_once_that_the_edge_let_go() {
    for name in ["01-happy-default-quic", "02-happy-recommended", "20-reg-refuse-quic"] {
        let lines = parsed(name).into_iter();
        assert_eq!(
            lines.filter(|line| *line == OutputLine::ConnectionUnregistered).count(),
            1,
            "{name}"
        );
    }
}

/// No recorded line but the one in the box gives an address: not the API's name, not a web page.
#[test]
fn no_other_line_is_ever_taken_for_the_address() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transcripts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        for line in recorded(&name) {
            if let OutputLine::Address(host) = OutputLine::parse(&line) {
                assert_eq!(host.to_string(), RECORDED, "{name}: {line}");
            }
        }
    }
}

#[test]
fn only_a_whole_box_line_of_level_inf_gives_an_address() {
    for line in [
        "|  https://a.trycloudflare.com  |",
        "2026-11-23T04:54:27Z ERR |  https://a.trycloudflare.com  |",
        "2026-11-23T04:54:27Z INF https://a.trycloudflare.com",
        "2026-11-23T04:54:27Z INF |  https://a.trycloudflare.com",
        "2026-11-23T04:54:27Z INF |  http://a.trycloudflare.com  |",
        "2026-11-23 04:54:27 INF |  https://a.trycloudflare.com  |",
        " 2026-11-23T04:54:27Z INF |  https://a.trycloudflare.com  |",
    ] {
        assert_eq!(OutputLine::parse(line), OutputLine::Noise, "{line}");
    }
}

#[test]
fn a_metrics_port_elsewhere_than_on_loopback_is_not_asked() {
    for address in ["10.0.0.1:80", "[2001:db8::1]:80", "localhost:1", "127.0.0.1"] {
        let line = format!("2026-11-23T04:54:27Z INF Starting metrics server on {address}/metrics");
        assert_eq!(OutputLine::parse(&line), OutputLine::Noise, "{line}");
    }
}

proptest! {
    #[test]
    fn no_line_makes_the_parser_panic(line in ".*") {
        let _ = OutputLine::parse(&line);
        let _ = OutputLine::parse(&format!("2026-11-23T04:54:27Z INF {line}"));
        let _ = OutputLine::parse(&format!("2026-11-23T04:54:27Z ERR {line}"));
    }

    #[test]
    fn the_text_of_a_box_is_one_label_or_refused(inside in "[ -~]{0,80}") {
        let line = format!("2026-11-23T04:54:27Z INF |  https://{inside}|");
        match OutputLine::parse(&line) {
            OutputLine::Address(host) => {
                let host = host.to_string();
                prop_assert!(!host.strip_suffix(".trycloudflare.com").unwrap().contains(['.', '/', '@', ':']));
            }
            OutputLine::WrongAddress(text) => prop_assert!(text.chars().count() <= 120),
            other @ (OutputLine::Noise | OutputLine::MetricsAddress(_) | OutputLine::ConnectionRegistered | OutputLine::ConnectionLost | OutputLine::ConnectionUnregistered | OutputLine::Unconfined(_) | OutputLine::Error(_)) => {
                prop_assert_eq!(other, OutputLine::Noise);
            }
        }
    }

    /// A web page in an error line is never taken for anything but that error.
    #[test]
    fn a_page_in_an_error_line_stays_an_error(page in "[ -~]{0,200}") {
        let line = format!("2026-11-23T04:54:59Z ERR Error unmarshaling QuickTunnel response: {page} status_code=\"500 Internal Server Error\"");
        prop_assert_eq!(OutputLine::parse(&line), OutputLine::Error(CloudflaredError::ApiStatus(500)));
    }
}
