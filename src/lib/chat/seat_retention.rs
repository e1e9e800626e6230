//! How long seats are kept for participants who are not there.

use std::time::{Duration, Instant};

use super::seat::{Presence, Seat};
use super::seats::{SeatEvent, Seats};

/// A participant whose last transport was lost may return unnoticed within this time: a phone that
/// changes from Wi-Fi to mobile, a page that is resumed, a laptop lid.
pub(crate) const SILENT_RETURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Most seats that are retained for participants who left. Beyond it, seats with the least activity go
/// first, then the oldest; their names stay reserved.
pub(crate) const MAX_RETAINED_SEATS: usize = 1024;

impl Seats {
    /// Ends silent returns that are over, then retention. Call it about once a second. A seat whose
    /// retention is over is no event: everybody counts that time from the event `Left`.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<SeatEvent> {
        let is_overdue = |seat: &&Seat| match seat.presence {
            Presence::Disconnected(since) => {
                now.saturating_duration_since(since) >= SILENT_RETURN_TIMEOUT
            }
            Presence::Connected | Presence::Left(_) => false,
        };
        let overdue = self.by_number.values().filter(is_overdue).map(|seat| seat.number);
        let overdue: Vec<u32> = overdue.collect();
        let mut events: Vec<SeatEvent> =
            overdue.into_iter().filter_map(|number| self.mark_left(number, now)).collect();
        let retention = self.rules.retention;
        let is_expired = |seat: &Seat| match seat.presence {
            Presence::Left(at) => now.saturating_duration_since(at) >= retention,
            Presence::Connected | Presence::Disconnected(_) => false,
        };
        let expired = self.by_number.values().filter(|seat| is_expired(seat));
        for number in Vec::from_iter(expired.map(|seat| seat.number)) {
            self.by_number.remove(&number);
            self.forget_orders(number);
        }
        events.extend(self.bound_retained());
        events
    }

    /// Gives up retained seats beyond [`MAX_RETAINED_SEATS`].
    fn bound_retained(&mut self) -> Vec<SeatEvent> {
        let retained = self.by_number.len() - self.present;
        let excess = retained.saturating_sub(MAX_RETAINED_SEATS);
        if excess == 0 {
            return Vec::new();
        }
        let retained = self.by_number.values().filter_map(|seat| match seat.presence {
            Presence::Left(at) => Some((seat.activity, at, seat.number)),
            Presence::Connected | Presence::Disconnected(_) => None,
        });
        let mut retained: Vec<_> = retained.collect();
        retained.sort_unstable();
        let excess = retained.into_iter().take(excess);
        excess.filter_map(|(.., number)| self.give_up(number)).collect()
    }
}
