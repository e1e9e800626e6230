use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::super::attempt::{Action, Attempt, Event};
use super::super::failure::Failure;
use super::*;
use crate::process::ExitReason;

const RECORDED: &str = "some-random-words-here.trycloudflare.com";

/// Everything that cloudflared printed in a recorded run.
fn recorded(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transcripts");
    let bytes = std::fs::read(folder.join(name).with_extension("txt")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let said = text.lines().filter_map(|line| {
        let (_, said) = line.split_once(" err| ").or_else(|| line.split_once(" out| "))?;
        (line.starts_with('+') && said != "<EOF>").then(|| said.to_owned())
    });
    said.collect()
}

fn meanings(name: &str) -> Vec<Meaning> {
    recorded(name).iter().map(|line| read(line)).collect()
}

/// What a recorded run that ended by itself comes to.
fn verdict(name: &str) -> Failure {
    let (mut attempt, _) = Attempt::begin(Duration::ZERO, Duration::ZERO);
    let lines = meanings(name).into_iter().map(Event::Line);
    for event in lines.chain([Event::Ended(ExitReason::Code(1))]) {
        for action in attempt.on(Duration::ZERO, event) {
            if let Action::GiveUp(failure) = action {
                return failure;
            }
        }
    }
    unreachable!("an end is always given up");
}

#[test]
fn a_recorded_start_gives_address_port_and_registration_in_this_order() {
    for (name, port) in [("01-happy-default-quic", 20241), ("02-happy-recommended", 29001)] {
        let mut told = meanings(name);
        told.retain(|meaning| {
            matches!(meaning, Meaning::Address(_) | Meaning::Metrics(_) | Meaning::Registered)
        });
        let host = QuickTunnelName::parse(RECORDED).unwrap();
        let metrics = SocketAddr::from(([127, 0, 0, 1], port));
        let expected = [Meaning::Address(host), Meaning::Metrics(metrics), Meaning::Registered];
        assert_eq!(told, expected, "{name}");
    }
}

/// V-15: every row of the failure map that ends by itself.
#[test]
fn every_recorded_failure_has_its_reason() {
    for (name, failure) in [
        ("10-api-429", Failure::TooMany),
        ("10-api-429json", Failure::TooMany),
        ("10-api-500", Failure::Answered(500)),
        ("10-api-500html", Failure::Answered(500)),
        ("10-api-empty", Failure::Unreadable),
        ("10-api-garbage", Failure::Unreadable),
        ("10-api-close", Failure::ApiBroken),
        ("11-api-badcert", Failure::ApiCertificate),
        ("11-api-dnsdrop", Failure::ApiName),
        ("11-api-nxdomain", Failure::ApiName),
        ("11-api-servfail", Failure::ApiName),
        ("11-api-refused", Failure::ApiUnreachable),
        ("12-api-hang", Failure::ApiTimeout),
        ("12-api-hangbody", Failure::ApiTimeout),
        ("13-dns-dead-after-api", Failure::EdgeName),
        ("20-reg-refuse-http2", Failure::Refused(Some("tunnel is not allowed".to_owned()))),
        ("50-metrics-port-in-use", Failure::MetricsPort),
        ("52-protocol-bogus", Failure::Options),
        ("52-unknown-flag", Failure::Options),
    ] {
        assert_eq!(verdict(name), failure, "{name}");
    }
    let nohost = verdict("10-api-nohost");
    assert_eq!(nohost, Failure::WrongAddress("https://".to_owned()));
}

#[test]
fn recorded_networks_without_udp_are_seen_as_failed_dials() {
    for name in ["23-udp-blocked-default", "21-edge-down-at-start-http2"] {
        let dials = meanings(name)
            .into_iter()
            .filter(|meaning| *meaning == Meaning::Trouble(Trouble::Dial));
        assert!(dials.count() >= 3, "{name}");
    }
    let refused = Meaning::Trouble(Trouble::Refused(None));
    assert!(meanings("20-reg-refuse-quic").contains(&refused));
}

#[test]
fn a_recorded_drop_is_noticed_and_so_is_the_return() {
    let mut told = meanings("22-drop-quic");
    told.retain(|meaning| matches!(meaning, Meaning::Unsettled | Meaning::Registered));
    told.dedup();
    let (up, down) = (Meaning::Registered, Meaning::Unsettled);
    assert_eq!(told[..4], [up.clone(), down.clone(), up, down]);
}

/// Also from an edge that does not hang up for the next 30 s.
#[test]
fn a_recorded_end_tells_when_the_edge_knows_the_tunnel_no_more() {
    for name in ["01-happy-default-quic", "02-happy-recommended", "20-reg-refuse-quic"] {
        let told = meanings(name).into_iter();
        assert_eq!(told.filter(|meaning| *meaning == Meaning::Unregistered).count(), 1, "{name}");
    }
}

/// No recorded line gives an address but the one in the box: not the API's, not a stranger's page.
#[test]
fn no_other_line_is_ever_taken_for_the_address() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transcripts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        for line in recorded(&name) {
            if let Meaning::Address(host) = read(&line) {
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
        assert_eq!(read(line), Meaning::Noise, "{line}");
    }
}

#[test]
fn a_metrics_port_elsewhere_than_on_loopback_is_not_asked() {
    for address in ["10.0.0.1:80", "[2001:db8::1]:80", "localhost:1", "127.0.0.1"] {
        let line = format!("2026-11-23T04:54:27Z INF Starting metrics server on {address}/metrics");
        assert_eq!(read(&line), Meaning::Noise, "{line}");
    }
}

proptest! {
    #[test]
    fn no_line_makes_the_reader_panic(line in ".*") {
        let _ = read(&line);
        let _ = read(&format!("2026-11-23T04:54:27Z INF {line}"));
        let _ = read(&format!("2026-11-23T04:54:27Z ERR {line}"));
    }

    #[test]
    fn whatever_stands_in_a_box_is_one_label_or_refused(inside in "[ -~]{0,80}") {
        let line = format!("2026-11-23T04:54:27Z INF |  https://{inside}|");
        match read(&line) {
            Meaning::Address(host) => {
                let host = host.to_string();
                prop_assert!(!host.strip_suffix(".trycloudflare.com").unwrap().contains(['.', '/', '@', ':']));
            }
            Meaning::WrongAddress(text) => prop_assert!(text.chars().count() <= 120),
            meaning @ (Meaning::Noise | Meaning::Metrics(_) | Meaning::Registered | Meaning::Unsettled | Meaning::Unregistered | Meaning::Unconfined(_) | Meaning::Trouble(_)) => {
                prop_assert_eq!(meaning, Meaning::Noise);
            }
        }
    }

    /// A stranger's page in an error line cannot be taken for anything but that error.
    #[test]
    fn a_page_in_an_error_line_stays_an_error(page in "[ -~]{0,200}") {
        let line = format!("2026-11-23T04:54:59Z ERR Error unmarshaling QuickTunnel response: {page} status_code=\"500 Internal Server Error\"");
        prop_assert_eq!(read(&line), Meaning::Trouble(Trouble::Answered(500)));
    }
}
