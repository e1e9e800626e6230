//! How long the names of participants who left stay taken.

use std::time::Instant;

use super::identity::Identity;
use super::name_registry::NameRegistry;
use super::removed::MAX_REMOVED;
use super::seat::Activity;

/// Most participants who left and are known as ones who may return. The seats of a room have a lower
/// bound, [`super::MAX_RETAINED_SEATS`]; this one is for a host whose server does not say which seats it
/// gives up. Beyond it, those who left first can no longer return.
const MAX_AWAITED: usize = 2048;

impl NameRegistry {
    /// Notes that a participant cannot return. The name stays taken, and is known for those who read
    /// older messages: for longer if the participant has posted one.
    pub(super) fn give_up(&mut self, number: u32, activity: Activity, now: Instant) {
        if let Some(member) = self.take(number) {
            let left_at = member.left_at().unwrap_or(now);
            self.departed.add(member.identity, activity, left_at, &mut self.index);
        }
    }

    /// Notes that the operator has removed someone, who is present, waits, or has left: there is no return,
    /// and the name stays taken until the session ends. At the bound of [`MAX_REMOVED`], the name of the one
    /// who was removed first becomes an ordinary reservation. `None` if there is no such participant.
    pub(crate) fn remove(&mut self, number: u32, now: Instant) -> Option<Identity> {
        let identity = match self.take(number) {
            Some(member) => member.identity,
            None => self.departed.take(number)?,
        };
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
}
