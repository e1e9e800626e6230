//! A client's handshake with the host, as the task of its connection sees it.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::knocks::{EndCause, RequestError};
use super::reply::{Decision, Reply};
use crate::chat::Entrance;
use crate::control::{FromRelay, Handshake, Sealed};
use crate::serve::hub::Hub;
use crate::serve::hub::connection::Entered;
use crate::token::Secret;
use crate::wire::{Refusal, RefusalCode};

/// A request: key and name, padded to 256 bytes, and the tag of AES-GCM.
const REQUEST_BYTES: usize = 256 + 16;

/// A handshake that is under way. Dropping it ends the handshake, also with the host.
#[derive(Debug)]
pub(in crate::serve) struct Knock {
    pub(super) hub: Arc<Hub>,
    pub(super) number: u64,
    pub(super) reply: oneshot::Receiver<Reply>,
    pub(super) lobby: LobbyStage,
}

/// A handshake that has begun, and that the host has not answered yet. Dropping it ends the handshake.
#[derive(Debug)]
pub(in crate::serve) struct NewKnock {
    pub(super) knock: Knock,
    /// Whether the client came by an invite, and not by the link of the room.
    pub(super) by_invite: bool,
}

/// The host's answer, and the handshake that goes on from there.
#[derive(Debug)]
pub(in crate::serve) struct Answered {
    pub(in crate::serve) knock: Knock,
    /// The second message of the handshake.
    pub(in crate::serve) noise: Handshake,
    /// Whether the client came by an invite, and not by the link of the room.
    pub(in crate::serve) by_invite: bool,
}

/// Whether the client is in the lobby, and what becomes of its wait when this connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LobbyStage {
    /// It is not in the lobby, and the handshake is over.
    Outside,
    /// It waits over this socket, and the wait is over.
    OnSocket,
    /// It waits by one poll after the other.
    Polling,
}

/// What a client learns while it waits for the end of its handshake.
#[derive(Debug)]
pub(in crate::serve) enum KnockReply {
    /// It is in the lobby: the host decides later.
    PutOff,
    /// The handshake is over.
    Ended(KnockEnd),
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
    /// A newer poll of the same client waits in its place.
    Replaced,
}

impl NewKnock {
    /// Waits for the second message of the handshake.
    ///
    /// # Errors
    /// When the handshake ends before.
    pub(in crate::serve) async fn answer(self) -> Result<Answered, KnockEnd> {
        let Self { mut knock, by_invite } = self;
        match (&mut knock.reply).await {
            Ok(Reply::Answered { noise, next }) => {
                knock.reply = next;
                Ok(Answered { knock, noise, by_invite })
            }
            Ok(Reply::PutOff { next }) => {
                // Not before the request; the host has to decide on that all the same.
                knock.reply = next;
                Err(KnockEnd::Refused(Refusal::closing()))
            }
            Ok(Reply::Decided(decision)) => Err(knock.ended_by(decision)),
            // The room has dropped what it knows of this handshake.
            Err(_) => Err(KnockEnd::Refused(Refusal::closing())),
        }
    }
}

impl Knock {
    /// The handshake with this number, whose replies arrive at `reply`.
    pub(super) fn new(hub: &Arc<Hub>, number: u64, reply: oneshot::Receiver<Reply>) -> Self {
        Self { hub: Arc::clone(hub), number, reply, lobby: LobbyStage::Outside }
    }

    /// Waits for what the host says to the request. Cancel safe; not to be called again after the end.
    pub(in crate::serve) async fn next_reply(&mut self) -> KnockReply {
        loop {
            match (&mut self.reply).await {
                // The host has answered before.
                Ok(Reply::Answered { next, .. }) => self.reply = next,
                Ok(Reply::PutOff { next }) => {
                    self.reply = next;
                    self.lobby = LobbyStage::OnSocket;
                    return KnockReply::PutOff;
                }
                Ok(Reply::Decided(decision)) => return KnockReply::Ended(self.ended_by(decision)),
                Err(_) if self.lobby == LobbyStage::Outside => {
                    // The room has dropped what it knows of this handshake.
                    return KnockReply::Ended(KnockEnd::Refused(Refusal::closing()));
                }
                Err(_) => return KnockReply::Ended(KnockEnd::Replaced),
            }
        }
    }

    /// Waits for the end of the handshake, in the lobby if it has to. Cancel safe; not to be called again
    /// after it.
    pub(in crate::serve) async fn end(&mut self) -> KnockEnd {
        loop {
            if let KnockReply::Ended(end) = self.next_reply().await {
                return end;
            }
        }
    }

    fn ended_by(&self, decision: Decision) -> KnockEnd {
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
        // The room may have been locked since the knock.
        let entrance = sealed.seats.entrance()?;
        match sealed.knocks.request(self.number, now) {
            Ok(()) => {}
            Err(RequestError::UnknownKnock) => return Err(refusal_of(EndCause::KnockTimeout)),
            Err(RequestError::TooMany) => return Err(too_many()),
        }
        if entrance == Entrance::Direct {
            // The host learns first of those who lose their place to newcomers. No one loses it to a person in
            // the lobby.
            let displaced = sealed.seats.make_places(sealed.knocks.requested_count(), now);
            self.hub.report_gone(sealed, displaced);
        }
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
        let (hub, now) = (Arc::clone(&self.hub), Instant::now());
        let mut inner = hub.lock();
        match self.reply.try_recv() {
            Ok(Reply::Decided(Decision::Admitted(seated))) => {
                inner.room.detach(seated.number, seated.transport, now);
            }
            // The host's word that the client is to wait was not read any more: it has not been told.
            Ok(Reply::PutOff { .. }) if self.lobby == LobbyStage::Outside => {
                self.lobby = LobbyStage::OnSocket;
            }
            Ok(_) => {}
            // Nothing sends a reply any more: the handshake is over, or a newer poll waits for it.
            Err(TryRecvError::Closed) => return,
            Err(TryRecvError::Empty) => {}
        }
        self.reply.close();
        let Ok(sealed) = inner.room.sealed() else { return };
        let is_over = match self.lobby {
            LobbyStage::Outside => {
                sealed.knocks.remove_waiting(self.number);
                sealed.knocks.remove_known(self.number).is_some()
            }
            LobbyStage::OnSocket => sealed.lobby.remove(self.number),
            LobbyStage::Polling => {
                sealed.lobby.await_next_poll(self.number, now);
                false
            }
        };
        if is_over {
            hub.report_ended(sealed, self.number);
        }
        hub.advance(sealed, now);
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

pub(super) fn too_many() -> Refusal {
    let text = "too many people are joining at once; wait a few seconds and try again";
    Refusal::new(RefusalCode::TooFast, text)
}

pub(super) fn refusal_of(cause: EndCause) -> Refusal {
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
