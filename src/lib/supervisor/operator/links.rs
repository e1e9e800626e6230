//! The invites: which links admit beside the room's own, for how many people and for how long. Their
//! secrets are not kept here.

use std::collections::BTreeMap;
use std::time::Instant;

use super::answer::Refused;
use crate::control::{LinkNumber, MAX_LINKS};
use crate::span::Span;

/// One of the places is for the room's own link.
const MAX_INVITES: usize = MAX_LINKS - 1;

/// One invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::supervisor) struct Invite {
    /// How many people may still come by it.
    pub(in crate::supervisor) left: u32,
    /// How many it was made for.
    pub(in crate::supervisor) people: u32,
    /// From then on it admits no one.
    pub(in crate::supervisor) ends: Instant,
}

/// The room's process reported what cannot be: the use of a link that was never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("reported the use of a link that there was not")]
pub(in crate::supervisor) struct UnknownLink;

/// Those that admit, by number.
#[derive(Debug, Default)]
pub(in crate::supervisor) struct Invites {
    by_number: BTreeMap<LinkNumber, Invite>,
    /// The number that was given last. The room's own link is 0.
    last: LinkNumber,
}

impl Invites {
    /// Makes one at `now`, and returns its number.
    ///
    /// # Errors
    /// When there are as many as there can be.
    pub(super) fn add(
        &mut self,
        people: u32,
        within: Span,
        now: Instant,
    ) -> Result<LinkNumber, Refused> {
        self.expire(now);
        if self.by_number.len() == MAX_INVITES {
            let text = format!("there are {MAX_INVITES} invites already; revoke one first");
            return Err(Refused::because(text));
        }
        self.last += 1;
        let invite = Invite { left: people, people, ends: now + within.duration() };
        self.by_number.insert(self.last, invite);
        Ok(self.last)
    }

    /// A person came by this link. Returns how many more may; `None` for the room's own, and for one that
    /// has ended while the report was on its way.
    ///
    /// # Errors
    /// For a link that was never made.
    pub(super) fn used(&mut self, link: LinkNumber) -> Result<Option<u32>, UnknownLink> {
        if link > self.last {
            return Err(UnknownLink);
        }
        let Some(invite) = self.by_number.get_mut(&link) else { return Ok(None) };
        invite.left = invite.left.saturating_sub(1);
        let left = invite.left;
        if left == 0 {
            self.by_number.remove(&link);
        }
        Ok(Some(left))
    }

    /// Ends one.
    ///
    /// # Errors
    /// When there is none with this number.
    pub(super) fn revoke(&mut self, link: LinkNumber, now: Instant) -> Result<(), Refused> {
        self.expire(now);
        if link == 0 {
            return Err(Refused::because("0 is the link of the room; relink replaces it"));
        }
        match self.by_number.remove(&link) {
            Some(_) => Ok(()),
            None if link > self.last => Err(Refused::because(format!("there is no invite {link}"))),
            None => Err(Refused::because(format!("invite {link} admits no one any more"))),
        }
    }

    /// Ends all.
    pub(super) fn clear(&mut self) {
        self.by_number.clear();
    }

    /// Those that admit at `now`, by number.
    pub(super) fn list(&mut self, now: Instant) -> impl Iterator<Item = (LinkNumber, Invite)> {
        self.expire(now);
        self.by_number.iter().map(|(number, invite)| (*number, *invite))
    }

    fn expire(&mut self, now: Instant) {
        self.by_number.retain(|_, invite| now < invite.ends);
    }
}
