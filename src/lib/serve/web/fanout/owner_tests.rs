//! The writer of a socket goes to and fro between the task and the fan-out, over a line that takes as
//! many bytes as it likes: in every order of steps, whole frames arrive, each once, in order.

#[path = "../../../../../tests/integration/harness/rng.rs"]
#[allow(dead_code, reason = "shared with the tests, which use the rest")]
mod rng;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use self::rng::Rng;
use super::owner::WriteOwner;
use crate::serve::hub::Position;
use crate::serve::web::socket::{Offered, Outgoing, Queue};

/// A line with a buffer of the system's: it takes what there is room for, or nothing.
#[derive(Default)]
struct Line {
    room: usize,
    arrived: Vec<u8>,
}

impl Line {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        self.arrived.extend(&bytes[..taken]);
        Ok(taken)
    }
}

/// The task of a socket and the fan-out, one step of either at a time.
struct Socket {
    line: RefCell<Line>,
    owner: WriteOwner<Queue>,
    /// The writer, while the task has it.
    queue: Option<Queue>,
    /// Up to here, the task has sent or begun everything.
    position: Position,
    /// Events that have happened; event `n` is a line that says so.
    latest: u64,
    pongs: usize,
}

/// The event of this number, with a length of its own.
fn event(number: u64) -> Arc<str> {
    format!("{number}:{}\n", "x".repeat((number * 7 % 40) as usize)).into()
}

fn batch(from: u64, to: u64) -> Outgoing {
    Outgoing::text((from + 1..=to).map(event).collect())
}

impl Socket {
    fn new() -> Self {
        Self {
            line: RefCell::default(),
            owner: WriteOwner::Task,
            queue: Some(Queue::default()),
            position: Position::at(0),
            latest: 0,
            pongs: 0,
        }
    }

    /// The task's way to its writer.
    fn queue(&mut self) -> &mut Queue {
        self.queue.get_or_insert_with(|| {
            let (queue, position) = self.owner.reclaim().expect("somebody has it");
            self.position = position;
            queue
        })
    }

    /// Writes what the line takes of what waits.
    fn flush(&mut self) -> bool {
        let queue = self.queue.as_mut().expect("the task writes");
        while !queue.is_empty() {
            let mut slots = [io::IoSlice::new(&[]); 3];
            let used = queue.next(&mut slots);
            let bytes: Vec<u8> = slots[..used].iter().flat_map(|slot| slot.to_vec()).collect();
            match self.line.borrow_mut().take(&bytes) {
                Ok(taken) => queue.advance(taken),
                Err(_) => return false,
            }
        }
        true
    }

    /// The task has something of its own to say, such as the answer to a ping.
    fn answer(&mut self) {
        self.pongs += 1;
        let pong = Outgoing::control(tungstenite::protocol::frame::coding::Control::Pong, b"?");
        self.queue().push(pong);
        self.flush();
    }

    /// The task was woken by its client or by the fan-out.
    fn run_task(&mut self) {
        if !matches!(self.owner, WriteOwner::FanOut { .. }) {
            self.queue();
        }
        if self.queue.is_none() || !self.flush() {
            return;
        }
        if self.position == Position::at(self.latest) {
            let queue = self.queue.take().expect("the task writes");
            self.owner.hand_over(queue, self.position);
        } else {
            let (from, to) = (self.position.cursor(), self.latest.min(self.position.cursor() + 3));
            self.queue().push(batch(from, to));
            self.position = Position::at(to);
            self.flush();
        }
    }

    /// The fan-out passes by.
    fn run_fan_out(&mut self) {
        let WriteOwner::FanOut { writer, position, .. } = &mut self.owner else { return };
        if *position == Position::at(self.latest) {
            return;
        }
        let frame = batch(position.cursor(), self.latest);
        let whole = frame.whole();
        let offered = writer.offer(&whole, &frame, |bytes| self.line.borrow_mut().take(bytes));
        if offered != Offered::Refused {
            *position = Position::at(self.latest);
        }
        if offered != Offered::Sent {
            self.owner.give_back();
        }
    }

    /// A strict reader: every frame whole, every event once and in order, every answer there.
    fn judge(&self) {
        let line = self.line.borrow();
        let (mut rest, mut next, mut pongs) = (&line.arrived[..], 1, 0);
        while let [first, length, ..] = *rest {
            assert!(length < 127 && (first == 0x81 || first == 0x8a), "{first:x} {length}");
            let (length, head) = match length {
                126 => (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
                short => (usize::from(short), 2),
            };
            let payload = std::str::from_utf8(&rest[head..head + length]).unwrap();
            rest = &rest[head + length..];
            if first == 0x8a {
                assert_eq!(payload, "?");
                pongs += 1;
                continue;
            }
            for line in payload.split_inclusive('\n') {
                assert_eq!(line, &*event(next));
                next += 1;
            }
        }
        assert!(rest.is_empty());
        assert_eq!((next - 1, pongs), (self.latest, self.pongs));
    }
}

/// Millions of steps in random order; a seed that fails is named.
#[test]
fn whoever_writes_in_whatever_order_the_client_gets_whole_frames_once() {
    for seed in 0..4000 {
        let mut rng = Rng::new(seed, 0, 0);
        let mut socket = Socket::new();
        for _ in 0..500 {
            match rng.below(8) {
                0 | 1 => socket.latest += 1,
                2 => socket.answer(),
                3 => socket.run_task(),
                4 | 5 => socket.run_fan_out(),
                _ => socket.line.get_mut().room += rng.below(60),
            }
        }
        // The line recovers.
        socket.line.get_mut().room = usize::MAX;
        while !matches!(socket.owner, WriteOwner::FanOut { .. }) {
            socket.run_task();
        }
        socket.run_fan_out();
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| socket.judge()));
        assert!(judged.is_ok(), "seed {seed}");
    }
}

#[test]
fn the_task_is_woken_when_the_fan_out_gives_the_writer_back() {
    struct Woken(std::sync::atomic::AtomicBool);
    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Woken(false.into()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut owner = WriteOwner::Task;
    assert!(owner.poll_returned(&mut Context::from_waker(&waker)).is_ready());
    owner.hand_over((), Position::at(1));
    assert!(owner.poll_returned(&mut Context::from_waker(&waker)).is_pending());
    owner.give_back().unwrap().wake();
    assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed));
    assert!(owner.poll_returned(&mut Context::from_waker(&waker)).is_ready());
    assert!(owner.give_back().is_none(), "it has nothing any more");
    assert!(owner.reclaim().is_some() && owner.reclaim().is_none());
}
