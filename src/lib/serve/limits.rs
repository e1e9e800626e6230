//! How much memory the room can take at most: what all its bounds add up to. At a bound, what is new
//! is refused or waits, and what is there lives on.

use std::fmt;
use std::sync::Arc;

use super::fanout::MAX_FRAMES;
use super::hub::{MAX_BATCH_BYTES, MAX_CHUNK_MEMBERS, MAX_GONE, MAX_NOTICES, max_presence_events};
use super::web::{MAX_REQUEST_BYTES, MAX_SOCKET_BYTES, SPARE_CONNECTIONS};
use crate::chat::{
    EVENT_BYTES, IDENTITY_BYTES, KEPT, KNOWN_BYTES, NAMED, RESERVATION_BYTES, RESERVED,
    joins_within, seat_bytes,
};
use crate::config::RoomSettings;
use crate::process::{RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES};
use crate::units;
use crate::wire::MAX_REFERENCE_BYTES;

/// The program before anybody comes: code, libraries, the page and its routes. Measured: 6 MiB.
const PROGRAM: usize = 8 * 1024 * 1024;

/// A participant in the line that welcomes another one: a name of 64 bytes, number and tag.
const WELCOMED: usize = 128;

/// A welcome that is not taken within this time is dropped: the whole time of a poll, which is longer
/// than a socket has.
const WELCOME_SECONDS: u64 = 70;

/// A line to the operator: a name, escaped, and a few numbers.
const NOTICE: usize = 256;

/// One thing that takes memory.
#[derive(Debug)]
struct Share {
    what: &'static str,
    count: usize,
    each: usize,
}

/// Everything that takes memory, at its bound, all at the same time.
#[derive(Debug)]
pub(super) struct Ceiling {
    /// Memory of our own, which is overwritten when it is freed.
    ours: Vec<Share>,
    /// Memory of the kernel, which it overwrites before it gives it to somebody else.
    kernel: Share,
}

impl Ceiling {
    /// Of a room with these settings.
    pub(super) fn of(room: &RoomSettings) -> Self {
        let share = |what, count, each| Share { what, count, each };
        let most = room.max_participants;
        // Participants, and connections that are pending or leave.
        let (pending, all) = (most + SPARE_CONNECTIONS, 2 * most + SPARE_CONNECTIONS);
        let known = RESERVED + most + KEPT + NAMED;
        let presence = max_presence_events(most);
        let chunk = MAX_CHUNK_MEMBERS * WELCOMED;
        // The pieces in a list that doubles; two of them that are not shared; who is gone.
        let pointers = 2 * (most / MAX_CHUNK_MEMBERS + 4) * size_of::<Arc<str>>();
        let welcome = pointers + 2 * chunk + MAX_GONE * WELCOMED;
        let ours = vec![
            share("the program", 1, PROGRAM),
            share("what was said", 1, room.ring.bytes),
            share("messages of the ring", room.ring.events, EVENT_BYTES),
            share("joins and leaves of the ring", presence, EVENT_BYTES + WELCOMED),
            share("seats, also of some who left", most + KEPT, seat_bytes(MAX_REFERENCE_BYTES)),
            share("names of others who left", NAMED, IDENTITY_BYTES),
            share("reserved names, as numbers", known, KNOWN_BYTES + RESERVATION_BYTES),
            share("pieces of the roster", 2 * joins_within(WELCOME_SECONDS, most), chunk),
            share("welcomes on their way", all, welcome),
            share("sockets", most, MAX_SOCKET_BYTES),
            share("batches on their way", most, MAX_BATCH_BYTES),
            share("frames for all who keep up", MAX_FRAMES, 2 * MAX_BATCH_BYTES),
            share("others: pages, polls, goodbyes", pending, MAX_REQUEST_BYTES + MAX_BATCH_BYTES),
            share("lines to the operator", MAX_NOTICES, NOTICE),
        ];
        // The kernel doubles what is asked for, for its own bookkeeping (socket(7)).
        let buffers = 2 * (SEND_BUFFER_BYTES + RECEIVE_BUFFER_BYTES);
        Self { ours, kernel: share("connections and sockets", all, buffers) }
    }

    /// Bytes of our own memory, with a quarter for what lies unused between allocations.
    fn total(&self) -> usize {
        self.ours.iter().map(Share::bytes).sum::<usize>() / 4 * 5
    }
}

impl Share {
    fn bytes(&self) -> usize {
        self.count * self.each
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, count, each } = self;
        let (each, all) = (format_bytes(*each), format_bytes(self.bytes()));
        writeln!(f, "  {what:<30} {count:>7} × {each:>10} = {all:>10}")
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "memory of chattrace-serve, at most, with everything at its bound at once:")?;
        self.ours.iter().try_for_each(|share| share.fmt(f))?;
        let (total, rest) = (self.total(), "a quarter for what lies unused between them");
        writeln!(f, "  with {rest}, {} ({total} bytes)", format_bytes(total))?;
        writeln!(f, "buffers of the kernel beside it, at most:")?;
        self.kernel.fmt(f)?;
        write!(f, "At a bound, what is new is refused or waits; what is there lives on.")
    }
}

fn format_bytes(bytes: usize) -> String {
    units::format_bytes(bytes as u64)
}
