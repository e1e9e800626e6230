//! Which names participants may take: the one implementation of these rules, for the room of a server
//! that reads names, and for the host of a sealed room, whose server does not.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::departed::{Departed, MAX_RESERVATIONS};
use super::identity::Identity;
use super::name_index::NameIndex;
use super::nickname::Nickname;
use super::room_error::RoomError;
use crate::identity::MAX_NAME_BYTES;
use crate::rate_limit::{RateLimit, TokenBucket};

/// Newcomers per second in the long run. A meeting does not notice it, because of [`JOIN_BURST`];
/// without it, one client that joins and leaves in a loop could fill every table. Beyond it, newcomers
/// are told how long to wait.
const JOINS_PER_SECOND: u32 = 50;

/// Newcomers at once, on top of as many as the room holds: all may join at the same moment, and reload
/// the page once or more. Their names fit in what is reserved.
const JOIN_BURST: u32 = 1000;

/// Most newcomers within `seconds` to a room for `max_participants`.
pub(crate) const fn max_joins_within(seconds: u64, max_participants: usize) -> usize {
    max_participants + (JOIN_BURST as u64 + JOINS_PER_SECOND as u64 * seconds) as usize
}

/// The names, tags and numbers of a room: of all who are present, who left and may return, and who left
/// for good a short while ago.
#[derive(Debug)]
pub(crate) struct NameRegistry {
    max_participants: usize,
    /// How long a name stays taken after the participant left.
    pub(super) retention: Duration,
    /// Of newcomers.
    joins: TokenBucket,
    /// The latest number that was assigned; 0 before the first.
    pub(super) last_number: u32,
    /// By number: those who wait, who are present, and who left and may return.
    pub(super) members: BTreeMap<u32, Member>,
    pub(super) present: usize,
    /// Those who left and cannot return.
    pub(super) departed: Departed,
    /// Those whom the operator removed, the first one in front.
    pub(super) removed: VecDeque<Identity>,
    /// Names and tags of all of these.
    pub(super) index: NameIndex,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In the lobby. The others have not been told of this person.
    Waiting,
    Present,
    /// The participant left at this moment, and may return.
    Left(Instant),
}

impl Member {
    /// When the participant left.
    pub(super) fn left_at(&self) -> Option<Instant> {
        match self.standing {
            Standing::Left(at) => Some(at),
            Standing::Waiting | Standing::Present => None,
        }
    }
}

/// Memory of a participant at most, in bytes, present or departed: in a tree or a buffer that is at
/// least half full. The tables that look names up are counted in [`super::NAME_INDEX_BYTES`].
pub(crate) const IDENTITY_BYTES: usize = 2 * size_of::<(u32, Member)>() + MAX_NAME_BYTES;

impl NameRegistry {
    /// An empty one, for a room of `max_participants` that keeps names for `retention` after their
    /// participants left.
    pub(crate) fn new(max_participants: usize, retention: Duration, now: Instant) -> Self {
        let capacity = u32::try_from(max_participants).unwrap_or(u32::MAX);
        let burst = capacity.saturating_add(JOIN_BURST);
        let joins = RateLimit::Limited { per_second: JOINS_PER_SECOND, burst };
        Self {
            max_participants,
            retention,
            joins: TokenBucket::new(joins, now),
            last_number: 0,
            members: BTreeMap::new(),
            present: 0,
            departed: Departed::new(retention),
            removed: VecDeque::new(),
            index: NameIndex::default(),
        }
    }

    /// How many participants are present.
    #[cfg(test)]
    pub(crate) fn present_count(&self) -> usize {
        self.present
    }

    /// Someone who waits or is present, or left and may return.
    pub(crate) fn get(&self, number: u32) -> Option<&Identity> {
        self.members.get(&number).map(|member| &member.identity)
    }

    /// The participants who left and whose messages may still be remembered.
    pub(crate) fn departed(&self) -> impl Iterator<Item = &Identity> {
        let awaited = self.members.values().filter(|member| member.left_at().is_some());
        let removed = self.removed.iter();
        awaited.map(|member| &member.identity).chain(self.departed.identities()).chain(removed)
    }

    /// Admits a newcomer, with the next number and the first free tag from number `tag` on.
    ///
    /// # Errors
    /// When the room is full, the name is taken, or too many join.
    pub(crate) fn admit(
        &mut self,
        name: Nickname,
        tag: u32,
        now: Instant,
    ) -> Result<Identity, RoomError> {
        self.check_place()?;
        self.check_newcomer(&name, now)?;
        self.assign(name, tag)
    }

    /// Whether a newcomer may have this name; one who may counts towards the rate of joins.
    ///
    /// # Errors
    /// When the name is taken, or too many join.
    pub(super) fn check_newcomer(
        &mut self,
        name: &Nickname,
        now: Instant,
    ) -> Result<(), RoomError> {
        if self.index.clashes(name) {
            let variants = (2..100).filter_map(|n| name.variant(n));
            let free = variants.into_iter().find(|variant| !self.index.clashes(variant));
            return Err(RoomError::NameTaken(free));
        }
        // Those who may return do not count: seats have a bound of their own.
        if self.departed.len() >= MAX_RESERVATIONS {
            return Err(RoomError::Crowded(self.departed.time_to_release(now)));
        }
        self.joins.take(now).map_err(RoomError::Crowded)
    }

    /// Assigns number and tag to a newcomer whose name was checked.
    ///
    /// # Errors
    /// [`RoomError::Full`] after 2^32 - 1 newcomers, which takes two years at the highest rate.
    pub(super) fn assign(&mut self, name: Nickname, tag: u32) -> Result<Identity, RoomError> {
        let identity = self.insert(name, tag, Standing::Present)?;
        self.present += 1;
        Ok(identity)
    }

    pub(super) fn insert(
        &mut self,
        name: Nickname,
        tag: u32,
        standing: Standing,
    ) -> Result<Identity, RoomError> {
        let number = self.last_number.checked_add(1).ok_or(RoomError::Full)?;
        self.last_number = number;
        let identity = Identity { number, name, tag: self.index.free_tag(tag) };
        self.index.insert(&identity);
        self.members.insert(number, Member { identity: identity.clone(), standing });
        Ok(identity)
    }

    /// Notes that a participant is no longer present, and may return. `None` if that is known.
    pub(crate) fn leave(&mut self, number: u32, now: Instant) -> Option<&Identity> {
        let member = self.members.get_mut(&number);
        let member = member.filter(|member| member.standing == Standing::Present)?;
        member.standing = Standing::Left(now);
        self.present -= 1;
        Some(&member.identity)
    }

    /// Returns a participant who had left.
    ///
    /// # Errors
    /// When the room is full, or the participant has not left, or can no longer return.
    pub(crate) fn readmit(&mut self, number: u32) -> Result<&Identity, RoomError> {
        self.check_place()?;
        let member = self.members.get_mut(&number).filter(|member| member.left_at().is_some());
        let member = member.ok_or(RoomError::NoSeat)?;
        member.standing = Standing::Present;
        self.present += 1;
        Ok(&member.identity)
    }

    pub(super) fn check_place(&self) -> Result<(), RoomError> {
        if self.present < self.max_participants { Ok(()) } else { Err(RoomError::Full) }
    }

    pub(super) fn take(&mut self, number: u32) -> Option<Member> {
        let member = self.members.remove(&number)?;
        self.present -= usize::from(member.standing == Standing::Present);
        Some(member)
    }
}
