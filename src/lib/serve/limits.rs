//! The most memory that the room can take: the sum of all its bounds. At a bound, new work is refused
//! or waits, and what is there goes on.

use std::fmt;
use std::sync::Arc;

use super::fanout::MAX_FRAMES;
use super::hub::{
    MAX_BATCH_BYTES, MAX_CHUNK_MEMBERS, MAX_DEPARTED, MAX_NOTICES, max_presence_events,
};
use super::web::{MAX_REQUEST_BYTES, MAX_SOCKET_BYTES, SPARE_CONNECTIONS};
use crate::chat::{
    ENTRY_OVERHEAD_BYTES, IDENTITY_BYTES, MAX_NAMED_DEPARTED, MAX_RESERVATIONS, MAX_RETAINED_SEATS,
    NAME_INDEX_BYTES, RESERVATION_BYTES, max_joins_within, max_seat_bytes,
};
use crate::config::RoomSettings;
use crate::process::{RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES};
use crate::units;
use crate::wire::MAX_REFERENCE_BYTES;

/// The program without clients: code, libraries, the page and its routes. Measured: 6 MiB.
const PROGRAM_BYTES: usize = 8 * 1024 * 1024;

/// A participant in a welcome, or a join in the ring: a name of at most 64 bytes, number and tag.
const PARTICIPANT_BYTES: usize = 128;

/// How long a welcome lives if its client does not read it: as long as a poll, which has more time than
/// a socket.
const WELCOME_SECONDS: u64 = 70;

/// A notice to the operator: an escaped name and a few numbers.
const NOTICE_BYTES: usize = 256;

/// One bounded use of memory.
#[derive(Debug)]
struct Share {
    what: &'static str,
    max_count: usize,
    each_bytes: usize,
}

/// All uses of memory, each at its bound, at the same time.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    /// In this process; overwritten when it is freed.
    process: Vec<Share>,
    /// In the kernel, which clears it before another process gets it.
    kernel: Share,
}

impl MemoryLimit {
    /// The limit of a room with these settings.
    pub(super) fn of(room: &RoomSettings) -> Self {
        let share = |what, max_count, each_bytes| Share { what, max_count, each_bytes };
        let participants = room.max_participants;
        // Pending or closing connections; and all, with those of participants.
        let (pending, connections) =
            (participants + SPARE_CONNECTIONS, 2 * participants + SPARE_CONNECTIONS);
        let seats = participants + MAX_RETAINED_SEATS;
        let names = MAX_RESERVATIONS + seats + MAX_NAMED_DEPARTED;
        let seat = max_seat_bytes(MAX_REFERENCE_BYTES) + IDENTITY_BYTES;
        let presence = max_presence_events(participants);
        let chunk = MAX_CHUNK_MEMBERS * PARTICIPANT_BYTES;
        let chunks = 2 * max_joins_within(WELCOME_SECONDS, participants);
        // The list of chunks, which doubles when it grows; two chunks that are not shared; the
        // departed.
        let pointers = 2 * (participants / MAX_CHUNK_MEMBERS + 4) * size_of::<Arc<str>>();
        let welcome = pointers + 2 * chunk + MAX_DEPARTED * PARTICIPANT_BYTES;
        let process = vec![
            share("the program", 1, PROGRAM_BYTES),
            share("text of messages", 1, room.ring.bytes),
            share("messages in the ring", room.ring.events, ENTRY_OVERHEAD_BYTES),
            share(
                "joins and leaves in the ring",
                presence,
                ENTRY_OVERHEAD_BYTES + PARTICIPANT_BYTES,
            ),
            share("seats, also of some who left", seats, seat),
            share("names of others who left", MAX_NAMED_DEPARTED, IDENTITY_BYTES),
            share("reserved names, as hashes", names, NAME_INDEX_BYTES + RESERVATION_BYTES),
            share("chunks of the roster", chunks, chunk),
            share("welcomes being sent", connections, welcome),
            share("sockets", participants, MAX_SOCKET_BYTES),
            share("batches being sent", participants, MAX_BATCH_BYTES),
            share("frames shared by sockets", MAX_FRAMES, 2 * MAX_BATCH_BYTES),
            share("pages, polls, closing sockets", pending, MAX_REQUEST_BYTES + MAX_BATCH_BYTES),
            share("notices to the operator", MAX_NOTICES, NOTICE_BYTES),
        ];
        // The kernel doubles what is asked for, for its own bookkeeping (socket(7)).
        let buffers = 2 * (SEND_BUFFER_BYTES + RECEIVE_BUFFER_BYTES);
        Self { process, kernel: share("connections and sockets", connections, buffers) }
    }

    /// Bytes of this process, with a quarter on top for fragmentation.
    fn total(&self) -> usize {
        self.process.iter().map(Share::bytes).sum::<usize>() / 4 * 5
    }
}

impl Share {
    fn bytes(&self) -> usize {
        self.max_count * self.each_bytes
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, max_count, each_bytes } = self;
        let (each, all) = (format_bytes(*each_bytes), format_bytes(self.bytes()));
        writeln!(f, "  {what:<30} {max_count:>7} x {each:>10} = {all:>10}")
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "most memory of chattrace-serve, with every bound reached at the same time:")?;
        self.process.iter().try_for_each(|share| share.fmt(f))?;
        let total = self.total();
        let sum = format_bytes(total);
        writeln!(f, "  with a quarter on top for fragmentation, {sum} ({total} bytes)")?;
        writeln!(f, "buffers of the kernel in addition, at most:")?;
        self.kernel.fmt(f)?;
        write!(f, "At a bound, new work is refused or waits; what is there goes on.")
    }
}

fn format_bytes(bytes: usize) -> String {
    units::format_bytes(bytes as u64)
}
