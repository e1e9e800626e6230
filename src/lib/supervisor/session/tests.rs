//! Sessions that open, lose what they had, and end, each by its events.

use super::opening::MAX_GUARDS;
use super::*;

pub(super) fn url() -> String {
    "https://a.trycloudflare.com".to_owned()
}

pub(super) fn end(request: EndRequest) -> SessionEvent {
    SessionEvent::End(EndReason::Requested(request))
}

pub(super) fn ctrl_c() -> SessionEvent {
    end(EndRequest::Interrupt)
}

pub(super) fn killed() -> String {
    "was ended by SIGKILL".to_owned()
}

pub(super) fn tunnel_lost(retry_after: Option<u64>) -> SessionEvent {
    SessionEvent::TunnelLost { why: "no network".to_owned(), retry_after }
}

pub(super) fn wiped() -> SessionEvent {
    SessionEvent::Wiped(Vec::new())
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
    // Participants who came by the local link learn it too.
    let expected = [SessionAction::ShowLink(Some(url())), SessionAction::AnnounceMove(url())];
    assert_eq!(actions, expected);
    assert_eq!(session.phase(), &SessionPhase::Open);
    session
}

#[test]
fn a_whole_session() {
    let mut session = open();
    let reason = EndReason::Requested(EndRequest::Interrupt);
    let actions = session.step(ctrl_c());
    assert_eq!(session.phase(), &SessionPhase::Closing(reason.clone()));
    // The goodbye comes before the unregistering.
    assert!(actions.contains(&SessionAction::CloseRoom));
    assert!(!actions.contains(&SessionAction::CloseTunnel));
    assert_eq!(session.step(SessionEvent::RoomClosed), [SessionAction::CloseTunnel]);
    let actions = session.step(SessionEvent::TunnelExited("ended with code 0".into()));
    assert_eq!(session.phase(), &SessionPhase::Stopping(reason.clone()));
    assert!(actions.contains(&SessionAction::ReleaseServe));
    let actions = session.step(SessionEvent::ServeExited("ended with code 0".into()));
    assert_eq!(actions, [SessionAction::SettleLog { ask: AskAboutLog::Yes }]);
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
    let mut session = open();
    session.step(ctrl_c());
    assert_eq!(session.step(SessionEvent::RoomClosed), [SessionAction::CloseTunnel]);
    let actions = session.step(SessionEvent::TunnelUnregistered);
    assert!(actions.contains(&SessionAction::KillTunnel));
    assert!(matches!(session.phase(), SessionPhase::Stopping(_)));
}

/// V-12: a participant who cannot be reached delays the unregistering for a second, and it is ordered
/// once.
#[test]
fn a_goodbye_that_takes_too_long_does_not_keep_the_address_registered() {
    let mut session = open();
    session.step(ctrl_c());
    let expired = SessionEvent::TimerExpired(SessionTimer::Goodbye);
    assert_eq!(session.step(expired.clone()), [SessionAction::CloseTunnel]);
    assert_eq!(session.step(SessionEvent::TunnelUnregistered), []);
    assert!(session.step(SessionEvent::RoomClosed).contains(&SessionAction::KillTunnel));
    assert_eq!(session.step(expired), []);
}

/// Nothing travels through a tunnel that is not up, or from a room that is gone.
#[test]
fn a_tunnel_that_carries_no_goodbye_is_closed_at_once() {
    let steps = [SessionEvent::Cleaned, SessionEvent::CloudflaredFound, SessionEvent::ServeReady];
    for count in 0..=steps.len() {
        let (mut session, _) = run(TunnelPolicy::WhenPossible, &steps[..count]);
        assert!(session.step(ctrl_c()).contains(&SessionAction::CloseTunnel), "{count}");
    }
    for gone in [open(), {
        let mut session = open();
        session.step(ctrl_c());
        session
    }] {
        let mut session = gone;
        let actions = session.step(SessionEvent::ServeExited(killed()));
        assert!(actions.contains(&SessionAction::CloseTunnel));
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
    let expected = [SessionAction::ShowLink(Some(url())), SessionAction::AnnounceMove(url())];
    assert_eq!(session.step(SessionEvent::TunnelUp(url())), expected);
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
        assert_eq!(actions, [SessionAction::SettleLog { ask: AskAboutLog::Yes }]);
        assert_eq!(session.step(end(again)), [SessionAction::SettleLog { ask: AskAboutLog::No }]);
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

/// The operator may be away, and their Ctrl+C may come at that very moment.
#[test]
fn a_session_that_ends_by_itself_asks_for_a_while() {
    for timer in [SessionTimer::End, SessionTimer::Idle] {
        let mut session = open();
        session.step(SessionEvent::TimerExpired(timer));
        session.step(SessionEvent::RoomClosed);
        session.step(SessionEvent::TunnelExited("ended".into()));
        let actions = session.step(SessionEvent::ServeExited("ended".into()));
        let [SessionAction::SettleLog { ask: AskAboutLog::For(wait) }, armed] = &*actions else {
            panic!("{actions:?}");
        };
        assert_eq!(armed, &SessionAction::ArmTimer(SessionTimer::Answer, *wait));
        let expired = SessionEvent::TimerExpired(SessionTimer::Answer);
        assert_eq!(session.step(expired), [SessionAction::SettleLog { ask: AskAboutLog::No }]);
        let mut session = open();
        session.step(SessionEvent::TimerExpired(timer));
        assert_eq!(session.step(ctrl_c()), []);
        assert!(session.step(ctrl_c()).contains(&SessionAction::KillServe));
    }
}

/// Nothing is waited for that may hang.
#[test]
fn panic_is_over_in_two_steps_from_every_phase() {
    let ended = || "ended".to_owned();
    let way = [
        ctrl_c(),
        SessionEvent::RoomClosed,
        SessionEvent::TunnelExited(ended()),
        SessionEvent::ServeExited(ended()),
    ];
    let kill = [SessionAction::KillTunnel, SessionAction::KillServe, SessionAction::Wipe];
    for count in 0..=way.len() {
        let has_room = count < way.len();
        for confirmed in
            [SessionEvent::TimerExpired(SessionTimer::Panic), SessionEvent::ServeExited(ended())]
        {
            let mut session = open();
            way[..count].iter().for_each(|event| drop(session.step(event.clone())));
            let actions = session.step(SessionEvent::Panic);
            assert_eq!(actions[0], SessionAction::ShowPanic, "{count}");
            if has_room {
                assert_eq!(actions[1], SessionAction::PanicRoom, "{count}");
                assert_eq!(session.step(confirmed), kill, "{count}");
            } else {
                assert_eq!(actions[1..], kill, "{count}");
            }
            let finish = SessionAction::Finish(SessionOutcome::Panicked);
            assert_eq!(session.step(wiped()), [finish]);
        }
    }
    // Asked for again, it waits for nothing.
    let mut session = open();
    session.step(SessionEvent::Panic);
    assert_eq!(session.step(SessionEvent::Panic), kill);
}
