//! Judges the request of a newcomer, by the rules of open rooms.

use std::time::Instant;

use super::generation::sealed;
use super::links::LinkId;
use super::output::{HostError, HostEvent, HostOutput};
use super::people::{AdmittedBy, Person, Standing};
use super::state::Host;
use crate::chat::{Entrance, Identity, Nickname, RoomError};
use crate::control::ToRelay;
use crate::seal::{Entry, HostSession, RequestError};
use crate::wire::{Refusal, RefusalCode};

/// A knock whose request has come.
pub(super) struct Requested {
    pub(super) knock: u64,
    pub(super) link: LinkId,
    pub(super) session: HostSession,
}

impl Host {
    /// Opens and judges the request of a knock: the newcomer is in the next generation, waits in the lobby,
    /// or is refused.
    pub(super) fn judge_request(
        &mut self,
        requested: Requested,
        request: &[u8],
        now: Instant,
        output: &mut HostOutput,
    ) -> Result<(), HostError> {
        let tag = self.draw_tag()?;
        let Requested { knock, link, session } = requested;
        match self.judge(link, &session, request, tag, now) {
            Ok((entry, standing)) => {
                let number = entry.number;
                self.people.insert(Person { entry, session, knock, link, standing });
                self.accept(number, now, output);
            }
            Err(refusal) => {
                let text = session.seal_refusal(&refusal.to_sealed_json());
                let text = text.expect("a sentence is shorter than the longest content");
                output.relay(ToRelay::Refuse { knock, sealed: sealed(text) });
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        link: LinkId,
        session: &HostSession,
        request: &[u8],
        tag: u32,
        now: Instant,
    ) -> Result<(Entry, Standing), Refusal> {
        let entrance = Entrance::by(&self.rules)?;
        if !self.links.admits(link, now) {
            return Err(RoomError::DeadLink.into());
        }
        let host = self.keys.entry().signing;
        let is_known = |key: &[u8; 32]| *key == host || self.people.has_signing_key(key);
        let request = session.open_request(request, is_known).map_err(refusal_of)?;
        let name = Nickname::parse(&request.name).map_err(RoomError::BadName)?;
        let (identity, standing) = if entrance == Entrance::Lobby {
            self.check_lobby()?;
            (self.names.wait(name, tag, now)?, Self::waiting(now, false))
        } else {
            (self.names.admit(name, tag, now)?, Standing::Joining { by: AdmittedBy::Rules })
        };
        let Identity { number, name, tag } = identity;
        let name = name.as_str().to_owned();
        let entry = Entry { number, tag: tag.to_bytes(), signing: request.signing, name };
        Ok((entry, standing))
    }

    /// Tells relay and operator of one who begins to wait, and counts one who is let in.
    fn accept(&mut self, number: u32, now: Instant, output: &mut HostOutput) {
        let Some(person) = self.people.get(number) else { return };
        if person.standing.is_waiting() {
            output.relay(ToRelay::Wait { knock: person.knock });
            output.events.push(HostEvent::Waits { participant: person.participant() });
            return;
        }
        let counted = self.count_use(person.link, now, output);
        counted.expect("the link admitted at the same moment");
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
