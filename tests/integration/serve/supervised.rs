//! `chattrace-serve` under a supervisor, whose side of the control channel the test plays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Connection, Poller, Response};
use crate::harness::{DEADLINE, SERVE, TestEnv};

const TICKET: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A room that accepts connections.
struct SupervisedServe {
    child: Child,
    channel: UnixStream,
    messages: BufReader<UnixStream>,
    address: SocketAddr,
}

impl SupervisedServe {
    fn start(env: &TestEnv) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        let child = env
            .command(SERVE)
            .args(["--lifeline", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(listener)))
            .spawn()
            .unwrap();
        let messages = BufReader::new(ours.try_clone().unwrap());
        let mut serve = Self { child, channel: ours, messages, address };
        assert_eq!(serve.recv()["type"], "hello");
        let room = json!({
            "mode": "open",
            "max_participants": 100,
            "backlog": 0,
            "message_bytes": 4096,
            "ring": {"events": 1000, "bytes": 1_000_000, "age_seconds": 600},
            "rate": {"per_second": 0, "burst": 0},
        });
        let admission = json!({"mode": "open", "ticket": TICKET});
        serve.send(&json!({"type": "start", "room": room, "admission": admission}));
        assert_eq!(serve.recv()["type"], "ready");
        serve
    }

    fn send(&mut self, message: &Value) {
        self.channel.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    fn recv(&mut self) -> Value {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn join_by_poll(&self, name: &str) -> Poller {
        let host = self.address.to_string();
        let join = json!({"t": "join", "name": name, "ticket": TICKET});
        Poller::join_by(self.address, &host, &format!("http://{host}"), &join)
    }

    fn request(&self, line: &str, body: &str) -> Response {
        let mut connection = Connection::to(self.address);
        let (host, length) = (self.address, body.len());
        let head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        connection.send(format!("{head}{body}").as_bytes());
        connection.response()
    }
}

/// V-05: before that, neither page nor welcome says anything of a provider. Participants on this computer
/// who came before learn it as well.
#[test]
fn v05_the_provider_is_named_once_the_room_has_a_public_address() {
    let env = TestEnv::new();
    let mut serve = SupervisedServe::start(&env);
    let welcome = |serve: &SupervisedServe, name: &str| {
        let join = json!({"t": "join", "name": name, "ticket": TICKET});
        serve.request("POST /poll", &join.to_string()).events().remove(0)
    };
    let page = serve.request("GET /", "").body;
    assert!(
        page.contains("its host's computer can read")
            && !page.contains("computer and Cloudflare can")
    );
    assert!(welcome(&serve, "Ana").get("public").is_none());
    let mut bo = serve.join_by_poll("Bo");
    let url = "https://a-row-of-four-words.trycloudflare.com";
    serve.send(&json!({"type": "moved", "url": url}));
    let moved = loop {
        if let Some(moved) = bo.poll(&[]).into_iter().find(|event| event["t"] == "moved") {
            break moved;
        }
    };
    assert_eq!(moved["url"], url);
    assert_eq!(welcome(&serve, "Cy")["public"], url);
    // Nothing of the address itself before admission.
    let page = serve.request("GET /", "").body;
    assert!(page.contains("its host's computer and Cloudflare can read") && !page.contains(url));
    // The tunnel is lost: what was said could be read while it was there.
    serve.send(&json!({"type": "host", "name": null}));
    assert_eq!(welcome(&serve, "Di")["public"], url);
    serve.child.kill().unwrap();
    serve.child.wait().unwrap();
}

/// Participants who leave while the session ends do not extend the time that browsers have for `/bye`.
#[test]
fn the_end_does_not_wait_longer_when_participants_leave_meanwhile() {
    // 100 ms apart, they leave over 3 s; the time for `/bye` is 250 ms.
    const PARTICIPANTS: usize = 30;
    let env = TestEnv::new();
    let mut serve = SupervisedServe::start(&env);
    let pollers: Vec<Poller> =
        (0..PARTICIPANTS).map(|number| serve.join_by_poll(&format!("P{number}"))).collect();
    for _ in 0..PARTICIPANTS {
        assert_eq!(serve.recv()["type"], "joined");
    }
    serve.send(&json!({"type": "drain"}));
    let is_drained = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_drained);
    let leaving = std::thread::spawn(move || {
        for poller in pollers {
            std::thread::sleep(Duration::from_millis(100));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            poller.start(&[json!({"t": "leave"})]).rest();
        }
    });
    let mut left = 0;
    loop {
        match serve.recv()["type"].as_str().unwrap() {
            "left" => left += 1,
            "drained" => break,
            other => panic!("{other}"),
        }
    }
    is_drained.store(true, Ordering::Relaxed);
    assert!(left < PARTICIPANTS, "the end waited until the last had left");
    leaving.join().unwrap();
    serve.channel.shutdown(Shutdown::Write).unwrap();
    // Unread messages would reset the channel.
    std::io::copy(&mut serve.messages, &mut std::io::sink()).unwrap();
    assert_eq!(serve.child.wait().unwrap().code(), Some(0));
}
