//! Which of two may write to a socket: its task or the fan-out. No I/O.

use std::task::{Context, Poll, Waker};

use crate::serve::hub::Position;

/// Where the one writer `W` of a socket is. It moves as a whole, together with the position up to which
/// the socket was sent everything, so no event is sent twice or left out.
#[derive(Debug)]
pub(super) enum WriteOwner<W> {
    /// The task of the socket has it.
    Task,
    /// The fan-out has it.
    FanOut {
        writer: W,
        /// Everything up to here is sent.
        position: Position,
        /// Wakes the task, which reads from the client meanwhile.
        task: Option<Waker>,
    },
    /// The fan-out has given it back; the task has not reclaimed it yet.
    Returned {
        writer: W,
        /// Everything up to here is sent, or waits partly sent in the writer.
        position: Position,
    },
    /// Nothing more is written.
    Closed,
}

impl<W> WriteOwner<W> {
    /// Moves the writer from the task to the fan-out.
    pub(super) fn hand_over(&mut self, writer: W, position: Position) {
        *self = Self::FanOut { writer, position, task: None };
    }

    /// Moves the writer to the task, wherever it is; `None` if the task has it, or it is closed.
    pub(super) fn reclaim(&mut self) -> Option<(W, Position)> {
        match std::mem::replace(self, Self::Task) {
            Self::Task => None,
            Self::FanOut { writer, position, .. } | Self::Returned { writer, position } => {
                Some((writer, position))
            }
            Self::Closed => {
                *self = Self::Closed;
                None
            }
        }
    }

    /// Takes the writer for good, and the task's waker, if it waits for the writer; `None` if the task has
    /// it.
    pub(super) fn close(&mut self) -> Option<(W, Option<Waker>)> {
        match std::mem::replace(self, Self::Closed) {
            Self::FanOut { writer, task, .. } => Some((writer, task)),
            Self::Returned { writer, .. } => Some((writer, None)),
            other @ (Self::Task | Self::Closed) => {
                *self = other;
                None
            }
        }
    }

    /// Offers the writer of the fan-out to the task. Returns the task's waker, if it waits for the
    /// writer.
    pub(super) fn give_back(&mut self) -> Option<Waker> {
        match std::mem::replace(self, Self::Task) {
            Self::FanOut { writer, position, task } => {
                *self = Self::Returned { writer, position };
                task
            }
            other @ (Self::Task | Self::Returned { .. } | Self::Closed) => {
                *self = other;
                None
            }
        }
    }

    /// Ready when the fan-out does not have the writer; until then, [`Self::give_back`] wakes the task.
    pub(super) fn poll_returned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Task | Self::Returned { .. } | Self::Closed => Poll::Ready(()),
            Self::FanOut { task, .. } => {
                match task {
                    Some(task) => task.clone_from(cx.waker()),
                    None => *task = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}
