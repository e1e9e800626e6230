//! The operator removes a participant: at once, and for good.

use std::time::Instant;

use super::output::{HostError, HostOutput};
use super::people::Standing;
use super::state::Host;
use crate::chat::WaitEnd;
use crate::control::RoomOrder;

impl Host {
    /// Removes a person: one in the room loses the room key at once, one who left cannot return, one who
    /// waits or is about to be let in is refused. `None` if there is no such person.
    ///
    /// # Errors
    /// [`HostError::Randomness`] and [`HostError::Exhausted`].
    pub(in crate::supervisor) fn kick(
        &mut self,
        number: u32,
        now: Instant,
    ) -> Result<Option<HostOutput>, HostError> {
        let mut output = HostOutput::default();
        let Some(person) = self.people.get_mut(number) else { return Ok(None) };
        match person.standing {
            Standing::Waiting { .. } | Standing::Joining { .. } => {
                self.refuse(number, WaitEnd::Removed.into(), &mut output);
                return Ok(Some(output));
            }
            Standing::Removed => return Ok(None),
            Standing::Present | Standing::Leaving => person.standing = Standing::Removed,
            Standing::Departed | Standing::Returning => self.people.remove(number),
        }
        self.names.remove(number, now);
        output.order(RoomOrder::Remove { number });
        // Before its time, if need be: those who stay must not share their key with this person.
        if self.people.with(|it| it == Standing::Removed).next().is_some() {
            self.begin_generation(now, &mut output)?;
        }
        Ok(Some(output))
    }
}
