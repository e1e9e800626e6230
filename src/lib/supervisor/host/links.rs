//! The links of a sealed room: keys of their own for each, and what is left of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::output::HostError;
use crate::chat::{Links, OWN_LINK, RoomError};
use crate::control::{LinkNumber, RoomLink};
use crate::seal::LinkKeys;

/// A link, told apart from the one that had its number before all links were replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId {
    pub(super) number: LinkNumber,
    /// How often all links had been replaced.
    replacements: u32,
}

/// All links that admit. The relay has their doors; uses and times are counted here.
#[derive(Debug)]
pub(super) struct HostLinks {
    limits: Links,
    /// Of each link in `limits`.
    keys: BTreeMap<LinkNumber, LinkKeys>,
    /// When invites end, some of which may be used up.
    ends: BTreeMap<LinkNumber, Instant>,
    replacements: u32,
    /// The highest number of an invite; 0 before the first.
    last_number: LinkNumber,
}

impl HostLinks {
    /// The room's own link alone.
    pub(super) fn new(own: LinkKeys) -> Self {
        Self {
            limits: Links::new(own.ticket().door()),
            keys: BTreeMap::from([(OWN_LINK, own)]),
            ends: BTreeMap::new(),
            replacements: 0,
            last_number: OWN_LINK,
        }
    }

    /// The keys of the room's own link.
    pub(super) fn own(&self) -> &LinkKeys {
        self.keys.get(&OWN_LINK).expect("the room's own link is replaced, and never ended")
    }

    /// The link of a knock, and its keys. `None` if it has ended: the relay may not have read that yet.
    ///
    /// # Errors
    /// [`HostError::UnknownLink`] if there never was one with this number.
    pub(super) fn get(&self, number: LinkNumber) -> Result<Option<(LinkId, &LinkKeys)>, HostError> {
        if number > self.last_number {
            return Err(HostError::UnknownLink);
        }
        let id = LinkId { number, replacements: self.replacements };
        Ok(self.keys.get(&number).map(|keys| (id, keys)))
    }

    /// Whether the link still admits at `now`.
    pub(super) fn admits(&self, link: LinkId, now: Instant) -> bool {
        link.replacements == self.replacements && self.limits.admits(link.number, now)
    }

    /// Counts a person who is let in. Returns whether the link admits no one else.
    ///
    /// # Errors
    /// [`RoomError::DeadLink`] if it does not admit at `now`.
    pub(super) fn use_up(&mut self, link: LinkId, now: Instant) -> Result<bool, RoomError> {
        if !self.admits(link, now) {
            return Err(RoomError::DeadLink);
        }
        self.limits.use_up(link.number, now)?;
        let has_ended = !self.limits.admits(link.number, now);
        if has_ended {
            self.forget(link.number);
        }
        Ok(has_ended)
    }

    /// Adds an invite for so many people. Returns what the relay gets of it; `None` if its number is not
    /// higher than all before it, or there are too many links.
    pub(super) fn add(
        &mut self,
        number: LinkNumber,
        keys: LinkKeys,
        people: u32,
        within: Duration,
        now: Instant,
    ) -> Option<RoomLink> {
        self.expire(now);
        let seconds = Some(within.as_secs());
        let secret = keys.ticket().door();
        let limits = RoomLink { number, secret: secret.clone(), uses: Some(people), seconds };
        if !self.limits.add(limits, now) {
            return None;
        }
        self.last_number = number;
        self.keys.insert(number, keys);
        // A time beyond the clock's range never comes.
        self.ends.extend(now.checked_add(within).map(|end| (number, end)));
        Some(RoomLink { number, secret, uses: None, seconds })
    }

    /// Ends an invite. Returns whether there was one.
    pub(super) fn end(&mut self, number: LinkNumber) -> bool {
        let has_ended = number != OWN_LINK && self.limits.end(number);
        if has_ended {
            self.forget(number);
        }
        has_ended
    }

    /// Ends all links. `own` is the room's own from now on. Returns what the relay gets of it.
    pub(super) fn replace_all(&mut self, own: LinkKeys, now: Instant) -> RoomLink {
        let secret = own.ticket().door();
        let link = RoomLink { number: OWN_LINK, secret, uses: None, seconds: None };
        self.limits.replace_all(link.clone(), now);
        self.keys = BTreeMap::from([(OWN_LINK, own)]);
        self.ends.clear();
        self.replacements += 1;
        link
    }

    /// Forgets the keys of invites whose time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.limits.expire(now);
        self.ends.retain(|_, end| *end > now);
        self.keys.retain(|number, _| self.limits.admits(*number, now));
    }

    /// When the next invite ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ends.values().min().copied()
    }

    fn forget(&mut self, number: LinkNumber) {
        self.keys.remove(&number);
        self.ends.remove(&number);
    }
}
