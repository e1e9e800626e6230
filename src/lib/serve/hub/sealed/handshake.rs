//! Begins and ends handshakes with the host, which the clients of a sealed room come in by.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::knock::{Knock, NewKnock, refusal_of, too_many};
use super::knocks::{EndCause, FirstMessage, KnockStep};
use super::reply::{Decision, Reply, wrong_link};
use super::room::SealedRoom;
use crate::chat::OWN_LINK;
use crate::control::{FromRelay, Handshake};
use crate::serve::hub::{Hub, Life};
use crate::token::{Secret, Token};
use crate::wire::{Refusal, RefusalCode};

/// The first message of the handshake: an ephemeral key and the tag of AES-GCM.
const FIRST_MESSAGE_BYTES: usize = 48;

impl Hub {
    /// Begins a handshake.
    ///
    /// # Errors
    /// When the client has no door of this room, the room is closing or locked, or too many others wait.
    pub(in crate::serve) fn knock(
        self: &Arc<Self>,
        door: &Secret,
        noise: Handshake,
    ) -> Result<NewKnock, Refusal> {
        let mut inner = self.lock();
        let (life, now) = (inner.life, Instant::now());
        let sealed = inner.room.sealed()?;
        let link = Token::parse(door).and_then(|door| sealed.doors.find(&door, now));
        let link = link.ok_or_else(wrong_link)?;
        if life == Life::Closing {
            return Err(Refusal::closing());
        }
        // Only the host knows whether there is a lobby.
        sealed.seats.entrance()?;
        if noise.as_bytes().len() != FIRST_MESSAGE_BYTES {
            let text = "the first message of a handshake has 48 bytes; send it again";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        let (waiter, reply) = oneshot::channel();
        let first = FirstMessage { link, noise };
        let number = sealed.knocks.add(first, waiter, now).ok_or_else(too_many)?;
        self.advance(sealed, now);
        Ok(NewKnock { knock: Knock::new(self, number, reply), by_invite: link != OWN_LINK })
    }

    /// Goes on with a handshake whose client polls, by the token of its answer.
    ///
    /// # Errors
    /// When there is no such handshake, or not any more.
    pub(in crate::serve) fn find_knock(self: &Arc<Self>, token: &str) -> Result<Knock, Refusal> {
        let (waiter, reply) = oneshot::channel();
        let found = self.lock().room.sealed()?.knocks.find(token, waiter);
        let number = found.ok_or_else(|| refusal_of(EndCause::KnockTimeout))?;
        Ok(Knock::new(self, number, reply))
    }

    /// Ends handshakes that took too long, until it is dropped; for a sealed room.
    pub(in crate::serve) async fn expire_knocks(&self) {
        loop {
            let deadline = match self.lock().room.sealed() {
                Ok(sealed) => {
                    let deadlines = [sealed.knocks.next_deadline(), sealed.lobby.next_deadline()];
                    deadlines.into_iter().flatten().min()
                }
                Err(_) => None,
            };
            let expired = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = expired => {}
                () = self.knock_work.notified() => {}
            }
            if let Ok(sealed) = self.lock().room.sealed() {
                self.advance_silently(sealed, Instant::now());
            }
        }
    }

    /// Carries out what the time, or a place that is free, makes possible.
    pub(super) fn advance(&self, sealed: &mut SealedRoom, now: Instant) {
        self.advance_silently(sealed, now);
        // There may be another deadline.
        self.knock_work.notify_one();
    }

    fn advance_silently(&self, sealed: &mut SealedRoom, now: Instant) {
        self.end_overdue_waits(sealed, now);
        for step in sealed.knocks.advance(now) {
            match step {
                KnockStep::PassOn { knock, first: FirstMessage { link, noise } } => {
                    self.send_to_host(sealed, FromRelay::Knock { knock, link, noise });
                }
                KnockStep::Ended { knock, waiter, cause, known_to_host } => {
                    if known_to_host {
                        self.report_ended(sealed, knock);
                    }
                    // Fails if the client is gone, too.
                    let _ = waiter.send(Reply::Decided(Decision::Refused(refusal_of(cause))));
                }
            }
        }
    }

    /// Reports the end of a knock that the host knows of, unless its knock is still to be sent: then it
    /// never learns of it.
    pub(super) fn report_ended(&self, sealed: &mut SealedRoom, ended: u64) {
        let is_knock =
            |it: &FromRelay| matches!(it, FromRelay::Knock { knock, .. } if *knock == ended);
        let is_request =
            |it: &FromRelay| matches!(it, FromRelay::Request { knock, .. } if *knock == ended);
        let is_known = !sealed.to_host.iter().any(is_knock);
        sealed.to_host.retain(|message| !is_knock(message) && !is_request(message));
        if is_known {
            self.send_to_host(sealed, FromRelay::KnockEnded { knock: ended });
        }
    }
}
