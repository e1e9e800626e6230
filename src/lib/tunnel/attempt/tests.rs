use super::*;

const S: Duration = Duration::from_secs(1);
const HOST: &str = "a-b.trycloudflare.com";
const URL: &str = "https://a-b.trycloudflare.com";

fn host() -> QuickTunnelName {
    QuickTunnelName::parse(HOST).unwrap()
}

fn port() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn line(meaning: Meaning) -> Event {
    Event::Line(meaning)
}

fn url() -> String {
    URL.to_owned()
}

/// An attempt that has its address confirmed at second 1, and waits for the edge.
fn confirmed(settle: Duration) -> Attempt {
    let (mut attempt, first) = Attempt::begin(Duration::ZERO, settle);
    assert_eq!(first, [Action::Report(FromTunnel::Starting)]);
    assert_eq!(attempt.on(S, line(Meaning::Noise)), []);
    let told = attempt.on(S, line(Meaning::Address(host())));
    assert_eq!(told, [Action::Report(FromTunnel::Url { url: url() })]);
    let asked = attempt.on(S, line(Meaning::Metrics(port())));
    assert_eq!(asked, [Action::AskName(port())]);
    let asked = attempt.on(S, Event::Name(Some(HOST.to_owned())));
    assert_eq!(asked, [Action::AskReady(port())]);
    attempt
}

/// One that is announced, at second 2.
fn up() -> Attempt {
    let mut attempt = confirmed(Duration::ZERO);
    let told = attempt.on(2 * S, Event::Ready(Readiness::Yes));
    let registered = FromTunnel::Registered { url: url(), settle_seconds: 0 };
    let announced = FromTunnel::Up { url: url() };
    // The next look comes three seconds later.
    assert_eq!(told[..2], [Action::Report(registered), Action::Report(announced)]);
    attempt
}

fn gives_up(actions: &[Action]) -> &Failure {
    match actions {
        [Action::GiveUp(failure)] => failure,
        other => panic!("{other:?}"),
    }
}

/// V-14: neither the printed address nor the registration is enough.
#[test]
fn it_is_announced_only_after_ready_and_the_settling_time() {
    let mut attempt = confirmed(8 * S);
    assert_eq!(attempt.on(2 * S, Event::Ready(Readiness::No)), [Action::AskReady(port())]);
    attempt.on(2 * S, line(Meaning::Registered));
    let told = attempt.on(3 * S, Event::Ready(Readiness::Yes));
    assert!(matches!(&told[0], Action::Report(FromTunnel::Registered { settle_seconds: 8, .. })));
    for second in 4..11 {
        let told = attempt.on(second * S, Event::Tick);
        assert!(told.iter().all(|action| !matches!(action, Action::Report(_))));
    }
    let told = attempt.on(11 * S, Event::Tick);
    assert_eq!(told[0], Action::Report(FromTunnel::Up { url: url() }));
}

#[test]
fn a_drop_while_it_settles_begins_the_settling_anew() {
    let mut attempt = confirmed(8 * S);
    attempt.on(2 * S, Event::Ready(Readiness::Yes));
    attempt.on(5 * S, line(Meaning::Unsettled));
    let told = attempt.on(5 * S, Event::Ready(Readiness::No));
    assert_eq!(told[0], Action::Report(FromTunnel::Reconnecting));
    attempt.on(6 * S, Event::Ready(Readiness::Yes));
    assert!(
        attempt
            .on(13 * S, Event::Ready(Readiness::Yes))
            .iter()
            .all(|a| !matches!(a, Action::Report(_)))
    );
    assert_eq!(attempt.on(14 * S, Event::Tick)[0], Action::Report(FromTunnel::Up { url: url() }));
}

#[test]
fn silence_is_given_up_after_ten_seconds_and_words_without_address_after_35() {
    let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
    assert_eq!(attempt.wake(), SILENCE);
    assert_eq!(attempt.on(9 * S, Event::Tick), []);
    assert_eq!(gives_up(&attempt.on(10 * S, Event::Tick)), &Failure::Silent(10));
    let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
    attempt.on(S, line(Meaning::Noise));
    assert_eq!(attempt.wake(), ADDRESS);
    assert_eq!(gives_up(&attempt.on(35 * S, Event::Tick)), &Failure::NoAddress(35));
}

/// V-15: UDP is blocked, then TCP is as well.
#[test]
fn without_registration_http2_is_tried_and_then_given_up() {
    let mut attempt = confirmed(S);
    attempt.on(2 * S, Event::Ready(Readiness::No));
    assert!(!attempt.on(20 * S, Event::Tick).contains(&Action::FallBack));
    let told = attempt.on(21 * S, Event::Tick);
    assert_eq!(told, [Action::FallBack, Action::Report(FromTunnel::Starting)]);
    assert_eq!(attempt.protocol(), Protocol::Http2);
    attempt.on(22 * S, line(Meaning::Address(host())));
    attempt.on(22 * S, line(Meaning::Metrics(port())));
    attempt.on(22 * S, Event::Name(Some(HOST.to_owned())));
    attempt.on(22 * S, Event::Ready(Readiness::No));
    let told = attempt.on(42 * S, Event::Tick);
    assert_eq!(gives_up(&told), &Failure::EdgeUnreachable);
}

#[test]
fn three_failed_dials_are_enough_to_fall_back_and_a_registration_forgets_them() {
    let dial = || line(Meaning::Trouble(Trouble::Dial));
    let mut attempt = confirmed(S);
    assert_eq!(attempt.on(2 * S, dial()), []);
    assert_eq!(attempt.on(3 * S, dial()), []);
    assert_eq!(attempt.on(4 * S, dial())[0], Action::FallBack);
    let mut attempt = up();
    for _ in 0..9 {
        assert!(!attempt.on(4 * S, dial()).contains(&Action::FallBack));
    }
}

#[test]
fn a_name_that_nobody_confirms_is_not_announced() {
    let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
    attempt.on(S, line(Meaning::Address(host())));
    attempt.on(S, line(Meaning::Metrics(port())));
    let told = attempt.on(2 * S, Event::Name(Some("other.trycloudflare.com".to_owned())));
    assert!(matches!(gives_up(&told), Failure::Disagrees { .. }));

    let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
    for _protocol in [Protocol::Quic, Protocol::Http2] {
        attempt.on(S, line(Meaning::Address(host())));
        attempt.on(S, line(Meaning::Metrics(port())));
        attempt.on(2 * S, Event::Name(None));
        if attempt.protocol() == Protocol::Quic {
            assert_eq!(attempt.on(21 * S, Event::Tick)[0], Action::FallBack);
        }
    }
    let told = attempt.on(60 * S, Event::Tick);
    assert_eq!(gives_up(&told), &Failure::Unconfirmed(host()));
}

#[test]
fn an_edge_that_stays_away_for_a_minute_is_a_loss_and_one_that_returns_is_up() {
    let mut attempt = up();
    attempt.on(5 * S, Event::Tick);
    let told = attempt.on(6 * S, Event::Ready(Readiness::No));
    assert_eq!(told[0], Action::Report(FromTunnel::Reconnecting));
    attempt.on(7 * S, Event::Ready(Readiness::No));
    let told = attempt.on(30 * S, Event::Ready(Readiness::Yes));
    assert_eq!(told[0], Action::Report(FromTunnel::Up { url: url() }));
    attempt.on(40 * S, Event::Ready(Readiness::No));
    attempt.on(41 * S, Event::Ready(Readiness::No));
    assert!(attempt.on(99 * S, Event::Tick).iter().all(|a| !matches!(a, Action::GiveUp(_))));
    assert_eq!(gives_up(&attempt.on(100 * S, Event::Tick)), &Failure::EdgeLost(60));
}

#[test]
fn a_metrics_port_that_misses_three_looks_is_dead() {
    let mut attempt = up();
    for second in [5, 8] {
        attempt.on(second * S, Event::Tick);
        let told = attempt.on(second * S, Event::Ready(Readiness::Unanswered));
        assert!(!over(&told), "{told:?}");
    }
    attempt.on(11 * S, Event::Tick);
    let told = attempt.on(11 * S, Event::Ready(Readiness::Unanswered));
    assert_eq!(gives_up(&told), &Failure::MetricsGone(port()));
}

#[test]
fn an_end_is_explained_by_the_best_clue_before_it_and_by_itself_after() {
    let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
    attempt.on(S, line(Meaning::Trouble(Trouble::Answered(500))));
    attempt.on(S, line(Meaning::Trouble(Trouble::Unreadable)));
    let told = attempt.on(S, Event::Ended(ExitReason::Code(1)));
    assert_eq!(gives_up(&told), &Failure::Answered(500));
    let mut attempt = up();
    attempt.on(3 * S, line(Meaning::Trouble(Trouble::Dial)));
    let how = ExitReason::Signal(9);
    assert_eq!(gives_up(&attempt.on(3 * S, Event::Ended(how))), &Failure::Died { how });
}

/// A line that asks for a look while one is under way is not lost.
#[test]
fn a_registration_seen_during_a_look_is_looked_at_at_once() {
    let mut attempt = confirmed(S);
    assert_eq!(attempt.on(S, line(Meaning::Registered)), []);
    assert_eq!(attempt.on(S, Event::Ready(Readiness::No)), [Action::AskReady(port())]);
}

mod any_order {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = Event> {
        let lines = prop_oneof![
            Just(Meaning::Noise),
            Just(Meaning::Address(host())),
            Just(Meaning::Metrics(port())),
            Just(Meaning::Registered),
            Just(Meaning::Unsettled),
            Just(Meaning::Trouble(Trouble::Dial)),
            Just(Meaning::Trouble(Trouble::Unreadable)),
        ];
        prop_oneof![
            lines.prop_map(Event::Line),
            Just(Event::Name(Some(HOST.to_owned()))),
            Just(Event::Name(None)),
            Just(Event::Ready(Readiness::Yes)),
            Just(Event::Ready(Readiness::No)),
            Just(Event::Ready(Readiness::Unanswered)),
            Just(Event::Tick),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: "up" never comes without an answer of `/ready`,
        /// and there is always a moment to wake up for, or a question on its way.
        #[test]
        fn up_needs_a_ready_and_nothing_hangs(events in proptest::collection::vec((event(), 0..30u64), 0..80)) {
            let (mut attempt, _) = Attempt::begin(Duration::ZERO, S);
            let (mut now, mut ready) = (Duration::ZERO, false);
            for (event, pause) in events {
                now += Duration::from_millis(pause * 100);
                let answer = matches!(event, Event::Name(_) | Event::Ready(_));
                if answer && !attempt.looking {
                    continue;
                }
                ready |= matches!(event, Event::Ready(Readiness::Yes));
                let actions = attempt.on(now, event);
                if actions.iter().any(|a| matches!(a, Action::Report(FromTunnel::Up { .. }))) {
                    prop_assert!(ready);
                }
                if actions.iter().any(|a| matches!(a, Action::GiveUp(_))) {
                    return Ok(());
                }
                prop_assert!(attempt.looking || attempt.wake() < Duration::MAX);
            }
        }
    }
}
