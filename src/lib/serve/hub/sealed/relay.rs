//! Carries out what the host says, and keeps what it has to learn.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::SealedRoom;
use super::generation::Generation;
use super::handshake::{Delivery, KnockReply, wrong_link};
use super::resume::{ReturnReply, expired};
use crate::chat::{EntryKind, EventLine, SeatEvent};
use crate::control::{FromRelay, Handshake, ToRelay};
use crate::serve::hub::connection::Entered;
use crate::serve::hub::{Hub, Inner};
use crate::token::Token;
use crate::wire::{self, Refusal};

/// Replies to clients, to be sent without the lock: one that cannot be delivered drops a connection, which
/// takes it.
#[derive(Default)]
struct Replies {
    knocks: Vec<(oneshot::Sender<Delivery>, Delivery)>,
    returns: Vec<(oneshot::Sender<ReturnReply>, ReturnReply)>,
}

impl Replies {
    fn send(self) {
        // A send fails if the client is gone.
        for (waiter, delivery) in self.knocks {
            let _ = waiter.send(delivery);
        }
        for (waiter, reply) in self.returns {
            let _ = waiter.send(reply);
        }
    }
}

impl Hub {
    /// Carries out a message of the host. One about a knock or a participant of whom the room does not
    /// know any more has no effect; an open room ignores all.
    pub(in crate::serve) fn carry_out(self: &Arc<Self>, message: ToRelay) {
        let mut replies = Replies::default();
        let mut inner = self.lock();
        let Ok(sealed) = inner.room.sealed() else { return };
        match message {
            ToRelay::Answer { knock, noise } => self.answer(sealed, knock, noise, &mut replies),
            ToRelay::WrongTicket { knock } => {
                let waiter = sealed.knocks.remove_known(knock);
                replies.knocks.extend(waiter.map(|waiter| (waiter, wrong_link().into())));
                self.advance(sealed, Instant::now());
            }
            ToRelay::Refuse { knock, sealed: reason } => {
                let waiter = sealed.knocks.remove_known(knock);
                let reply = KnockReply::RefusedSealed(reason);
                replies.knocks.extend(waiter.map(|waiter| (waiter, reply.into())));
                self.advance(sealed, Instant::now());
            }
            ToRelay::Letters { generation, letters } => {
                sealed.next.add_letters(generation, letters);
            }
            ToRelay::Came { generation, part } => sealed.next.add_came(generation, part),
            ToRelay::Roster { generation, part } => sealed.next.add_roster(generation, part),
            ToRelay::Keys { generation, went } => self.begin(&mut inner, generation, &went),
            ToRelay::Admit { newcomers } => self.admit(&mut inner, newcomers, &mut replies),
            ToRelay::Readmit { numbers } => self.readmit(&mut inner, numbers, &mut replies),
            ToRelay::RefuseReturn { number } => {
                let waiter = sealed.returns.remove(&number);
                let reply = ReturnReply::Refused(expired());
                replies.returns.extend(waiter.map(|waiter| (waiter, reply)));
            }
            ToRelay::Moved { body } => {
                inner.push(EntryKind::Notice, |seq| wire::sealed_moved_line(seq, &body).into());
                self.notify();
            }
        }
        drop(inner);
        replies.send();
    }

    /// The next message to the host. Cancel safe; never returns in an open room.
    pub(in crate::serve) async fn next_to_host(&self) -> FromRelay {
        loop {
            if let Some(message) = self.try_next_to_host() {
                return message;
            }
            self.host_work.notified().await;
        }
    }

    /// The next message to the host, if there is one.
    pub(in crate::serve) fn try_next_to_host(&self) -> Option<FromRelay> {
        self.lock().room.sealed().ok()?.to_host.pop_front()
    }

    /// Adds a message to the host behind all others.
    pub(super) fn send_to_host(&self, sealed: &mut SealedRoom, message: FromRelay) {
        sealed.to_host.push_back(message);
        self.host_work.notify_one();
    }

    /// Reports the participants who are no longer present, or can no longer return.
    pub(in crate::serve::hub) fn report_gone(
        &self,
        sealed: &mut SealedRoom,
        events: Vec<SeatEvent>,
    ) {
        for event in events {
            let message = match event {
                SeatEvent::Left(number) => FromRelay::Gone { number },
                SeatEvent::GivenUp { number, .. } => FromRelay::GivenUp { number },
            };
            self.send_to_host(sealed, message);
        }
    }

    /// Refuses all who wait for the host, because the session ends.
    pub(in crate::serve::hub) fn refuse_waiting(&self) {
        let mut replies = Replies::default();
        if let Ok(sealed) = self.lock().room.sealed() {
            let knocks = sealed.knocks.clear().into_iter();
            replies.knocks = knocks.map(|waiter| (waiter, Refusal::closing().into())).collect();
            let returns = std::mem::take(&mut sealed.returns).into_values();
            let reply = |waiter| (waiter, ReturnReply::Refused(Refusal::closing()));
            replies.returns = returns.map(reply).collect();
        }
        replies.send();
    }

    fn answer(&self, sealed: &mut SealedRoom, knock: u64, noise: Handshake, replies: &mut Replies) {
        let now = Instant::now();
        let Ok(token) = Token::generate() else { return };
        let (waiter, next) = oneshot::channel();
        if let Some(older) = sealed.knocks.answer(knock, token, waiter, now) {
            let reply = KnockReply::Answered(noise);
            replies.knocks.push((older, Delivery { reply, next: Some(next) }));
        }
        self.advance(sealed, now);
    }

    /// Begins the next generation. Participants who `went` and are still present were removed by the host.
    fn begin(&self, inner: &mut Inner, generation: u32, went: &[u32]) {
        let now = Instant::now();
        let seq = inner.ring.next_seq();
        let Ok(sealed) = inner.room.sealed() else { return };
        let removed = went.iter().filter(|number| sealed.seats.is_present(**number));
        let removed: Vec<u32> = removed.copied().collect();
        for number in &removed {
            // The host knows.
            sealed.seats.leave(*number, now);
        }
        let begun = Arc::new(sealed.next.begin(generation, seq, went));
        sealed.newest = Some(Arc::clone(&begun));
        let line = EventLine::Lettered(Arc::clone(&begun.keys));
        inner.push(EntryKind::Keys, |_| line);
        // Their connections have to look whether they still have a seat.
        inner.resume_count += removed.len() as u64;
        self.notify();
    }

    /// Seats newcomers, who are in the newest generation. One whose client is gone has left already.
    fn admit(
        self: &Arc<Self>,
        inner: &mut Inner,
        mut newcomers: Vec<(u64, u32)>,
        replies: &mut Replies,
    ) {
        // Seats are assigned in the order of the numbers.
        newcomers.sort_unstable_by_key(|(_, number)| *number);
        for (knock, number) in newcomers {
            let Ok(sealed) = inner.room.sealed() else { return };
            let Some((waiter, generation, token)) = sealed
                .knocks
                .remove_requested(knock)
                .and_then(|waiter| Some((waiter, sealed.newest.clone()?, Token::generate().ok()?)))
            else {
                self.send_to_host(sealed, FromRelay::Gone { number });
                continue;
            };
            sealed.seats.admit(number, token, Instant::now());
            let delivery = match self.seat(inner, number, &generation) {
                Ok(entered) => KnockReply::Admitted(entered).into(),
                Err(refusal) => refusal.into(),
            };
            replies.knocks.push((waiter, delivery));
        }
    }

    /// Returns participants who had left, and are in the newest generation.
    fn readmit(self: &Arc<Self>, inner: &mut Inner, numbers: Vec<u32>, replies: &mut Replies) {
        for number in numbers {
            let Ok(sealed) = inner.room.sealed() else { return };
            let waiter = sealed.returns.remove(&number);
            let Some(generation) = sealed.newest.clone() else { return };
            if sealed.seats.readmit(number).is_none() {
                // The seat was given up meanwhile.
                self.send_to_host(sealed, FromRelay::Gone { number });
                continue;
            }
            inner.resume_count += 1;
            let reply = match self.seat(inner, number, &generation) {
                Ok(entered) => ReturnReply::Readmitted(entered),
                Err(refusal) => ReturnReply::Refused(refusal),
            };
            // Without a client, the connection is dropped: the time for a silent return begins.
            let waiter = waiter.unwrap_or_else(|| oneshot::channel().0);
            replies.returns.push((waiter, reply));
        }
    }

    /// Connects a participant who comes or returns with this generation, and may read what follows it.
    fn seat(
        self: &Arc<Self>,
        inner: &mut Inner,
        number: u32,
        generation: &Generation,
    ) -> Result<Entered, Refusal> {
        let seq = generation.seq;
        inner.room.sealed()?.seats.grant_history(number, seq, seq);
        let entered = self.enter(inner, number, generation, seq);
        if entered.is_err() {
            // Without a letter, nothing can be read: the participant leaves at once.
            let sealed = inner.room.sealed()?;
            let events = sealed.seats.leave(number, Instant::now());
            self.report_gone(sealed, events);
        }
        entered
    }
}
