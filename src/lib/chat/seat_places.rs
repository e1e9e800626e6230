//! Places in a full room: who loses theirs to a newcomer.

use std::time::{Duration, Instant};

use super::room_error::RoomError;
use super::seat::{Activity, Presence};
use super::seats::{SeatEvent, Seats};

/// A participant who did more than join keeps the seat in a full room for this long after a disconnect:
/// a phone that changes its network returns within seconds.
const PROTECTED_RETURN_TIMEOUT: Duration = Duration::from_secs(10);

impl Seats {
    /// A place for one more: a free one (`None`), or that of a disconnected participant, who is to be
    /// displaced.
    ///
    /// # Errors
    /// [`RoomError::Full`] if there is neither.
    pub(crate) fn find_place(&self, now: Instant) -> Result<Option<u32>, RoomError> {
        if self.present < self.rules.max_participants {
            return Ok(None);
        }
        let (.., number) = self.displaceable(now).min().ok_or(RoomError::Full)?;
        Ok(Some(number))
    }

    /// Displaces as many disconnected participants as it takes, and as there are, so that `newcomers`
    /// more have a place.
    pub(crate) fn make_places(&mut self, newcomers: usize, now: Instant) -> Vec<SeatEvent> {
        let needed = self.present.saturating_add(newcomers);
        let missing = needed.saturating_sub(self.rules.max_participants);
        if missing == 0 {
            return Vec::new();
        }
        let mut displaceable: Vec<_> = self.displaceable(now).collect();
        displaceable.sort_unstable();
        let displaced = displaceable.into_iter().take(missing);
        displaced.flat_map(|(.., number)| self.displace(number, now)).collect()
    }

    /// The disconnected participants who may lose their place, the least is the first to lose it: those
    /// who only joined, then the longest disconnected.
    fn displaceable(&self, now: Instant) -> impl Iterator<Item = (bool, Instant, u32)> {
        let disconnected = self.by_number.values().filter_map(|seat| match seat.presence {
            Presence::Disconnected(since) => {
                Some((seat.activity != Activity::JoinedOnly, since, seat.number))
            }
            Presence::Connected | Presence::Left(_) => None,
        });
        disconnected.filter(move |(was_active, since, _)| {
            !was_active || now.saturating_duration_since(*since) >= PROTECTED_RETURN_TIMEOUT
        })
    }

    /// Takes a disconnected participant off the roster before the timeout. One who did more than join
    /// may still return when there is a place.
    pub(super) fn displace(&mut self, number: u32, now: Instant) -> Vec<SeatEvent> {
        match self.get(number).map(|seat| seat.activity) {
            Some(Activity::JoinedOnly) => self.leave(number, now),
            Some(Activity::Active | Activity::Posted) => {
                Vec::from_iter(self.mark_left(number, now))
            }
            None => Vec::new(),
        }
    }
}
