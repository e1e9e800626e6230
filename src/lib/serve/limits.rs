//! The most memory that the room can take: the sum of all its bounds. At a bound, new work is refused
//! or waits, and what is there goes on.

use std::fmt;
use std::sync::Arc;

use super::fanout::MAX_FRAMES;
use super::hub::{
    MAX_BATCH_BYTES, MAX_CHUNK_MEMBERS, MAX_DEPARTED, MAX_KEPT_DECISIONS, MAX_KEYS_BYTES,
    MAX_KNOCKS_IN_FLIGHT, MAX_KNOCKS_WAITING, MAX_NOTICES, MAX_REQUESTS, OWN_LINE_BYTES,
    POLLER_BYTES, max_presence_events,
};
use super::web::{MAX_REQUEST_BYTES, MAX_SOCKET_BYTES, SPARE_CONNECTIONS};
use crate::chat::{
    ENTRY_OVERHEAD_BYTES, IDENTITY_BYTES, LINK_BYTES, MAX_NAMED_DEPARTED, MAX_REMOVED,
    MAX_RESERVATIONS, MAX_RETAINED_SEATS, MUTE_BYTES, NAME_INDEX_BYTES, REMOVED_BYTES,
    RESERVATION_BYTES, SLOW_MODE_BYTES, WAITING_BYTES, max_joins_within, max_seat_bytes,
};
use crate::config::{Mode, RoomSettings};
use crate::control::{MAX_LINKS, MAX_SEALED_BYTES, MAX_WAITING};
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

/// A client in the lobby: its secrets, and what its task waits for.
const WAITER_BYTES: usize = 512;

/// A supervisor that reads nothing for so long ends the session.
const STUCK_SECONDS: u64 = 2;

/// A participant in a generation: a letter as text, and an entry in the roster of all and in that of those
/// who came, each in a part of its own at worst.
const GENERATION_MEMBER_BYTES: usize = 120 + 2 * 384;

/// Participants of all generations to which a welcome is still being sent: the host changes keys for 2 000 at
/// once and for 100 more each second, while a client takes its welcome.
const MAX_WELCOMED_MEMBERS: usize = 2000 + 100 * WELCOME_SECONDS as usize;

/// A handshake that waits for the host, or a message about it: the longest is a request of 272 bytes.
const HANDSHAKE_BYTES: usize = 512;

/// A welcome to a sealed room without the roster, which all share.
const SEALED_WELCOME_BYTES: usize = 1024;

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
        let participants = room.max_participants;
        // Pending or closing connections, and those of people in the lobby; and all, with those of
        // participants.
        let pending = participants + SPARE_CONNECTIONS + MAX_WAITING;
        let connections = participants + pending;
        let mut process = vec![
            share("the program", 1, PROGRAM_BYTES),
            share("text of messages", 1, room.ring.bytes),
            share("messages in the ring", room.ring.events, ENTRY_OVERHEAD_BYTES),
            share("links", MAX_LINKS, LINK_BYTES),
        ];
        process.extend(match room.mode {
            Mode::Open => open_shares(participants, connections),
            Mode::Sealed => sealed_shares(participants, connections),
        });
        process.extend(order_shares(participants));
        process.extend([
            share("sockets", participants, MAX_SOCKET_BYTES),
            share("batches being sent", participants, MAX_BATCH_BYTES),
            share("frames shared by sockets", MAX_FRAMES, 2 * MAX_BATCH_BYTES),
            share("pages, polls, closing sockets", pending, MAX_REQUEST_BYTES + MAX_BATCH_BYTES),
        ]);
        // The kernel doubles what is asked for, for its own bookkeeping (socket(7)).
        let buffers = 2 * (SEND_BUFFER_BYTES + RECEIVE_BUFFER_BYTES);
        Self { process, kernel: share("connections and sockets", connections, buffers) }
    }

    /// Bytes of this process, with a quarter on top for fragmentation.
    fn total(&self) -> usize {
        self.process.iter().map(Share::bytes).sum::<usize>() / 4 * 5
    }
}

fn share(what: &'static str, max_count: usize, each_bytes: usize) -> Share {
    Share { what, max_count, each_bytes }
}

/// What is kept of the operator's orders, and of connections to answer them.
fn order_shares(participants: usize) -> Vec<Share> {
    let seats = participants + MAX_RETAINED_SEATS;
    vec![
        // Of those who have a seat, and of as many who are about to get one.
        share("mutes", 2 * seats, MUTE_BYTES + OWN_LINE_BYTES),
        share("last messages in slow mode", seats, SLOW_MODE_BYTES),
        share("removed participants", MAX_REMOVED, REMOVED_BYTES),
        share("participants who poll", seats, POLLER_BYTES),
    ]
}

/// What only an open room has: names.
fn open_shares(participants: usize, connections: usize) -> Vec<Share> {
    let seats = participants + MAX_RETAINED_SEATS;
    let names = MAX_RESERVATIONS + seats + MAX_NAMED_DEPARTED + MAX_REMOVED;
    let presence = max_presence_events(participants);
    let chunk = MAX_CHUNK_MEMBERS * PARTICIPANT_BYTES;
    let chunks = 2 * max_joins_within(WELCOME_SECONDS, participants);
    // The list of chunks, which doubles when it grows; two chunks that are not shared; the departed.
    let pointers = 2 * (participants / MAX_CHUNK_MEMBERS + 4) * size_of::<Arc<str>>();
    let welcome = pointers + 2 * chunk + MAX_DEPARTED * PARTICIPANT_BYTES;
    let seat = max_seat_bytes(MAX_REFERENCE_BYTES) + IDENTITY_BYTES;
    let name = IDENTITY_BYTES + NAME_INDEX_BYTES;
    // That people wait and do not any more, each at most once for a place in the lobby and once for what was
    // sent before; and joins by invites.
    let reports = 3 * MAX_WAITING + max_joins_within(STUCK_SECONDS, participants);
    vec![
        share("joins and leaves in the ring", presence, ENTRY_OVERHEAD_BYTES + PARTICIPANT_BYTES),
        share("seats, also of some who left", seats, seat),
        share("names of others who left", MAX_NAMED_DEPARTED + MAX_REMOVED, IDENTITY_BYTES),
        share("reserved names, as hashes", names, NAME_INDEX_BYTES + RESERVATION_BYTES),
        share("chunks of the roster", chunks, chunk),
        share("welcomes being sent", connections, welcome),
        share("notices to the operator", MAX_NOTICES, NOTICE_BYTES),
        share("people in the lobby", MAX_WAITING, WAITING_BYTES + WAITER_BYTES + name),
        share("reports to the operator", reports, NOTICE_BYTES),
    ]
}

/// What only a sealed room has: handshakes, letters, and parts of the roster.
fn sealed_shares(participants: usize, connections: usize) -> Vec<Share> {
    let seats = participants + MAX_RETAINED_SEATS;
    let knocks = MAX_KNOCKS_IN_FLIGHT + MAX_KNOCKS_WAITING + MAX_REQUESTS;
    vec![
        share(
            "changes of keys in the ring",
            max_presence_events(participants),
            ENTRY_OVERHEAD_BYTES,
        ),
        share("letters and newcomers in them", 1, MAX_KEYS_BYTES),
        share("generation being prepared", participants, GENERATION_MEMBER_BYTES),
        share("generations in welcomes", MAX_WELCOMED_MEMBERS, GENERATION_MEMBER_BYTES),
        share("seats, also of some who left", seats, max_seat_bytes(MAX_REFERENCE_BYTES)),
        share("handshakes with the host", knocks, HANDSHAKE_BYTES),
        share("requests in the lobby", MAX_WAITING, WAITER_BYTES),
        share("refusals of those who poll", MAX_KEPT_DECISIONS, WAITER_BYTES + MAX_SEALED_BYTES),
        share("messages to the host", 3 * knocks + 2 * seats, HANDSHAKE_BYTES),
        share("welcomes being sent", connections, SEALED_WELCOME_BYTES),
    ]
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
