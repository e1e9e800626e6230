//! Every state that a session can reach, by any events in any order, leads to `Over`.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::mem::{Discriminant, discriminant};

use super::state::FIRST_BACKOFF;
use super::*;

/// A session, and what its actions have made certain to happen: an armed timer expires, a question
/// is answered by the operator or by the end of the terminal, a wipe has a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    session: Session,
    armed: BTreeSet<SessionTimer>,
    asked: bool,
    wiping: bool,
    finished: bool,
}

impl World {
    fn begin(policy: TunnelPolicy) -> Self {
        let (session, actions) = Session::begin(policy);
        let mut world =
            Self { session, armed: BTreeSet::new(), asked: false, wiping: false, finished: false };
        world.perform(&actions);
        world
    }

    fn perform(&mut self, actions: &[SessionAction]) {
        for action in actions {
            if let SessionAction::ArmTimer(timer, _) = action {
                self.armed.insert(*timer);
            }
            self.asked |= matches!(action, SessionAction::SettleLog { .. });
            self.wiping |= *action == SessionAction::Wipe;
            self.finished |= matches!(action, SessionAction::Finish(_));
        }
    }

    fn after(&self, event: &SessionEvent) -> Self {
        let mut world = self.clone();
        if let SessionEvent::TimerExpired(timer) = event {
            world.armed.remove(timer);
        }
        world.asked &= *event != SessionEvent::LogSettled;
        world.wiping &= !matches!(event, SessionEvent::Wiped(_));
        let actions = world.session.step(event.clone());
        world.perform(&actions);
        // Neither the length of a wait nor a second spare guard changes anything else.
        world.session.backoff = FIRST_BACKOFF;
        world.session.spare_guards = world.session.spare_guards.min(1);
        world
    }

    /// What is certain to happen if nothing else does.
    fn certain(&self) -> Vec<SessionEvent> {
        let mut certain: Vec<SessionEvent> =
            self.armed.iter().copied().map(SessionEvent::TimerExpired).collect();
        certain.extend(self.asked.then_some(SessionEvent::LogSettled));
        certain.extend(self.wiping.then(|| SessionEvent::Wiped(Vec::new())));
        certain
    }

    /// What may happen at any time.
    fn possible() -> Vec<SessionEvent> {
        let how = || "was ended by SIGKILL".to_owned();
        // The table treats the control socket and a failure as it treats these requests.
        let requests = [EndRequest::Interrupt, EndRequest::Terminate, EndRequest::StdoutClosed];
        let mut events = vec![
            SessionEvent::Cleaned,
            SessionEvent::GuardExited(how()),
            SessionEvent::CloudflaredFound,
            SessionEvent::TunnelUp("https://a.trycloudflare.com".to_owned()),
            SessionEvent::TunnelLost { why: "no network".to_owned(), retry_after: None },
            SessionEvent::TunnelUnregistered,
            SessionEvent::TunnelExited(how()),
            SessionEvent::ServeReady,
            SessionEvent::ServeExited(how()),
            SessionEvent::RoomClosed,
            SessionEvent::Panic,
            SessionEvent::TimerExpired(SessionTimer::End),
        ];
        events.extend(requests.map(|request| SessionEvent::End(EndReason::Requested(request))));
        events
    }
}

/// Every state that can be reached from `start`.
fn reachable(start: World) -> HashSet<World> {
    let possible = World::possible();
    let mut known = HashSet::from([start.clone()]);
    let mut fresh = VecDeque::from([start]);
    while let Some(world) = fresh.pop_front() {
        let not_clean = world.wiping.then(|| SessionEvent::Wiped(vec!["process 7".to_owned()]));
        for event in possible.iter().chain(&world.certain()).chain(&not_clean) {
            let next = world.after(event);
            if !known.contains(&next) {
                known.insert(next.clone());
                fresh.push_back(next);
            }
        }
    }
    known
}

/// Follows what is certain, in every order, to the end; every state is judged once.
fn assert_leads_to_the_end(world: &World, judged: &mut HashSet<World>, path: &mut Vec<World>) {
    assert!(!path.contains(world), "a circle: {path:#?}");
    if judged.contains(world) {
        return;
    }
    if world.session.phase() == &SessionPhase::Over {
        assert!(world.finished, "over, and not finished: {world:#?}");
    } else {
        let certain = world.certain();
        assert!(!certain.is_empty(), "nothing will happen any more: {world:#?}");
        path.push(world.clone());
        for event in &certain {
            assert_leads_to_the_end(&world.after(event), judged, path);
        }
        path.pop();
    }
    judged.insert(world.clone());
}

/// Once the end has begun, nothing is started that it would have to take back.
fn assert_starts_nothing(world: &World) {
    for event in World::possible().iter().chain(&world.certain()) {
        let actions = world.session.clone().step(event.clone());
        let starts =
            [SessionAction::SpawnServe, SessionAction::SpawnTunnel, SessionAction::OpenTunnel];
        assert!(!actions.iter().any(|action| starts.contains(action)), "{world:#?}");
    }
}

#[test]
fn from_every_state_one_request_to_end_is_enough() {
    let mut phases: HashSet<Discriminant<SessionPhase>> = HashSet::new();
    for policy in [TunnelPolicy::Never, TunnelPolicy::WhenPossible, TunnelPolicy::Required] {
        let known = reachable(World::begin(policy));
        let mut judged = HashSet::new();
        for world in &known {
            phases.insert(discriminant(world.session.phase()));
            let request = SessionEvent::End(EndReason::Requested(EndRequest::ControlSocket));
            let is_ending = world.session.phase().is_ending();
            let ending = if is_ending { world.clone() } else { world.after(&request) };
            assert!(ending.session.phase().is_ending());
            assert_leads_to_the_end(&ending, &mut judged, &mut Vec::new());
            if is_ending {
                assert_starts_nothing(world);
            }
        }
    }
    assert_eq!(phases.len(), 10);
}
