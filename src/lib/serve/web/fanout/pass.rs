//! One pass over all sockets, whenever something is new.

use std::collections::VecDeque;
use std::sync::Arc;

use super::owner::WriteOwner;
use super::{FanOut, Subscriber};
use crate::serve::hub::{Batch, ConnectionId, Hub, Position, Snapshot};
use crate::serve::web::socket::{Offered, Outgoing, Writer};

/// Sockets that are written to before others have their turn: newcomers, the end of the session, and
/// those who speak, of whom the next share hears at once. Measured at 50 to 10 000 receivers: with a
/// pass in one piece, everybody waits for its end, and then hears of all at once while the processor
/// idles; 8 and 16 carry up to 1.8 times as much, 32 less for few.
const SHARE: usize = 16;

/// Frames at hand at a time. Whoever keeps up is where the others are, so it is one or two; the oldest
/// goes when there are more.
pub(in crate::serve) const FRAMES: usize = 8;

/// Writes what is new, for ever.
pub(in crate::serve::web) async fn run(fan_out: Arc<FanOut>, hub: Arc<Hub>) {
    let mut bell = hub.subscribe();
    let mut resume_count = 0;
    // The hub cannot be gone: it is held here.
    while bell.changed().await.is_ok() {
        let (snapshot, frames) = (hub.snapshot(), VecDeque::new());
        let mut pass = Pass { hub: &hub, snapshot, resume_count, writes: 0, frames };
        resume_count = pass.snapshot.resume_count;
        let mut begin = 0;
        while let Some(next) = pass.share(&fan_out, begin) {
            begin = next;
            tokio::task::yield_now().await;
            pass.look();
        }
    }
}

struct Pass<'a> {
    hub: &'a Hub,
    snapshot: Snapshot,
    /// As it was at the pass before.
    resume_count: u64,
    /// In this share.
    writes: usize,
    /// What is to be sent, each for those who are at its beginning.
    frames: VecDeque<Frame>,
}

/// What everybody is sent who has read up to its beginning.
struct Frame {
    begin: Position,
    end: Position,
    /// Empty, if there is nothing to send and only the position changes.
    whole: Vec<u8>,
    /// The same in parts that are shared with the ring.
    parts: Outgoing,
    typing: Vec<u64>,
}

impl Pass<'_> {
    /// Looks whether something is new again. What was put together for those before goes to nobody
    /// then: with it, the next would need two writes.
    fn look(&mut self) {
        let snapshot = self.hub.snapshot();
        if snapshot != self.snapshot {
            self.frames.clear();
            self.snapshot = snapshot;
        }
    }

    /// Looks at the sockets from number `begin` on, and says where to go on, if there are more.
    fn share(&mut self, fan_out: &FanOut, begin: usize) -> Option<usize> {
        let mut subscribers = fan_out.lock();
        self.writes = 0;
        // By number: an iterator would begin with the first of ten thousand each time.
        for number in begin..subscribers.capacity() {
            if self.writes >= SHARE {
                return Some(number);
            }
            if let Some(subscriber) = subscribers.get_mut(number) {
                self.serve(subscriber);
            }
        }
        None
    }

    fn serve(&mut self, subscriber: &mut Subscriber) {
        let WriteOwner::FanOut { writer, position, .. } = &mut subscriber.owner else { return };
        let id = subscriber.id;
        let replaced = self.snapshot.resume_count != self.resume_count && !self.hub.is_current(id);
        let keeps_up = !replaced && self.write(writer, id, position);
        if keeps_up && !self.snapshot.closing {
            return;
        }
        if let Some(task) = subscriber.owner.give_back() {
            task.wake();
        }
    }

    /// Writes all that is new to a socket; false where only its task can go on.
    fn write(&mut self, writer: &mut Writer, id: ConnectionId, position: &mut Position) -> bool {
        while *position != self.snapshot.latest {
            self.writes += 1;
            let frame = self.frame(*position);
            if frame.typing.contains(&id.number) {
                // Nobody is told that they type themselves.
                return false;
            }
            if !frame.whole.is_empty() {
                match writer.offer(&frame.whole, &frame.parts) {
                    Offered::Sent => {}
                    Offered::Begun => {
                        *position = frame.end;
                        return false;
                    }
                    Offered::Refused => return false,
                }
            }
            *position = frame.end;
        }
        true
    }

    /// What follows a position.
    fn frame(&mut self, begin: Position) -> &Frame {
        let known = self.frames.iter().position(|frame| frame.begin == begin);
        let index = known.unwrap_or_else(|| {
            if self.frames.len() == FRAMES {
                self.frames.pop_front();
            }
            self.frames.push_back(Frame::of(begin, self.hub.read_after(begin)));
            self.frames.len() - 1
        });
        &self.frames[index]
    }
}

impl Frame {
    fn of(begin: Position, batch: Batch) -> Self {
        let (end, typing) = (batch.end, batch.typing.clone());
        let is_empty = batch.is_empty();
        let parts = Outgoing::text(batch.into_lines());
        let whole = if is_empty { Vec::new() } else { parts.whole() };
        Self { begin, end, whole, parts, typing }
    }
}
