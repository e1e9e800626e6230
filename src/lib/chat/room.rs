//! The one conversation of a session: who is in it, and what each of them may do.
//!
//! The sender of everything is a seat, never a name in a message. Who receives is whoever is on
//! the roster; coming and going is announced by the room alone.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::nickname::{NameError, Nickname};
use super::rate::{Bucket, Pace};
use super::seat::{Identity, Presence, Seat};
use super::taken::Taken;
use super::text::Text;
use crate::token::Token;

/// A participant whose last transport is gone may come back unnoticed for this long: a phone that
/// changes from Wi-Fi to mobile, a page that is resumed, a laptop lid.
pub(crate) const SILENT_RETURN: Duration = Duration::from_secs(30);

/// Seats and names of people who left, kept at most: whoever joins and leaves in a loop makes the
/// room forget the oldest of them, not grow.
pub(crate) const KEPT: usize = 1024;

/// What the operator set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How many may be in the room at once.
    pub(crate) max_participants: usize,
    /// How fast one of them may speak.
    pub(crate) pace: Pace,
    /// How long a seat, and the name of somebody who left, is kept.
    pub(crate) kept_for: Duration,
}

/// Random bits for one newcomer.
#[derive(Debug)]
pub(crate) struct Entropy {
    /// The secret to come back with.
    pub(crate) token: Token,
    /// Picks the tag.
    pub(crate) tag: u32,
}

/// Something that everybody on the roster is told.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// Somebody is there, for the first time or again.
    Joined(Identity),
    /// Somebody is gone.
    Left(Identity),
    /// Somebody spoke.
    Said {
        /// Who.
        number: u64,
        /// The client's own id for it.
        reference: Option<String>,
        /// What.
        text: Text,
    },
    /// The room has another public address, and the one before leads nowhere.
    Moved {
        /// `https://` and the host name.
        url: String,
    },
}

/// Why the room does not do what was asked. Nothing the participant wrote is lost by it.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The bucket is empty.
    #[error("that was too fast; wait {} and send it again", seconds(.0))]
    TooFast(Duration),
    /// The name is not one.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// Somebody has it, or one that looks like it, or had it a short while ago.
    #[error("{}", taken(.0.as_ref()))]
    NameTaken(Option<Nickname>),
    /// As many as the operator lets in are in.
    #[error("the room is full; try again when somebody has left")]
    Full,
    /// No such seat is kept.
    #[error("your seat is no longer kept; join again")]
    NoSeat,
}

/// The roster and its rules.
#[derive(Debug)]
pub(crate) struct Room {
    rules: Rules,
    next: u64,
    seats: BTreeMap<u64, Seat>,
    present: usize,
    /// People who gave up their seats: their lines may still be remembered, and nobody else may be
    /// taken for them for a while.
    departed: VecDeque<(Identity, Instant)>,
    /// Everybody of `seats` and `departed`, by what must not be given twice.
    taken: Taken,
}

impl Room {
    /// An empty one.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            next: 1,
            seats: BTreeMap::new(),
            present: 0,
            departed: VecDeque::new(),
            taken: Taken::default(),
        }
    }

    /// How many are in it.
    pub(crate) fn present(&self) -> usize {
        self.present
    }

    /// Whoever is on the roster, in the order they first came.
    pub(crate) fn roster(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values().filter(|seat| seat.is_present())
    }

    /// Those who left a short while ago: what they said may still be remembered.
    pub(crate) fn absent(&self) -> impl Iterator<Item = &Identity> {
        let kept = self.seats.values().filter(|seat| !seat.is_present());
        kept.map(|seat| &seat.identity).chain(self.departed.iter().map(|(identity, _)| identity))
    }

    /// The seat of this number, if it is kept.
    pub(crate) fn seat(&self, number: u64) -> Option<&Seat> {
        self.seats.get(&number)
    }

    /// Lets somebody in.
    ///
    /// # Errors
    /// When the room is full or the name is taken, also by somebody who left a short while ago.
    pub(crate) fn join(
        &mut self,
        name: Nickname,
        entropy: Entropy,
        now: Instant,
    ) -> Result<(u64, Event), Refusal> {
        if self.present >= self.rules.max_participants {
            return Err(Refusal::Full);
        }
        if self.taken.clashes(&name) {
            let variants = (2..100).filter_map(|n| name.variant(n));
            let free = variants.into_iter().find(|variant| !self.taken.clashes(variant));
            return Err(Refusal::NameTaken(free));
        }
        let number = self.next;
        self.next += 1;
        let tag = self.taken.free_tag(entropy.tag);
        let bucket = Bucket::new(self.rules.pace, now);
        let identity = Identity { number, name, tag };
        self.taken.add(&identity);
        self.seats.insert(number, Seat::new(identity.clone(), entropy.token, bucket));
        self.present += 1;
        Ok((number, Event::Joined(identity)))
    }

    /// Brings somebody back to their seat, on a new transport. The event is there only if the
    /// others had been told that they left.
    ///
    /// # Errors
    /// When the seat is not kept, the secret is wrong, or they had left and the room is full.
    pub(crate) fn resume(&mut self, resume: &str) -> Result<(u64, Option<Event>), Refusal> {
        let (number, token) = Seat::parse_resume(resume).ok_or(Refusal::NoSeat)?;
        let full = self.present >= self.rules.max_participants;
        let seat = self.seats.get_mut(&number).ok_or(Refusal::NoSeat)?;
        if seat.token != token {
            return Err(Refusal::NoSeat);
        }
        let returns = !seat.is_present();
        if returns && full {
            return Err(Refusal::Full);
        }
        seat.presence = Presence::Here;
        seat.transport += 1;
        self.present += usize::from(returns);
        Ok((number, returns.then(|| Event::Joined(seat.identity.clone()))))
    }

    /// The transport that speaks for this seat now.
    pub(crate) fn transport(&self, number: u64) -> Option<u64> {
        self.seats.get(&number).map(|seat| seat.transport)
    }

    /// A transport is gone. If it was the one of its seat, the time to come back begins.
    pub(crate) fn detach(&mut self, number: u64, transport: u64, now: Instant) {
        if let Some(seat) = self.seats.get_mut(&number)
            && seat.transport == transport
            && seat.presence == Presence::Here
        {
            seat.presence = Presence::Away(now);
        }
    }

    /// Somebody gives up their seat.
    pub(crate) fn leave(&mut self, number: u64, now: Instant) -> Option<Event> {
        let seat = self.seats.remove(&number)?;
        if self.departed.len() == KEPT
            && let Some((oldest, _)) = self.departed.pop_front()
        {
            self.taken.forget(&oldest);
        }
        self.departed.push_back((seat.identity.clone(), now));
        if !seat.is_present() {
            return None;
        }
        self.present -= 1;
        Some(Event::Left(seat.identity))
    }

    /// Somebody speaks. `None` is a repetition of what they said before under the same reference.
    ///
    /// # Errors
    /// When they speak too fast, or are not on the roster.
    pub(crate) fn say(
        &mut self,
        number: u64,
        reference: Option<String>,
        text: Text,
        now: Instant,
    ) -> Result<Option<Event>, Refusal> {
        let seat = self.seats.get_mut(&number).filter(|seat| seat.is_present());
        let seat = seat.ok_or(Refusal::NoSeat)?;
        if reference.as_deref().is_some_and(|reference| seat.has_said(reference)) {
            return Ok(None);
        }
        seat.bucket.take(now).map_err(Refusal::TooFast)?;
        if let Some(reference) = &reference {
            seat.remember(reference);
        }
        Ok(Some(Event::Said { number, reference, text }))
    }

    /// Whether the others shall be told that this one types.
    pub(crate) fn types(&mut self, number: u64, now: Instant) -> bool {
        self.seats.get_mut(&number).is_some_and(|seat| seat.is_present() && seat.types(now))
    }

    /// Lets time pass: who was away too long is announced, who left long ago is forgotten. Call it
    /// about once a second.
    pub(crate) fn pass_time(&mut self, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        for seat in self.seats.values_mut() {
            if let Presence::Away(since) = seat.presence
                && now.saturating_duration_since(since) >= SILENT_RETURN
            {
                seat.presence = Presence::Left(now);
                self.present -= 1;
                events.push(Event::Left(seat.identity.clone()));
            }
        }
        self.forget(now);
        events
    }

    fn forget(&mut self, now: Instant) {
        let kept_for = self.rules.kept_for;
        let over = |since: Instant| now.saturating_duration_since(since) >= kept_for;
        // In the order in which they left.
        while let Some((identity, since)) = self.departed.front()
            && over(*since)
        {
            self.taken.forget(identity);
            self.departed.pop_front();
        }
        self.release(usize::MAX, over);
        let surplus = (self.seats.len() - self.present).saturating_sub(KEPT);
        self.release(surplus, |_| true);
    }

    /// Gives up the seats of at most `count` who have left at such a moment, from those who came
    /// first.
    fn release(&mut self, mut count: usize, such: impl Fn(Instant) -> bool) {
        let taken = &mut self.taken;
        self.seats.retain(|_, seat| match seat.presence {
            Presence::Left(at) if count > 0 && such(at) => {
                count -= 1;
                taken.forget(&seat.identity);
                false
            }
            Presence::Left(_) | Presence::Here | Presence::Away(_) => true,
        });
    }
}

fn seconds(wait: &Duration) -> String {
    let seconds = wait.as_millis().div_ceil(1000);
    if seconds <= 1 { "a second".to_owned() } else { format!("{seconds} seconds") }
}

fn taken(free: Option<&Nickname>) -> String {
    let taken = "that name, or one that looks like it, is in use or was a short while ago";
    match free {
        Some(name) => format!("{taken}; {} is free", name.as_str()),
        None => format!("{taken}; choose another"),
    }
}
