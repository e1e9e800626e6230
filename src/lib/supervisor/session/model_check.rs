//! Every state that a session can get into, whatever happens in whatever order, and the way out of
//! each: no path without an end.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::types::SessionAction::{Finish, SettleLog, Wipe};
use super::*;

/// A session with what the world owes it: timers that were armed ring, a question is answered (by
/// the operator, or by the end of the terminal), a wipe comes to its result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    session: Session,
    armed: BTreeSet<SessionTimer>,
    asked: bool,
    wiping: bool,
    over: bool,
}

impl World {
    fn begin(tunnel_policy: TunnelPolicy) -> Self {
        let (session, first) = Session::begin(tunnel_policy);
        let mut world =
            Self { session, armed: BTreeSet::new(), asked: false, wiping: false, over: false };
        world.owe(&first);
        world
    }

    fn owe(&mut self, actions: &[SessionAction]) {
        for action in actions {
            if let Arm(timer, _) = action {
                self.armed.insert(*timer);
            }
            self.asked |= matches!(action, SettleLog { .. });
            self.wiping |= *action == Wipe;
            self.over |= matches!(action, Finish(_));
        }
    }

    fn after(&self, event: &SessionEvent) -> Self {
        let mut world = self.clone();
        if let SessionEvent::Rang(timer) = event {
            world.armed.remove(timer);
        }
        world.asked &= *event != SessionEvent::LogSettled;
        world.wiping &= !matches!(event, SessionEvent::Wiped(_));
        let actions = world.session.step(event.clone());
        world.owe(&actions);
        // How long is waited, and whether the third or the fourth is the last, changes nothing else.
        world.session.retry = RETRY.0;
        world.session.guards = world.session.guards.min(1);
        world
    }

    /// What is certain to happen if nothing else does.
    fn owed(&self) -> Vec<SessionEvent> {
        let mut owed: Vec<SessionEvent> =
            self.armed.iter().copied().map(SessionEvent::Rang).collect();
        owed.extend(self.asked.then_some(SessionEvent::LogSettled));
        owed.extend(self.wiping.then_some(SessionEvent::Wiped(true)));
        owed
    }

    /// What may happen at any time.
    fn possible() -> Vec<SessionEvent> {
        let how = || "was ended by SIGKILL".to_owned();
        // To be asked remotely, or by a failure, is to be asked; these three are each a case.
        let ends = [EndRequest::Operator, EndRequest::Terminated, EndRequest::ReaderGone];
        let mut events = vec![
            SessionEvent::Cleaned,
            SessionEvent::GuardEnded(how()),
            SessionEvent::TunnelFound,
            SessionEvent::TunnelUp("https://a.trycloudflare.com".to_owned()),
            SessionEvent::TunnelLost("no network".to_owned(), None),
            SessionEvent::TunnelUnregistered,
            SessionEvent::TunnelEnded(how()),
            SessionEvent::ServeReady,
            SessionEvent::ServeEnded(how()),
            SessionEvent::Drained,
        ];
        events.extend(ends.map(|asked| SessionEvent::End(EndReason::EndRequest(asked))));
        events
    }
}

/// Everything that can be reached from `start`.
fn reachable(start: World) -> HashSet<World> {
    let possible = World::possible();
    let mut known = HashSet::from([start.clone()]);
    let mut fresh = VecDeque::from([start]);
    while let Some(world) = fresh.pop_front() {
        let wiped_badly = world.wiping.then_some(SessionEvent::Wiped(false));
        for event in possible.iter().chain(&world.owed()).chain(&wiped_badly) {
            let next = world.after(event);
            if !known.contains(&next) {
                known.insert(next.clone());
                fresh.push_back(next);
            }
        }
    }
    known
}

/// Follows what is owed, in every order, to the end; every state is judged once.
fn leads_to_the_end(world: &World, judged: &mut HashSet<World>, path: &mut Vec<World>) {
    assert!(!path.contains(world), "it goes round in circles: {path:#?}");
    if judged.contains(world) {
        return;
    }
    if world.session.phase() == SessionPhase::Over {
        assert!(world.over, "over without a word: {world:#?}");
    } else {
        let owed = world.owed();
        assert!(!owed.is_empty(), "nothing is owed any more: {world:#?}");
        path.push(world.clone());
        for event in &owed {
            leads_to_the_end(&world.after(event), judged, path);
        }
        path.pop();
    }
    judged.insert(world.clone());
}

/// Nothing of what the end takes back is started any more.
fn starts_nothing(world: &World) {
    for event in World::possible().iter().chain(&world.owed()) {
        let actions = world.session.clone().step(event.clone());
        let starts =
            [SessionAction::StartServe, SessionAction::StartTunnel, SessionAction::OpenTunnel];
        assert!(!actions.iter().any(|action| starts.contains(action)), "{world:#?}");
    }
}

#[test]
fn from_every_state_one_request_to_end_is_enough() {
    let mut phases = BTreeSet::new();
    for tunnel_policy in [TunnelPolicy::Never, TunnelPolicy::WhenPossible, TunnelPolicy::Required] {
        let known = reachable(World::begin(tunnel_policy));
        let mut judged = HashSet::new();
        for world in &known {
            phases.insert(world.session.phase());
            let asked = SessionEvent::End(EndReason::EndRequest(EndRequest::Remotely));
            let closing = world.session.phase() >= SessionPhase::Closing;
            let ending = if closing { world.clone() } else { world.after(&asked) };
            assert!(ending.session.phase() >= SessionPhase::Closing);
            leads_to_the_end(&ending, &mut judged, &mut Vec::new());
            if closing {
                starts_nothing(world);
            }
        }
    }
    assert_eq!(phases.len(), 8);
}
