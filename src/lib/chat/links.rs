//! The links that admit people: the room's own, and invites with so many uses and an end.

use std::time::{Duration, Instant};

use super::room_error::RoomError;
use crate::control::{LinkNumber, MAX_LINKS, RoomLink};
use crate::token::Token;

/// The number of the room's own link.
pub(crate) const OWN_LINK: LinkNumber = 0;

/// All links that admit at the moment, [`MAX_LINKS`] at most.
#[derive(Debug)]
pub(crate) struct Links {
    links: Vec<Link>,
    /// The latest number of an invite; 0 before the first.
    last_number: LinkNumber,
}

/// Memory of a link at most, in bytes: in a buffer that doubles when it grows, with the secret that it
/// points to.
pub(crate) const LINK_BYTES: usize = 2 * size_of::<Link>() + 32;

/// A link that was not ended, and whose uses are not used up.
#[derive(Debug)]
struct Link {
    number: LinkNumber,
    /// The ticket of an open room, the door of a sealed one.
    secret: Token,
    /// How many more people it lets in; `None` is any number.
    uses_left: Option<u32>,
    /// From this moment on it admits no one; `None` is never.
    expires_at: Option<Instant>,
}

impl Links {
    /// The room's own link alone, for any number of people until the end.
    pub(crate) fn new(secret: Token) -> Self {
        let own = Link { number: OWN_LINK, secret, uses_left: None, expires_at: None };
        Self { links: vec![own], last_number: OWN_LINK }
    }

    /// The link with this secret, if it admits at `now`. Does not use it up. Compares in constant time, and
    /// with all links: the time tells neither the secret nor how many links there are before it.
    pub(crate) fn find(&self, secret: &Token, now: Instant) -> Option<LinkNumber> {
        self.links.iter().fold(None, |found, link| {
            let is_equal = link.secret == *secret;
            found.or((is_equal && link.admits(now)).then_some(link.number))
        })
    }

    /// Whether the link with this number admits at `now`.
    pub(crate) fn admits(&self, number: LinkNumber, now: Instant) -> bool {
        self.links.iter().any(|link| link.number == number && link.admits(now))
    }

    /// Counts a person who was let in by this link. One whose uses are used up is gone.
    ///
    /// # Errors
    /// [`RoomError::DeadLink`] if the link does not admit, not any more.
    pub(crate) fn use_up(&mut self, number: LinkNumber, now: Instant) -> Result<(), RoomError> {
        let link = self.links.iter_mut().find(|link| link.number == number);
        let link = link.filter(|link| link.admits(now)).ok_or(RoomError::DeadLink)?;
        if let Some(uses) = &mut link.uses_left {
            *uses -= 1;
        }
        self.links.retain(|link| link.uses_left != Some(0));
        Ok(())
    }

    /// Adds an invite. `false`, and nothing is added, if its number is not higher than all before it, it
    /// could admit no one, or there are [`MAX_LINKS`].
    pub(crate) fn add(&mut self, link: RoomLink, now: Instant) -> bool {
        self.expire(now);
        let is_usable = link.uses != Some(0) && link.seconds != Some(0);
        let is_accepted =
            link.number > self.last_number && is_usable && self.links.len() < MAX_LINKS;
        if is_accepted {
            self.last_number = link.number;
            self.links.push(Link::new(link, now));
        }
        is_accepted
    }

    /// Ends a link. Returns whether there was one.
    pub(crate) fn end(&mut self, number: LinkNumber) -> bool {
        let count = self.links.len();
        self.links.retain(|link| link.number != number);
        self.links.len() < count
    }

    /// Ends all links; the given one is the room's own from now on.
    pub(crate) fn replace_all(&mut self, link: RoomLink, now: Instant) {
        self.links.clear();
        self.links.push(Link { number: OWN_LINK, ..Link::new(link, now) });
    }

    /// Forgets the links whose time is over, and their secrets. Call it about once a second.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.links.retain(|link| link.admits(now));
    }
}

impl Link {
    fn new(RoomLink { number, secret, uses, seconds }: RoomLink, now: Instant) -> Self {
        // A time beyond the clock's range never comes.
        let expires_at = seconds.and_then(|seconds| now.checked_add(Duration::from_secs(seconds)));
        Self { number, secret, uses_left: uses, expires_at }
    }

    fn admits(&self, now: Instant) -> bool {
        self.uses_left != Some(0) && self.expires_at.is_none_or(|end| now < end)
    }
}
