//! Every pair of phase and event, and events in any order.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::tests::{ctrl_c, end, killed, tunnel_lost, url, wiped};
use super::*;

/// One of each.
fn events() -> Vec<SessionEvent> {
    let timers = [
        SessionTimer::Cleaner,
        SessionTimer::ServeStart,
        SessionTimer::TunnelRetry,
        SessionTimer::Goodbye,
        SessionTimer::Close,
        SessionTimer::ServeExit,
        SessionTimer::Kill,
        SessionTimer::Panic,
        SessionTimer::Answer,
        SessionTimer::End,
        SessionTimer::EndSoon,
        SessionTimer::TimeLeft,
        SessionTimer::Idle,
    ];
    let mut events = vec![
        SessionEvent::Cleaned,
        SessionEvent::GuardExited(killed()),
        SessionEvent::CloudflaredFound,
        SessionEvent::TunnelUp(url()),
        tunnel_lost(Some(600)),
        SessionEvent::TunnelExited("ended with code 69".into()),
        SessionEvent::TunnelUnregistered,
        SessionEvent::ServeReady,
        SessionEvent::ServeExited("ended with code 70".into()),
        SessionEvent::RoomClosed,
        ctrl_c(),
        end(EndRequest::Terminate),
        end(EndRequest::TerminalClosed),
        end(EndRequest::StdoutClosed),
        end(EndRequest::StdinClosed),
        SessionEvent::End(EndReason::Failed("x".into())),
        SessionEvent::End(EndReason::OutputFailed("x".into())),
        SessionEvent::Panic,
        SessionEvent::LogSettled,
        wiped(),
        SessionEvent::Wiped(vec!["process 7".to_owned()]),
    ];
    events.extend(timers.map(SessionEvent::TimerExpired));
    events
}

/// Where a phase stands in the order in which a session passes through them.
fn rank(phase: &SessionPhase) -> u8 {
    match phase {
        SessionPhase::Preparing { .. } => 0,
        SessionPhase::Starting => 1,
        SessionPhase::Opening => 2,
        SessionPhase::Open => 3,
        SessionPhase::Closing(_) => 4,
        SessionPhase::Stopping(_) => 5,
        SessionPhase::SettlingLog(_) => 6,
        SessionPhase::Panicking => 7,
        SessionPhase::Wiping(_) => 8,
        SessionPhase::Over => 9,
    }
}

/// Tries every event at each step of the shortest way to the end, from each state after a few events.
#[test]
fn every_phase_answers_every_event_and_no_phase_goes_back() {
    let (all, mut seen) = (events(), BTreeSet::new());
    for policy in [TunnelPolicy::Never, TunnelPolicy::WhenPossible, TunnelPolicy::Required] {
        let mut reached = HashSet::from([Session::begin(policy).0]);
        for _ in 0..3 {
            reached = reached.iter().flat_map(|session| after_each(session, &all)).collect();
            reached.iter().for_each(|session| walk(session.clone(), &all, &mut seen));
        }
    }
    assert_eq!(seen.len(), 10 * all.len(), "a pair was never tried");
}

fn after_each(session: &Session, all: &[SessionEvent]) -> Vec<Session> {
    let after = |event: &SessionEvent| {
        let mut session = session.clone();
        session.step(event.clone());
        session
    };
    all.iter().map(after).collect()
}

/// Leads the session to its end along the shortest way and tries every event in every phase.
fn walk(mut session: Session, all: &[SessionEvent], seen: &mut BTreeSet<(u8, usize)>) {
    let way = [
        SessionEvent::Cleaned,
        SessionEvent::CloudflaredFound,
        SessionEvent::ServeReady,
        SessionEvent::TunnelUp(url()),
        end(EndRequest::ControlSocket),
        SessionEvent::TimerExpired(SessionTimer::Close),
        SessionEvent::TimerExpired(SessionTimer::Kill),
        SessionEvent::TimerExpired(SessionTimer::Panic),
        SessionEvent::LogSettled,
        wiped(),
    ];
    for step in way {
        for (number, event) in all.iter().enumerate() {
            let mut branch = session.clone();
            let before = rank(branch.phase());
            branch.step(event.clone());
            assert!(rank(branch.phase()) >= before);
            seen.insert((before, number));
        }
        session.step(step);
    }
    assert_eq!(session.phase(), &SessionPhase::Over);
    for (number, event) in all.iter().enumerate() {
        assert_eq!(session.step(event.clone()), []);
        seen.insert((rank(session.phase()), number));
    }
}

proptest! {
    /// After any events, one request to end and the armed timers lead to `Over`.
    #[test]
    fn any_order_of_events_reaches_the_end(picks in proptest::collection::vec(0usize..100, 0..60)) {
        let all = events();
        let (mut session, _) = Session::begin(TunnelPolicy::WhenPossible);
        for pick in picks {
            session.step(all[pick % all.len()].clone());
        }
        session.step(end(EndRequest::ControlSocket));
        let timers =
            [SessionTimer::Close, SessionTimer::ServeExit, SessionTimer::Kill, SessionTimer::Panic];
        for timer in timers {
            session.step(SessionEvent::TimerExpired(timer));
        }
        session.step(SessionEvent::LogSettled);
        session.step(wiped());
        prop_assert_eq!(session.phase(), &SessionPhase::Over);
    }
}
