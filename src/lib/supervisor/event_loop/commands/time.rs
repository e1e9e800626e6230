//! `end in`, `stay`, `panic`.

use tokio::time::Instant;

use super::super::asker::Asker;
use super::{EventLoop, NotDone};
use crate::log::WholeRoomChange;
use crate::span::Span;
use crate::supervisor::operator::{Answer, Moment};
use crate::supervisor::session::{SessionEvent, SessionTimer};

impl EventLoop {
    /// Sets the end anew, also in place of an earlier one.
    pub(super) fn end_in(&mut self, span: Span, now: Moment) -> Result<Answer, NotDone> {
        let ends_at = self.arm_end(span, now);
        self.order_rules()?;
        Ok(self.changed(WholeRoomChange::Ending { seconds: span.seconds(), ends_at }.into()))
    }

    /// Arms the timer of the end, and returns when that is, in milliseconds since 1970.
    pub(in crate::supervisor::event_loop) fn arm_end(&mut self, span: Span, now: Moment) -> u64 {
        let ends_at = now.unix_ms_after(span.duration());
        self.room.set_end(Some(ends_at));
        self.timers.arm(SessionTimer::End, Instant::from_std(now.instant) + span.duration());
        ends_at
    }

    pub(super) fn stay(&mut self) -> Result<Answer, NotDone> {
        self.timers.disarm(SessionTimer::End);
        if self.room.set_end(None).is_none() {
            return Ok(Answer::Told(WholeRoomChange::Staying.to_string()));
        }
        self.order_rules()?;
        Ok(self.changed(WholeRoomChange::Staying.into()))
    }

    /// Works in every phase, so that it asks for nothing.
    pub(super) fn panic(&mut self, asker: Asker) -> SessionEvent {
        self.answer(
            asker,
            Ok(Answer::Changed { line: "wiping everything".to_owned(), more: None }),
        );
        SessionEvent::Panic
    }
}
