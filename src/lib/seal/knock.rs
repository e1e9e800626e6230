//! A participant who is not in yet: handshake, request, refusal or welcome.

use std::time::Duration;

use snow::HandshakeState;

use super::circle::Welcome;
use super::derivation::Ticket;
use super::guest::Guest;
use super::noise::{self, FIRST_NONCE, MESSAGE_1_BYTES, Session};
use super::padding::{self, TooLong};
use super::signing::SigningSecret;
use super::violation::Violation;
use crate::secret_bytes::SecretBytes;

/// A handshake that has begun. For one attempt to join: after a refusal, knock again.
pub struct Knock {
    /// Boxed, because it has keys in it, and a value that is moved leaves copies on the stack.
    state: Box<HandshakeState>,
    ticket: Ticket,
    message: [u8; MESSAGE_1_BYTES],
}

impl Knock {
    /// Begins a handshake with the host that `ticket` is the fingerprint of. `ephemeral` is drawn for this
    /// knock alone.
    pub fn new(ticket: &Ticket, ephemeral: SecretBytes<32>) -> Self {
        let (state, message) = noise::initiate(&ticket.psk(), ephemeral);
        Self { state: Box::new(state), ticket: ticket.clone(), message }
    }

    /// Message 1, for `noise` in the knock.
    pub fn message(&self) -> &[u8; MESSAGE_1_BYTES] {
        &self.message
    }

    /// Takes message 2 and checks that it comes from the host.
    ///
    /// # Errors
    /// [`Violation::Answer`] if it does not open, [`Violation::Host`] if another key answered.
    pub fn open_answer(self, message_2: &[u8]) -> Result<Answered, Violation> {
        let (session, host) = noise::finish(*self.state, message_2).ok_or(Violation::Answer)?;
        if Ticket::of(&host) == self.ticket { Ok(Answered(session)) } else { Err(Violation::Host) }
    }
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Knock(hidden)")
    }
}

/// A finished handshake: from here on, only the host reads what is sent.
#[derive(Debug)]
pub struct Answered(Session);

impl Answered {
    /// The request, for `sealed` in the join. `signing` is the seed of a signing key (Ed25519), drawn for
    /// this knock alone.
    ///
    /// # Errors
    /// When the name does not fit.
    pub fn request(
        self,
        name: &str,
        signing: &SecretBytes<32>,
    ) -> Result<(Applicant, Vec<u8>), TooLong> {
        let signing = SigningSecret::new(signing);
        let padded = padding::pad(&[&signing.public(), name.as_bytes()])?;
        let sealed = self.0.seal(FIRST_NONCE, &padded);
        Ok((Applicant { session: self.0, signing }, sealed))
    }
}

/// A participant who has sent their request.
#[derive(Debug)]
pub struct Applicant {
    session: Session,
    signing: SigningSecret,
}

impl Applicant {
    /// The refusal in `sealed`: JSON with `why`, `text` and perhaps `suggest`.
    ///
    /// # Errors
    /// [`Violation::Refusal`] if it does not open.
    pub fn open_refusal(&self, sealed: &[u8]) -> Result<String, Violation> {
        let padded = self.session.open(FIRST_NONCE, sealed).ok_or(Violation::Refusal)?;
        let json = padding::unpad(&padded).and_then(|json| str::from_utf8(json).ok());
        json.map(str::to_owned).ok_or(Violation::Refusal)
    }

    /// Is let in by a welcome with these values. `now` is the time on any clock that never goes back and
    /// does not stop in a suspended machine (CLOCK_BOOTTIME); `ring_age` is for how long the room keeps what
    /// was said.
    ///
    /// # Errors
    /// A [`Violation`] if the host did not send this: say so, and end.
    pub fn welcome<P: AsRef<[u8]>>(
        self,
        welcome: &Welcome<'_, P>,
        ring_age: Duration,
        now: Duration,
    ) -> Result<Guest, Violation> {
        Guest::new(self.session, self.signing, welcome, ring_age, now)
    }
}
