//! Two well-behaved participants who chat while the room is under attack. Each message must reach
//! both once, and those of one sender in order. Its latency is reported, and never a failure.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::{Value, json};

use crate::connection::write_frame;
use crate::harness::DEADLINE;
use crate::harness::strict_reader::Frame;
use crate::room::{Link, Participant};

/// Between two messages; the two take turns.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(50);

/// Milliseconds from the send of a message to its arrival at the other bystander.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<f64>);

impl Latencies {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// p50, p99 and the maximum.
    pub(crate) fn summary(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted.is_empty() {
            return "-".to_owned();
        }
        // Nearest-rank percentile.
        let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
        format!("{:.1} / {:.1} / {:.1} ms", at(50), at(99), at(100))
    }
}

#[derive(Debug, Default)]
struct Results {
    latencies: Vec<f64>,
    errors: Vec<String>,
}

/// The two bystanders, on a thread of their own.
#[derive(Debug)]
pub(crate) struct Bystanders {
    results: Arc<Mutex<Results>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bystanders {
    /// Returns when both are in the room, or their join has failed, which is an error of theirs.
    pub(crate) fn join(link: &Link) -> Self {
        let (results, stop) = (Arc::<Mutex<Results>>::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stopped, link) = (Arc::clone(&results), Arc::clone(&stop), link.clone());
        let (joining, joined) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let pair = link.join("Ana").and_then(|ana| Ok([ana, link.join("Bo")?]));
            drop(joining);
            let result = pair.map_err(|end| format!("a bystander was refused: {end:?}"));
            let result = result.and_then(|pair| chat(pair, &shared, &stopped));
            if let Err(error) = result {
                shared.lock().unwrap().errors.push(error);
            }
        });
        // Returns when the sender is dropped.
        let _: Result<(), _> = joined.recv();
        Self { results, stop, thread: Some(thread) }
    }

    /// Latencies and errors since the last call.
    pub(crate) fn take_results(&self) -> (Latencies, Vec<String>) {
        let results = std::mem::take(&mut *self.results.lock().unwrap());
        (Latencies(results.latencies), results.errors)
    }
}

impl Drop for Bystanders {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One of the two.
struct Bystander {
    participant: Participant,
    /// The next message of each sender that it has not received. The messages of the two are numbered
    /// in turn, and those of one arrive in order: a room that was not scheduled for a while may read
    /// two of one before one of the other.
    next: [u64; 2],
}

fn chat(pair: [Participant; 2], results: &Mutex<Results>, stop: &AtomicBool) -> Result<(), String> {
    let mut pair = pair.map(|participant| Bystander { participant, next: [0, 1] });
    // When each message was sent, by its number.
    let mut sent: Vec<Instant> = Vec::new();
    let mut due = Instant::now();
    loop {
        let missing = pair.iter().flat_map(|bystander| bystander.next).min().unwrap_or(0);
        let all = sent.len() as u64;
        if stop.load(Ordering::Relaxed) && missing >= all {
            return Ok(());
        }
        let oldest = sent.get(usize::try_from(missing).unwrap_or(usize::MAX));
        if oldest.is_some_and(|at| at.elapsed() > DEADLINE) {
            return Err(format!("message {missing} did not reach both"));
        }
        if Instant::now() >= due && !stop.load(Ordering::Relaxed) {
            due = Instant::now() + MESSAGE_INTERVAL;
            sent.push(Instant::now());
            pair[usize::try_from(all % 2).unwrap_or(0)].send(all)?;
        }
        wait_readable(&pair, due);
        let [ana, bo] = &mut pair;
        // Both read before either fails: if the room refuses a message of one, the other misses it.
        match (ana.receive(0, &sent, results), bo.receive(1, &sent, results)) {
            (Ok(()), Ok(())) => {}
            (ana, bo) => return Err(format!("Ana: {ana:?}, Bo: {bo:?}")),
        }
    }
}

/// Waits until either has something to read, or the next message is due.
fn wait_readable(pair: &[Bystander; 2], due: Instant) {
    let mut polled = pair.each_ref().map(|bystander| {
        PollFd::new(bystander.participant.socket.stream.as_fd(), PollFlags::POLLIN)
    });
    let timeout = due.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    let _ = poll(&mut polled, PollTimeout::try_from(timeout).unwrap_or(PollTimeout::ZERO));
}

impl Bystander {
    fn send(&mut self, number: u64) -> Result<(), String> {
        let body = format!("bystander {number}");
        let line = json!({"t": "say", "ref": number.to_string(), "body": body});
        let mut bytes = Vec::new();
        write_frame(&mut bytes, 0x81, [7, 7, 7, 7], line.to_string().as_bytes());
        // A hundred bytes fit into the send buffer, unless the room has stopped reading.
        let written = self.participant.socket.stream.write_all(&bytes);
        written.map_err(|error| format!("a bystander cannot send: {error}"))
    }

    /// Reads what has arrived. `index` is this one's place in the pair: the other's messages give
    /// the latencies.
    fn receive(
        &mut self,
        index: usize,
        sent: &[Instant],
        results: &Mutex<Results>,
    ) -> Result<(), String> {
        let Self { participant, next } = self;
        let mut error = None;
        let read = participant.socket.read_available(|frame| {
            let Frame::Text(text) = frame else { return };
            for line in text.lines() {
                if line.contains("\"body\":\"bystander ") {
                    let event: Value = serde_json::from_str(line).unwrap_or_default();
                    let body = event["body"].as_str().unwrap_or_default();
                    let number = body.strip_prefix("bystander ").and_then(|text| text.parse().ok());
                    let sender = usize::from(number.is_some_and(|number: u64| number % 2 == 1));
                    if number != Some(next[sender]) {
                        let expected = next[sender];
                        error.get_or_insert(format!("expected {expected}, received {body:?}"));
                    }
                    let sent_at = sent.get(usize::try_from(next[sender]).unwrap_or(usize::MAX));
                    if let (true, Some(sent_at)) = (sender != index, sent_at) {
                        let latency = sent_at.elapsed().as_secs_f64() * 1000.0;
                        results.lock().unwrap().latencies.push(latency);
                    }
                    next[sender] += 2;
                } else if line.starts_with("{\"t\":\"gap\"")
                    || line.starts_with("{\"t\":\"refused\"")
                {
                    error.get_or_insert(format!("a bystander received {line}"));
                }
            }
        });
        read.map_err(|end| format!("a bystander was disconnected: {end:?}"))?;
        error.map_or(Ok(()), Err)
    }
}
