//! Which names participants may take: the one implementation of these rules, for the room of a server
//! that reads names, and for the host of a sealed room, whose server does not.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::departed::{Departed, MAX_RESERVATIONS};
use super::identity::Identity;
use super::name_index::NameIndex;
use super::nickname::Nickname;
use super::removed::MAX_REMOVED;
use super::room_error::RoomError;
use super::seat::Activity;
use crate::identity::MAX_NAME_BYTES;
use crate::rate_limit::{RateLimit, TokenBucket};

/// Newcomers per second in the long run. A meeting does not notice it, because of [`JOIN_BURST`];
/// without it, one client that joins and leaves in a loop could fill every table. Beyond it, newcomers
/// are told how long to wait.
const JOINS_PER_SECOND: u32 = 50;

/// Newcomers at once, on top of as many as the room holds: all may join at the same moment, and reload
/// the page once or more. Their names fit in what is reserved.
const JOIN_BURST: u32 = 1000;

/// Most participants who left and are known as ones who may return. The seats of a room have a lower
/// bound, [`super::MAX_RETAINED_SEATS`]; this one is for a host whose server does not say which seats it
/// gives up. Beyond it, those who left first can no longer return.
const MAX_AWAITED: usize = 2048;

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
    retention: Duration,
    /// Of newcomers.
    joins: TokenBucket,
    /// The latest number that was assigned; 0 before the first.
    last_number: u32,
    /// By number: those who wait, who are present, and who left and may return.
    members: BTreeMap<u32, Member>,
    present: usize,
    /// Those who left and cannot return.
    departed: Departed,
    /// Those whom the operator removed, the first one in front.
    removed: VecDeque<Identity>,
    /// Names and tags of all of these.
    index: NameIndex,
}

#[derive(Debug)]
struct Member {
    identity: Identity,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// In the lobby. The others have not been told of this person.
    Waiting,
    Present,
    /// The participant left at this moment, and may return.
    Left(Instant),
}

impl Member {
    fn left_at(&self) -> Option<Instant> {
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

    /// Assigns number and tag to a newcomer who is to wait in the lobby. The name is taken from now on;
    /// [`NameRegistry::admit_waiting`] or [`NameRegistry::withdraw`] follows.
    ///
    /// # Errors
    /// When the name is taken, or too many join.
    pub(crate) fn wait(
        &mut self,
        name: Nickname,
        tag: u32,
        now: Instant,
    ) -> Result<Identity, RoomError> {
        self.check_newcomer(&name, now)?;
        self.insert(name, tag, Standing::Waiting)
    }

    /// Lets in someone who waits, under the same number.
    ///
    /// # Errors
    /// When the room is full, or this person does not wait.
    pub(crate) fn admit_waiting(&mut self, number: u32) -> Result<&Identity, RoomError> {
        self.check_place()?;
        let member = self.members.get_mut(&number);
        let member = member.filter(|member| member.standing == Standing::Waiting);
        let member = member.ok_or(RoomError::NoSeat)?;
        member.standing = Standing::Present;
        self.present += 1;
        Ok(&member.identity)
    }

    /// As [`NameRegistry::admit_waiting`], under the next number if a higher one was assigned in between: for
    /// a sealed room, where numbers rise in the order of admissions. Name and tag stay.
    ///
    /// # Errors
    /// Those of [`NameRegistry::admit_waiting`]; [`RoomError::Full`] when there are no more numbers.
    pub(crate) fn admit_waiting_as_newest(&mut self, number: u32) -> Result<&Identity, RoomError> {
        if number == self.last_number {
            return self.admit_waiting(number);
        }
        self.check_place()?;
        let next = self.last_number.checked_add(1).ok_or(RoomError::Full)?;
        let is_waiting = |member: &Member| member.standing == Standing::Waiting;
        if !self.members.get(&number).is_some_and(is_waiting) {
            return Err(RoomError::NoSeat);
        }
        let mut member = self.members.remove(&number).ok_or(RoomError::NoSeat)?;
        member.identity.number = next;
        self.last_number = next;
        self.members.insert(next, member);
        self.admit_waiting(next)
    }

    /// Lets a newcomer wait after all, of whom the others have not been told.
    pub(crate) fn postpone(&mut self, number: u32) {
        let member = self.members.get_mut(&number);
        if let Some(member) = member.filter(|member| member.standing == Standing::Present) {
            member.standing = Standing::Waiting;
            self.present -= 1;
        }
    }

    fn insert(
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

    /// Takes back what was assigned to a newcomer whom the others have not been told of: the name is
    /// free at once. The number is not assigned again.
    pub(crate) fn withdraw(&mut self, number: u32) {
        if let Some(member) = self.take(number) {
            self.index.remove(&member.identity);
        }
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

    /// Notes that a participant cannot return. The name stays taken, and is known for those who read
    /// older messages: for longer if the participant has posted one.
    pub(super) fn give_up(&mut self, number: u32, activity: Activity, now: Instant) {
        if let Some(member) = self.take(number) {
            let left_at = member.left_at().unwrap_or(now);
            self.departed.add(member.identity, activity, left_at, &mut self.index);
        }
    }

    /// Notes that the operator has removed someone, present or not: there is no return, and the name stays
    /// taken until the session ends. At the bound of [`MAX_REMOVED`], the name of the one who was removed
    /// first becomes an ordinary reservation.
    pub(crate) fn remove(&mut self, number: u32, now: Instant) -> Option<Identity> {
        let identity = self.take(number)?.identity;
        self.removed.push_back(identity.clone());
        if self.removed.len() > MAX_REMOVED
            && let Some(oldest) = self.removed.pop_front()
        {
            self.departed.add(oldest, Activity::Posted, now, &mut self.index);
        }
        Some(identity)
    }

    /// As [`NameRegistry::give_up`], for a host, who is not told what a participant has done: all are
    /// known for equally long.
    pub(crate) fn forget(&mut self, number: u32, now: Instant) {
        self.give_up(number, Activity::JoinedOnly, now);
    }

    /// Frees the names of all who left at least the retention time ago. Call it about once a second.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.departed.expire(now, &mut self.index);
        let (retention, index) = (self.retention, &mut self.index);
        self.members.retain(|_, member| {
            let age = member.left_at().map(|at| now.saturating_duration_since(at));
            let is_expired = age.is_some_and(|age| age >= retention);
            if is_expired {
                index.remove(&member.identity);
            }
            !is_expired
        });
        self.bound_awaited(now);
    }

    fn bound_awaited(&mut self, now: Instant) {
        // With those who wait, who are few.
        if self.members.len() - self.present <= MAX_AWAITED {
            return;
        }
        let left = self.members.iter().filter_map(|(number, it)| Some((it.left_at()?, *number)));
        let mut left: Vec<_> = left.collect();
        let excess = left.len().saturating_sub(MAX_AWAITED);
        left.sort_unstable();
        for (_, number) in left.into_iter().take(excess) {
            self.forget(number, now);
        }
    }

    fn check_place(&self) -> Result<(), RoomError> {
        if self.present < self.max_participants { Ok(()) } else { Err(RoomError::Full) }
    }

    fn take(&mut self, number: u32) -> Option<Member> {
        let member = self.members.remove(&number)?;
        self.present -= usize::from(member.standing == Standing::Present);
        Some(member)
    }
}
