//! `end in`, `stay`, `panic`.

use std::time::Duration;

use tokio::time::Instant;

use super::super::asker::Asker;
use super::{EventLoop, NotDone};
use crate::log::WholeRoomChange;
use crate::span::Span;
use crate::supervisor::console::TimeLeft;
use crate::supervisor::operator::{Answer, Moment};
use crate::supervisor::session::{SessionEvent, SessionTimer};

/// The operator is reminded so long before the end; participants see a countdown from then on.
const REMINDER: Duration = Duration::from_secs(300);

impl EventLoop {
    /// Shows the end that was set with `--for`, as the room opens.
    pub(in crate::supervisor::event_loop) fn show_limit(&mut self) {
        if let (Some(span), Some(ends_at)) =
            (self.config.limits.duration, self.room.rules().ends_at)
        {
            let change = WholeRoomChange::Ending { seconds: span.seconds(), ends_at };
            self.console.show_change(&change.into());
        }
    }

    /// Reminds the operator of the end.
    pub(in crate::supervisor::event_loop) fn show_end_soon(&self) {
        self.console.show_hint("the session ends in 5 min; stay takes that back");
    }

    /// Sets the end anew, also in place of an earlier one.
    pub(super) fn end_in(&mut self, span: Span, now: Moment) -> Result<Answer, NotDone> {
        let ends_at = self.arm_end(span, now);
        // Not shown when the room opens: the operator has decided otherwise.
        self.config.limits.duration = None;
        self.order_rules()?;
        Ok(self.changed(WholeRoomChange::Ending { seconds: span.seconds(), ends_at }.into()))
    }

    /// Arms the timer of the end, and returns when that is, in milliseconds since 1970.
    pub(in crate::supervisor::event_loop) fn arm_end(&mut self, span: Span, now: Moment) -> u64 {
        let ends_at = now.unix_ms_after(span.duration());
        self.room.set_end(Some(ends_at));
        let deadline = Instant::from_std(now.instant) + span.duration();
        self.timers.arm(SessionTimer::End, deadline);
        self.timers.disarm(SessionTimer::EndSoon);
        if span.duration() > REMINDER {
            self.timers.arm(SessionTimer::EndSoon, deadline - REMINDER);
        }
        self.show_time_left(Instant::from_std(now.instant));
        ends_at
    }

    /// Shows how long the session still lives, and waits until that is another number.
    pub(in crate::supervisor::event_loop) fn show_time_left(&mut self, now: Instant) {
        let end = self.timers.deadline(SessionTimer::End);
        let left = end.map(|end| end.saturating_duration_since(now));
        self.timers.disarm(SessionTimer::TimeLeft);
        if let Some(wait) = left.and_then(TimeLeft::next_change) {
            self.timers.arm(SessionTimer::TimeLeft, now + wait);
        }
        self.console.show_time_left(left.map(TimeLeft::of));
    }

    pub(super) fn stay(&mut self) -> Result<Answer, NotDone> {
        self.timers.disarm(SessionTimer::End);
        self.timers.disarm(SessionTimer::EndSoon);
        self.show_time_left(Instant::now());
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
