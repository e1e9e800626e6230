//! Returns participants to a sealed room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::generation::Generation;
use super::reply::{ReturnDecision, Seated, expired};
use crate::chat::{Returning, RoomError};
use crate::control::FromRelay;
use crate::serve::hub::connection::{Arrival, Entered};
use crate::serve::hub::{Hub, Inner, Life};
use crate::wire::{self, Refusal, RefusalCode, SealedWelcome};

/// For the host's decision on a return, as for one on a request.
const RETURN_TIMEOUT: Duration = Duration::from_secs(25);

/// What becomes of a resume token.
#[derive(Debug)]
pub(in crate::serve) enum Resumed {
    /// Its participant is back on a new transport.
    Entered(Entered),
    /// Its participant had left, and the host decides.
    Asked(Return),
}

/// A return on which the host has not decided. Dropping it gives up the return for now: a later one finds
/// the participant where the host's decision has left them.
#[derive(Debug)]
pub(in crate::serve) struct Return {
    hub: Arc<Hub>,
    decision: oneshot::Receiver<ReturnDecision>,
}

/// What becomes of a return.
#[derive(Debug)]
pub(in crate::serve) enum ReturnReply {
    /// The participant is back.
    Readmitted(Entered),
    /// The participant cannot return, or not now.
    Refused(Refusal),
    /// A newer connection asks for the same participant.
    Replaced,
}

impl Return {
    /// Waits for the host's decision.
    pub(in crate::serve) async fn reply(mut self) -> ReturnReply {
        match timeout(RETURN_TIMEOUT, &mut self.decision).await {
            Ok(Ok(ReturnDecision::Readmitted(seated))) => match self.hub.enter(&seated) {
                Ok(entered) => ReturnReply::Readmitted(entered),
                Err(refusal) => ReturnReply::Refused(refusal),
            },
            Ok(Ok(ReturnDecision::Refused(refusal))) => ReturnReply::Refused(refusal),
            Ok(Ok(ReturnDecision::Replaced) | Err(_)) => ReturnReply::Replaced,
            Err(_) => {
                let text = "the host does not answer; wait a minute and try again";
                ReturnReply::Refused(Refusal::new(RefusalCode::TooFast, text))
            }
        }
    }
}

impl Drop for Return {
    fn drop(&mut self) {
        self.decision.close();
        if let Ok(ReturnDecision::Readmitted(seated)) = self.decision.try_recv() {
            let now = Instant::now();
            self.hub.lock().room.detach(seated.number, seated.transport, now);
        }
    }
}

impl Hub {
    /// Returns a participant to the seat of a resume token: to read on after the event `after`, or without
    /// it to the present.
    ///
    /// # Errors
    /// When there is no such seat, or not any more, or the room is closing and the participant had left.
    pub(in crate::serve) fn return_to_seat(
        self: &Arc<Self>,
        token: &str,
        after: Option<u64>,
    ) -> Result<Resumed, Refusal> {
        let mut inner = self.lock();
        let life = inner.life;
        let sealed = inner.room.sealed()?;
        match sealed.seats.resume(token)? {
            Returning::Present(number) => {
                inner.seat_changes += 1;
                let entered = self.reenter(&mut inner, number, after);
                // An older connection of the same seat must learn that it is replaced.
                self.notify();
                entered.map(Resumed::Entered)
            }
            Returning::Left(_) if life == Life::Closing => Err(Refusal::closing()),
            Returning::Left(number) => {
                let (waiter, decision) = oneshot::channel();
                match sealed.returns.insert(number, waiter) {
                    // The host has been asked.
                    Some(older) => {
                        let _ = older.send(ReturnDecision::Replaced);
                    }
                    None => self.send_to_host(sealed, FromRelay::Returns { number }),
                }
                Ok(Resumed::Asked(Return { hub: Arc::clone(self), decision }))
            }
        }
    }

    /// Connects a participant who is present.
    fn reenter(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u32,
        after: Option<u64>,
    ) -> Result<Entered, Refusal> {
        let latest = inner.ring.latest_seq();
        let Some(after) = after else {
            let generation = inner.room.sealed()?.newest.clone();
            let generation = generation.ok_or_else(expired)?;
            return self.welcome_to(inner, number, &generation, latest);
        };
        let seat = inner.room.seat(number).ok_or_else(expired)?;
        let cursor = seat.resume_cursor(Some(after), latest);
        let resume = seat.resume_token();
        let welcome = wire::sealed_resumed_line(
            &self.epoch,
            &resume,
            cursor,
            &self.terms,
            inner.rules_view(),
        );
        let connection = self.connect(inner, number, cursor, Arrival::Returning);
        Ok((connection, vec![welcome]))
    }

    /// Connects a participant who has just got a seat, with the welcome to a generation.
    ///
    /// # Errors
    /// When a newer connection has the seat, or the host has made no letter for this participant, who then
    /// leaves.
    pub(super) fn enter(self: &Arc<Self>, seated: &Seated) -> Result<Entered, Refusal> {
        let Seated { number, transport, generation } = seated;
        let mut inner = self.lock();
        if inner.room.is_removed(*number) {
            return Err(RoomError::Removed.into());
        }
        if inner.room.transport(*number) != Some(*transport) {
            return Err(expired());
        }
        let entered = self.welcome_to(&mut inner, *number, generation, generation.seq);
        if entered.is_err() {
            let sealed = inner.room.sealed()?;
            let events = sealed.seats.leave(*number, Instant::now());
            self.report_gone(sealed, events);
        }
        entered
    }

    /// Connects a participant of this generation, with the welcome to it, to read on after event `seq`.
    ///
    /// # Errors
    /// When the host has made no letter for this participant.
    fn welcome_to(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u32,
        generation: &Generation,
        seq: u64,
    ) -> Result<Entered, Refusal> {
        let letter = generation.keys.letter(number).ok_or_else(expired)?;
        let resume = inner.room.seat(number).ok_or_else(expired)?.resume_token();
        let welcome = SealedWelcome {
            epoch: &self.epoch,
            resume: &resume,
            seq,
            generation: generation.number,
            letter,
            roster: Arc::clone(&generation.roster),
            terms: &self.terms,
            rules: inner.rules_view(),
        };
        let pieces = welcome.into_pieces();
        Ok((self.connect(inner, number, seq, Arrival::Returning), pieces))
    }
}
