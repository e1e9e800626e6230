//! The clients in the lobby of an open room: who waits, over which transport, and what becomes of them.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::lobby_decision::LobbyDecision;
use super::publish::participant;
use crate::chat::{RoomError, WaitEnd, Waiting};
use crate::control::RoomReport;
use crate::serve::hub::connection::{Arrival, Connection};
use crate::serve::hub::room_state::RoomState;
use crate::serve::hub::{Hub, Inner, Life};
use crate::token::Secret;
use crate::wire::Refusal;

/// A client in the lobby, over a socket or a poll. Dropping it ends the wait of a socket, and begins the
/// time in which a client that polls has to poll again.
#[derive(Debug)]
pub(in crate::serve) struct LobbyClient {
    hub: Arc<Hub>,
    number: u32,
    transport: LobbyTransport,
    decision: oneshot::Receiver<LobbyDecision>,
}

/// By what a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum LobbyTransport {
    Socket,
    Poll,
}

/// How a wait ends for its client.
#[derive(Debug)]
pub(in crate::serve) enum LobbyEnd {
    /// The client is in the room.
    Admitted(Connection),
    /// It is not let in.
    Refused(Refusal),
    /// A newer transport of the same client waits in its place.
    Replaced,
}

impl Hub {
    /// Has someone wait who was added to the lobby, and asks the operator.
    pub(super) fn begin_wait(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u32,
    ) -> Result<LobbyClient, RoomError> {
        let open = inner.room.open()?;
        let identity = open.room.identity(number).ok_or(RoomError::NoSeat)?;
        let report = RoomReport::Waits { participant: participant(identity) };
        let (client, decision) = oneshot::channel();
        open.lobby.insert(number, client);
        inner.report(self, report);
        let transport = LobbyTransport::Socket;
        Ok(LobbyClient { hub: Arc::clone(self), number, transport, decision })
    }

    /// Goes on with the wait of a client over another transport, by its token. `None` if this is the token
    /// of no one in the lobby; it may be that of a seat.
    ///
    /// # Errors
    /// Why its person was not let in.
    pub(in crate::serve) fn return_to_lobby(
        self: &Arc<Self>,
        token: &str,
        transport: LobbyTransport,
    ) -> Result<Option<LobbyClient>, Refusal> {
        let mut inner = self.lock();
        let life = inner.life;
        let open = inner.room.open()?;
        match open.room.find_waiting(token) {
            Some(_) if life == Life::Closing => Err(Refusal::closing()),
            // As after a seat that has expired: such a client may join anew.
            None | Some(Waiting::Ended(RoomError::NoSeat)) => Ok(None),
            Some(Waiting::Ended(error)) => Err(error.into()),
            Some(Waiting::Undecided(number)) => {
                open.room.attach_waiting(number);
                let (client, decision) = oneshot::channel();
                // An older transport is replaced.
                open.lobby.insert(number, client);
                Ok(Some(LobbyClient { hub: Arc::clone(self), number, transport, decision }))
            }
        }
    }

    /// Lets someone in who waits. Without effect on anyone else, and once the room is closing. One whose link
    /// is dead is told so and waits no more; one for whom the room has no place goes on waiting, which is
    /// reported as if it began.
    pub(in crate::serve::hub) fn admit_waiting(&self, number: u32) {
        let mut inner = self.lock();
        if inner.life == Life::Closing {
            return;
        }
        let Inner { room, ring, .. } = &mut *inner;
        let Ok(open) = room.open() else { return };
        let history_start = ring.cursor_before_last(open.backlog);
        let now = Instant::now();
        match open.room.admit(number, now) {
            Ok(admitted) => {
                let client = open.lobby.remove(&number);
                self.let_in(&mut inner, admitted, history_start);
                let transport = inner.room.transport(number).unwrap_or_default();
                let decision = LobbyDecision::Admitted { transport };
                let sent = client.map(|client| client.send(decision));
                if !matches!(sent, Some(Ok(()))) {
                    // Between two polls, or gone: the seat waits for its participant.
                    inner.room.detach(number, transport, now);
                }
            }
            Err(RoomError::Full) => {
                if let Some(identity) = open.room.identity(number) {
                    let participant = participant(identity);
                    inner.report(self, RoomReport::Waits { participant });
                }
            }
            // Nothing to do, or `end_waits` does it.
            Err(_) => {}
        }
        self.end_waits(&mut inner, now);
    }

    /// Refuses someone who waits, at the word of the operator, who needs no report.
    pub(in crate::serve::hub) fn reject_waiting(&self, number: u32) {
        let mut inner = self.lock();
        let Ok(open) = inner.room.open() else { return };
        if open.room.stop_waiting(number, WaitEnd::Rejected) {
            let client = open.lobby.remove(&number);
            refuse(client, RoomError::NotAdmitted);
        }
    }

    /// Ends the waits that are over by themselves: too long, gone, or by a link that is dead.
    pub(in crate::serve::hub) fn end_waits(&self, inner: &mut Inner, now: Instant) {
        let Ok(open) = inner.room.open() else { return };
        for (number, end) in open.room.end_waits(now) {
            self.end_wait(inner, number, end.into());
        }
    }

    /// Tells the client of someone who waits no more why, and reports it.
    pub(in crate::serve::hub) fn end_wait(&self, inner: &mut Inner, number: u32, why: RoomError) {
        let Ok(open) = inner.room.open() else { return };
        refuse(open.lobby.remove(&number), why);
        inner.report(self, RoomReport::WaitEnded { number });
    }
}

fn refuse(client: Option<oneshot::Sender<LobbyDecision>>, why: RoomError) {
    // Fails if the client is gone.
    let _ = client.map(|client| client.send(LobbyDecision::Refused(why.into())));
}

impl LobbyClient {
    /// Waits for the decision. Cancel safe; not to be called again after it.
    pub(in crate::serve) async fn end(&mut self) -> LobbyEnd {
        match (&mut self.decision).await {
            Ok(LobbyDecision::Admitted { transport }) => {
                match self.hub.enter_from_lobby(self.number, transport) {
                    Ok(connection) => LobbyEnd::Admitted(connection),
                    Err(error) => LobbyEnd::Refused(error.into()),
                }
            }
            Ok(LobbyDecision::Refused(refusal)) => LobbyEnd::Refused(refusal),
            Err(_) => LobbyEnd::Replaced,
        }
    }

    /// Lets the wait go on without this task, until the next poll. Returns the token for it.
    pub(in crate::serve) fn keep_for_next_poll(mut self) -> Option<Secret> {
        self.transport = LobbyTransport::Poll;
        let mut inner = self.hub.lock();
        let open = inner.room.open().ok();
        open.and_then(|open| open.room.waiting_token(self.number))
    }

    /// Ends the wait: the client leaves.
    pub(in crate::serve) fn leave(mut self) {
        self.transport = LobbyTransport::Socket;
    }
}

impl Drop for LobbyClient {
    fn drop(&mut self) {
        let (hub, number, now) = (Arc::clone(&self.hub), self.number, Instant::now());
        let mut inner = hub.lock();
        match self.decision.try_recv() {
            Ok(LobbyDecision::Admitted { transport }) => {
                inner.room.detach(number, transport, now);
                return;
            }
            // The wait is over, or goes on over a newer transport.
            Ok(LobbyDecision::Refused(_)) | Err(TryRecvError::Closed) => return,
            Err(TryRecvError::Empty) => {}
        }
        self.decision.close();
        let RoomState::Open(open) = &mut inner.room else { return };
        open.lobby.remove(&number);
        match self.transport {
            LobbyTransport::Poll => open.room.detach_waiting(number, now),
            LobbyTransport::Socket => {
                if open.room.stop_waiting(number, WaitEnd::Gone) {
                    inner.report(&hub, RoomReport::WaitEnded { number });
                }
            }
        }
    }
}

impl Hub {
    /// Connects a participant who was let in from the lobby.
    ///
    /// # Errors
    /// When the seat is lost already.
    fn enter_from_lobby(
        self: &Arc<Self>,
        number: u32,
        transport: u64,
    ) -> Result<Connection, RoomError> {
        let mut inner = self.lock();
        if inner.room.transport(number) != Some(transport) {
            return Err(RoomError::NoSeat);
        }
        let start =
            inner.room.seat(number).map_or(u64::MAX, |seat| seat.resume_cursor(Some(0), u64::MAX));
        Ok(self.connect(&mut inner, number, start, Arrival::Newcomer))
    }
}
