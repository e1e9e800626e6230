//! The lobby of a sealed room, as far as the relay has it: requests about which the host decides later.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::knock::{Knock, KnockEnd, LobbyStage};
use super::reply::{Decision, Reply, Seated, Verdict, expired};
use super::room::SealedRoom;
use super::waiters::{Found, WaitEnd};
use crate::chat::RoomError;
use crate::control::{MAX_WAITING, Sealed};
use crate::serve::hub::Hub;
use crate::token::Secret;
use crate::wire::Refusal;

/// What a client finds that polls with the token of its knock.
#[derive(Debug)]
pub(in crate::serve) enum FoundKnock {
    /// It still waits.
    Waiting(Knock),
    /// The decision was made meanwhile. With the seat, the resume token of the participant.
    Seated(Secret),
    /// The decision was made meanwhile: no.
    Ended(KnockEnd),
}

impl Hub {
    /// Goes on with the wait of a client that polls, by the token of its knock. `None` if no such knock
    /// waits, or did a short while ago.
    pub(in crate::serve) fn find_waiting_knock(
        self: &Arc<Self>,
        token: &str,
    ) -> Option<FoundKnock> {
        let (waiter, reply) = oneshot::channel();
        let mut inner = self.lock();
        let sealed = inner.room.sealed().ok()?;
        Some(match sealed.lobby.find(token, waiter)? {
            Found::Waiting(number) => {
                let (hub, lobby) = (Arc::clone(self), LobbyStage::Polling);
                FoundKnock::Waiting(Knock { hub, number, reply, lobby })
            }
            Found::Decided(Verdict::Seated(number)) => match sealed.seats.get(number) {
                Some(seat) => FoundKnock::Seated(seat.resume_token()),
                None => FoundKnock::Ended(KnockEnd::Refused(expired())),
            },
            Found::Decided(Verdict::RefusedSealed(reason)) => {
                FoundKnock::Ended(KnockEnd::RefusedSealed(reason))
            }
            Found::Decided(Verdict::Closing) => {
                FoundKnock::Ended(KnockEnd::Refused(Refusal::closing()))
            }
            Found::Decided(Verdict::NotInTime) => {
                FoundKnock::Ended(KnockEnd::Refused(RoomError::NotAnswered.into()))
            }
        })
    }

    /// The host decides later. Only on a request that it has, and for as many as a lobby holds: another
    /// one ends like any request that the host leaves without a decision.
    pub(super) fn put_off(&self, sealed: &mut SealedRoom, knock: u64) {
        if sealed.lobby.len() >= MAX_WAITING {
            return;
        }
        let Some((waiter, token)) = sealed.knocks.remove_requested(knock) else { return };
        let now = Instant::now();
        let (later, next) = oneshot::channel();
        sealed.lobby.add(knock, token, later, now);
        if waiter.send(Reply::PutOff { next }).is_err() {
            // The client is gone.
            sealed.lobby.remove(knock);
            self.report_ended(sealed, knock);
        }
        self.advance(sealed, now);
    }

    /// Ends a wait by the host's refusal; false if this knock does not wait.
    pub(super) fn refuse_in_lobby(
        &self,
        sealed: &mut SealedRoom,
        knock: u64,
        reason: &Sealed,
    ) -> bool {
        let verdict = Verdict::RefusedSealed(reason.clone());
        let Some(waiter) = sealed.lobby.decide(knock, verdict, Instant::now()) else {
            return false;
        };
        send(waiter, Decision::RefusedSealed(reason.clone()));
        true
    }

    /// Ends the waits that took too long, and those of clients that are gone.
    pub(super) fn end_overdue_waits(&self, sealed: &mut SealedRoom, now: Instant) {
        for (knock, end) in sealed.lobby.overdue(now) {
            let waiter = match end {
                WaitEnd::TooLong => sealed.lobby.decide(knock, Verdict::NotInTime, now).flatten(),
                WaitEnd::Gone => {
                    sealed.lobby.remove(knock);
                    None
                }
            };
            send(waiter, Decision::Refused(RoomError::NotAnswered.into()));
            self.report_ended(sealed, knock);
        }
    }
}

impl SealedRoom {
    /// How many wait in the lobby.
    pub(in crate::serve::hub) fn waiting_count(&self) -> usize {
        self.lobby.len()
    }

    /// Takes what waits for the decision on a request, in the lobby or not. The host admits it as this
    /// number. The inner value is `None` between two polls.
    pub(super) fn take_admitted(
        &mut self,
        knock: u64,
        number: u32,
        now: Instant,
    ) -> Option<Option<oneshot::Sender<Reply>>> {
        let requested = self.knocks.remove_requested(knock).map(|(waiter, _)| Some(waiter));
        requested.or_else(|| self.lobby.decide(knock, Verdict::Seated(number), now))
    }
}

impl Knock {
    /// Lets the wait go on without this task, until the next poll.
    pub(in crate::serve) fn keep_for_next_poll(mut self) {
        self.lobby = LobbyStage::Polling;
    }

    /// Ends the wait: the client leaves.
    pub(in crate::serve) fn leave(mut self) {
        self.lobby = LobbyStage::OnSocket;
    }
}

/// Hands a seat to what waits for it; if nothing does, it waits for its participant to return.
pub(super) fn hand_over(
    sealed: &mut SealedRoom,
    waiter: Option<oneshot::Sender<Reply>>,
    seated: Seated,
    now: Instant,
) {
    let Seated { number, transport, .. } = seated;
    let sent = waiter.map(|waiter| waiter.send(Reply::Decided(Decision::Admitted(seated))));
    if !matches!(sent, Some(Ok(()))) {
        sealed.seats.detach(number, transport, now);
    }
}

fn send(waiter: Option<oneshot::Sender<Reply>>, decision: Decision) {
    // Fails if the client is gone.
    let _ = waiter.map(|waiter| waiter.send(Reply::Decided(decision)));
}
