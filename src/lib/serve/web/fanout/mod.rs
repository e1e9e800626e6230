//! What is new, to everybody who has read all before it: one pass over the sockets, one write each.
//!
//! What costs is the number of system calls, and next to it whatever is done for each receiver
//! around them: waking a task, looking for its seat, pointing at each line. So whoever keeps up has
//! nothing done for them but the write, of bytes that all of them share. Whoever does not takes the
//! writing back, and their own task goes on at their pace.

mod pass;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use slab::Slab;
use tokio::net::TcpStream;

use super::super::hub::{Hub, Position, Speaker};
use super::socket::Outgoing;

pub(in crate::serve) use pass::FRAMES;
pub(super) use pass::run;

/// All sockets of people in the room.
#[derive(Debug, Default)]
pub(super) struct FanOut {
    subscribers: Mutex<Slab<Subscriber>>,
}

#[derive(Debug)]
struct Subscriber {
    stream: Arc<TcpStream>,
    speaker: Speaker,
    turn: Turn,
}

/// Whose turn it is to write to a socket.
#[derive(Debug)]
enum Turn {
    /// The pass over all of them.
    Pass {
        /// Everything up to here is sent.
        position: Position,
        /// The task of the socket, which listens meanwhile.
        task: Option<Waker>,
    },
    /// The task of the socket.
    Task(Option<Left>),
}

/// How the fan-out leaves a socket to its task.
#[derive(Debug)]
pub(super) struct Left {
    /// Everything up to here is sent, or is in `begun`.
    pub(super) position: Position,
    /// A frame of which a part is sent.
    pub(super) begun: Option<Outgoing>,
}

/// One socket among all of them, from its side. It is out when this is dropped.
#[derive(Debug)]
pub(super) struct Subscription {
    fan_out: Arc<FanOut>,
    key: usize,
}

impl FanOut {
    /// One more socket. It is its task's turn to write.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        stream: Arc<TcpStream>,
        speaker: Speaker,
    ) -> Subscription {
        let subscriber = Subscriber { stream, speaker, turn: Turn::Task(None) };
        let key = self.lock().insert(subscriber);
        Subscription { fan_out: Arc::clone(self), key }
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Subscriber>> {
        // A panic in one task must not silence the others; no change under this lock is half done.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Leaves the writing to the pass, unless there is something new behind `position` already.
    pub(super) fn leave(&self, hub: &Hub, position: Position) {
        let mut subscribers = self.fan_out.lock();
        // Under the lock: what is published after this look rings for a pass that waits for the lock.
        let survey = hub.survey();
        if survey.latest == position && !survey.ending {
            subscribers[self.key].turn = Turn::Pass { position, task: None };
        }
    }

    /// Whether it is the turn of the pass.
    pub(super) fn is_left(&self) -> bool {
        matches!(self.fan_out.lock()[self.key].turn, Turn::Pass { .. })
    }

    /// Takes the writing back; says how far it has come, if it was left.
    pub(super) fn take(&self) -> Option<Left> {
        let turn = &mut self.fan_out.lock()[self.key].turn;
        match std::mem::replace(turn, Turn::Task(None)) {
            Turn::Pass { position, .. } => Some(Left { position, begun: None }),
            Turn::Task(left) => left,
        }
    }

    /// Returns when the pass has given the writing back. Safe to cancel.
    pub(super) async fn given_back(&self) {
        std::future::poll_fn(|cx| match &mut self.fan_out.lock()[self.key].turn {
            Turn::Task(_) => Poll::Ready(()),
            Turn::Pass { task, .. } => {
                match task {
                    Some(task) => task.clone_from(cx.waker()),
                    None => *task = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        })
        .await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.fan_out.lock().remove(self.key);
    }
}
