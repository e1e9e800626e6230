//! Whole sessions, each way to end one, and every pair of phase and event.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::opening::MAX_GUARDS;
use super::*;

fn url() -> String {
    "https://a.trycloudflare.com".to_owned()
}

fn end(request: EndRequest) -> SessionEvent {
    SessionEvent::End(EndReason::Requested(request))
}

fn ctrl_c() -> SessionEvent {
    end(EndRequest::Interrupt)
}

fn killed() -> String {
    "was ended by SIGKILL".to_owned()
}

fn tunnel_lost(retry_after: Option<u64>) -> SessionEvent {
    SessionEvent::TunnelLost { why: "no network".to_owned(), retry_after }
}

fn wiped() -> SessionEvent {
    SessionEvent::Wiped(Vec::new())
}

/// One of each.
fn events() -> Vec<SessionEvent> {
    let timers = [
        SessionTimer::Cleaner,
        SessionTimer::ServeStart,
        SessionTimer::TunnelRetry,
        SessionTimer::Close,
        SessionTimer::ServeExit,
        SessionTimer::Kill,
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
        SessionPhase::Wiping(_) => 7,
        SessionPhase::Over => 8,
    }
}

fn run(policy: TunnelPolicy, steps: &[SessionEvent]) -> (Session, Vec<SessionAction>) {
    let (mut session, mut actions) = Session::begin(policy);
    for event in steps {
        actions = session.step(event.clone());
    }
    (session, actions)
}

/// A session with a public address.
fn open() -> Session {
    let steps = [
        SessionEvent::Cleaned,
        SessionEvent::CloudflaredFound,
        SessionEvent::ServeReady,
        SessionEvent::TunnelUp(url()),
    ];
    let (session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert_eq!(actions, [SessionAction::ShowLink(Some(url()))]);
    assert_eq!(session.phase(), &SessionPhase::Open);
    session
}

#[test]
fn a_whole_session() {
    let mut session = open();
    let reason = EndReason::Requested(EndRequest::Interrupt);
    let actions = session.step(ctrl_c());
    assert_eq!(session.phase(), &SessionPhase::Closing(reason.clone()));
    // The goodbye and the unregistering begin together.
    assert!(actions.contains(&SessionAction::CloseRoom));
    assert!(actions.contains(&SessionAction::CloseTunnel));
    assert_eq!(session.step(SessionEvent::RoomClosed), []);
    let actions = session.step(SessionEvent::TunnelExited("ended with code 0".into()));
    assert_eq!(session.phase(), &SessionPhase::Stopping(reason.clone()));
    assert!(actions.contains(&SessionAction::ReleaseServe));
    let actions = session.step(SessionEvent::ServeExited("ended with code 0".into()));
    assert_eq!(actions, [SessionAction::SettleLog { ask: true }]);
    assert_eq!(session.step(SessionEvent::LogSettled), [SessionAction::Wipe]);
    let finish = SessionAction::Finish(SessionOutcome::Clean(reason));
    assert_eq!(session.step(wiped()), [finish]);
    assert_eq!(session.phase(), &SessionPhase::Over);
}

#[test]
fn what_remains_is_the_outcome() {
    let mut session = open();
    for event in [ctrl_c(), ctrl_c()] {
        session.step(event);
    }
    let remains = vec!["process 7".to_owned()];
    let finish = SessionAction::Finish(SessionOutcome::Remains(remains.clone()));
    assert_eq!(session.step(SessionEvent::Wiped(remains)), [finish]);
}

/// cloudflared may wait long for the edge to hang up, but has nothing left to carry.
#[test]
fn after_the_goodbye_and_the_unregistering_cloudflared_is_not_waited_for() {
    for events in [
        [SessionEvent::RoomClosed, SessionEvent::TunnelUnregistered],
        [SessionEvent::TunnelUnregistered, SessionEvent::RoomClosed],
    ] {
        let mut session = open();
        session.step(ctrl_c());
        let [first, second] = events;
        assert_eq!(session.step(first), []);
        assert!(session.step(second).contains(&SessionAction::KillTunnel));
        assert!(matches!(session.phase(), SessionPhase::Stopping(_)));
    }
}

/// A process that kills guards can neither keep the session busy with new ones nor end it.
#[test]
fn a_lost_guard_is_replaced_a_few_times_and_the_session_goes_on_without() {
    let mut session = open();
    let mut lose = || session.step(SessionEvent::GuardExited(killed()));
    for _ in 1..MAX_GUARDS {
        assert!(lose().contains(&SessionAction::SpawnGuard));
    }
    assert_eq!(lose(), [SessionAction::ShowGuardLost { how: killed(), replaced: false }]);
    assert_eq!(session.phase(), &SessionPhase::Open);
}

#[test]
fn a_cleaner_that_hangs_does_not_keep_the_session_from_beginning() {
    let expired = SessionEvent::TimerExpired(SessionTimer::Cleaner);
    let (mut session, actions) = run(TunnelPolicy::Never, std::slice::from_ref(&expired));
    assert_eq!(actions, [SessionAction::KillCleaner]);
    assert!(session.step(SessionEvent::Cleaned).contains(&SessionAction::SpawnServe));
    assert_eq!(session.step(expired), []);
}

/// V-14: a name that is looked up too early is cached as unknown for half an hour.
#[test]
fn no_public_link_before_the_tunnel_is_up() {
    let steps = [SessionEvent::Cleaned, SessionEvent::CloudflaredFound, SessionEvent::ServeReady];
    let (session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert_eq!(session.phase(), &SessionPhase::Opening);
    assert_eq!(actions, [SessionAction::OpenTunnel]);
}

#[test]
fn without_a_tunnel_the_link_is_local_at_once() {
    let steps = [SessionEvent::Cleaned, SessionEvent::ServeReady];
    let (session, actions) = run(TunnelPolicy::Never, &steps);
    assert_eq!(session.phase(), &SessionPhase::Open);
    assert_eq!(actions, [SessionAction::ShowLink(None)]);
}

#[test]
fn a_lost_tunnel_falls_back_to_the_local_link_and_is_tried_again() {
    let steps = [
        SessionEvent::Cleaned,
        SessionEvent::CloudflaredFound,
        SessionEvent::ServeReady,
        tunnel_lost(None),
    ];
    let (mut session, actions) = run(TunnelPolicy::WhenPossible, &steps);
    assert!(actions.contains(&SessionAction::ShowLink(None)));
    session.step(SessionEvent::TunnelExited("ended with code 69".into()));
    let retry = SessionEvent::TimerExpired(SessionTimer::TunnelRetry);
    assert_eq!(session.step(retry), [SessionAction::SpawnTunnel]);
    assert_eq!(session.step(SessionEvent::CloudflaredFound), [SessionAction::OpenTunnel]);
    assert_eq!(session.step(SessionEvent::TunnelUp(url())), [SessionAction::ShowLink(Some(url()))]);
}

#[test]
fn another_address_after_a_lost_one_is_told_to_the_participants() {
    let mut session = open();
    session.step(tunnel_lost(None));
    session.step(SessionEvent::TunnelExited("ended with code 69".into()));
    session.step(SessionEvent::TimerExpired(SessionTimer::TunnelRetry));
    session.step(SessionEvent::CloudflaredFound);
    let other = "https://b.trycloudflare.com".to_owned();
    let actions = session.step(SessionEvent::TunnelUp(other.clone()));
    assert_eq!(
        actions,
        [SessionAction::ShowLink(Some(other.clone())), SessionAction::AnnounceMove(other)]
    );
}

#[test]
fn an_address_is_public_for_as_long_as_it_works() {
    let mut session = open();
    assert_eq!(session.public_address(), Some(&*url()));
    session.step(tunnel_lost(None));
    assert_eq!(session.public_address(), None);
    let mut session = open();
    session.step(ctrl_c());
    session.step(SessionEvent::TunnelUnregistered);
    assert_eq!(session.public_address(), None);
}

#[test]
fn a_required_tunnel_that_cannot_be_had_ends_the_session() {
    let (session, _) = run(TunnelPolicy::Required, &[SessionEvent::Cleaned, tunnel_lost(None)]);
    let reason = EndReason::NoTunnel("no network".into());
    assert_eq!(session.phase(), &SessionPhase::Closing(reason));
}

#[test]
fn a_cool_down_is_respected_and_the_pauses_grow() {
    let mut session = open();
    let pause = |actions: &[SessionAction]| {
        actions.iter().find_map(|action| {
            let SessionAction::ArmTimer(SessionTimer::TunnelRetry, pause) = action else {
                return None;
            };
            Some(pause.as_secs())
        })
    };
    assert_eq!(pause(&session.step(tunnel_lost(Some(600)))), Some(600));
    for expected in [10, 20, 40, 80, 160, 300, 300] {
        session.step(SessionEvent::TunnelExited("ended".into()));
        session.step(SessionEvent::TimerExpired(SessionTimer::TunnelRetry));
        assert_eq!(pause(&session.step(tunnel_lost(None))), Some(expected));
    }
}

#[test]
fn a_dead_room_ends_the_session_as_failed() {
    let mut session = open();
    session.step(SessionEvent::ServeExited(killed()));
    assert!(matches!(session.phase(), SessionPhase::Closing(EndReason::Failed(_))));
}

#[test]
fn asking_twice_kills_at_once_in_every_later_phase() {
    let ended = || "ended".to_owned();
    let until_question = [
        SessionEvent::RoomClosed,
        SessionEvent::TunnelExited(ended()),
        SessionEvent::ServeExited(ended()),
    ];
    for count in 0..=until_question.len() {
        let mut session = open();
        session.step(ctrl_c());
        until_question[..count].iter().for_each(|event| drop(session.step(event.clone())));
        let actions = session.step(ctrl_c());
        let kill = [SessionAction::KillTunnel, SessionAction::KillServe, SessionAction::Wipe];
        assert_eq!(actions, kill, "{count}");
        let finish = SessionAction::Finish(SessionOutcome::Killed);
        assert_eq!(session.step(wiped()), [finish]);
    }
}

/// A service manager sends TERM twice, and a shell on its way out sends it after HUP: neither means
/// that the session is to be killed. At the question, both get the default answer.
#[test]
fn only_a_second_ctrl_c_kills() {
    for again in [EndRequest::Terminate, EndRequest::TerminalClosed] {
        let mut session = open();
        session.step(ctrl_c());
        assert_eq!(session.step(end(again)), []);
        session.step(SessionEvent::RoomClosed);
        session.step(SessionEvent::TunnelExited("ended".into()));
        let actions = session.step(SessionEvent::ServeExited("ended".into()));
        assert_eq!(actions, [SessionAction::SettleLog { ask: true }]);
        assert_eq!(session.step(end(again)), [SessionAction::SettleLog { ask: false }]);
        assert_eq!(session.step(SessionEvent::LogSettled), [SessionAction::Wipe]);
    }
}

/// In a pipeline the neighbour ends by the same Ctrl+C, which may be noticed first.
#[test]
fn the_first_interrupt_after_a_neighbours_end_is_not_a_second_one() {
    for closed in [EndRequest::StdoutClosed, EndRequest::StdinClosed] {
        let mut session = open();
        session.step(end(closed));
        assert_eq!(session.step(ctrl_c()), []);
        let reason = EndReason::Requested(EndRequest::Interrupt);
        assert_eq!(session.phase(), &SessionPhase::Closing(reason));
        assert!(session.step(ctrl_c()).contains(&SessionAction::KillServe));
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
    assert_eq!(seen.len(), 9 * all.len(), "a pair was never tried");
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
        for timer in [SessionTimer::Close, SessionTimer::ServeExit, SessionTimer::Kill] {
            session.step(SessionEvent::TimerExpired(timer));
        }
        session.step(SessionEvent::LogSettled);
        session.step(wiped());
        prop_assert_eq!(session.phase(), &SessionPhase::Over);
    }
}
