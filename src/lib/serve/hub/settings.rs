//! Turns the operator's settings into the rules of the room and the bounds of its ring.

use std::time::Duration;

use crate::chat::{RingBounds, Rules};
use crate::config::RoomSettings;
use crate::rate_limit::RateLimit;

/// Most joins and leaves that the ring holds: one per participant, and beyond that as many as can
/// happen within the half minute in which a return is not announced.
pub(in crate::serve) const fn max_presence_events(max_participants: usize) -> usize {
    4096 + 2 * max_participants
}

/// Most bytes of the lines `keys` with their letters in the ring of a sealed room: ten minutes of people
/// who come and go as fast as the host lets them, a thousand (7 MiB) or ten (11 MiB). The lines of joins and
/// leaves in an open room stay below: 24 096 of at most 128 bytes.
pub(in crate::serve) const MAX_KEYS_BYTES: usize = 12 * 1024 * 1024;

/// The rules of the room; a rate of 0 messages per second means no limit.
pub(super) fn rules(room: &RoomSettings) -> Rules {
    let rate_limit = match room.rate.per_second {
        0 => RateLimit::Unlimited,
        per_second => RateLimit::Limited { per_second, burst: room.rate.burst },
    };
    let retention = Duration::from_secs(room.ring.age_seconds);
    Rules { max_participants: room.max_participants, rate_limit, retention }
}

/// The bounds of the ring. Joins and leaves have one of their own, so that they never displace
/// messages.
pub(super) fn ring_bounds(room: &RoomSettings) -> RingBounds {
    RingBounds {
        messages: room.ring.events,
        bytes: room.ring.bytes,
        presence: max_presence_events(room.max_participants),
        presence_bytes: MAX_KEYS_BYTES,
        age: Duration::from_secs(room.ring.age_seconds),
    }
}
