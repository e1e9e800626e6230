//! The question to the room's process by what everyone is connected, and its answer, which may never come.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::people::Number;
use crate::control::Connected;

/// An operator is answered after this long, also by a process that hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Most entries of one answer: the most that `room.max_participants` can be set to, each seat once.
const MAX_CONNECTIONS: usize = 10_000;

/// By what each person is connected, as far as it is known.
pub(in crate::supervisor) type Connections = BTreeMap<Number, Connected>;

/// The room's process reported what cannot be. Follows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::supervisor) enum FalseConnections {
    #[error("answered a question that was not asked")]
    NeverAsked,
    #[error("listed too many connections")]
    TooMany,
}

/// At most one question at a time.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct ConnectionQuery {
    /// The number of the last question; 0 before the first.
    last: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    deadline: Instant,
    listed: usize,
    connections: Connections,
}

impl ConnectionQuery {
    /// The number of the question that has to be asked; `None` if one is open already.
    pub(in crate::supervisor) fn ask(&mut self, now: Instant) -> Option<u64> {
        if self.open.is_some() {
            return None;
        }
        self.last += 1;
        let deadline = now + ANSWER_TIMEOUT;
        self.open = Some(Open { deadline, listed: 0, connections: Connections::new() });
        Some(self.last)
    }

    /// Takes one line of an answer; true once the answer is complete. An answer that comes too late is
    /// ignored.
    ///
    /// # Errors
    /// For one that no question belongs to, and for one without end.
    pub(in crate::supervisor) fn take(
        &mut self,
        request: u64,
        connections: Vec<(Number, Connected)>,
        is_last: bool,
    ) -> Result<bool, FalseConnections> {
        if request == 0 || request > self.last {
            return Err(FalseConnections::NeverAsked);
        }
        let Some(open) = self.open.as_mut().filter(|_| request == self.last) else {
            return Ok(false);
        };
        open.listed += connections.len();
        if open.listed > MAX_CONNECTIONS {
            return Err(FalseConnections::TooMany);
        }
        open.connections.extend(connections);
        Ok(is_last)
    }

    /// Until when the answer is waited for.
    pub(in crate::supervisor) fn deadline(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.deadline)
    }

    /// Ends the question, and returns what was answered.
    pub(in crate::supervisor) fn close(&mut self) -> Connections {
        self.open.take().map(|open| open.connections).unwrap_or_default()
    }
}
