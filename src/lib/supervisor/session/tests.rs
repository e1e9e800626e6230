//! Every pair of phase and event, every end, and any order of events.

use proptest::prelude::*;

use super::*;

fn url() -> String {
    "https://a.trycloudflare.com".to_owned()
}

fn ctrl_c() -> Event {
    Event::End(Cause::Asked(Asked::Operator))
}

/// One of each.
fn events() -> Vec<Event> {
    let timers = [Timer::Clean, Timer::Start, Timer::Retry, Timer::Drain, Timer::Kill, Timer::Gone];
    let mut events = vec![
        Event::Cleaned,
        Event::GuardEnded("was ended by SIGKILL".into()),
        Event::TunnelFound,
        Event::TunnelUp(url()),
        Event::TunnelLost("no network".into(), Some(600)),
        Event::TunnelEnded("ended with code 69".into()),
        Event::TunnelUnregistered,
        Event::ServeReady,
        Event::ServeEnded("ended with code 70".into()),
        Event::Drained,
        ctrl_c(),
        Event::End(Cause::Asked(Asked::Terminated)),
        Event::End(Cause::Asked(Asked::TerminalClosed)),
        Event::End(Cause::Asked(Asked::ReaderGone)),
        Event::End(Cause::Asked(Asked::WriterGone)),
        Event::End(Cause::Failed("x".into())),
        Event::LogSettled,
        Event::Wiped(true),
        Event::Wiped(false),
    ];
    events.extend(timers.map(Event::Rang));
    events
}

fn run(tunnelling: Tunnelling, steps: &[Event]) -> (Session, Vec<Action>) {
    let (mut session, mut actions) = Session::begin(tunnelling);
    for event in steps {
        actions = session.step(event.clone());
    }
    (session, actions)
}

fn open() -> Session {
    let steps = [Event::Cleaned, Event::TunnelFound, Event::ServeReady, Event::TunnelUp(url())];
    let (session, actions) = run(Tunnelling::WhenPossible, &steps);
    assert_eq!(actions, [Action::ShowLink(Some(url()))]);
    assert_eq!(session.phase(), Phase::Open);
    session
}

#[test]
fn a_whole_session() {
    let mut session = open();
    let actions = session.step(ctrl_c());
    assert_eq!(session.phase(), Phase::Closing);
    // The goodbye and the unregistering begin together.
    assert!(actions.contains(&Action::DrainServe) && actions.contains(&Action::CloseTunnel));
    assert_eq!(session.step(Event::Drained), []);
    let actions = session.step(Event::TunnelEnded("ended with code 0".into()));
    assert_eq!(session.phase(), Phase::Draining);
    assert!(actions.contains(&Action::ReleaseServe));
    let actions = session.step(Event::ServeEnded("ended with code 0".into()));
    assert_eq!(actions, [Action::SettleLog { ask: true }]);
    assert_eq!(session.step(Event::LogSettled), [Action::Wipe]);
    let cause = Cause::Asked(Asked::Operator);
    assert_eq!(session.step(Event::Wiped(true)), [Action::Finish(Ending::Clean(cause))]);
    assert_eq!(session.phase(), Phase::Over);
}

/// However long cloudflared waits for the edge to hang up: it has nothing left to carry.
#[test]
fn with_the_goodbye_said_and_the_address_given_back_nobody_waits_for_cloudflared() {
    for events in
        [[Event::Drained, Event::TunnelUnregistered], [Event::TunnelUnregistered, Event::Drained]]
    {
        let mut session = open();
        session.step(ctrl_c());
        let [first, second] = events;
        assert_eq!(session.step(first), []);
        assert!(session.step(second).contains(&Action::KillTunnel));
        assert_eq!(session.phase(), Phase::Draining);
    }
}

/// Whoever kills guards cannot keep the session busy with new ones, nor end it.
#[test]
fn a_lost_guard_is_replaced_a_few_times_and_the_session_goes_on_without() {
    let mut session = open();
    let mut lose = || session.step(Event::GuardEnded("was ended by SIGKILL".into()));
    for _ in 1..GUARDS {
        assert!(lose().contains(&Action::StartGuard));
    }
    let how = "was ended by SIGKILL".to_owned();
    assert_eq!(lose(), [Action::ShowGuardLost { how, replaced: false }]);
    assert_eq!(session.phase(), Phase::Open);
}

#[test]
fn a_cleaner_that_hangs_does_not_keep_the_session_from_beginning() {
    let (mut session, actions) = run(Tunnelling::Never, &[Event::Rang(Timer::Clean)]);
    assert_eq!(actions, [Action::KillCleaner]);
    assert!(session.step(Event::Cleaned).contains(&Action::StartServe));
    assert_eq!(session.step(Event::Rang(Timer::Clean)), []);
}

/// V-14, in the machine: no link before the address works.
#[test]
fn no_public_link_before_the_tunnel_is_up() {
    let steps = [Event::Cleaned, Event::TunnelFound, Event::ServeReady];
    let (session, actions) = run(Tunnelling::WhenPossible, &steps);
    assert_eq!((session.phase(), actions), (Phase::Opening, vec![Action::OpenTunnel]));
}

#[test]
fn without_a_tunnel_the_link_is_local_at_once() {
    let (session, actions) = run(Tunnelling::Never, &[Event::Cleaned, Event::ServeReady]);
    assert_eq!((session.phase(), actions), (Phase::Open, vec![Action::ShowLink(None)]));
}

#[test]
fn a_lost_tunnel_falls_back_to_the_local_link_and_is_tried_again() {
    let lost = Event::TunnelLost("no network".into(), None);
    let steps = [Event::Cleaned, Event::TunnelFound, Event::ServeReady, lost];
    let (mut session, actions) = run(Tunnelling::WhenPossible, &steps);
    assert!(actions.contains(&Action::ShowLink(None)));
    session.step(Event::TunnelEnded("ended with code 69".into()));
    assert_eq!(session.step(Event::Rang(Timer::Retry)), [Action::StartTunnel]);
    assert_eq!(session.step(Event::TunnelFound), [Action::OpenTunnel]);
    assert_eq!(session.step(Event::TunnelUp(url())), [Action::ShowLink(Some(url()))]);
}

#[test]
fn another_address_after_a_lost_one_is_told_to_the_participants() {
    let mut session = open();
    session.step(Event::TunnelLost("no network".into(), None));
    session.step(Event::TunnelEnded("ended with code 69".into()));
    session.step(Event::Rang(Timer::Retry));
    session.step(Event::TunnelFound);
    let other = "https://b.trycloudflare.com".to_owned();
    let actions = session.step(Event::TunnelUp(other.clone()));
    assert_eq!(actions, [Action::ShowLink(Some(other.clone())), Action::TellMoved(other)]);
}

#[test]
fn a_required_tunnel_that_cannot_be_had_ends_the_session() {
    let lost = Event::TunnelLost("no network".into(), None);
    let (session, _) = run(Tunnelling::Required, &[Event::Cleaned, lost]);
    assert_eq!(session.phase(), Phase::Closing);
    assert_eq!(session.cause(), Some(&Cause::NoTunnel("no network".into())));
}

#[test]
fn a_cool_down_is_respected_and_the_pauses_grow() {
    let mut session = open();
    let pause = |actions: &[Action]| {
        actions.iter().find_map(|action| {
            if let Action::Arm(Timer::Retry, pause) = action { Some(pause.as_secs()) } else { None }
        })
    };
    let actions = session.step(Event::TunnelLost("429".into(), Some(600)));
    assert_eq!(pause(&actions), Some(600));
    for expected in [10, 20, 40, 80, 160, 300, 300] {
        session.step(Event::TunnelEnded("ended".into()));
        session.step(Event::Rang(Timer::Retry));
        let actions = session.step(Event::TunnelLost("still".into(), None));
        assert_eq!(pause(&actions), Some(expected));
    }
}

#[test]
fn a_dead_room_ends_the_session_as_failed() {
    let mut session = open();
    session.step(Event::ServeEnded("was ended by SIGKILL".into()));
    assert_eq!(session.phase(), Phase::Closing);
    assert!(matches!(session.cause(), Some(Cause::Failed(_))));
}

#[test]
fn asking_twice_kills_at_once_in_every_later_phase() {
    let ended = Event::TunnelEnded("ended".into());
    let until_question = [Event::Drained, ended, Event::ServeEnded("ended".into())];
    for count in 0..=until_question.len() {
        let mut session = open();
        session.step(ctrl_c());
        until_question[..count].iter().for_each(|event| drop(session.step(event.clone())));
        let actions = session.step(ctrl_c());
        assert_eq!(actions, [Action::KillTunnel, Action::KillServe, Action::Wipe], "{count}");
        assert_eq!(session.step(Event::Wiped(true)), [Action::Finish(Ending::Killed)]);
    }
}

/// A service manager sends TERM twice, a shell on its way out sends it after HUP: neither is impatient,
/// and over the question both get the default answer.
#[test]
fn only_ctrl_c_is_impatience() {
    for again in [Asked::Terminated, Asked::TerminalClosed] {
        let mut session = open();
        session.step(ctrl_c());
        assert_eq!(session.step(Event::End(Cause::Asked(again))), []);
        for event in [Event::Drained, Event::TunnelEnded("ended".into())] {
            session.step(event);
        }
        let asked = session.step(Event::ServeEnded("ended".into()));
        assert_eq!(asked, [Action::SettleLog { ask: true }]);
        let told = session.step(Event::End(Cause::Asked(again)));
        assert_eq!(told, [Action::SettleLog { ask: false }]);
        assert_eq!(session.step(Event::LogSettled), [Action::Wipe]);
    }
}

/// In a pipeline the neighbour dies of the same Ctrl+C, and the news of that may come first.
#[test]
fn the_first_interrupt_after_a_neighbours_end_is_not_a_second_one() {
    for gone in [Asked::ReaderGone, Asked::WriterGone] {
        let mut session = open();
        session.step(Event::End(Cause::Asked(gone)));
        assert_eq!(session.step(ctrl_c()), []);
        assert_eq!(session.cause(), Some(&Cause::Asked(Asked::Operator)));
        assert!(session.step(ctrl_c()).contains(&Action::KillServe));
    }
}

/// Every pair: reach each phase in every way of a few steps, then try each event.
#[test]
fn every_phase_answers_every_event_and_no_phase_goes_back() {
    let mut seen = std::collections::BTreeSet::new();
    for tunnelling in [Tunnelling::Never, Tunnelling::WhenPossible, Tunnelling::Required] {
        let mut paths = vec![Vec::new()];
        for _ in 0..3 {
            paths = extended(&paths);
            for path in &paths {
                let (mut session, _) = run(tunnelling, path);
                walk(&mut session, &mut seen);
            }
        }
    }
    assert_eq!(seen.len(), 8 * events().len(), "a pair was never tried");
}

fn extended(paths: &[Vec<Event>]) -> Vec<Vec<Event>> {
    let with = |path: &Vec<Event>, event| [path.clone(), vec![event]].concat();
    paths.iter().flat_map(|path| events().into_iter().map(move |event| with(path, event))).collect()
}

/// Leads the session to its end along the shortest way and tries every event in every phase.
fn walk(session: &mut Session, seen: &mut std::collections::BTreeSet<(Phase, usize)>) {
    let way = [
        Event::Cleaned,
        Event::TunnelFound,
        Event::ServeReady,
        Event::TunnelUp(url()),
        Event::End(Cause::Asked(Asked::Remotely)),
        Event::Rang(Timer::Drain),
        Event::Rang(Timer::Gone),
        Event::LogSettled,
        Event::Wiped(true),
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
    assert_eq!(session.phase(), Phase::Over);
    for (number, event) in events().into_iter().enumerate() {
        assert_eq!(session.step(event), []);
        seen.insert((Phase::Over, number));
    }
}

proptest! {
    /// No path without an end: after any events, one request to end and the timers that were
    /// armed lead to `Over`, whatever the services do.
    #[test]
    fn any_order_of_events_reaches_the_end(picks in proptest::collection::vec(0usize..100, 0..60)) {
        let all = events();
        let (mut session, _) = Session::begin(Tunnelling::WhenPossible);
        for pick in picks {
            session.step(all[pick % all.len()].clone());
        }
        let mut due = session.step(Event::End(Cause::Asked(Asked::Remotely)));
        for timer in [Timer::Drain, Timer::Kill, Timer::Gone] {
            due.extend(session.step(Event::Rang(timer)));
        }
        session.step(Event::LogSettled);
        session.step(Event::Wiped(true));
        prop_assert_eq!(session.phase(), Phase::Over);
    }
}
