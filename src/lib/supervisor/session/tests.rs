//! Every pair of phase and event, every end, and any order of events.

use proptest::prelude::*;

use super::*;

fn url() -> String {
    "https://a.trycloudflare.com".to_owned()
}

fn ctrl_c() -> SessionEvent {
    SessionEvent::End(EndReason::EndRequest(EndRequest::Operator))
}

/// One of each.
fn events() -> Vec<SessionEvent> {
    let timers = [
        SessionTimer::Clean,
        SessionTimer::Start,
        SessionTimer::Retry,
        SessionTimer::Drain,
        SessionTimer::Kill,
        SessionTimer::Gone,
    ];
    let mut events = vec![
        SessionEvent::Cleaned,
        SessionEvent::GuardEnded("was ended by SIGKILL".into()),
        SessionEvent::TunnelFound,
        SessionEvent::TunnelUp(url()),
        SessionEvent::TunnelLost("no network".into(), Some(600)),
        SessionEvent::TunnelEnded("ended with code 69".into()),
        SessionEvent::TunnelUnregistered,
        SessionEvent::ServeReady,
        SessionEvent::ServeEnded("ended with code 70".into()),
        SessionEvent::Drained,
        ctrl_c(),
        SessionEvent::End(EndReason::EndRequest(EndRequest::Terminated)),
        SessionEvent::End(EndReason::EndRequest(EndRequest::TerminalClosed)),
        SessionEvent::End(EndReason::EndRequest(EndRequest::ReaderGone)),
        SessionEvent::End(EndReason::EndRequest(EndRequest::WriterGone)),
        SessionEvent::End(EndReason::Failed("x".into())),
        SessionEvent::LogSettled,
        SessionEvent::Wiped(true),
        SessionEvent::Wiped(false),
    ];
    events.extend(timers.map(SessionEvent::Rang));
    events
}

fn run(tunnel_policy: TunnelPolicy, steps: &[SessionEvent]) -> (Session, Vec<SessionAction>) {
    let (mut session, mut actions) = Session::begin(tunnel_policy);
    for event in steps {
        actions = session.step(event.clone());
    }
    (session, actions)
}

fn open() -> Session {
    let steps = [
        SessionEvent::Cleaned,
        SessionEvent::TunnelFound,
        SessionEvent::ServeReady,
        SessionEvent::TunnelUp(url()),
    ];
    let (session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert_eq!(actions, [SessionAction::ShowLink(Some(url()))]);
    assert_eq!(session.phase(), SessionPhase::Open);
    session
}

#[test]
fn a_whole_session() {
    let mut session = open();
    let actions = session.step(ctrl_c());
    assert_eq!(session.phase(), SessionPhase::Closing);
    // The goodbye and the unregistering begin together.
    assert!(
        actions.contains(&SessionAction::DrainServe)
            && actions.contains(&SessionAction::CloseTunnel)
    );
    assert_eq!(session.step(SessionEvent::Drained), []);
    let actions = session.step(SessionEvent::TunnelEnded("ended with code 0".into()));
    assert_eq!(session.phase(), SessionPhase::Draining);
    assert!(actions.contains(&SessionAction::ReleaseServe));
    let actions = session.step(SessionEvent::ServeEnded("ended with code 0".into()));
    assert_eq!(actions, [SessionAction::SettleLog { ask: true }]);
    assert_eq!(session.step(SessionEvent::LogSettled), [SessionAction::Wipe]);
    let cause = EndReason::EndRequest(EndRequest::Operator);
    assert_eq!(
        session.step(SessionEvent::Wiped(true)),
        [SessionAction::Finish(SessionOutcome::Clean(cause))]
    );
    assert_eq!(session.phase(), SessionPhase::Over);
}

/// However long cloudflared waits for the edge to hang up: it has nothing left to carry.
#[test]
fn with_the_goodbye_said_and_the_address_given_back_nobody_waits_for_cloudflared() {
    for events in [
        [SessionEvent::Drained, SessionEvent::TunnelUnregistered],
        [SessionEvent::TunnelUnregistered, SessionEvent::Drained],
    ] {
        let mut session = open();
        session.step(ctrl_c());
        let [first, second] = events;
        assert_eq!(session.step(first), []);
        assert!(session.step(second).contains(&SessionAction::KillTunnel));
        assert_eq!(session.phase(), SessionPhase::Draining);
    }
}

/// Whoever kills guards cannot keep the session busy with new ones, nor end it.
#[test]
fn a_lost_guard_is_replaced_a_few_times_and_the_session_goes_on_without() {
    let mut session = open();
    let mut lose = || session.step(SessionEvent::GuardEnded("was ended by SIGKILL".into()));
    for _ in 1..GUARDS {
        assert!(lose().contains(&SessionAction::StartGuard));
    }
    let how = "was ended by SIGKILL".to_owned();
    assert_eq!(lose(), [SessionAction::ShowGuardLost { how, replaced: false }]);
    assert_eq!(session.phase(), SessionPhase::Open);
}

#[test]
fn a_cleaner_that_hangs_does_not_keep_the_session_from_beginning() {
    let (mut session, actions) =
        run(TunnelPolicy::Never, &[SessionEvent::Rang(SessionTimer::Clean)]);
    assert_eq!(actions, [SessionAction::KillCleaner]);
    assert!(session.step(SessionEvent::Cleaned).contains(&SessionAction::StartServe));
    assert_eq!(session.step(SessionEvent::Rang(SessionTimer::Clean)), []);
}

/// V-14, in the machine: no link before the address works.
#[test]
fn no_public_link_before_the_tunnel_is_up() {
    let steps = [SessionEvent::Cleaned, SessionEvent::TunnelFound, SessionEvent::ServeReady];
    let (session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert_eq!(
        (session.phase(), actions),
        (SessionPhase::Opening, vec![SessionAction::OpenTunnel])
    );
}

#[test]
fn without_a_tunnel_the_link_is_local_at_once() {
    let (session, actions) =
        run(TunnelPolicy::Never, &[SessionEvent::Cleaned, SessionEvent::ServeReady]);
    assert_eq!(
        (session.phase(), actions),
        (SessionPhase::Open, vec![SessionAction::ShowLink(None)])
    );
}

#[test]
fn a_lost_tunnel_falls_back_to_the_local_link_and_is_tried_again() {
    let lost = SessionEvent::TunnelLost("no network".into(), None);
    let steps = [SessionEvent::Cleaned, SessionEvent::TunnelFound, SessionEvent::ServeReady, lost];
    let (mut session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert!(actions.contains(&SessionAction::ShowLink(None)));
    session.step(SessionEvent::TunnelEnded("ended with code 69".into()));
    assert_eq!(session.step(SessionEvent::Rang(SessionTimer::Retry)), [SessionAction::StartTunnel]);
    assert_eq!(session.step(SessionEvent::TunnelFound), [SessionAction::OpenTunnel]);
    assert_eq!(session.step(SessionEvent::TunnelUp(url())), [SessionAction::ShowLink(Some(url()))]);
}

#[test]
fn another_address_after_a_lost_one_is_told_to_the_participants() {
    let mut session = open();
    session.step(SessionEvent::TunnelLost("no network".into(), None));
    session.step(SessionEvent::TunnelEnded("ended with code 69".into()));
    session.step(SessionEvent::Rang(SessionTimer::Retry));
    session.step(SessionEvent::TunnelFound);
    let other = "https://b.trycloudflare.com".to_owned();
    let actions = session.step(SessionEvent::TunnelUp(other.clone()));
    assert_eq!(
        actions,
        [SessionAction::ShowLink(Some(other.clone())), SessionAction::TellMoved(other)]
    );
}

#[test]
fn a_required_tunnel_that_cannot_be_had_ends_the_session() {
    let lost = SessionEvent::TunnelLost("no network".into(), None);
    let (session, _) = run(TunnelPolicy::Required, &[SessionEvent::Cleaned, lost]);
    assert_eq!(session.phase(), SessionPhase::Closing);
    assert_eq!(session.cause(), Some(&EndReason::NoTunnel("no network".into())));
}

#[test]
fn a_cool_down_is_respected_and_the_pauses_grow() {
    let mut session = open();
    let pause = |actions: &[SessionAction]| {
        actions.iter().find_map(|action| {
            if let SessionAction::Arm(SessionTimer::Retry, pause) = action {
                Some(pause.as_secs())
            } else {
                None
            }
        })
    };
    let actions = session.step(SessionEvent::TunnelLost("429".into(), Some(600)));
    assert_eq!(pause(&actions), Some(600));
    for expected in [10, 20, 40, 80, 160, 300, 300] {
        session.step(SessionEvent::TunnelEnded("ended".into()));
        session.step(SessionEvent::Rang(SessionTimer::Retry));
        let actions = session.step(SessionEvent::TunnelLost("still".into(), None));
        assert_eq!(pause(&actions), Some(expected));
    }
}

#[test]
fn a_dead_room_ends_the_session_as_failed() {
    let mut session = open();
    session.step(SessionEvent::ServeEnded("was ended by SIGKILL".into()));
    assert_eq!(session.phase(), SessionPhase::Closing);
    assert!(matches!(session.cause(), Some(EndReason::Failed(_))));
}

#[test]
fn asking_twice_kills_at_once_in_every_later_phase() {
    let ended = SessionEvent::TunnelEnded("ended".into());
    let until_question = [SessionEvent::Drained, ended, SessionEvent::ServeEnded("ended".into())];
    for count in 0..=until_question.len() {
        let mut session = open();
        session.step(ctrl_c());
        until_question[..count].iter().for_each(|event| drop(session.step(event.clone())));
        let actions = session.step(ctrl_c());
        assert_eq!(
            actions,
            [SessionAction::KillTunnel, SessionAction::KillServe, SessionAction::Wipe],
            "{count}"
        );
        assert_eq!(
            session.step(SessionEvent::Wiped(true)),
            [SessionAction::Finish(SessionOutcome::Killed)]
        );
    }
}

/// A service manager sends TERM twice, a shell on its way out sends it after HUP: neither is impatient,
/// and over the question both get the default answer.
#[test]
fn only_ctrl_c_is_impatience() {
    for again in [EndRequest::Terminated, EndRequest::TerminalClosed] {
        let mut session = open();
        session.step(ctrl_c());
        assert_eq!(session.step(SessionEvent::End(EndReason::EndRequest(again))), []);
        for event in [SessionEvent::Drained, SessionEvent::TunnelEnded("ended".into())] {
            session.step(event);
        }
        let asked = session.step(SessionEvent::ServeEnded("ended".into()));
        assert_eq!(asked, [SessionAction::SettleLog { ask: true }]);
        let told = session.step(SessionEvent::End(EndReason::EndRequest(again)));
        assert_eq!(told, [SessionAction::SettleLog { ask: false }]);
        assert_eq!(session.step(SessionEvent::LogSettled), [SessionAction::Wipe]);
    }
}

/// In a pipeline the neighbour dies of the same Ctrl+C, and the news of that may come first.
#[test]
fn the_first_interrupt_after_a_neighbours_end_is_not_a_second_one() {
    for gone in [EndRequest::ReaderGone, EndRequest::WriterGone] {
        let mut session = open();
        session.step(SessionEvent::End(EndReason::EndRequest(gone)));
        assert_eq!(session.step(ctrl_c()), []);
        assert_eq!(session.cause(), Some(&EndReason::EndRequest(EndRequest::Operator)));
        assert!(session.step(ctrl_c()).contains(&SessionAction::KillServe));
    }
}

/// Every pair: reach each phase in every way of a few steps, then try each event.
#[test]
fn every_phase_answers_every_event_and_no_phase_goes_back() {
    let mut seen = std::collections::BTreeSet::new();
    for tunnel_policy in [TunnelPolicy::Never, TunnelPolicy::WhenPossible, TunnelPolicy::Required] {
        let mut paths = vec![Vec::new()];
        for _ in 0..3 {
            paths = extended(&paths);
            for path in &paths {
                let (mut session, _) = run(tunnel_policy, path);
                walk(&mut session, &mut seen);
            }
        }
    }
    assert_eq!(seen.len(), 8 * events().len(), "a pair was never tried");
}

fn extended(paths: &[Vec<SessionEvent>]) -> Vec<Vec<SessionEvent>> {
    let with = |path: &Vec<SessionEvent>, event| [path.clone(), vec![event]].concat();
    paths.iter().flat_map(|path| events().into_iter().map(move |event| with(path, event))).collect()
}

/// Leads the session to its end along the shortest way and tries every event in every phase.
fn walk(session: &mut Session, seen: &mut std::collections::BTreeSet<(SessionPhase, usize)>) {
    let way = [
        SessionEvent::Cleaned,
        SessionEvent::TunnelFound,
        SessionEvent::ServeReady,
        SessionEvent::TunnelUp(url()),
        SessionEvent::End(EndReason::EndRequest(EndRequest::Remotely)),
        SessionEvent::Rang(SessionTimer::Drain),
        SessionEvent::Rang(SessionTimer::Gone),
        SessionEvent::LogSettled,
        SessionEvent::Wiped(true),
    ];
    for step in way {
        for (number, event) in events().into_iter().enumerate() {
            let mut branch = session.clone();
            let before = branch.phase();
            branch.step(event);
            assert!(branch.phase() >= before);
            seen.insert((before, number));
        }
        session.step(step);
    }
    assert_eq!(session.phase(), SessionPhase::Over);
    for (number, event) in events().into_iter().enumerate() {
        assert_eq!(session.step(event), []);
        seen.insert((SessionPhase::Over, number));
    }
}

proptest! {
    /// No path without an end: after any events, one request to end and the timers that were
    /// armed lead to `Over`, whatever the services do.
    #[test]
    fn any_order_of_events_reaches_the_end(picks in proptest::collection::vec(0usize..100, 0..60)) {
        let all = events();
        let (mut session, _) = Session::begin(TunnelPolicy::WhenPossible);
        for pick in picks {
            session.step(all[pick % all.len()].clone());
        }
        let mut due = session.step(SessionEvent::End(EndReason::EndRequest(EndRequest::Remotely)));
        for timer in [SessionTimer::Drain, SessionTimer::Kill, SessionTimer::Gone] {
            due.extend(session.step(SessionEvent::Rang(timer)));
        }
        session.step(SessionEvent::LogSettled);
        session.step(SessionEvent::Wiped(true));
        prop_assert_eq!(session.phase(), SessionPhase::Over);
    }
}
