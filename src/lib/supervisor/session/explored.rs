//! Every state that a session can get into, whatever happens in whatever order, and the way out of
//! each: no path without an end.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::words::Action::{Finish, SettleLog, Wipe};
use super::*;

/// A session with what the world owes it: timers that were armed ring, a question is answered (by
/// the operator, or by the end of the terminal), a wipe comes to its result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    session: Session,
    armed: BTreeSet<Timer>,
    asked: bool,
    wiping: bool,
    over: bool,
}

impl World {
    fn begin(tunnelling: Tunnelling) -> Self {
        let (session, first) = Session::begin(tunnelling);
        let mut world =
            Self { session, armed: BTreeSet::new(), asked: false, wiping: false, over: false };
        world.owe(&first);
        world
    }

    fn owe(&mut self, actions: &[Action]) {
        for action in actions {
            if let Arm(timer, _) = action {
                self.armed.insert(*timer);
            }
            self.asked |= matches!(action, SettleLog { .. });
            self.wiping |= *action == Wipe;
            self.over |= matches!(action, Finish(_));
        }
    }

    fn after(&self, event: &Event) -> Self {
        let mut world = self.clone();
        if let Event::Rang(timer) = event {
            world.armed.remove(timer);
        }
        world.asked &= *event != Event::LogSettled;
        world.wiping &= !matches!(event, Event::Wiped(_));
        let actions = world.session.step(event.clone());
        world.owe(&actions);
        // How long is waited, and whether the third or the fourth is the last, changes nothing else.
        world.session.retry = RETRY.0;
        world.session.guards = world.session.guards.min(1);
        world
    }

    /// What is certain to happen if nothing else does.
    fn owed(&self) -> Vec<Event> {
        let mut owed: Vec<Event> = self.armed.iter().copied().map(Event::Rang).collect();
        owed.extend(self.asked.then_some(Event::LogSettled));
        owed.extend(self.wiping.then_some(Event::Wiped(true)));
        owed
    }

    /// What may happen at any time.
    fn possible() -> Vec<Event> {
        let how = || "was ended by SIGKILL".to_owned();
        // To be asked remotely, or by a failure, is to be asked; these three are each a case.
        let ends = [Asked::Operator, Asked::Terminated, Asked::ReaderGone];
        let mut events = vec![
            Event::Cleaned,
            Event::GuardEnded(how()),
            Event::TunnelFound,
            Event::TunnelUp("https://a.trycloudflare.com".to_owned()),
            Event::TunnelLost("no network".to_owned(), None),
            Event::TunnelUnregistered,
            Event::TunnelEnded(how()),
            Event::ServeReady,
            Event::ServeEnded(how()),
            Event::Drained,
        ];
        events.extend(ends.map(|asked| Event::End(Cause::Asked(asked))));
        events
    }
}

/// Everything that can be reached from `start`.
fn reachable(start: World) -> HashSet<World> {
    let possible = World::possible();
    let mut known = HashSet::from([start.clone()]);
    let mut fresh = VecDeque::from([start]);
    while let Some(world) = fresh.pop_front() {
        let wiped_badly = world.wiping.then_some(Event::Wiped(false));
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
    if world.session.phase() == Phase::Over {
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
        let starts = [Action::StartServe, Action::StartTunnel, Action::OpenTunnel];
        assert!(!actions.iter().any(|action| starts.contains(action)), "{world:#?}");
    }
}

#[test]
fn from_every_state_one_request_to_end_is_enough() {
    let mut phases = BTreeSet::new();
    for tunnelling in [Tunnelling::Never, Tunnelling::WhenPossible, Tunnelling::Required] {
        let known = reachable(World::begin(tunnelling));
        let mut judged = HashSet::new();
        for world in &known {
            phases.insert(world.session.phase());
            let asked = Event::End(Cause::Asked(Asked::Remotely));
            let closing = world.session.phase() >= Phase::Closing;
            let ending = if closing { world.clone() } else { world.after(&asked) };
            assert!(ending.session.phase() >= Phase::Closing);
            leads_to_the_end(&ending, &mut judged, &mut Vec::new());
            if closing {
                starts_nothing(world);
            }
        }
    }
    assert_eq!(phases.len(), 8);
}
