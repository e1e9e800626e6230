//! The deadlines of a session. Pure: time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::session::SessionTimer;

const SECOND: Duration = Duration::from_secs(1);

/// At most one deadline for each [`SessionTimer`], and the countdown to a public link.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: BTreeMap<SessionTimer, Instant>,
    countdown: Option<Countdown>,
}

/// Seconds until a public link is shown, displayed once each.
#[derive(Debug)]
struct Countdown {
    seconds_left: u64,
    next: Instant,
}

impl Timers {
    /// Arms a timer. One that was armed before is moved.
    pub(super) fn arm(&mut self, timer: SessionTimer, deadline: Instant) {
        self.deadlines.insert(timer, deadline);
    }

    /// Takes a timer back.
    pub(super) fn disarm(&mut self, timer: SessionTimer) {
        self.deadlines.remove(&timer);
    }

    /// When a timer expires, if it is armed.
    pub(super) fn deadline(&self, timer: SessionTimer) -> Option<Instant> {
        self.deadlines.get(&timer).copied()
    }

    /// Counts down from `seconds` at `now`, in place of any other countdown; 0 shows no number.
    pub(super) fn start_countdown(&mut self, seconds: u64, now: Instant) {
        self.countdown = (seconds > 0).then_some(Countdown { seconds_left: seconds, next: now });
    }

    /// Ends the countdown: no further number is due.
    pub(super) fn stop_countdown(&mut self) {
        self.countdown = None;
    }

    /// When the next timer expires or the countdown moves, if anything is armed.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let countdown = self.countdown.as_ref().map(|countdown| countdown.next);
        self.deadlines.values().copied().chain(countdown).min()
    }

    /// Returns the timers that have expired by `now`, and disarms them.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<SessionTimer> {
        let is_expired =
            |(timer, deadline): (&SessionTimer, &Instant)| (*deadline <= now).then_some(*timer);
        let expired: Vec<SessionTimer> = self.deadlines.iter().filter_map(is_expired).collect();
        self.deadlines.retain(|timer, _| !expired.contains(timer));
        expired
    }

    /// Advances the countdown; returns the seconds left if that number is due to be displayed.
    pub(super) fn tick(&mut self, now: Instant) -> Option<u64> {
        let countdown = self.countdown.as_mut().filter(|countdown| countdown.next <= now)?;
        let seconds_left = countdown.seconds_left;
        countdown.seconds_left -= 1;
        countdown.next += SECOND;
        if countdown.seconds_left == 0 {
            self.countdown = None;
        }
        Some(seconds_left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_expires_once_and_can_be_moved() {
        let (start, mut timers) = (Instant::now(), Timers::default());
        assert_eq!(timers.next_deadline(), None);
        timers.arm(SessionTimer::Close, start + SECOND);
        timers.arm(SessionTimer::Kill, start + 2 * SECOND);
        timers.arm(SessionTimer::Close, start + 3 * SECOND);
        assert_eq!(timers.next_deadline(), Some(start + 2 * SECOND));
        assert_eq!(timers.take_expired(start + SECOND), []);
        assert_eq!(timers.take_expired(start + 2 * SECOND), [SessionTimer::Kill]);
        assert_eq!(timers.take_expired(start + 3 * SECOND), [SessionTimer::Close]);
        assert_eq!(timers.next_deadline(), None);
    }

    #[test]
    fn a_countdown_shows_each_second_once() {
        let (start, mut timers) = (Instant::now(), Timers::default());
        timers.start_countdown(2, start);
        assert_eq!(timers.next_deadline(), Some(start));
        assert_eq!((timers.tick(start), timers.tick(start)), (Some(2), None));
        assert_eq!(timers.next_deadline(), Some(start + SECOND));
        assert_eq!((timers.tick(start + SECOND), timers.next_deadline()), (Some(1), None));
        timers.start_countdown(0, start);
        assert_eq!(timers.next_deadline(), None);
    }
}
