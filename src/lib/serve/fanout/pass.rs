//! Runs a pass over all sockets whenever there is something new in the room.

use std::collections::VecDeque;
use std::sync::Arc;

use super::subscribers::{FanOut, Subscriber};
use super::write_owner::WriteOwner;
use crate::serve::hub::{Batch, ConnectionId, Hub, Position, Snapshot};
use crate::serve::websocket::{OutgoingFrame, SendOutcome, Writer};

/// Sockets that are written to before the runtime polls other tasks: joins, the end of the session, and
/// senders, whose messages the next turn then carries. Measured with 50 to 10 000 receivers: when a
/// pass is one turn, all senders wait for its end, then speak at once while the processor idles; turns
/// of 8 and 16 carry up to 1.8 times as much, turns of 32 less with few receivers.
const SOCKETS_PER_TURN: usize = 16;

/// Frames that are kept for reuse during a pass. Sockets that keep up are at the same position, so one
/// or two are in use; when there are more, the oldest is dropped.
pub(in crate::serve) const MAX_FRAMES: usize = 8;

/// Sends what is new to all sockets, until it is dropped.
pub(in crate::serve) async fn run(fan_out: Arc<FanOut>, hub: Arc<Hub>) {
    let mut changes = hub.subscribe();
    let mut seat_changes = 0;
    // Never an error: the hub, which has the sender, lives as long as this `Arc`.
    while changes.changed().await.is_ok() {
        let (snapshot, frames) = (hub.snapshot(), VecDeque::new());
        let mut pass = Pass { hub: &hub, snapshot, seat_changes, writes: 0, frames };
        seat_changes = pass.snapshot.seat_changes;
        let mut next = 0;
        while let Some(key) = pass.run_turn(&fan_out, next) {
            next = key;
            tokio::task::yield_now().await;
            pass.refresh();
        }
    }
}

struct Pass<'a> {
    hub: &'a Hub,
    snapshot: Snapshot,
    /// [`Snapshot::seat_changes`] at the previous pass.
    seat_changes: u64,
    /// Writes in this turn.
    writes: usize,
    /// One frame for each position at which sockets are; at most [`MAX_FRAMES`].
    frames: VecDeque<SharedFrame>,
}

/// All that is sent to a socket at position `begin`.
struct SharedFrame {
    begin: Position,
    end: Position,
    /// The frame in one piece for write(2); empty if only the position changes.
    bytes: Vec<u8>,
    /// The same frame in lines that are shared with the ring.
    outgoing: OutgoingFrame,
    /// Whether a line differs from socket to socket. The frame is empty then, and no socket gets it.
    is_per_reader: bool,
    /// Numbers of the participants that it says are typing.
    typing: Vec<u32>,
}

impl Pass<'_> {
    /// Takes a new snapshot. If it differs, all frames are dropped: a socket that got one of them would
    /// need a second write.
    fn refresh(&mut self) {
        let snapshot = self.hub.snapshot();
        if snapshot != self.snapshot {
            self.frames.clear();
            self.snapshot = snapshot;
        }
    }

    /// Serves the sockets from key `first` on. Returns the key to go on with if the turn ends before
    /// the last socket.
    fn run_turn(&mut self, fan_out: &FanOut, first: usize) -> Option<usize> {
        let mut subscribers = fan_out.lock();
        self.writes = 0;
        // By key: an iterator would start with the first of ten thousand sockets at each turn.
        for key in first..subscribers.capacity() {
            if self.writes >= SOCKETS_PER_TURN {
                return Some(key);
            }
            if let Some(subscriber) = subscribers.get_mut(key) {
                self.serve(subscriber);
            }
        }
        None
    }

    /// Sends what is new to one socket. Gives the writer back to its task if only the task can go on.
    fn serve(&mut self, subscriber: &mut Subscriber) {
        let WriteOwner::FanOut { writer, position, .. } = &mut subscriber.owner else { return };
        let id = subscriber.id;
        let may_differ = self.snapshot.seat_changes != self.seat_changes;
        let follows_all = !may_differ || self.hub.follows_all(id);
        let keeps_up = follows_all && self.send_new(writer, id, position);
        if keeps_up && !self.snapshot.closing {
            return;
        }
        if let Some(task) = subscriber.owner.give_back() {
            task.wake();
        }
    }

    /// Sends all that is new after `position`; false if only the task of the socket can go on.
    fn send_new(&mut self, writer: &mut Writer, id: ConnectionId, position: &mut Position) -> bool {
        while *position != self.snapshot.latest {
            self.writes += 1;
            let frame = self.frame_at(*position);
            if frame.is_per_reader || frame.typing.contains(&id.number) {
                // The task adds the letters of this participant, and leaves out their own `typing`.
                return false;
            }
            if !frame.bytes.is_empty() {
                match writer.try_send(&frame.bytes, &frame.outgoing) {
                    SendOutcome::Complete => {}
                    SendOutcome::Partial => {
                        *position = frame.end;
                        return false;
                    }
                    SendOutcome::NotSent => return false,
                }
            }
            *position = frame.end;
        }
        true
    }

    /// The frame for sockets at this position, built once for all of them.
    fn frame_at(&mut self, begin: Position) -> &SharedFrame {
        let known = self.frames.iter().position(|frame| frame.begin == begin);
        let index = known.unwrap_or_else(|| {
            if self.frames.len() == MAX_FRAMES {
                self.frames.pop_front();
            }
            self.frames.push_back(SharedFrame::new(begin, self.hub.read_after(begin)));
            self.frames.len() - 1
        });
        &self.frames[index]
    }
}

impl SharedFrame {
    fn new(begin: Position, batch: Batch) -> Self {
        let (end, typing, is_per_reader) = (batch.end, batch.typing.clone(), batch.is_per_reader());
        let lines = batch.into_shared_lines();
        let is_empty = lines.is_empty();
        let outgoing = OutgoingFrame::text(lines);
        let bytes = if is_empty { Vec::new() } else { outgoing.to_bytes() };
        Self { begin, end, bytes, outgoing, is_per_reader, typing }
    }
}
