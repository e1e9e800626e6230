//! What the operator has forgotten: memory after `clear`, and at the exit after `panic`.

use serde_json::json;

use super::canaries::Canaries;
use super::process_memory::{ExitTracer, ProcessMemory, wait_for_copies};
use crate::harness::TestEnv;
use crate::serve::client::Client;
use crate::serve::http::Connection;
use crate::serve::open_host::OpenHost;

/// Lines of 4 KB with a canary in them: more than the buffers of the kernel hold for a client that reads
/// nothing, so that some wait in the room's process.
const LINES: usize = 2_000;

/// A room in which a canary was said often, a socket and a poll that do not read it, and one who has.
struct Stalled {
    host: OpenHost,
    reader: Client,
    _socket: Client,
    _poll: Connection,
}

impl Stalled {
    fn start(env: &TestEnv, canary: &str) -> Self {
        let ring = json!({"ring": {"events": 10_000, "bytes": 64_000_000, "age_seconds": 600}});
        let host = OpenHost::with(env, &ring, &json!({}));
        let (socket, poller) = (host.join("Socket"), host.join_by_poll("Poll"));
        let mut reader = host.join("Reader");
        let poll = poller.start(&[]);
        let line = format!("{}{canary}", "x".repeat(4_000));
        for _ in 0..LINES {
            reader.say(&line);
            reader.wait("said");
        }
        Self { host, reader, _socket: socket, _poll: poll }
    }
}

/// The ring is overwritten, and with it what waits for clients that do not read: their connections are
/// dropped.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn after_clear_no_memory_holds_what_was_said() {
    let mut canaries = Canaries::new();
    let said = canaries.text("what was said");
    let announced = canaries.text("what was announced");
    let env = TestEnv::new();
    let mut room = Stalled::start(&env, &said);
    room.host.order("announce", json!({"text": announced}));
    room.reader.wait("announced");
    let pid = room.host.child.id();
    assert!(ProcessMemory::of(pid).copies(&canaries).len() >= LINES);
    room.host.order("clear", json!({}));
    room.reader.wait("cleared");
    wait_for_copies(pid, &canaries, 0);
    room.reader.say("after");
    room.reader.until_said("after");
    // Also what came after an order is forgotten by the next one.
    room.reader.say(&said);
    room.reader.until_said(&said);
    assert!(!ProcessMemory::of(pid).copies(&canaries).is_empty());
    room.host.order("clear", json!({}));
    room.reader.wait("cleared");
    wait_for_copies(pid, &canaries, 0);
}

#[test]
#[ignore = "needs ptrace: tests/run"]
fn after_panic_no_memory_holds_what_was_said() {
    let mut canaries = Canaries::new();
    let said = canaries.text("what was said");
    let env = TestEnv::new();
    let mut room = Stalled::start(&env, &said);
    let pid = room.host.child.id();
    assert!(ProcessMemory::of(pid).copies(&canaries).len() >= LINES);
    let tracer = ExitTracer::attach(pid);
    room.host.order("panic", json!({}));
    let memory = tracer.memory_at_exit();
    assert_eq!(memory.copies(&canaries), Vec::<String>::new());
    assert_eq!(room.host.child.wait().unwrap().code(), Some(0));
}
