//! One and the same order for all: the log of what was received, written by whichever receiver is
//! ahead, and compared byte by byte with what every other one gets.
//!
//! Each line is read once, by whoever brings it first: is it a message of ours, is its sender's
//! counter one higher than before, is the room's number. The others are compared with it, which proves
//! the same for them at the price of a memcmp.

use std::collections::VecDeque;

use super::message::{Dialect, Said};

/// The log is cut at its front when this much of it has been passed by everybody: often enough to
/// stay in the processor's cache, seldom enough to cost nothing.
const PASSED_BYTES: u64 = 128 * 1024;

/// Bytes that are shown before a mistake, and after it.
const AROUND: usize = 24;

/// Where a receiver stands in the log.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Bytes of payload received.
    position: u64,
    /// Lines received.
    line: u64,
}

/// A line that not everybody has.
#[derive(Debug)]
struct Line {
    /// Where it ends in the log.
    end: u64,
    /// Receivers that do not have it.
    left: usize,
    sender: usize,
    counter: u64,
    /// When it should have been sent, in nanoseconds; 0 if nobody asks.
    due: u64,
}

/// What is known of a sender.
#[derive(Debug)]
struct Sender {
    /// The counter of its next message.
    next: u64,
    /// Its number in the room.
    n: u64,
    /// When its messages that nobody has seen yet should have been sent.
    due: VecDeque<u64>,
    /// Whether some of its messages may be refused.
    may_skip: bool,
}

/// The log.
#[derive(Debug)]
pub(super) struct Order {
    dialect: Dialect,
    receivers: usize,
    bytes: Vec<u8>,
    /// The position of the first byte.
    base: u64,
    /// Up to where lines were read.
    read: u64,
    lines: VecDeque<Line>,
    /// The number of the first line.
    first: u64,
    senders: Vec<Sender>,
    seq: Option<u64>,
    /// Deliveries so far: a message that one receiver has got.
    pub(super) deliveries: u64,
    /// Senders of messages that everybody has, to be taken out by whoever sends the next.
    pub(super) done: Vec<usize>,
    /// Nanoseconds from when a message was due to each of its deliveries, if they are asked for.
    pub(super) delays: Option<Vec<u64>>,
}

impl Order {
    /// An empty log of so many receivers.
    pub(super) fn new(dialect: Dialect, receivers: usize) -> Self {
        Self {
            dialect,
            receivers,
            bytes: Vec::new(),
            base: 0,
            read: 0,
            lines: VecDeque::new(),
            first: 0,
            senders: Vec::new(),
            seq: None,
            deliveries: 0,
            done: Vec::new(),
            delays: None,
        }
    }

    /// Adds a sender, which has this number in the room.
    pub(super) fn add(&mut self, n: u64, may_skip: bool) {
        self.senders.push(Sender { next: 0, n, due: VecDeque::new(), may_skip });
    }

    /// Notes when the next message of a sender is due.
    pub(super) fn expect(&mut self, sender: usize, due: u64) {
        self.senders[sender].due.push_back(due);
    }

    /// Takes what a receiver got, `now`.
    ///
    /// # Errors
    /// With what is wrong about it.
    pub(super) fn accept(
        &mut self,
        receiver: usize,
        place: &mut Place,
        payload: &[u8],
        now: u64,
    ) -> Result<(), String> {
        let at = index(place.position - self.base);
        let known = &self.bytes[at..];
        let same = known.len().min(payload.len());
        if known[..same] != payload[..same] {
            return Err(self.differs(receiver, at, &payload[..same]));
        }
        if same < payload.len() {
            self.bytes.extend_from_slice(&payload[same..]);
            self.read_on().map_err(|why| format!("receiver {receiver}: {why}"))?;
        }
        place.position += payload.len() as u64;
        self.pass(place, now);
        Ok(())
    }

    /// Counts the lines that a receiver has now.
    fn pass(&mut self, place: &mut Place, now: u64) {
        let mut at = index(place.line - self.first);
        let before = at;
        while let Some(line) = self.lines.get_mut(at)
            && line.end <= place.position
        {
            line.left -= 1;
            at += 1;
            if let Some(delays) = &mut self.delays
                && line.due > 0
            {
                delays.push(now.saturating_sub(line.due));
            }
        }
        place.line = self.first + at as u64;
        self.deliveries += (at - before) as u64;
        if self.lines.front().is_some_and(|line| line.left == 0) {
            self.forget();
        }
    }

    /// Drops what everybody has.
    fn forget(&mut self) {
        let mut end = self.base;
        while let Some(line) = self.lines.front()
            && line.left == 0
        {
            self.done.push(line.sender);
            self.first += 1;
            end = line.end;
            self.lines.pop_front();
        }
        if end - self.base >= PASSED_BYTES {
            self.bytes.drain(..index(end - self.base));
            self.base = end;
        }
    }

    /// Reads the lines that have just become whole.
    fn read_on(&mut self) -> Result<(), String> {
        loop {
            let from = index(self.read - self.base);
            let Some(length) = self.bytes[from..].iter().position(|byte| *byte == b'\n') else {
                return Ok(());
            };
            let line = &self.bytes[from..=from + length];
            let said = self
                .dialect
                .read(line)
                .ok_or_else(|| format!("got a line that nobody said: {}", shown(line)))?;
            self.read += line.len() as u64;
            self.check(said)?;
        }
    }

    fn check(&mut self, said: Said) -> Result<(), String> {
        let Said { sender: from, counter, room } = said;
        let sender = self.senders.get_mut(from);
        let sender = sender.ok_or_else(|| {
            format!(
                "got a message of sender {from}, of whom \
             there is none"
            )
        })?;
        if counter != sender.next && !(sender.may_skip && counter > sender.next) {
            let next = sender.next;
            return Err(format!("expected message {next} of sender {from}, got {counter}"));
        }
        sender.next = counter + 1;
        let due = sender.due.pop_front().unwrap_or(0);
        if let Some((seq, n)) = room {
            if n != sender.n {
                let own = sender.n;
                return Err(format!("expected {own} as number of sender {from}, got {n}"));
            }
            if let Some(expected) = self.seq.filter(|expected| *expected != seq) {
                return Err(format!("expected seq {expected}, got {seq}"));
            }
            self.seq = Some(seq + 1);
        }
        let left = self.receivers;
        self.lines.push_back(Line { end: self.read, left, sender: from, counter, due });
        Ok(())
    }

    /// Whether everybody has everything that anybody has.
    pub(super) fn is_even(&self) -> bool {
        self.lines.is_empty() && self.read == self.base + self.bytes.len() as u64
    }

    /// How many messages of a sender anybody has got.
    pub(super) fn heard(&self, sender: usize) -> u64 {
        self.senders[sender].next
    }

    /// Which message somebody waits for.
    pub(super) fn missing<'a>(&self, places: impl Iterator<Item = &'a Place>) -> String {
        let Some(line) = self.lines.front() else {
            return "nobody got what was said".to_owned();
        };
        let (sender, counter, left) = (line.sender, line.counter, line.left);
        let who = places.enumerate().find(|(_, place)| place.line <= self.first);
        let who = who.map_or_else(|| "a receiver".into(), |(who, _)| format!("receiver {who}"));
        format!("{who} did not get message {counter} of sender {sender}; {left} miss it")
    }

    /// What is around the first byte that differs.
    fn differs(&self, receiver: usize, at: usize, payload: &[u8]) -> String {
        let known = &self.bytes[at..];
        let equal = known.iter().zip(payload).take_while(|(a, b)| a == b).count();
        let before = self.bytes[..at + equal].iter().rev().take_while(|byte| **byte != b'\n');
        let before = before.count().min(AROUND);
        let expected = &self.bytes[at + equal - before..];
        let got = [&expected[..before], &payload[equal..]].concat();
        format!("receiver {receiver}: expected {}, got {}", shown(expected), shown(&got))
    }
}

/// A distance within the log, which is small.
fn index(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}

/// The first line of `bytes`, as much of it as tells something.
fn shown(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    format!("{:?}", String::from_utf8_lossy(&line[..line.len().min(2 * AROUND)]))
}
