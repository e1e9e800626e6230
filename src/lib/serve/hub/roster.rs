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
