//! A client's handshake with the host, as the task of its connection sees it.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::knocks::{EndCause, KnockStep, RequestError};
use super::reply::{Decision, Reply, wrong_link};
use super::room::SealedRoom;
use crate::control::{FromRelay, Handshake, Sealed};
use crate::serve::hub::connection::Entered;
use crate::serve::hub::{Hub, Life};
use crate::token::{Secret, Token};
use crate::wire::{Refusal, RefusalCode};

/// The first message of the handshake: an ephemeral key and the tag of AES-GCM.
const FIRST_MESSAGE_BYTES: usize = 48;

/// A request: key and name, padded to 256 bytes, and the tag of AES-GCM.
const REQUEST_BYTES: usize = 256 + 16;

/// A handshake that is under way. Dropping it ends the handshake, also with the host.
#[derive(Debug)]
pub(in crate::serve) struct Knock {
    hub: Arc<Hub>,
    number: u64,
    reply: oneshot::Receiver<Reply>,
}

/// How a handshake ends for its client.
#[derive(Debug)]
pub(in crate::serve) enum KnockEnd {
    /// The client is in the room.
    Admitted(Entered),
    /// The host refuses the request, for a reason that only the client can read.
    RefusedSealed(Sealed),
    /// The handshake has failed.
    Refused(Refusal),
}

impl Hub {
    /// Begins a handshake.
    ///
    /// # Errors
    /// When the client has another door, the room is closing, or too many others wait.
    pub(in crate::serve) fn knock(
        self: &Arc<Self>,
        door: &Secret,
        noise: Handshake,
    ) -> Result<Knock, Refusal> {
        let mut inner = self.lock();
        let life = inner.life;
        let sealed = inner.room.sealed()?;
        // Compares in constant time.
        if !Token::parse(door).is_some_and(|door| door == sealed.door) {
            return Err(wrong_link());
        }
        if life == Life::Closing {
            return Err(Refusal::closing());
        }
        if noise.as_bytes().len() != FIRST_MESSAGE_BYTES {
            let text = "the first message of a handshake has 48 bytes; send it again";
            return Err(Refusal::new(RefusalCode::BadJson, text));
        }
        let (waiter, reply) = oneshot::channel();
        let now = Instant::now();
        let number = sealed.knocks.add(noise, waiter, now).ok_or_else(too_many)?;
        self.advance(sealed, now);
        Ok(Knock { hub: Arc::clone(self), number, reply })
    }

    /// Goes on with a handshake whose client polls, by the token of its answer.
    ///
    /// # Errors
    /// When there is no such handshake, or not any more.
    pub(in crate::serve) fn find_knock(self: &Arc<Self>, token: &str) -> Result<Knock, Refusal> {
        let (waiter, reply) = oneshot::channel();
        let found = self.lock().room.sealed()?.knocks.find(token, waiter);
        let number = found.ok_or_else(|| refusal_of(EndCause::KnockTimeout))?;
        Ok(Knock { hub: Arc::clone(self), number, reply })
    }

    /// Ends handshakes that took too long, until it is dropped; for a sealed room.
    pub(in crate::serve) async fn expire_knocks(&self) {
        loop {
            let deadline = match self.lock().room.sealed() {
                Ok(sealed) => sealed.knocks.next_deadline(),
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
        for step in sealed.knocks.advance(now) {
            match step {
                KnockStep::PassOn { knock, noise } => {
                    self.send_to_host(sealed, FromRelay::Knock { knock, link: 0, noise });
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
    fn report_ended(&self, sealed: &mut SealedRoom, ended: u64) {
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

impl Knock {
    /// Waits for the second message of the handshake. Cancel safe.
    ///
    /// # Errors
    /// When the handshake ends before.
    pub(in crate::serve) async fn answer(&mut self) -> Result<Handshake, KnockEnd> {
        match (&mut self.reply).await {
            Ok(Reply::Answered { noise, next }) => {
                self.reply = next;
                Ok(noise)
            }
            Ok(Reply::Decided(decision)) => Err(self.end(decision)),
            // The room has dropped what it knows of this handshake.
            Err(_) => Err(KnockEnd::Refused(Refusal::closing())),
        }
    }

    /// Waits for the end of the handshake. Cancel safe; not to be called again after it.
    pub(in crate::serve) async fn end_of_handshake(&mut self) -> KnockEnd {
        loop {
            match self.answer().await {
                // The host has answered before.
                Ok(_) => {}
                Err(end) => return end,
            }
        }
    }

    fn end(&self, decision: Decision) -> KnockEnd {
        match decision {
            Decision::Admitted(seated) => match self.hub.enter(&seated) {
                Ok(entered) => KnockEnd::Admitted(entered),
                Err(refusal) => KnockEnd::Refused(refusal),
            },
            Decision::RefusedSealed(sealed) => KnockEnd::RefusedSealed(sealed),
            Decision::Refused(refusal) => KnockEnd::Refused(refusal),
        }
    }

    /// Sends the request of the client to the host.
    ///
    /// # Errors
    /// When it is none, the host has not answered, or too many others wait.
    pub(in crate::serve) fn request(&self, sealed_request: Sealed) -> Result<(), Refusal> {
        check_request(&sealed_request)?;
        let now = Instant::now();
        let mut inner = self.hub.lock();
        let sealed = inner.room.sealed()?;
        match sealed.knocks.request(self.number, now) {
            Ok(()) => {}
            Err(RequestError::UnknownKnock) => return Err(refusal_of(EndCause::KnockTimeout)),
            Err(RequestError::TooMany) => return Err(too_many()),
        }
        // The host learns first of those who lose their place to newcomers.
        let displaced = sealed.seats.make_places(sealed.knocks.requested_count(), now);
        self.hub.report_gone(sealed, displaced);
        let request = FromRelay::Request { knock: self.number, sealed: sealed_request };
        self.hub.send_to_host(sealed, request);
        self.hub.advance(sealed, now);
        Ok(())
    }

    /// Lets the handshake go on without this task, for a client that polls. Returns the token by which
    /// [`Hub::find_knock`] finds it.
    ///
    /// # Errors
    /// When the handshake is over.
    pub(in crate::serve) fn detach(mut self) -> Result<Secret, Refusal> {
        let token = self.hub.lock().room.sealed()?.knocks.token(self.number);
        // The number of no knock: dropping this ends none.
        self.number = 0;
        token.ok_or_else(|| refusal_of(EndCause::KnockTimeout))
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        self.reply.close();
        let mut inner = self.hub.lock();
        if let Ok(Reply::Decided(Decision::Admitted(seated))) = self.reply.try_recv() {
            inner.room.detach(seated.number, seated.transport, Instant::now());
        }
        let Ok(sealed) = inner.room.sealed() else { return };
        sealed.knocks.remove_waiting(self.number);
        if sealed.knocks.remove_known(self.number).is_some() {
            self.hub.report_ended(sealed, self.number);
            self.hub.advance(sealed, Instant::now());
        }
    }
}

/// Checks the length of a request. The only one of another length that is sealed by the rules has a name
/// that no room accepts.
fn check_request(sealed: &Sealed) -> Result<(), Refusal> {
    let (code, text) = match sealed.as_bytes().len().cmp(&REQUEST_BYTES) {
        Ordering::Equal => return Ok(()),
        Ordering::Greater => {
            (RefusalCode::BadName, "a name has at most 64 bytes; choose a shorter one")
        }
        Ordering::Less => {
            (RefusalCode::BadJson, "a request has 272 bytes; docs/sealed.md describes it")
        }
    };
    Err(Refusal::new(code, text))
}

fn too_many() -> Refusal {
    let text = "too many people are joining at once; wait a few seconds and try again";
    Refusal::new(RefusalCode::TooFast, text)
}

fn refusal_of(cause: EndCause) -> Refusal {
    match cause {
        EndCause::Displaced => too_many(),
        EndCause::KnockTimeout => {
            let text = "joining took longer than 10 s; try again";
            Refusal::new(RefusalCode::TooFast, text)
        }
        EndCause::RequestTimeout => {
            let text = "the host does not answer; wait a minute and try again";
            Refusal::new(RefusalCode::TooFast, text)
        }
    }
}
