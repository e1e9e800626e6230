use std::net::SocketAddr;

use super::*;

const S: Duration = Duration::from_secs(1);
const NAME: &str = "a-b.trycloudflare.com";
const URL: &str = "https://a-b.trycloudflare.com";

fn name() -> QuickTunnelName {
    QuickTunnelName::parse(NAME).unwrap()
}

fn port() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn line(line: OutputLine) -> AttemptEvent {
    AttemptEvent::Line(line)
}

fn url() -> String {
    URL.to_owned()
}

/// An attempt that has just begun.
fn started() -> Attempt {
    Attempt::start(Duration::ZERO, S, ProgramFormat::Binary).0
}

/// An attempt whose address is confirmed at second 1, and which waits for the edge.
fn confirmed(settle: Duration) -> Attempt {
    let (mut attempt, first) = Attempt::start(Duration::ZERO, settle, ProgramFormat::Binary);
    assert_eq!(first, [AttemptAction::Report(FromTunnel::Starting { why: None })]);
    assert_eq!(attempt.handle(S, line(OutputLine::Noise)), []);
    let actions = attempt.handle(S, line(OutputLine::Address(name())));
    assert_eq!(actions, [AttemptAction::Report(FromTunnel::Url { url: url() })]);
    let actions = attempt.handle(S, line(OutputLine::MetricsAddress(port())));
    assert_eq!(actions, [AttemptAction::QueryName(port())]);
    let actions = attempt.handle(S, AttemptEvent::Name(Some(NAME.to_owned())));
    assert_eq!(actions, [AttemptAction::QueryReadiness(port())]);
    attempt
}

/// An attempt that is registered at second 2.
fn registered() -> Attempt {
    let mut attempt = confirmed(Duration::ZERO);
    let actions = attempt.handle(2 * S, AttemptEvent::Readiness(Readiness::Ready));
    let settling = FromTunnel::Settling { url: url(), settle_seconds: 0 };
    let registered = FromTunnel::Registered { url: url() };
    assert_eq!(actions[..2], [AttemptAction::Report(settling), AttemptAction::Report(registered)]);
    attempt
}

fn error_of(actions: &[AttemptAction]) -> &TunnelError {
    match actions {
        [AttemptAction::Fail(error)] => error,
        other => panic!("{other:?}"),
    }
}

/// V-14: neither the printed address nor the registration is enough.
#[test]
fn it_is_registered_only_after_ready_and_the_settling_time() {
    let mut attempt = confirmed(8 * S);
    assert_eq!(
        attempt.handle(2 * S, AttemptEvent::Readiness(Readiness::NotReady)),
        [AttemptAction::QueryReadiness(port())]
    );
    attempt.handle(2 * S, line(OutputLine::ConnectionRegistered));
    let actions = attempt.handle(3 * S, AttemptEvent::Readiness(Readiness::Ready));
    assert!(matches!(
        &actions[0],
        AttemptAction::Report(FromTunnel::Settling { settle_seconds: 8, .. })
    ));
    for second in 4..11 {
        let actions = attempt.handle(second * S, AttemptEvent::Tick);
        assert!(actions.iter().all(|action| !matches!(action, AttemptAction::Report(_))));
    }
    let actions = attempt.handle(11 * S, AttemptEvent::Tick);
    assert_eq!(actions[0], AttemptAction::Report(FromTunnel::Registered { url: url() }));
}

#[test]
fn a_drop_while_settling_restarts_the_settling_time() {
    let mut attempt = confirmed(8 * S);
    attempt.handle(2 * S, AttemptEvent::Readiness(Readiness::Ready));
    attempt.handle(5 * S, line(OutputLine::ConnectionLost));
    let actions = attempt.handle(5 * S, AttemptEvent::Readiness(Readiness::NotReady));
    assert_eq!(actions[0], AttemptAction::Report(FromTunnel::Reconnecting));
    attempt.handle(6 * S, AttemptEvent::Readiness(Readiness::Ready));
    assert!(
        attempt
            .handle(13 * S, AttemptEvent::Readiness(Readiness::Ready))
            .iter()
            .all(|a| !matches!(a, AttemptAction::Report(_)))
    );
    assert_eq!(
        attempt.handle(14 * S, AttemptEvent::Tick)[0],
        AttemptAction::Report(FromTunnel::Registered { url: url() })
    );
}

#[test]
fn no_output_fails_after_ten_seconds_and_no_address_after_35() {
    let mut attempt = started();
    assert_eq!(attempt.next_wakeup(), FIRST_LINE_TIMEOUT);
    assert_eq!(attempt.handle(9 * S, AttemptEvent::Tick), []);
    assert_eq!(error_of(&attempt.handle(10 * S, AttemptEvent::Tick)), &TunnelError::NoOutput(10));
    let mut attempt = started();
    attempt.handle(S, line(OutputLine::Noise));
    assert_eq!(attempt.next_wakeup(), ADDRESS_TIMEOUT);
    assert_eq!(error_of(&attempt.handle(35 * S, AttemptEvent::Tick)), &TunnelError::NoAddress(35));
}

/// V-15: UDP is blocked, then TCP too.
#[test]
fn without_registration_http2_is_tried_and_then_it_fails() {
    let mut attempt = confirmed(S);
    attempt.handle(2 * S, AttemptEvent::Readiness(Readiness::NotReady));
    assert!(!attempt.handle(20 * S, AttemptEvent::Tick).contains(&AttemptAction::RestartOverHttp2));
    let actions = attempt.handle(21 * S, AttemptEvent::Tick);
    assert_eq!(actions.len(), 2);
    assert_eq!(actions[0], AttemptAction::RestartOverHttp2);
    assert!(delay_of(&actions).contains("no answer by UDP"));
    assert_eq!(attempt.protocol(), EdgeProtocol::Http2);
    attempt.handle(22 * S, line(OutputLine::Address(name())));
    attempt.handle(22 * S, line(OutputLine::MetricsAddress(port())));
    attempt.handle(22 * S, AttemptEvent::Name(Some(NAME.to_owned())));
    attempt.handle(22 * S, AttemptEvent::Readiness(Readiness::NotReady));
    attempt.handle(38 * S, line(OutputLine::Error(CloudflaredError::DialFailed)));
    let actions = attempt.handle(42 * S, AttemptEvent::Tick);
    assert_eq!(error_of(&actions), &TunnelError::EdgeUnreachable);
}

/// Why an attempt takes longer, as the user is told.
fn delay_of(actions: &[AttemptAction]) -> &str {
    let why = actions.iter().find_map(|action| {
        let AttemptAction::Report(
            FromTunnel::Starting { why: Some(why) } | FromTunnel::Delayed { why },
        ) = action
        else {
            return None;
        };
        Some(why)
    });
    why.unwrap_or_else(|| panic!("{actions:?}"))
}

/// HTTP/2 after QUIC, with a confirmed address, after this error over QUIC.
fn over_http2(quic: Option<CloudflaredError>) -> Attempt {
    let mut attempt = confirmed(S);
    attempt.handle(2 * S, AttemptEvent::Readiness(Readiness::NotReady));
    quic.into_iter().for_each(|error| {
        attempt.handle(3 * S, line(OutputLine::Error(error)));
    });
    attempt.handle(21 * S, AttemptEvent::Tick);
    attempt.handle(22 * S, line(OutputLine::Address(name())));
    attempt.handle(22 * S, line(OutputLine::MetricsAddress(port())));
    attempt.handle(22 * S, AttemptEvent::Name(Some(NAME.to_owned())));
    attempt
}

/// V-15: an edge that is silent over TCP is not called unreachable when it answered over UDP.
#[test]
fn a_refusal_over_quic_is_remembered_over_http2() {
    let refused = || CloudflaredError::RegistrationRefused(None);
    let mut attempt = over_http2(Some(refused()));
    let actions = attempt.handle(42 * S, AttemptEvent::Tick);
    assert_eq!(error_of(&actions), &TunnelError::RegistrationRefused(None));
    let mut attempt = over_http2(None);
    let actions = attempt.handle(42 * S, AttemptEvent::Tick);
    assert_eq!(error_of(&actions), &TunnelError::NotRegistered(20));
}

#[test]
fn the_first_silence_over_udp_is_told_at_once_and_once() {
    let dial = || line(OutputLine::Error(CloudflaredError::DialFailed));
    let mut attempt = confirmed(S);
    assert!(delay_of(&attempt.handle(2 * S, dial())).contains("TCP is tried within 20 s"));
    assert_eq!(attempt.handle(3 * S, dial()), []);
    assert!(delay_of(&attempt.handle(4 * S, dial())).contains("a few seconds more"));
    // Over TCP, nothing comes after it.
    let mut attempt = over_http2(None);
    assert_eq!(attempt.handle(23 * S, dial()), []);
}

#[test]
fn an_exit_without_a_reason_is_explained_by_the_format_of_the_program() {
    let reason = ExitReason::Code(126);
    for (format, expected) in [
        (ProgramFormat::Script, TunnelError::ScriptFailed(reason)),
        (ProgramFormat::Binary, TunnelError::ExitedEarly(reason)),
    ] {
        let (mut attempt, _) = Attempt::start(Duration::ZERO, S, format);
        attempt.handle(S, line(OutputLine::Noise));
        assert_eq!(error_of(&attempt.handle(S, AttemptEvent::Exited(reason))), &expected);
    }
}

#[test]
fn three_failed_dials_fall_back_and_a_registration_resets_the_count() {
    let dial = || line(OutputLine::Error(CloudflaredError::DialFailed));
    let mut attempt = confirmed(S);
    for second in [2, 3] {
        let actions = attempt.handle(second * S, dial());
        assert!(!actions.contains(&AttemptAction::RestartOverHttp2));
    }
    assert_eq!(attempt.handle(4 * S, dial())[0], AttemptAction::RestartOverHttp2);
    let mut attempt = registered();
    for _ in 0..9 {
        assert!(!attempt.handle(4 * S, dial()).contains(&AttemptAction::RestartOverHttp2));
    }
}

#[test]
fn a_name_without_confirmation_is_not_announced() {
    let mut attempt = started();
    attempt.handle(S, line(OutputLine::Address(name())));
    attempt.handle(S, line(OutputLine::MetricsAddress(port())));
    let actions =
        attempt.handle(2 * S, AttemptEvent::Name(Some("other.trycloudflare.com".to_owned())));
    assert!(matches!(error_of(&actions), TunnelError::AddressMismatch { .. }));

    let mut attempt = started();
    for _protocol in [EdgeProtocol::Quic, EdgeProtocol::Http2] {
        attempt.handle(S, line(OutputLine::Address(name())));
        attempt.handle(S, line(OutputLine::MetricsAddress(port())));
        attempt.handle(2 * S, AttemptEvent::Name(None));
        if attempt.protocol() == EdgeProtocol::Quic {
            assert_eq!(
                attempt.handle(21 * S, AttemptEvent::Tick)[0],
                AttemptAction::RestartOverHttp2
            );
        }
    }
    let actions = attempt.handle(60 * S, AttemptEvent::Tick);
    assert_eq!(error_of(&actions), &TunnelError::AddressUnconfirmed(name()));
}

#[test]
fn an_edge_lost_for_a_minute_fails_and_an_earlier_return_is_registered() {
    let mut attempt = registered();
    attempt.handle(5 * S, AttemptEvent::Tick);
    let actions = attempt.handle(6 * S, AttemptEvent::Readiness(Readiness::NotReady));
    assert_eq!(actions[0], AttemptAction::Report(FromTunnel::Reconnecting));
    attempt.handle(7 * S, AttemptEvent::Readiness(Readiness::NotReady));
    let actions = attempt.handle(30 * S, AttemptEvent::Readiness(Readiness::Ready));
    assert_eq!(actions[0], AttemptAction::Report(FromTunnel::Registered { url: url() }));
    attempt.handle(40 * S, AttemptEvent::Readiness(Readiness::NotReady));
    attempt.handle(41 * S, AttemptEvent::Readiness(Readiness::NotReady));
    assert!(
        attempt
            .handle(99 * S, AttemptEvent::Tick)
            .iter()
            .all(|a| !matches!(a, AttemptAction::Fail(_)))
    );
    assert_eq!(error_of(&attempt.handle(100 * S, AttemptEvent::Tick)), &TunnelError::EdgeLost(60));
}

#[test]
fn a_metrics_port_is_dead_after_three_unanswered_queries() {
    let mut attempt = registered();
    for second in [5, 8] {
        attempt.handle(second * S, AttemptEvent::Tick);
        let actions = attempt.handle(second * S, AttemptEvent::Readiness(Readiness::NoAnswer));
        assert!(!has_failed(&actions), "{actions:?}");
    }
    attempt.handle(11 * S, AttemptEvent::Tick);
    let actions = attempt.handle(11 * S, AttemptEvent::Readiness(Readiness::NoAnswer));
    assert_eq!(error_of(&actions), &TunnelError::MetricsLost(port()));
}

#[test]
fn an_early_exit_has_the_best_error_as_reason_and_a_later_one_itself() {
    let mut attempt = started();
    attempt.handle(S, line(OutputLine::Error(CloudflaredError::ApiStatus(500))));
    attempt.handle(S, line(OutputLine::Error(CloudflaredError::ApiUnreadable)));
    let actions = attempt.handle(S, AttemptEvent::Exited(ExitReason::Code(1)));
    assert_eq!(error_of(&actions), &TunnelError::ApiStatus(500));
    let mut attempt = registered();
    attempt.handle(3 * S, line(OutputLine::Error(CloudflaredError::DialFailed)));
    let reason = ExitReason::Signal(9);
    assert_eq!(
        error_of(&attempt.handle(3 * S, AttemptEvent::Exited(reason))),
        &TunnelError::Exited(reason)
    );
}

/// A line that asks for a query while one is pending is not lost.
#[test]
fn a_registration_during_a_query_is_queried_right_after() {
    let mut attempt = confirmed(S);
    assert_eq!(attempt.handle(S, line(OutputLine::ConnectionRegistered)), []);
    assert_eq!(
        attempt.handle(S, AttemptEvent::Readiness(Readiness::NotReady)),
        [AttemptAction::QueryReadiness(port())]
    );
}

mod any_order {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = AttemptEvent> {
        let lines = prop_oneof![
            Just(OutputLine::Noise),
            Just(OutputLine::Address(name())),
            Just(OutputLine::MetricsAddress(port())),
            Just(OutputLine::ConnectionRegistered),
            Just(OutputLine::ConnectionLost),
            Just(OutputLine::Error(CloudflaredError::DialFailed)),
            Just(OutputLine::Error(CloudflaredError::ApiUnreadable)),
        ];
        prop_oneof![
            lines.prop_map(AttemptEvent::Line),
            Just(AttemptEvent::Name(Some(NAME.to_owned()))),
            Just(AttemptEvent::Name(None)),
            Just(AttemptEvent::Readiness(Readiness::Ready)),
            Just(AttemptEvent::Readiness(Readiness::NotReady)),
            Just(AttemptEvent::Readiness(Readiness::NoAnswer)),
            Just(AttemptEvent::Tick),
        ]
    }

    proptest! {
        /// In every order of events: `Registered` needs a positive answer of `/ready`, and there is
        /// always a wakeup or a pending query.
        #[test]
        fn registered_needs_ready_and_nothing_hangs(events in proptest::collection::vec((event(), 0..30u64), 0..80)) {
            let mut attempt = started();
            let (mut now, mut ready) = (Duration::ZERO, false);
            for (event, pause) in events {
                now += Duration::from_millis(pause * 100);
                let answer = matches!(event, AttemptEvent::Name(_) | AttemptEvent::Readiness(_));
                if answer && !attempt.probes.is_pending() {
                    continue;
                }
                ready |= matches!(event, AttemptEvent::Readiness(Readiness::Ready));
                let actions = attempt.handle(now, event);
                if actions.iter().any(|a| matches!(a, AttemptAction::Report(FromTunnel::Registered { .. }))) {
                    prop_assert!(ready);
                }
                if actions.iter().any(|a| matches!(a, AttemptAction::Fail(_))) {
                    return Ok(());
                }
                prop_assert!(attempt.probes.is_pending() || attempt.next_wakeup() < Duration::MAX);
            }
        }
    }
}
