//! Two people who talk all the time, while everything else happens: each message reaches both of
//! them, in order, once. How long it took is told, not judged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd as _;

use serde_json::{Value, json};

use crate::harness::DEADLINE;
use crate::room::{Seat, Way};
use crate::strict::Frame;
use crate::wire::{End, frame};

/// Time between two messages, of one and then of the other.
const PACE: Duration = Duration::from_millis(50);

/// Milliseconds from the moment of saying to the moment when the other one has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delays(Vec<f64>);

impl Delays {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// p50, p99 and the longest, for people.
    pub(crate) fn shown(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted.is_empty() {
            return "-".to_owned();
        }
        // The nearest rank.
        let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1];
        format!("{:.1} / {:.1} / {:.1} ms", at(50), at(99), at(100))
    }
}

/// What the pair has to tell.
#[derive(Debug, Default)]
struct Told {
    delays: Vec<f64>,
    complaints: Vec<String>,
}

/// The pair, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Calm {
    told: Arc<Mutex<Told>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Calm {
    /// They come in and begin; they are there, or have complained, when this returns.
    pub(crate) fn start(way: &Way) -> Self {
        let (told, over) = (Arc::<Mutex<Told>>::default(), Arc::new(AtomicBool::new(false)));
        let (shared, stop, way) = (Arc::clone(&told), Arc::clone(&over), way.clone());
        let (there, met) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let met = way.join("Ana").and_then(|ana| Ok([ana, way.join("Bo")?]));
            drop(there);
            let ended = met.map_err(|end| format!("a calm one is not let in: {end:?}"));
            let ended = ended.and_then(|pair| talk(pair, &shared, &stop));
            if let Err(complaint) = ended {
                shared.lock().unwrap().complaints.push(complaint);
            }
        });
        // Its end is the sign.
        let _: Result<(), _> = met.recv();
        Self { told, over, thread: Some(thread) }
    }

    /// The delays and complaints since the last time.
    pub(crate) fn take(&self) -> (Delays, Vec<String>) {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        (Delays(told.delays), told.complaints)
    }
}

impl Drop for Calm {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One of the two.
struct Person {
    seat: Seat,
    /// The number of the next message, of either, that it has not heard.
    next: u64,
}

fn talk(pair: [Seat; 2], told: &Mutex<Told>, over: &AtomicBool) -> Result<(), String> {
    let mut pair = pair.map(|seat| Person { seat, next: 0 });
    // When each message was said that not both have heard.
    let mut said: Vec<Instant> = Vec::new();
    let mut due = Instant::now();
    loop {
        let heard = pair.iter().map(|person| person.next).min().unwrap_or(0);
        let all = said.len() as u64;
        if over.load(Ordering::Relaxed) && heard == all {
            return Ok(());
        }
        let oldest = said.get(usize::try_from(heard).unwrap_or(usize::MAX));
        if oldest.is_some_and(|at| at.elapsed() > DEADLINE) {
            return Err(format!("message {heard} did not reach both of the calm pair"));
        }
        if Instant::now() >= due && !over.load(Ordering::Relaxed) {
            due = Instant::now() + PACE;
            said.push(Instant::now());
            say(&mut pair[usize::try_from(all % 2).unwrap_or(0)], all)?;
        }
        wait(&pair, due);
        let [ana, bo] = &mut pair;
        // Both, before either complains: a refusal to one is a hole for the other.
        match (ana.hear(0, &said, told), bo.hear(1, &said, told)) {
            (Ok(()), Ok(())) => {}
            (ana, bo) => return Err(format!("Ana: {ana:?}, Bo: {bo:?}")),
        }
    }
}

fn say(person: &mut Person, number: u64) -> Result<(), String> {
    use std::io::Write as _;
    let line = json!({"t": "say", "ref": number.to_string(), "body": format!("calm {number}")});
    let mut bytes = Vec::new();
    frame(&mut bytes, 0x81, [7, 7, 7, 7], line.to_string().as_bytes());
    // A hundred bytes twenty times a second: the kernel takes them at once, or nobody reads.
    let written = person.seat.wire.stream.write_all(&bytes);
    written.map_err(|error| format!("a calm one cannot speak: {error}"))
}

/// Until something comes, or the next message is due.
fn wait(pair: &[Person; 2], due: Instant) {
    let mut polled = pair
        .each_ref()
        .map(|person| PollFd::new(person.seat.wire.stream.as_fd(), PollFlags::POLLIN));
    let left = due.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    let _ = poll(&mut polled, PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO));
}

impl Person {
    fn hear(&mut self, at: usize, said: &[Instant], told: &Mutex<Told>) -> Result<(), String> {
        let Self { seat, next } = self;
        let mut complaint = None;
        let ended = seat.wire.ready(|frame| {
            let Frame::Text(text) = frame else { return };
            for line in text.lines() {
                if line.contains("\"body\":\"calm ") {
                    let event: Value = serde_json::from_str(line).unwrap_or_default();
                    let body = event["body"].as_str().unwrap_or_default();
                    if body != format!("calm {next}") {
                        complaint.get_or_insert(format!("{next} was to come, and {body:?} came"));
                    }
                    let theirs = next.is_multiple_of(2) != (at == 0);
                    let when = said.get(usize::try_from(*next).unwrap_or(usize::MAX));
                    if let (true, Some(when)) = (theirs, when) {
                        let delay = when.elapsed().as_secs_f64() * 1000.0;
                        told.lock().unwrap().delays.push(delay);
                    }
                    *next += 1;
                } else if line.starts_with("{\"t\":\"gap\"")
                    || line.starts_with("{\"t\":\"refused\"")
                {
                    complaint.get_or_insert(format!("a calm one was told {line}"));
                }
            }
        });
        match (ended, complaint) {
            (
                Err(
                    end @ (End::Closed(_)
                    | End::Cut
                    | End::Status(_)
                    | End::Silent
                    | End::Breach(_)),
                ),
                _,
            ) => Err(format!("a calm one was cut off: {end:?}")),
            (Ok(()), Some(complaint)) => Err(complaint),
            (Ok(()), None) => Ok(()),
        }
    }
}
