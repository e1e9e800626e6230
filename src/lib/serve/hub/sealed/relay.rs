//! Carries out what the host says, and keeps what it has to learn.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::generation::Generation;
use super::lobby::hand_over;
use super::reply::{Decision, Reply, ReturnDecision, Seated, Verdict, expired, wrong_link};
use super::room::SealedRoom;
use crate::chat::{EntryKind, EventLine, SeatEvent};
use crate::control::{FromRelay, Handshake, ToRelay};
use crate::serve::hub::{Hub, Inner};
use crate::token::Token;
use crate::wire::{self, Refusal};

impl Hub {
    /// Carries out a message of the host. One about a knock or a participant of whom the room does not
    /// know any more has no effect; an open room ignores all.
    pub(in crate::serve) fn carry_out(&self, message: ToRelay) {
        let mut inner = self.lock();
        let Ok(sealed) = inner.room.sealed() else { return };
        match message {
            ToRelay::Answer { knock, noise } => self.answer(sealed, knock, noise),
            ToRelay::Wait { knock } => self.put_off(sealed, knock),
            ToRelay::WrongTicket { knock } => {
                self.refuse(sealed, knock, Decision::Refused(wrong_link()));
            }
            ToRelay::Refuse { knock, sealed: reason } => {
                if !self.refuse_in_lobby(sealed, knock, &reason) {
                    self.refuse(sealed, knock, Decision::RefusedSealed(reason));
                }
            }
            ToRelay::Letters { generation, letters } => {
                sealed.next.add_letters(generation, letters);
            }
            ToRelay::Came { generation, part } => sealed.next.add_came(generation, part),
            ToRelay::Roster { generation, part } => sealed.next.add_roster(generation, part),
            ToRelay::Keys { generation, went } => self.begin(&mut inner, generation, &went),
            ToRelay::Admit { newcomers } => self.admit(sealed, newcomers),
            ToRelay::Readmit { numbers } => self.readmit(&mut inner, numbers),
            ToRelay::RefuseReturn { number } => {
                let waiter = sealed.returns.remove(&number);
                // Fails if the client is gone, here and below.
                let _ = waiter.map(|waiter| waiter.send(ReturnDecision::Refused(expired())));
            }
            ToRelay::Moved { body } => {
                inner.push(EntryKind::Notice, |seq| wire::sealed_moved_line(seq, &body).into());
                self.notify();
            }
        }
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

    fn answer(&self, sealed: &mut SealedRoom, knock: u64, noise: Handshake) {
        let now = Instant::now();
        let Ok(token) = Token::generate() else { return };
        let (waiter, next) = oneshot::channel();
        if let Some(older) = sealed.knocks.answer(knock, token, waiter, now) {
            let _ = older.send(Reply::Answered { noise, next });
        }
        self.advance(sealed, now);
    }

    /// Ends a handshake like this, if it is under way.
    fn refuse(&self, sealed: &mut SealedRoom, knock: u64, decision: Decision) {
        if let Some(waiter) = sealed.knocks.remove_known(knock) {
            let _ = waiter.send(Reply::Decided(decision));
        }
        self.advance(sealed, Instant::now());
    }

    /// Begins the next generation. Participants who `went` and are still present were removed by the host.
    fn begin(&self, inner: &mut Inner, generation: u32, went: &[u32]) {
        let now = Instant::now();
        let seq = inner.ring.next_seq();
        let Ok(sealed) = inner.room.sealed() else { return };
        let removed = went.iter().filter(|number| sealed.seats.is_present(**number));
        let removed: Vec<u32> = removed.copied().collect();
        removed.iter().for_each(|number| sealed.remove(*number, now));
        let begun = Arc::new(sealed.next.begin(generation, seq, went));
        sealed.newest = Some(Arc::clone(&begun));
        let line = EventLine::Lettered(Arc::clone(&begun.keys));
        inner.push(EntryKind::Keys, |_| line);
        // Their connections have to look whether they still have a seat.
        inner.seat_changes += removed.len() as u64;
        self.notify();
    }

    /// Seats newcomers, who are in the newest generation. One whose client is gone has left already.
    fn admit(&self, sealed: &mut SealedRoom, mut newcomers: Vec<(u64, u32)>) {
        let now = Instant::now();
        // Seats are assigned in the order of the numbers.
        newcomers.sort_unstable_by_key(|(_, number)| *number);
        for (knock, number) in newcomers {
            let waiter = sealed.take_admitted(knock, number, now);
            let (Some(waiter), Some(generation), Ok(token)) =
                (waiter, sealed.newest.clone(), Token::generate())
            else {
                self.send_to_host(sealed, FromRelay::Gone { number });
                continue;
            };
            sealed.seats.admit(number, token, now);
            let seated = sealed.seated(number, generation);
            hand_over(sealed, waiter, seated, now);
        }
    }

    /// Returns participants who had left, and are in the newest generation.
    fn readmit(&self, inner: &mut Inner, numbers: Vec<u32>) {
        let now = Instant::now();
        inner.seat_changes += numbers.len() as u64;
        let Ok(sealed) = inner.room.sealed() else { return };
        for number in numbers {
            let waiter = sealed.returns.remove(&number);
            let (Some(generation), Some(_)) = (sealed.newest.clone(), sealed.seats.readmit(number))
            else {
                // The seat was given up meanwhile.
                self.send_to_host(sealed, FromRelay::Gone { number });
                continue;
            };
            let seated = sealed.seated(number, generation);
            let transport = seated.transport;
            let sent = waiter.map(|waiter| waiter.send(ReturnDecision::Readmitted(seated)));
            if !matches!(sent, Some(Ok(()))) {
                sealed.seats.detach(number, transport, now);
            }
        }
    }
}

impl SealedRoom {
    /// Refuses all who wait for the host, because the session ends.
    pub(in crate::serve::hub) fn refuse_waiting(&mut self) {
        let in_lobby = self.lobby.decide_all(&Verdict::Closing, Instant::now());
        for waiter in self.knocks.clear().into_iter().chain(in_lobby) {
            let _ = waiter.send(Reply::Decided(Decision::Refused(Refusal::closing())));
        }
        for waiter in std::mem::take(&mut self.returns).into_values() {
            let _ = waiter.send(ReturnDecision::Refused(Refusal::closing()));
        }
    }

    /// The seat of a participant who comes or returns with this generation, and may read what follows it.
    fn seated(&mut self, number: u32, generation: Arc<Generation>) -> Seated {
        self.seats.grant_history(number, generation.seq, generation.seq);
        let transport = self.seats.transport(number).unwrap_or_default();
        Seated { number, transport, generation }
    }
}
