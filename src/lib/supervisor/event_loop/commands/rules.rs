//! `lock`, `unlock`, `lobby`, `slow`, `fade`.

use super::{EventLoop, NotDone};
use crate::control::RoomRules;
use crate::log::Rule;
use crate::span::Span;
use crate::supervisor::operator::Answer;

impl EventLoop {
    pub(super) fn lock(&mut self, locked: bool) -> Result<Answer, NotDone> {
        self.set_rule(Rule::Lock, |rules| rules.locked = locked)
    }

    pub(super) fn lobby(&mut self, lobby: bool) -> Result<Answer, NotDone> {
        self.set_rule(Rule::Lobby, |rules| rules.lobby = lobby)
    }

    pub(super) fn slow(&mut self, span: Option<Span>) -> Result<Answer, NotDone> {
        self.set_rule(Rule::Slow, |rules| rules.slow = span.map_or(0, Span::seconds))
    }

    pub(super) fn fade(&mut self, span: Option<Span>) -> Result<Answer, NotDone> {
        self.set_rule(Rule::Fade, |rules| rules.fade = span.map_or(0, Span::seconds))
    }

    /// Before the room's process runs, the rule is kept for its start.
    fn set_rule(
        &mut self,
        rule: Rule,
        set: impl FnOnce(&mut RoomRules),
    ) -> Result<Answer, NotDone> {
        match self.room.set_rule(rule, set) {
            Ok(change) => {
                self.order_rules()?;
                Ok(self.changed(change))
            }
            Err(line) => Ok(Answer::Told(line)),
        }
    }
}
