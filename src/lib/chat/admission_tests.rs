//! No order of what newcomers, participants and the operator do lets anyone in who was not admitted, or who
//! was removed; no link admits more people than it may; and no message gets past a mute or slow mode.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::admission_world::{Checked, RULES, Standing, World};
use super::room_tests::{entropy, ticket};
use super::*;
use crate::control::{RoomLink, RoomRules};
use crate::token::Token;

/// People by the order of their numbers, and links by the order in which they were made: modulo how many
/// there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Rules(RoomRules),
    Admit(usize),
    Reject(usize),
    Remove(usize),
    Mute(usize, Option<u64>),
    Unmute(usize),
    Post(usize),
    Leave(usize),
    Detach(usize),
    Resume(usize),
    AddLink { uses: Option<u32>, seconds: Option<u64> },
    EndLink(usize),
    Relink,
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    let who = any::<usize>;
    let rules = (any::<bool>(), any::<bool>(), 0_u32..3).prop_map(|(locked, lobby, slow)| {
        Step::Rules(RoomRules {
            locked: locked && lobby,
            lobby,
            slow: 40 * slow,
            ..RoomRules::default()
        })
    });
    prop_oneof![
        8 => who().prop_map(Step::Join),
        2 => rules,
        5 => who().prop_map(Step::Admit),
        1 => who().prop_map(Step::Reject),
        1 => who().prop_map(Step::Remove),
        2 => (who(), proptest::option::of(1_u64..200)).prop_map(|(who, span)| Step::Mute(who, span)),
        1 => who().prop_map(Step::Unmute),
        6 => who().prop_map(Step::Post),
        2 => who().prop_map(Step::Leave),
        3 => who().prop_map(Step::Detach),
        4 => who().prop_map(Step::Resume),
        2 => (proptest::option::of(0_u32..3), proptest::option::of(0_u64..200))
            .prop_map(|(uses, seconds)| Step::AddLink { uses, seconds }),
        1 => who().prop_map(Step::EndLink),
        1 => Just(Step::Relink),
        3 => Just(Step::Expire),
    ]
}

impl World {
    fn run(&mut self, step: Step) -> Checked {
        match step {
            Step::Join(link) => self.join(link % self.links.len())?,
            Step::Rules(rules) => self.set_rules(rules)?,
            Step::AddLink { uses, seconds } => self.add_link(uses, seconds)?,
            Step::EndLink(link) => {
                let link = link % self.links.len();
                let link = &mut self.links[link];
                prop_assert!(self.room.end_link(link.number) || !link.admits(self.now));
                link.is_ended = true;
                // The number of the room's own link may have been that of an earlier one.
                let number = link.number;
                self.links
                    .iter_mut()
                    .filter(|it| it.number == number)
                    .for_each(|it| it.is_ended = true);
            }
            Step::Relink => self.relink()?,
            Step::Expire => self.expire()?,
            Step::Admit(who)
            | Step::Reject(who)
            | Step::Remove(who)
            | Step::Mute(who, _)
            | Step::Unmute(who)
            | Step::Post(who)
            | Step::Leave(who)
            | Step::Detach(who)
            | Step::Resume(who) => {
                if let Some((number, index)) = self.number_of(who) {
                    self.run_for(step, number, index)?;
                }
            }
        }
        self.end_waits()?;
        self.check()
    }

    fn run_for(&mut self, step: Step, number: u32, index: usize) -> Checked {
        let now = self.now;
        match step {
            Step::Admit(_) => self.admit(number, index)?,
            Step::Reject(_) => {
                let waited = matches!(self.people[index].standing, Standing::Waits { .. });
                prop_assert_eq!(self.room.stop_waiting(number, WaitEnd::Rejected), waited);
                if waited {
                    self.people[index].standing = Standing::NotAdmitted;
                }
            }
            Step::Remove(_) => {
                let event = self.room.remove(number, now);
                self.publish(event);
                let is_new =
                    matches!(self.people[index].standing, Standing::Waits { .. } | Standing::In);
                if is_new {
                    self.people[index].standing = Standing::Removed;
                }
            }
            Step::Mute(_, span) => {
                let span = span.map(Duration::from_secs);
                let is_muted = self.room.mute(number, span, now);
                let muted = is_muted.then_some(span.map(|span| now + span));
                let person = &mut self.people[index];
                person.muted = muted.or(person.muted);
            }
            Step::Unmute(_) => {
                self.room.unmute(number);
                self.people[index].muted = None;
            }
            Step::Post(_) => self.post(number, index)?,
            Step::Leave(_) => {
                let event = self.room.leave(number, now);
                self.publish(event);
                if self.people[index].standing == Standing::In {
                    self.people[index].standing = Standing::LeftForGood;
                }
            }
            Step::Detach(_) => {
                self.room.detach(number, self.room.transport(number).unwrap_or_default(), now);
            }
            Step::Resume(_) => self.resume(number, index)?,
            Step::Join(_)
            | Step::Rules(_)
            | Step::AddLink { .. }
            | Step::EndLink(_)
            | Step::Relink
            | Step::Expire => {}
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn only_those_who_were_admitted_are_in_and_no_rule_is_evaded(
        steps in proptest::collection::vec((step(), 0_u64..40_000), 1..150),
    ) {
        let mut world = World::new();
        for (step, milliseconds) in steps {
            world.now += Duration::from_millis(milliseconds);
            world.run(step)?;
        }
    }
}

/// What comes at once is in some order: whichever it is, the first N are let in.
#[test]
fn a_hundred_people_at_one_invite_do_not_use_it_more_often_than_it_may_be() {
    for (uses, lobby) in [(1, false), (3, false), (1, true), (3, true)] {
        let now = Instant::now();
        let mut room = Room::new(Rules { max_participants: 200, ..RULES }, ticket(), now);
        let secret = Token::generate().unwrap();
        let link =
            RoomLink { number: 1, secret: secret.clone(), uses: Some(uses), seconds: Some(60) };
        assert!(room.add_link(link, now));
        room.set_rules(RoomRules { lobby, ..RoomRules::default() });
        for number in 0..100 {
            // A preview, a scanner, a page that is opened: none of them burns anything.
            assert_eq!(room.accepts_ticket(&secret, now), lobby || number < uses);
            let name = Nickname::parse(&format!("Guest {number}")).unwrap();
            let newcomer = Newcomer { name, ticket: secret.clone(), entropy: entropy(number) };
            match room.join(newcomer, now) {
                Ok(Joining::Admitted(admitted)) => assert!(!lobby && admitted.link == 1),
                Ok(Joining::Waits(_)) => assert!(lobby && number < 32),
                Err(RoomError::DeadLink) => assert!(!lobby && number >= uses),
                Err(error) => assert!(lobby && number >= 32 && error == RoomError::Full),
            }
        }
        let waiting: Vec<u32> = room.waiting().collect();
        let admitted = waiting.iter().filter(|number| room.admit(**number, now).is_ok()).count();
        assert_eq!(admitted, if lobby { uses as usize } else { 0 });
        assert_eq!(room.present_count(), uses as usize);
        let ended = room.end_waits(now);
        assert_eq!(ended.len(), waiting.len() - admitted);
        assert!(ended.iter().all(|(_, end)| *end == WaitEnd::LinkEnded));
    }
}
