//! The host's side: keys of the session and of its links, one session for each participant, generations.

use std::num::NonZeroU32;

use super::author::{Author, SealError};
use super::derivation::{RoomKey, Ticket};
use super::letter::{LETTER_BYTES, Letter};
use super::noise::{self, FIRST_NONCE, MESSAGE_2_BYTES, Session};
use super::padding::{self, TooLong};
use super::roster::{self, Entry, HOST_NUMBER};
use super::sealed_box::Kind;
use super::signing::{self, SigningSecret};
use crate::secret_bytes::SecretBytes;

/// The keys of one link. A room has one link for everyone, and may have others for a few people.
#[derive(Debug)]
pub struct LinkKeys {
    secret: SecretBytes<32>,
    psk: SecretBytes<32>,
    ticket: Ticket,
}

impl LinkKeys {
    /// Takes over a drawn secret: the static key of the handshake (X25519).
    pub fn new(secret: SecretBytes<32>) -> Self {
        let ticket = Ticket::of(&noise::public_key(&secret));
        Self { secret, psk: ticket.psk(), ticket }
    }

    /// The secret in the link.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Answers message 1 of a handshake with message 2, and starts a session. `ephemeral` is drawn for this
    /// knock alone. The sender has the link; who they are is not known yet.
    ///
    /// # Errors
    /// When the message does not open, because its sender has no link or an altered one.
    pub fn answer(
        &self,
        message_1: &[u8],
        ephemeral: SecretBytes<32>,
    ) -> Result<([u8; MESSAGE_2_BYTES], HostSession), WrongTicket> {
        noise::respond(&self.psk, &self.secret, ephemeral, message_1)
            .map(|(message_2, session)| (message_2, HostSession(session)))
            .ok_or(WrongTicket)
    }
}

/// The signing key of the host, and its counter of boxes; new for each session.
#[derive(Debug)]
pub struct HostKeys(Author);

impl HostKeys {
    /// Takes the drawn seed of the signing key (Ed25519).
    pub fn new(signing: &SecretBytes<32>) -> Self {
        Self(Author::new(SigningSecret::new(signing)))
    }

    /// The host's own entry in every roster.
    pub fn entry(&self) -> Entry {
        Entry::host(self.0.public())
    }

    /// Signs and seals a box of the host, which is [`Kind::Announcement`] or [`Kind::Moved`], in
    /// `generation`.
    ///
    /// # Errors
    /// [`SealError::TooLong`] and [`SealError::Exhausted`].
    pub fn seal_box(
        &mut self,
        generation: &Generation,
        kind: Kind,
        text: &str,
    ) -> Result<Vec<u8>, SealError> {
        let host = self.0.public();
        let place = (generation.number.get(), HOST_NUMBER);
        self.0.seal(&generation.letter.key, &host, place, (kind, text))
    }

    /// The box of the host with this counter was not published; the next one does not follow it.
    pub fn refused(&mut self, counter: u32) {
        self.0.refused(counter);
    }
}

/// The first message of a handshake did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ticket is wrong; ask for the whole link")]
pub struct WrongTicket;

/// One participant's session, as the host has it.
#[derive(Debug)]
pub struct HostSession(Session);

/// What a newcomer asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The public half of a signing key that no other participant has, and under which only its owner signs.
    pub signing: [u8; 32],
    /// Not judged yet, and of any length up to 8 KiB.
    pub name: String,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request(hidden)")
    }
}

/// Why a request was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It does not open, or holds something else. It is not from the sender of the knock.
    #[error("the request does not open; knock again")]
    Unreadable,
    /// Wire code `bad_key`: the signing key is of small order, not canonical, or known already.
    #[error("the signing key is not valid or in use already; draw a new one and knock again")]
    BadKey,
}

impl HostSession {
    /// Opens the request of the participant. `is_known` answers whether a signing key is the host's, or of a
    /// participant who is or was in the room, or waits to be let in.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn open_request(
        &self,
        sealed: &[u8],
        is_known: impl FnOnce(&[u8; 32]) -> bool,
    ) -> Result<Request, RequestError> {
        let padded = self.0.open(FIRST_NONCE, sealed).ok_or(RequestError::Unreadable)?;
        let content = padding::unpad(&padded).ok_or(RequestError::Unreadable)?;
        let (signing, name) = content.split_first_chunk::<32>().ok_or(RequestError::Unreadable)?;
        let name = str::from_utf8(name).map_err(|_| RequestError::Unreadable)?;
        if !signing::is_acceptable(signing) || is_known(signing) {
            return Err(RequestError::BadKey);
        }
        Ok(Request { signing: *signing, name: name.to_owned() })
    }

    /// Refuses the request, with the JSON that an open room sends in clear (`why`, `text`, `suggest`). Ends
    /// the session, because the number of this message may not be used again.
    ///
    /// # Errors
    /// When `json` has more than [`MAX_CONTENT_BYTES`](super::MAX_CONTENT_BYTES).
    pub fn seal_refusal(self, json: &str) -> Result<Vec<u8>, TooLong> {
        let padded = padding::pad(&[json.as_bytes()])?;
        Ok(self.0.seal(FIRST_NONCE, &padded))
    }

    /// The letter of `generation` for this participant, who must be in it. The same bytes each time.
    pub fn letter(&self, generation: &Generation) -> [u8; LETTER_BYTES] {
        let content = generation.letter.to_bytes();
        let sealed = self.0.seal(generation.number.get().into(), content.as_bytes());
        sealed.try_into().expect("a letter has one length")
    }
}

/// One circle of people, with the key that they share.
pub struct Generation {
    number: NonZeroU32,
    letter: Letter,
    parts: u32,
}

impl Generation {
    /// The generation `number` of those in `entries`, who come by rising number and with the host. `key` is
    /// drawn for it; `seconds` is the time from the start of the session until now.
    pub fn new<'a>(
        number: NonZeroU32,
        key: RoomKey,
        entries: impl IntoIterator<Item = &'a Entry>,
        seconds: u32,
    ) -> Self {
        let circle = roster::circle_hash(entries);
        Self { number, letter: Letter { key, circle, seconds }, parts: 0 }
    }

    /// Its number; the first one is 1.
    pub fn number(&self) -> u32 {
        self.number.get()
    }

    /// Seals entries, by rising number, in parts of the roster. Called for those who came, and then for all:
    /// the parts of a generation are counted, and no index is used twice.
    pub fn seal_parts<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>) -> Vec<Vec<u8>> {
        let parts = roster::seal_parts(&self.letter.key, self.number.get(), self.parts, entries);
        self.parts += u32::try_from(parts.len()).expect("1001 entries fit in a few parts");
        parts
    }
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generation").field("number", &self.number).finish_non_exhaustive()
    }
}
