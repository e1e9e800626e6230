//! Model test: the task and the fan-out pass the writer of a socket back and forth, and the kernel
//! takes any number of bytes at a time. Whatever the order of steps, the client gets whole frames, each
//! once, in order.

#[path = "../../../../tests/integration/harness/rng.rs"]
#[allow(dead_code, reason = "shared with the tests, which use the rest")]
mod rng;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use self::rng::Rng;
use super::write_owner::WriteOwner;
use crate::serve::hub::Position;
use crate::serve::websocket::{OutgoingFrame, SendOutcome, SendQueue};

/// A connection whose kernel buffer takes as many bytes as it has room for.
#[derive(Default)]
struct Connection {
    room: usize,
    received: Vec<u8>,
}

impl Connection {
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        self.received.extend(&bytes[..taken]);
        Ok(taken)
    }
}

/// The task of a socket and the fan-out, one step of either at a time.
struct Socket {
    connection: RefCell<Connection>,
    owner: WriteOwner<SendQueue>,
    /// The writer, while the task has it.
    queue: Option<SendQueue>,
    /// Everything up to here is sent or partly sent by the task.
    position: Position,
    /// The number of the last event; event `n` is the line [`event`] of `n`.
    latest: u64,
    pongs: usize,
}

/// The line of an event; its length depends on its number.
fn event(number: u64) -> Arc<str> {
    format!("{number}:{}\n", "x".repeat((number * 7 % 40) as usize)).into()
}

fn batch(from: u64, to: u64) -> OutgoingFrame {
    OutgoingFrame::text((from + 1..=to).map(event).collect())
}

impl Socket {
    fn new() -> Self {
        Self {
            connection: RefCell::default(),
            owner: WriteOwner::Task,
            queue: Some(SendQueue::default()),
            position: Position::at(0),
            latest: 0,
            pongs: 0,
        }
    }

    /// The task's writer, reclaimed if the task does not have it.
    fn queue(&mut self) -> &mut SendQueue {
        self.queue.get_or_insert_with(|| {
            let (queue, position) = self.owner.reclaim().expect("the task or the owner has it");
            self.position = position;
            queue
        })
    }

    /// Sends as much of the queue as the connection takes; whether it is empty.
    fn flush(&mut self) -> bool {
        let queue = self.queue.as_mut().expect("the task writes");
        while !queue.is_empty() {
            let mut slices = [io::IoSlice::new(&[]); 3];
            let used = queue.fill(&mut slices);
            let bytes: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
            match self.connection.borrow_mut().send(&bytes) {
                Ok(taken) => queue.advance(taken),
                Err(_) => return false,
            }
        }
        true
    }

    /// The task sends something of its own: the answer to a ping.
    fn send_pong(&mut self) {
        self.pongs += 1;
        self.queue().push(OutgoingFrame::pong(b"?"));
        self.flush();
    }

    /// One step of the task, woken by its client or by the fan-out.
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

    /// One pass of the fan-out.
    fn run_fan_out(&mut self) {
        let WriteOwner::FanOut { writer, position, .. } = &mut self.owner else { return };
        if *position == Position::at(self.latest) {
            return;
        }
        let frame = batch(position.cursor(), self.latest);
        let bytes = frame.to_bytes();
        let outcome =
            writer.try_send(&bytes, &frame, |bytes| self.connection.borrow_mut().send(bytes));
        if outcome != SendOutcome::NotSent {
            *position = Position::at(self.latest);
        }
        if outcome != SendOutcome::Complete {
            self.owner.give_back();
        }
    }

    /// Parses what the client received: every frame whole, every event once and in order, every pong.
    fn check(&self) {
        let connection = self.connection.borrow();
        let (mut rest, mut next, mut pongs) = (&connection.received[..], 1, 0);
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

/// Runs 2 million steps in random order; a failure names its seed.
#[test]
fn the_client_gets_whole_frames_once_in_any_order_of_steps() {
    for seed in 0..4000 {
        let mut rng = Rng::new(seed, 0, 0);
        let mut socket = Socket::new();
        for _ in 0..500 {
            match rng.below(8) {
                0 | 1 => socket.latest += 1,
                2 => socket.send_pong(),
                3 => socket.run_task(),
                4 | 5 => socket.run_fan_out(),
                _ => socket.connection.get_mut().room += rng.below(60),
            }
        }
        // The connection takes everything again.
        socket.connection.get_mut().room = usize::MAX;
        while !matches!(socket.owner, WriteOwner::FanOut { .. }) {
            socket.run_task();
        }
        socket.run_fan_out();
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| socket.check()));
        assert!(checked.is_ok(), "seed {seed}");
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
    assert!(owner.give_back().is_none(), "the fan-out does not have it any more");
    assert!(owner.reclaim().is_some() && owner.reclaim().is_none());
}

#[test]
fn a_closed_writer_is_given_to_no_one_and_wakes_its_task() {
    let mut cx = Context::from_waker(Waker::noop());
    let mut owner = WriteOwner::Task;
    // The task has it, and goes on.
    assert!(owner.close().is_none());
    owner.hand_over("writer", Position::at(1));
    assert!(owner.poll_returned(&mut cx).is_pending());
    assert!(matches!(owner.close(), Some(("writer", Some(_)))));
    assert!(owner.close().is_none() && owner.reclaim().is_none() && owner.give_back().is_none());
    assert!(owner.poll_returned(&mut cx).is_ready());
    let mut owner = WriteOwner::Returned { writer: "writer", position: Position::at(1) };
    assert!(matches!(owner.close(), Some(("writer", None))));
}
