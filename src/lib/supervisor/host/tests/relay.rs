//! An honest relay, and its guests. Every line of the host is checked when it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::super::output::{HostError, HostEvent, HostOutput};
use super::super::state::{Host, HostRules};
use super::admissions::Admissions;
use crate::base64url::Opaque;
use crate::control::{FromRelay, LinkNumber, MAX_FRAME_BYTES, RoomOrder, Sealed, ToRelay, ToServe};
use crate::seal::{
    Answered, Applicant, Change, Changed, Guest, Knock, SecretBytes, Ticket, Welcome,
};

pub(super) const RING_AGE: Duration = Duration::from_secs(600);

fn draw() -> SecretBytes<32> {
    SecretBytes::generate().unwrap()
}

/// Host, relay and guests in one.
pub(super) struct Room {
    pub(super) host: Host,
    started: Instant,
    pub(super) now: Instant,
    last_knock: u64,
    knocking: BTreeMap<u64, Knock>,
    pub(super) answered: BTreeMap<u64, Answered>,
    pub(super) waiting: BTreeMap<u64, Applicant>,
    /// The knocks of those who were told that they wait in the lobby.
    pub(super) in_lobby: BTreeSet<u64>,
    pub(super) guests: BTreeMap<u32, Guest>,
    /// Those whom the room knows as gone, with the keys they had.
    pub(super) departed: BTreeMap<u32, Guest>,
    /// Those whom the operator has removed.
    pub(super) removed: BTreeMap<u32, Guest>,
    /// The doors that the relay has, and the tickets that people have, by link.
    pub(super) links: BTreeMap<LinkNumber, Ticket>,
    /// All tickets that there were, also those that admit no one any more.
    pub(super) tickets: Vec<(LinkNumber, Ticket)>,
    pub(super) last_invite: LinkNumber,
    pub(super) wrong_tickets: Vec<u64>,
    pub(super) refusals: Vec<(u64, serde_json::Value)>,
    pub(super) refused_returns: Vec<u32>,
    /// The bodies of `moved`.
    pub(super) moved: Vec<Sealed>,
    /// The bodies of `announced`.
    pub(super) announced: Vec<Sealed>,
    pub(super) board: Vec<HostEvent>,
    /// Of the generation that is being prepared, or was published last.
    generation: u32,
    letters: BTreeMap<u32, Vec<u8>>,
    came: Vec<Vec<u8>>,
    roster: Vec<Vec<u8>>,
    is_published: bool,
    numbers: BTreeSet<u32>,
    pub(super) model: Admissions,
    is_removed: BTreeSet<u32>,
    /// When each change was published, and to how many it was told.
    pub(super) changes: Vec<(Instant, usize)>,
}

impl Room {
    pub(super) fn new(max_participants: usize) -> Self {
        let now = Instant::now();
        let rules = HostRules { max_participants, ring_age: RING_AGE };
        let host = Host::new(rules, || SecretBytes::generate().ok(), now).unwrap();
        let ticket = Ticket::parse(&host.ticket()).unwrap();
        Self {
            tickets: vec![(0, ticket.clone())],
            last_invite: 0,
            links: BTreeMap::from([(0, ticket)]),
            host,
            started: now,
            now,
            last_knock: 0,
            knocking: BTreeMap::new(),
            answered: BTreeMap::new(),
            waiting: BTreeMap::new(),
            in_lobby: BTreeSet::new(),
            removed: BTreeMap::new(),
            announced: Vec::new(),
            guests: BTreeMap::new(),
            departed: BTreeMap::new(),
            wrong_tickets: Vec::new(),
            refusals: Vec::new(),
            refused_returns: Vec::new(),
            moved: Vec::new(),
            board: Vec::new(),
            generation: 0,
            letters: BTreeMap::new(),
            came: Vec::new(),
            roster: Vec::new(),
            is_published: true,
            numbers: BTreeSet::new(),
            model: Admissions::default(),
            is_removed: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn ticket(&self) -> Ticket {
        Ticket::parse(&self.host.ticket()).unwrap()
    }

    fn clock(&self) -> Duration {
        self.now - self.started
    }

    /// Gives a message of the relay to the host, which must take it.
    pub(super) fn send(&mut self, message: FromRelay) {
        let output = self.host.handle(message, self.now).unwrap();
        self.take(output);
    }

    /// The same for a message that is a lie.
    pub(super) fn lie(&mut self, message: FromRelay) -> HostError {
        self.host.handle(message, self.now).unwrap_err()
    }

    /// Lets time pass, and the host do what is due on the way.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.host.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            let output = self.host.advance(self.now).unwrap();
            self.take(output);
            // A deadline that stays would wake the loop for ever.
            assert!(self.host.deadline().is_none_or(|next| next > self.now));
        }
        self.now = end;
    }

    /// A handshake, up to the answer.
    pub(super) fn knock_with(&mut self, ticket: &Ticket) -> u64 {
        self.knock_by(0, ticket)
    }

    /// The same through the door of another link.
    pub(super) fn knock_by(&mut self, link: LinkNumber, ticket: &Ticket) -> u64 {
        self.last_knock += 1;
        let knock = Knock::new(ticket, draw());
        let noise = Opaque::new(knock.message().to_vec()).unwrap();
        self.knocking.insert(self.last_knock, knock);
        self.model.knocks(self.last_knock, link);
        self.send(FromRelay::Knock { knock: self.last_knock, link, noise });
        self.last_knock
    }

    pub(super) fn knock(&mut self) -> u64 {
        self.knock_with(&self.ticket())
    }

    /// The request of a knock that was answered.
    pub(super) fn request(&mut self, knock: u64, name: &str) {
        self.request_with_key(knock, name, &draw());
    }

    pub(super) fn request_with_key(&mut self, knock: u64, name: &str, signing: &SecretBytes<32>) {
        let answered = self.answered.remove(&knock).unwrap();
        let (applicant, sealed) = answered.request(name, signing).unwrap();
        self.waiting.insert(knock, applicant);
        self.model.requests(knock);
        self.send(FromRelay::Request { knock, sealed: Opaque::new(sealed).unwrap() });
    }

    /// A newcomer, up to the request.
    pub(super) fn join(&mut self, name: &str) -> u64 {
        let knock = self.knock();
        self.request(knock, name);
        knock
    }

    /// The same by an invite.
    pub(super) fn join_by(&mut self, link: LinkNumber, name: &str) -> u64 {
        let knock = self.knock_by(link, &self.links[&link].clone());
        self.request(knock, name);
        knock
    }

    pub(super) fn gone(&mut self, number: u32) {
        self.send(FromRelay::Gone { number });
    }

    pub(super) fn returns(&mut self, number: u32) {
        self.send(FromRelay::Returns { number });
    }

    /// Why the last request was refused.
    pub(super) fn last_refusal(&self) -> &str {
        self.refusals.last().unwrap().1["why"].as_str().unwrap()
    }

    pub(super) fn take(&mut self, output: HostOutput) {
        let waits = output.orders.iter().filter_map(|order| {
            let ToServe::Sealed(ToRelay::Wait { knock }) = order else { return None };
            Some(*knock)
        });
        let told = output.events.iter().filter_map(|event| {
            let HostEvent::Waits { participant } = event else { return None };
            Some(u32::try_from(participant.number).unwrap())
        });
        self.model.wait(told.zip(waits));
        self.board.extend(output.events);
        for order in output.orders {
            let line = serde_json::to_string(&order).unwrap();
            assert!(line.len() < MAX_FRAME_BYTES, "{} bytes", line.len());
            match serde_json::from_str(&line).unwrap() {
                ToServe::Sealed(message) => self.take_message(message),
                ToServe::Operator(order) => self.take_order(order),
                other @ (ToServe::Start { .. }
                | ToServe::Host { .. }
                | ToServe::Moved { .. }
                | ToServe::Drain) => panic!("{other:?}"),
            }
        }
        let went: Vec<_> = self.removed.keys().filter(|it| self.guests.contains_key(it)).collect();
        assert!(went.is_empty(), "{went:?} are removed and still share the key");
    }

    fn take_order(&mut self, order: RoomOrder) {
        match order {
            RoomOrder::Remove { number } => {
                if let Some(guest) = self.departed.remove(&number) {
                    self.removed.insert(number, guest);
                }
                self.is_removed.insert(number);
            }
            RoomOrder::AddLink(link) => {
                assert_eq!(link.secret, self.links[&link.number].door());
                assert_eq!(link.uses, None, "the host counts");
            }
            RoomOrder::EndLink { number } => {
                self.links.remove(&number).unwrap();
            }
            RoomOrder::Relink(link) => {
                let ticket = Ticket::parse(&self.host.ticket()).unwrap();
                assert_eq!((link.number, &link.secret), (0, &ticket.door()));
                self.tickets.push((0, ticket.clone()));
                self.links = BTreeMap::from([(0, ticket)]);
            }
            RoomOrder::AnnounceSealed { body } => self.announced.push(body),
            other @ (RoomOrder::Rules(_)
            | RoomOrder::Announce { .. }
            | RoomOrder::Mute { .. }
            | RoomOrder::Unmute { .. }
            | RoomOrder::Admit { .. }
            | RoomOrder::Reject { .. }
            | RoomOrder::Clear
            | RoomOrder::ListConnections { .. }
            | RoomOrder::Panic) => panic!("{other:?} is not of the host"),
        }
    }

    fn take_message(&mut self, message: ToRelay) {
        match message {
            ToRelay::Answer { knock, noise } => {
                let answered = self.knocking.remove(&knock).unwrap();
                let answered = answered.open_answer(noise.as_bytes()).unwrap();
                self.answered.insert(knock, answered);
            }
            ToRelay::WrongTicket { knock } => {
                self.knocking.remove(&knock).unwrap();
                self.wrong_tickets.push(knock);
            }
            ToRelay::Wait { knock } => {
                assert!(self.waiting.contains_key(&knock), "{knock} has asked for nothing");
                assert!(self.in_lobby.insert(knock), "{knock} was told already");
            }
            ToRelay::Refuse { knock, sealed } => {
                self.in_lobby.remove(&knock);
                let applicant = self.waiting.remove(&knock).unwrap();
                let json = applicant.open_refusal(sealed.as_bytes()).unwrap();
                self.refusals.push((knock, serde_json::from_str(&json).unwrap()));
            }
            ToRelay::Letters { generation, letters } => {
                self.prepare(generation);
                for (number, letter) in letters {
                    let before = self.letters.insert(number, letter.as_bytes().to_vec());
                    assert_eq!(before, None, "two letters for {number}");
                }
            }
            ToRelay::Came { generation, part } => {
                self.prepare(generation);
                self.came.push(part.as_bytes().to_vec());
            }
            ToRelay::Roster { generation, part } => {
                self.prepare(generation);
                self.roster.push(part.as_bytes().to_vec());
            }
            ToRelay::Keys { generation, went } => self.publish(generation, &went),
            ToRelay::Admit { newcomers } => {
                newcomers.into_iter().for_each(|(knock, number)| self.admit(knock, number));
            }
            ToRelay::Readmit { numbers } => {
                numbers.into_iter().for_each(|number| self.readmit(number));
            }
            ToRelay::RefuseReturn { number } => self.refused_returns.push(number),
            ToRelay::Moved { body } => self.moved.push(body),
        }
    }

    /// A line of a generation that is not published yet.
    fn prepare(&mut self, generation: u32) {
        if self.is_published {
            assert_eq!(generation, self.generation + 1);
            self.generation = generation;
            self.is_published = false;
            self.letters.clear();
            self.came.clear();
            self.roster.clear();
        }
        assert_eq!(generation, self.generation);
    }

    fn publish(&mut self, generation: u32, went: &[u32]) {
        self.prepare(generation);
        self.is_published = true;
        self.changes.push((self.now, self.letters.len()));
        let clock = self.clock();
        for number in went {
            let guest = self.guests.remove(number).unwrap();
            let is_removed = self.is_removed.contains(number);
            let gone = if is_removed { &mut self.removed } else { &mut self.departed };
            gone.insert(*number, guest);
            assert!(!self.letters.contains_key(number), "a letter for {number}, who went");
        }
        for (number, guest) in &mut self.guests {
            let letter = self.letters.get(number).map(Vec::as_slice);
            let change = Change { generation, letter, came: &self.came, went };
            let changed = guest.change(&change, clock).unwrap();
            assert!(matches!(changed, Changed::Next(_)), "{changed:?}");
        }
        // No one else's letter opens for one who went.
        let other = self.letters.values().next().map(Vec::as_slice);
        for guest in self.departed.values_mut().chain(self.removed.values_mut()) {
            let change = Change {
                generation: guest.generation() + 1,
                letter: other,
                came: &self.came,
                went,
            };
            assert!(other.is_none() || guest.change(&change, clock).is_err());
        }
    }

    fn admit(&mut self, knock: u64, number: u32) {
        assert!(self.is_published);
        assert!(self.numbers.last() < Some(&number), "{number} is not the highest");
        self.numbers.insert(number);
        self.model.lets_in(knock);
        self.in_lobby.remove(&knock);
        let applicant = self.waiting.remove(&knock).unwrap();
        let clock = self.clock();
        let guest = applicant.welcome(&self.welcome(number), RING_AGE, clock).unwrap();
        assert_eq!(guest.number(), number);
        self.guests.insert(number, guest);
    }

    fn readmit(&mut self, number: u32) {
        assert!(self.is_published);
        assert!(!self.is_removed.contains(&number), "{number} was removed");
        let clock = self.clock();
        // One who was not taken out of the circle yet is among the guests.
        let departed = self.departed.remove(&number).or_else(|| self.guests.remove(&number));
        let mut guest = departed.unwrap();
        guest.return_to_present(&self.welcome(number), clock).unwrap();
        self.guests.insert(number, guest);
    }

    fn welcome(&self, number: u32) -> Welcome<'_, Vec<u8>> {
        let letter = self.letters.get(&number).unwrap();
        Welcome { generation: self.generation, letter, roster: &self.roster }
    }

    /// Everyone in the room has the same newest key and roster: themselves, the host, and no one else.
    /// Letters were made for them alone. What one says, all others read, and no one who went.
    pub(super) fn check(&mut self) {
        assert!(self.is_published);
        let numbers: Vec<u32> = self.guests.keys().copied().collect();
        let with_letter: Vec<u32> = self.letters.keys().copied().collect();
        if self.generation > 0 {
            assert_eq!(with_letter, numbers);
        }
        let in_roster: Vec<u32> = std::iter::once(0).chain(numbers).collect();
        for guest in self.guests.values() {
            assert_eq!(guest.generation(), self.generation);
            assert!(guest.roster().map(|entry| entry.number).eq(in_roster.iter().copied()));
        }
    }
}
