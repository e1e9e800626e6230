//! Everybody in the room, in the words of a welcome: written once for each who comes, not once for
//! each who reads it. A thousand people who come at once are told half a million names.

use std::sync::Arc;

use crate::chat::{Identity, Room};

/// Turns somebody into the words that stand for them.
pub(in crate::serve) type Describe = fn(&Identity) -> String;

/// The words for all, with commas between them.
#[derive(Debug)]
pub(super) struct Roster {
    describe: Describe,
    text: String,
    /// Whose words begin where; by number.
    begins: Vec<(u64, usize)>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    /// Somebody went, or came back. It is empty, and written when the next one comes who reads it.
    Stale,
}

impl Roster {
    /// Of an empty room.
    pub(super) fn new(describe: Describe) -> Self {
        Self { describe, text: String::new(), begins: Vec::new(), state: State::Fresh }
    }

    /// Somebody is on the roster now.
    pub(super) fn came(&mut self, who: &Identity) {
        let newest = self.begins.last().is_none_or(|(last, _)| *last < who.number);
        match self.state {
            State::Fresh if newest => self.append(who),
            State::Fresh | State::Stale => self.went(),
        }
    }

    /// Somebody is not on the roster any more. Nor is their name kept here.
    pub(super) fn went(&mut self) {
        *self = Self { state: State::Stale, ..Self::new(self.describe) };
    }

    /// Everybody but this one.
    pub(super) fn others(&mut self, room: &Room, number: u64) -> Arc<str> {
        if self.state == State::Stale {
            *self = Self::new(self.describe);
            room.roster().for_each(|seat| self.append(&seat.identity));
        }
        let Ok(index) = self.begins.binary_search_by_key(&number, |(number, _)| *number) else {
            return self.text.as_str().into();
        };
        let begin = self.begins[index].1;
        let Some((_, end)) = self.begins.get(index + 1) else {
            // The newest, which is the rule. Without the comma before it.
            return self.text[..begin.saturating_sub(1)].into();
        };
        [&self.text[..begin], &self.text[*end..]].concat().into()
    }

    fn append(&mut self, who: &Identity) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.begins.push((who.number, self.text.len()));
        self.text.push_str(&(self.describe)(who));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Entropy, Event, Nickname, Pace, Rules};
    use crate::token::{Secret, Token};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn describe(who: &Identity) -> String {
        format!("<{}>", who.name.as_str())
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Comes,
        /// One of those who came, counted around.
        Leaves(usize),
        Drops(usize),
        Returns(usize),
        TimePasses,
        IsRead(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Comes),
            1 => any::<usize>().prop_map(Step::Leaves),
            1 => any::<usize>().prop_map(Step::Drops),
            1 => any::<usize>().prop_map(Step::Returns),
            1 => Just(Step::TimePasses),
            3 => any::<usize>().prop_map(Step::IsRead),
        ]
    }

    /// A room and its roster, told of everything that happens in it.
    struct Both {
        room: Room,
        roster: Roster,
        seats: Vec<(u64, Secret)>,
        now: Instant,
    }

    impl Both {
        fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
            for event in events {
                match event {
                    Event::Joined(who) => self.roster.came(&who),
                    Event::Left(_) => self.roster.went(),
                    Event::Said { .. } | Event::Moved { .. } => {}
                }
            }
        }

        fn seat(&self, pick: usize) -> Option<&(u64, Secret)> {
            self.seats.get(pick.checked_rem(self.seats.len())?)
        }

        fn take(&mut self, step: Step) {
            match step {
                Step::Comes => {
                    let name = Nickname::parse(&format!("G{}", self.seats.len())).unwrap();
                    let entropy = Entropy { token: Token::draw().unwrap(), tag: 0 };
                    let (number, event) = self.room.join(name, entropy, self.now).unwrap();
                    self.seats.push((number, self.room.seat(number).unwrap().resume()));
                    self.tell([event]);
                }
                Step::Leaves(pick) => {
                    let left = self.seat(pick).map(|(number, _)| *number);
                    let event = left.and_then(|number| self.room.leave(number, self.now));
                    self.tell(event);
                }
                Step::Drops(pick) => {
                    if let Some((number, _)) = self.seat(pick) {
                        let transport = self.room.transport(*number).unwrap_or_default();
                        self.room.detach(*number, transport, self.now);
                    }
                }
                Step::Returns(pick) => {
                    let resume = self.seat(pick).map(|(_, resume)| resume.to_string());
                    let back = resume.and_then(|resume| self.room.resume(&resume).ok());
                    self.tell(back.and_then(|(_, event)| event));
                }
                Step::TimePasses => {
                    self.now += Duration::from_secs(31);
                    let events = self.room.pass_time(self.now);
                    self.tell(events);
                }
                Step::IsRead(pick) => {
                    let number = self.seat(pick).map_or(0, |(number, _)| *number);
                    let others = self.room.roster().filter(|seat| seat.identity.number != number);
                    let expected: Vec<String> =
                        others.map(|seat| describe(&seat.identity)).collect();
                    assert_eq!(*self.roster.others(&self.room, number), expected.join(","));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_it_names_everybody_else(steps in prop::collection::vec(step(), 0..60)) {
            let kept_for = Duration::from_secs(600);
            let rules = Rules { max_participants: 100, pace: Pace::Unlimited, kept_for };
            let (room, roster) = (Room::new(rules), Roster::new(describe));
            let mut both = Both { room, roster, seats: Vec::new(), now: Instant::now() };
            steps.into_iter().for_each(|step| both.take(step));
        }
    }

    #[test]
    fn who_left_is_named_nowhere_in_it() {
        let mut roster = Roster::new(describe);
        let name = Nickname::parse("Ana").unwrap();
        let rules = Rules { max_participants: 1, pace: Pace::Unlimited, kept_for: Duration::ZERO };
        let mut room = Room::new(rules);
        let entropy = Entropy { token: Token::draw().unwrap(), tag: 0 };
        let (number, event) = room.join(name, entropy, Instant::now()).unwrap();
        let Event::Joined(who) = event else { panic!("{event:?}") };
        roster.came(&who);
        assert!(roster.text.contains("Ana"));
        room.leave(number, Instant::now());
        roster.went();
        assert_eq!((roster.text.capacity(), roster.begins.capacity()), (0, 0));
    }
}
