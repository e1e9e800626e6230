//! The names of newcomers whom the others have not been told of: in the lobby, or just assigned.

use std::time::Instant;

use super::identity::Identity;
use super::name_registry::{Member, NameRegistry, Standing};
use super::nickname::Nickname;
use super::room_error::RoomError;

impl NameRegistry {
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

    /// Takes back what was assigned to a newcomer whom the others have not been told of: the name is
    /// free at once. The number is not assigned again.
    pub(crate) fn withdraw(&mut self, number: u32) {
        if let Some(member) = self.take(number) {
            self.index.remove(&member.identity);
        }
    }

    /// Lets a newcomer wait after all, of whom the others have not been told.
    pub(crate) fn postpone(&mut self, number: u32) {
        let member = self.members.get_mut(&number);
        if let Some(member) = member.filter(|member| member.standing == Standing::Present) {
            member.standing = Standing::Waiting;
            self.present -= 1;
        }
    }
}
