//! Who may write to a socket: the one that has its writer. It is handed over and reclaimed as a whole, with
//! the position up to which everything is sent or begun.

use std::task::{Context, Poll, Waker};

use crate::serve::hub::Position;

/// Who has the writer `W` of a socket.
#[derive(Debug)]
pub(super) enum WriteOwner<W> {
    /// The task of the socket.
    Task,
    /// The fan-out.
    FanOut {
        writer: W,
        /// Everything up to here is sent.
        position: Position,
        /// Wakes the task of the socket, which reads meanwhile.
        task: Option<Waker>,
    },
    /// Neither: the fan-out has given it back, and the task has not taken it yet.
    Returned {
        writer: W,
        /// Everything up to here is sent, or is begun and waits in the writer.
        position: Position,
    },
}

impl<W> WriteOwner<W> {
    /// The task gives the writer to the fan-out.
    pub(super) fn hand_over(&mut self, writer: W, position: Position) {
        *self = Self::FanOut { writer, position, task: None };
    }

    /// The task takes the writer back, from wherever it is; `None` if the task has it.
    pub(super) fn reclaim(&mut self) -> Option<(W, Position)> {
        match std::mem::replace(self, Self::Task) {
            Self::Task => None,
            Self::FanOut { writer, position, .. } | Self::Returned { writer, position } => {
                Some((writer, position))
            }
        }
    }

    /// The fan-out gives the writer back; returns what wakes the task.
    pub(super) fn give_back(&mut self) -> Option<Waker> {
        if !matches!(self, Self::FanOut { .. }) {
            return None;
        }
        let Self::FanOut { writer, position, task } = std::mem::replace(self, Self::Task) else {
            return None;
        };
        *self = Self::Returned { writer, position };
        task
    }

    /// Whether the fan-out does not have the writer; the task is woken when it gives it back.
    pub(super) fn poll_returned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Task | Self::Returned { .. } => Poll::Ready(()),
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
