//! Everybody in the room, in the words of a welcome. A thousand people who come at once are told half
//! a million names, so the words are written once for each who comes, and shared by all who read them:
//! a welcome that waits for a slow line holds pointers, not a copy of the room.

use std::sync::Arc;

use crate::chat::{Identity, Room};
use crate::wire;

/// Participants in one shared piece of text. A leave writes one piece anew; a welcome points at all of
/// them. At 32, a thousand participants fit one call of writev(2), and a piece is 4 KiB at most.
pub(in crate::serve) const MAX_CHUNK_MEMBERS: usize = 32;

/// The words for all, in the order of their numbers, in pieces.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// None of them is empty.
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    /// Numbers of participants, in order: one at least, [`MAX_CHUNK_MEMBERS`] at most.
    members: Vec<u64>,
    /// Their words, each after a comma. `None` after a change: written when it is read next.
    words: Option<Arc<str>>,
}

impl Roster {
    /// Somebody is on the roster now.
    pub(super) fn came(&mut self, who: &Identity) {
        let number = who.number;
        let index = self.index(number);
        match self.chunks.get_mut(index) {
            Some(chunk) if chunk.members.len() < MAX_CHUNK_MEMBERS => {
                // The rule: the newest of all. Only their own words are written.
                let newest = chunk.members.last().is_none_or(|last| *last < number);
                let words = chunk.words.take().filter(|_| newest);
                chunk.words =
                    words.map(|words| format!("{words},{}", wire::participant_json(who)).into());
                let at = chunk.members.partition_point(|member| *member < number);
                chunk.members.insert(at, number);
            }
            Some(chunk) if chunk.members.last().is_some_and(|last| number < *last) => {
                // A participant who was away for long comes back between two others.
                let rest = chunk.members.split_off(MAX_CHUNK_MEMBERS / 2);
                chunk.words = None;
                self.chunks.insert(index + 1, Chunk { members: rest, words: None });
                self.came(who);
            }
            found => {
                let at = if found.is_some() { index + 1 } else { index };
                let words = Some(format!(",{}", wire::participant_json(who)).into());
                self.chunks.insert(at, Chunk { members: vec![number], words });
            }
        }
    }

    /// Somebody is not on the roster any more. Nor is their name kept here.
    pub(super) fn went(&mut self, number: u64) {
        let index = self.index(number);
        if let Some(chunk) = self.chunks.get_mut(index) {
            chunk.members.retain(|member| *member != number);
            chunk.words = None;
            if chunk.members.is_empty() {
                self.chunks.remove(index);
            }
        }
    }

    /// Everybody but this one, with commas between them, in pieces.
    pub(super) fn others(&mut self, room: &Room, number: u64) -> Vec<Arc<str>> {
        let own = self.index(number);
        let write = |members: &[u64]| -> Arc<str> {
            let seats = members.iter().filter_map(|member| room.seat(*member));
            seats
                .map(|seat| format!(",{}", wire::participant_json(&seat.identity)))
                .collect::<String>()
                .into()
        };
        let mut pieces: Vec<Arc<str>> = Vec::with_capacity(self.chunks.len());
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            let all = chunk.words.get_or_insert_with(|| write(&chunk.members));
            let words = match (index == own).then(|| write(&[number])) {
                // Words stand once in it: a name cannot hold the signs that are around them.
                Some(words) => all.replacen(&*words, "", 1).into(),
                None => Arc::clone(all),
            };
            match pieces.is_empty() {
                // No comma before the first.
                true => pieces.extend(words.strip_prefix(',').map(Arc::from)),
                false => pieces.push(words),
            }
        }
        pieces
    }

    /// The chunk in which this number is, or would be.
    fn index(&self, number: u64) -> usize {
        let first = |chunk: &Chunk| chunk.members.first().is_some_and(|first| *first <= number);
        self.chunks.partition_point(first).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Entropy, Nickname, RoomEvent, Rules};
    use crate::rate_limit::RateLimit;
    use crate::token::{Secret, Token};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

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
            6 => Just(Step::Comes),
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
        fn tell(&mut self, events: impl IntoIterator<Item = RoomEvent>) {
            for event in events {
                match event {
                    RoomEvent::Joined(who) => self.roster.came(&who),
                    RoomEvent::Left(who) => self.roster.went(who.number),
                    RoomEvent::Said { .. } | RoomEvent::Moved { .. } => {}
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
                    let (number, events) = self.room.join(name, entropy, self.now).unwrap();
                    self.seats.push((number, self.room.seat(number).unwrap().resume()));
                    self.tell(events);
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
                    let back = resume.and_then(|resume| self.room.resume(&resume, self.now).ok());
                    self.tell(back.into_iter().flat_map(|(_, events)| events));
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
                        others.map(|seat| wire::participant_json(&seat.identity)).collect();
                    let others = self.roster.others(&self.room, number);
                    assert_eq!(others.concat(), expected.join(","));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_it_names_everybody_else(steps in prop::collection::vec(step(), 0..300)) {
            let kept_for = Duration::from_secs(600);
            let rules = Rules { max_participants: 1000, rate_limit: RateLimit::Unlimited, kept_for };
            let now = Instant::now();
            let (room, roster) = (Room::new(rules, now), Roster::default());
            let mut both = Both { room, roster, seats: Vec::new(), now };
            steps.into_iter().for_each(|step| both.take(step));
        }
    }

    #[test]
    fn who_left_is_named_nowhere_in_it() {
        let mut roster = Roster::default();
        let name = Nickname::parse("Ana").unwrap();
        let rules = Rules {
            max_participants: 1,
            rate_limit: RateLimit::Unlimited,
            kept_for: Duration::ZERO,
        };
        let mut room = Room::new(rules, Instant::now());
        let entropy = Entropy { token: Token::draw().unwrap(), tag: 0 };
        let (number, events) = room.join(name, entropy, Instant::now()).unwrap();
        let [RoomEvent::Joined(who)] = events.as_slice() else { panic!("{events:?}") };
        roster.came(who);
        assert!(roster.chunks[0].words.as_ref().unwrap().contains("Ana"));
        room.leave(number, Instant::now());
        roster.went(number);
        assert!(roster.chunks.is_empty());
    }

    /// What a stalled welcome holds is shared with all others.
    #[test]
    fn readers_share_the_words_of_those_who_came_before() {
        let mut roster = Roster::default();
        let kept_for = Duration::from_secs(600);
        let rules = Rules { max_participants: 1000, rate_limit: RateLimit::Unlimited, kept_for };
        let mut room = Room::new(rules, Instant::now());
        let mut last = (0, Vec::new());
        for number in 0..100 {
            let name = Nickname::parse(&format!("G{number}")).unwrap();
            let entropy = Entropy { token: Token::draw().unwrap(), tag: number };
            let (number, events) = room.join(name, entropy, Instant::now()).unwrap();
            let Some(RoomEvent::Joined(who)) = events.last() else { panic!("{events:?}") };
            roster.came(who);
            last = (number, roster.others(&room, number));
        }
        let other = roster.others(&room, last.0);
        assert_eq!(other.len(), 4);
        assert!((1..3).all(|piece| Arc::ptr_eq(&other[piece], &last.1[piece])));
    }
}
