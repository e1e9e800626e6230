//! Judges the request of a newcomer, by the rules of open rooms.

use std::time::Instant;

use super::output::HostError;
use super::people::{Person, Standing};
use super::state::Host;
use crate::chat::{Identity, Nickname, RoomError};
use crate::seal::{Entry, HostSession, RequestError};
use crate::wire::{Refusal, RefusalCode};

/// What became of a request.
pub(super) enum Judged {
    /// The newcomer is in the next generation.
    Granted,
    /// The sealed reason.
    Refused(Vec<u8>),
}

impl Host {
    /// Opens and judges the request of a knock.
    pub(super) fn judge_request(
        &mut self,
        knock: u64,
        session: HostSession,
        request: &[u8],
        now: Instant,
    ) -> Result<Judged, HostError> {
        let tag = self.draw_tag()?;
        match self.admit(&session, request, tag, now) {
            Ok(entry) => {
                let standing = Standing::Joining { knock };
                self.people.insert(Person { entry, session, knock, standing });
                Ok(Judged::Granted)
            }
            Err(refusal) => {
                let sealed = session.seal_refusal(&refusal.to_sealed_json());
                Ok(Judged::Refused(sealed.expect("a sentence is shorter than the longest content")))
            }
        }
    }

    fn admit(
        &mut self,
        session: &HostSession,
        request: &[u8],
        tag: u32,
        now: Instant,
    ) -> Result<Entry, Refusal> {
        let host = self.keys.entry().signing;
        let is_known = |key: &[u8; 32]| *key == host || self.people.has_signing_key(key);
        let request = session.open_request(request, is_known).map_err(refusal_of)?;
        let name = Nickname::parse(&request.name).map_err(RoomError::BadName)?;
        let Identity { number, name, tag } = self.names.admit(name, tag, now)?;
        let name = name.as_str().to_owned();
        Ok(Entry { number, tag: tag.to_bytes(), signing: request.signing, name })
    }

    /// Random bits that select a tag.
    fn draw_tag(&self) -> Result<u32, HostError> {
        let bytes = (self.draw)().ok_or(HostError::Randomness)?;
        let (first, _) = bytes.as_bytes().split_first_chunk().expect("4 of 32 bytes");
        Ok(u32::from_be_bytes(*first))
    }
}

fn refusal_of(error: RequestError) -> Refusal {
    let code = match error {
        RequestError::Unreadable => RefusalCode::BadJson,
        RequestError::BadKey => RefusalCode::BadKey,
    };
    Refusal::new(code, error.to_string())
}
