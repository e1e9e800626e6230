//! The log of deliveries: all clients have to receive the same bytes in the same order. The client
//! that is ahead appends to the log, and what every other client receives is compared with it.
//!
//! A line is parsed once, when it is appended: it has to be a message that was sent, with the next
//! counter of its sender, and the next number of the room. Comparing the bytes of the other clients
//! proves the same for them at the price of a memcmp.

use std::collections::VecDeque;

use super::message::{Protocol, ReceivedMessage};

/// The front of the log is dropped when this much of it has been received by all clients: small
/// enough that the log stays in the processor's cache, and large enough that dropping costs nothing.
const TRIM_BYTES: u64 = 128 * 1024;

/// Bytes shown before and after a difference.
const CONTEXT_BYTES: usize = 24;

/// How far a client has received.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// Bytes of payload.
    position: u64,
    /// Complete lines.
    line: u64,
}

/// A line that some clients have not received.
#[derive(Debug)]
struct Line {
    /// The position of its end in the log.
    end: u64,
    /// Clients that have not received it.
    missing: usize,
    sender: usize,
    counter: u64,
    /// When it was due to be sent, in nanoseconds; 0 if its latency is not measured.
    due: u64,
}

/// What is known of a sender.
#[derive(Debug)]
struct Sender {
    /// The counter of its next message.
    next: u64,
    /// Its number in the room.
    n: u64,
    /// When its messages that no client has received yet were due.
    due: VecDeque<u64>,
    /// Whether the server may refuse some of its messages.
    may_skip: bool,
}

/// The log.
#[derive(Debug)]
pub(super) struct DeliveryLog {
    protocol: Protocol,
    clients: usize,
    bytes: Vec<u8>,
    /// The position of the first byte.
    base: u64,
    /// The position up to which lines are parsed.
    pub(super) parsed: u64,
    /// Lines so far.
    pub(super) appended: u64,
    lines: VecDeque<Line>,
    /// The number of the first line.
    first: u64,
    senders: Vec<Sender>,
    /// The number that the next event of a room has to have.
    next_seq: Option<u64>,
    /// Deliveries so far: one message received by one client.
    pub(super) deliveries: u64,
    /// Senders of messages that all clients have received. The load takes them out to send the next.
    pub(super) complete: Vec<usize>,
    /// Nanoseconds from when a message was due to each of its deliveries, if they are measured.
    pub(super) latencies: Option<Vec<u64>>,
}

impl DeliveryLog {
    /// An empty log for this number of clients.
    pub(super) fn new(protocol: Protocol, clients: usize) -> Self {
        Self {
            protocol,
            clients,
            bytes: Vec::new(),
            base: 0,
            parsed: 0,
            appended: 0,
            lines: VecDeque::new(),
            first: 0,
            senders: Vec::new(),
            next_seq: None,
            deliveries: 0,
            complete: Vec::new(),
            latencies: None,
        }
    }

    /// Adds a sender with its number in the room.
    pub(super) fn add_sender(&mut self, n: u64, may_skip: bool) {
        self.senders.push(Sender { next: 0, n, due: VecDeque::new(), may_skip });
    }

    /// Records when the next message of a sender is due.
    pub(super) fn expect(&mut self, sender: usize, due: u64) {
        self.senders[sender].due.push_back(due);
    }

    /// Compares what a client received at `now` with the log, and appends what is new.
    ///
    /// # Errors
    /// With the first difference.
    pub(super) fn receive(
        &mut self,
        client: usize,
        cursor: &mut Cursor,
        payload: &[u8],
        now: u64,
    ) -> Result<(), String> {
        let at = index(cursor.position - self.base);
        let known = &self.bytes[at..];
        let same = known.len().min(payload.len());
        if known[..same] != payload[..same] {
            return Err(self.difference(client, at, &payload[..same]));
        }
        if same < payload.len() {
            self.bytes.extend_from_slice(&payload[same..]);
            self.parse_lines().map_err(|why| format!("client {client}: {why}"))?;
        }
        cursor.position += payload.len() as u64;
        self.advance(cursor, now);
        Ok(())
    }

    /// Counts the lines that a client has completed.
    fn advance(&mut self, cursor: &mut Cursor, now: u64) {
        let mut at = index(cursor.line - self.first);
        let before = at;
        while let Some(line) = self.lines.get_mut(at)
            && line.end <= cursor.position
        {
            line.missing -= 1;
            at += 1;
            if let Some(latencies) = &mut self.latencies
                && line.due > 0
            {
                latencies.push(now.saturating_sub(line.due));
            }
        }
        cursor.line = self.first + at as u64;
        self.deliveries += (at - before) as u64;
        if self.lines.front().is_some_and(|line| line.missing == 0) {
            self.trim();
        }
    }

    /// Drops what all clients have received.
    fn trim(&mut self) {
        let mut end = self.base;
        while let Some(line) = self.lines.front()
            && line.missing == 0
        {
            self.complete.push(line.sender);
            self.first += 1;
            end = line.end;
            self.lines.pop_front();
        }
        if end - self.base >= TRIM_BYTES {
            self.bytes.drain(..index(end - self.base));
            self.base = end;
        }
    }

    /// Parses the lines that are complete now.
    fn parse_lines(&mut self) -> Result<(), String> {
        loop {
            let from = index(self.parsed - self.base);
            let Some(length) = self.bytes[from..].iter().position(|byte| *byte == b'\n') else {
                return Ok(());
            };
            let line = &self.bytes[from..=from + length];
            let message = self
                .protocol
                .decode(line)
                .ok_or_else(|| format!("got a line that was never sent: {}", excerpt(line)))?;
            self.parsed += line.len() as u64;
            self.append(message)?;
        }
    }

    /// Checks the counters of a message and appends its line.
    fn append(&mut self, message: ReceivedMessage) -> Result<(), String> {
        let ReceivedMessage { sender: from, counter, event } = message;
        let sender = self.senders.get_mut(from);
        let sender = sender.ok_or_else(|| format!("got a message of unknown sender {from}"))?;
        if counter != sender.next && !(sender.may_skip && counter > sender.next) {
            let next = sender.next;
            return Err(format!("expected message {next} of sender {from}, got {counter}"));
        }
        sender.next = counter + 1;
        let due = sender.due.pop_front().unwrap_or(0);
        if let Some((seq, n)) = event {
            if n != sender.n {
                let own = sender.n;
                return Err(format!("expected {own} as number of sender {from}, got {n}"));
            }
            if let Some(expected) = self.next_seq.filter(|expected| *expected != seq) {
                return Err(format!("expected seq {expected}, got {seq}"));
            }
            self.next_seq = Some(seq + 1);
        }
        self.appended += 1;
        let missing = self.clients;
        self.lines.push_back(Line { end: self.parsed, missing, sender: from, counter, due });
        Ok(())
    }

    /// Whether all clients have received the same.
    pub(super) fn is_even(&self) -> bool {
        self.lines.is_empty() && self.parsed == self.base + self.bytes.len() as u64
    }

    /// Messages of a sender that at least one client has received.
    pub(super) fn received_from(&self, sender: usize) -> u64 {
        self.senders[sender].next
    }

    /// Describes the oldest message that a client has not received.
    pub(super) fn missing<'a>(&self, cursors: impl Iterator<Item = &'a Cursor>) -> String {
        let Some(line) = self.lines.front() else {
            return "no client received the last messages".to_owned();
        };
        let (sender, counter, missing) = (line.sender, line.counter, line.missing);
        let client = cursors.enumerate().find(|(_, cursor)| cursor.line <= self.first);
        let client = client.map_or_else(|| "a client".into(), |(at, _)| format!("client {at}"));
        format!(
            "{client} did not receive message {counter} of sender {sender}; {missing} clients miss it"
        )
    }

    /// Shows the surroundings of the first byte that differs.
    fn difference(&self, client: usize, at: usize, payload: &[u8]) -> String {
        let known = &self.bytes[at..];
        let equal = known.iter().zip(payload).take_while(|(a, b)| a == b).count();
        let before = self.bytes[..at + equal].iter().rev().take_while(|byte| **byte != b'\n');
        let before = before.count().min(CONTEXT_BYTES);
        let expected = &self.bytes[at + equal - before..];
        let got = [&expected[..before], &payload[equal..]].concat();
        format!("client {client}: expected {}, got {}", excerpt(expected), excerpt(&got))
    }
}

/// A distance within the log, which fits into memory.
fn index(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}

/// The beginning of the first line of `bytes`, quoted.
fn excerpt(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    format!("{:?}", String::from_utf8_lossy(&line[..line.len().min(2 * CONTEXT_BYTES)]))
}
