//! Letting people in: for the first time, and again.

use std::sync::Arc;
use std::time::Instant;

use super::connection::{Connection, Position, Speaker};
use super::{Hub, Inner};
use crate::chat::{Entropy, Identity, Nickname, Refusal};
use crate::token::Secret;

/// Somebody who was let in.
#[derive(Debug)]
pub(in crate::serve) struct Admission {
    /// Their transport.
    pub(in crate::serve) connection: Connection,
    /// Themselves.
    pub(in crate::serve) you: Identity,
    /// What brings them back.
    pub(in crate::serve) resume: Secret,
    /// The others on the roster, each in the words of [`super::Encoding::somebody`], with commas between.
    pub(in crate::serve) present: Arc<str>,
    /// Whoever left and may still be the author of something remembered.
    pub(in crate::serve) gone: Vec<Identity>,
    /// Earlier messages, if the operator shows them to newcomers.
    pub(in crate::serve) backlog: Vec<Arc<str>>,
}

/// Where a returning participant stopped reading.
#[derive(Debug)]
pub(in crate::serve) struct Return {
    /// From the welcome.
    pub(in crate::serve) resume: Secret,
    /// The last number they saw; `None` reads on from now.
    pub(in crate::serve) after: Option<u64>,
}

impl Hub {
    /// Lets a newcomer in.
    ///
    /// # Errors
    /// What the room says.
    pub(in crate::serve) fn join(
        self: &Arc<Self>,
        name: Nickname,
        entropy: Entropy,
    ) -> Result<Admission, Refusal> {
        let mut inner = self.lock();
        // Before their own arrival: what they are shown of the past is the backlog alone.
        let backlog = inner.ring.backlog(self.backlog);
        let (number, event) = inner.room.join(name, entropy, Instant::now())?;
        self.publish(&mut inner, [event]);
        let cursor = inner.ring.latest();
        let connection = self.connect(&mut inner, number, cursor);
        Ok(self.admit(&mut inner, connection, backlog))
    }

    /// Lets somebody back in, and tells them who is there.
    ///
    /// # Errors
    /// What the room says.
    pub(in crate::serve) fn resume(self: &Arc<Self>, back: &Return) -> Result<Admission, Refusal> {
        let mut inner = self.lock();
        let connection = self.come_back(&mut inner, back)?;
        Ok(self.admit(&mut inner, connection, Vec::new()))
    }

    /// Lets somebody back in who knows who is there.
    ///
    /// # Errors
    /// What the room says.
    pub(in crate::serve) fn reconnect(
        self: &Arc<Self>,
        back: &Return,
    ) -> Result<Connection, Refusal> {
        self.come_back(&mut self.lock(), back)
    }

    fn come_back(
        self: &Arc<Self>,
        inner: &mut Inner,
        back: &Return,
    ) -> Result<Connection, Refusal> {
        let (number, event) = inner.room.resume(&back.resume)?;
        inner.turnover += 1;
        self.publish(inner, event);
        let latest = inner.ring.latest();
        let cursor = back.after.map_or(latest, |after| after.min(latest));
        // An older transport of the same seat must learn that it speaks for nobody.
        self.bell.send_replace(());
        Ok(self.connect(inner, number, cursor))
    }

    fn connect(self: &Arc<Self>, inner: &mut Inner, number: u64, cursor: u64) -> Connection {
        inner.connections += 1;
        let transport = inner.room.transport(number).unwrap_or_default();
        Connection {
            hub: Arc::clone(self),
            bell: self.bell.subscribe(),
            speaker: Speaker { number, transport },
            position: Position { cursor, typed: inner.typed },
        }
    }

    fn admit(
        &self,
        inner: &mut Inner,
        connection: Connection,
        backlog: Vec<Arc<str>>,
    ) -> Admission {
        // Needed only by who is shown what was said before they came, or while they were away.
        let reads_the_past = !backlog.is_empty() || connection.cursor() < inner.ring.latest();
        let gone = if reads_the_past { inner.room.absent().cloned().collect() } else { Vec::new() };
        let number = connection.speaker().number;
        let seat = inner.room.seat(number).expect("the room has just given this seat");
        Admission {
            you: seat.identity.clone(),
            resume: seat.resume(),
            present: inner.roster.others(&inner.room, number),
            gone,
            backlog,
            connection,
        }
    }
}
