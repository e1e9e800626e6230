//! The end: for the participants, and for the programs next to it in a pipeline.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, kinds};
use super::http::Poller;
use super::server::{Server, UNLIMITED, parse_link};
use crate::harness::{DEADLINE, Program, SERVE, TestEnv, signal};

fn assert_session_ended(client: &mut Client) {
    let (events, code) = client.rest();
    let end = events.last().expect("an end");
    assert_eq!((&end["t"], code), (&"end".into(), Some(4000)), "{events:?}");
    assert!(end["text"].as_str().unwrap().contains("kept"));
}

#[test]
fn a_signal_ends_the_session_for_every_client() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut server = Server::start();
        let mut sockets = ["Ana", "Bo", "Cy"].map(|name| server.join(name));
        let (mut di, held) = Poller::take_over(&server, server.join("Di"));
        let mut outside = server.open_socket();
        server.signal(signal);
        sockets.iter_mut().for_each(assert_session_ended);
        assert_eq!(di.finish(held).last().unwrap()["t"], "end");
        server.event("closing");
        server.event("closed");
        let ended = server.wait().expect_code(0);
        assert_eq!(outside.rest().1, None);
        assert!(!ended.stderr.contains("panic"), "{ended:#?}");
    }
}

/// V-24: browsers have time to clear their storage.
#[test]
fn while_it_ends_bye_is_answered_and_joins_are_refused() {
    let mut server = Server::with(&[], UNLIMITED);
    let stuck = stuck(&server);
    let mut ana = server.join("Ana");
    let mut late = server.open_socket();
    let mut bo = Poller::join(&server, "Bo");
    ana.say("last words");
    ana.until_said("last words");
    server.signal("TERM");
    server.event("closing");
    // What it still has to answer is sent first: the stuck client holds it up for 1.5 s and no longer.
    late.send_line(&server.join_line("Late"));
    let bye = server.request("POST /bye", "Content-Length: 0\r\n");
    // One answer with the unread message and the end, because there may be no time for another poll.
    assert_eq!(kinds(&bo.poll(&[])), ["said", "end"]);
    assert_eq!(bye.status, 204);
    // Cookies are shared with all other programs on this host.
    assert_eq!(bye.header("clear-site-data"), r#""cache", "storage""#);
    assert_eq!(late.wait("refused")["why"], "closing");
    assert_session_ended(&mut ana);
    server.wait().expect_code(0);
    drop(stuck);
}

/// A participant who reads nothing, and whose connection is full, so that the end cannot reach it.
fn stuck(server: &Server) -> Client {
    let stuck = server.join("Stuck");
    let mut ana = server.join("Talker");
    let long = "x".repeat(4000);
    // More than the kernel buffers on both ends of a connection (tcp_wmem, tcp_rmem: 4 + 6 MiB).
    for _ in 0..3000 {
        ana.say(&long);
        ana.wait("said");
    }
    ana.send_line(&json!({"t": "leave"}));
    ana.rest();
    stuck
}

#[test]
fn a_second_interrupt_does_not_wait_for_clients() {
    let mut server = Server::with(&[], UNLIMITED);
    let stuck = stuck(&server);
    server.signal("INT");
    server.event("closing");
    server.signal("INT");
    server.wait().expect_code(130);
    drop(stuck);
}

#[test]
fn it_ends_when_the_reader_of_its_stdout_is_gone() {
    let env = TestEnv::new();
    let mut child =
        env.command(SERVE).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut link = String::new();
    stdout.read_line(&mut link).unwrap();
    let (host, ticket) = parse_link(link.trim_end());
    let mut ana = Client::open(host.parse().unwrap(), &host, &format!("http://{host}"));
    ana.send_line(&json!({"t": "join", "name": "Ana", "ticket": ticket}));
    ana.wait("welcome");
    drop(stdout);
    assert_session_ended(&mut ana);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The reader of stdout has it open and does not read, like a pager.
#[test]
fn a_reader_of_stdout_that_is_stuck_does_not_block_the_room() {
    let env = TestEnv::new();
    let file = env.root().join("config.json");
    fs::write(&file, UNLIMITED).unwrap();
    let mut command = env.command(SERVE);
    command.arg("--json").arg("--config").arg(file);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    stdout.read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let (host, ticket) = parse_link(ready["link"].as_str().unwrap());
    let address = host.parse().unwrap();
    let origin = format!("http://{host}");
    let join = |name: &str| {
        let mut client = Client::open(address, &host, &origin);
        client.send_line(&json!({"t": "join", "name": name, "ticket": ticket}));
        client.wait("welcome");
        client
    };
    // Two events of about 90 bytes each: more than the 64 KiB that a pipe holds (pipe(7)).
    for number in 0..600 {
        let mut guest = join(&format!("Guest {number}"));
        guest.send_line(&json!({"t": "leave"}));
        guest.rest();
    }
    let mut ana = join("Ana");
    ana.say("still talking");
    ana.until_said("still talking");
    signal("TERM", child.id());
    assert_session_ended(&mut ana);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(stdout);
}

fn shell(env: &TestEnv, script: &str) -> Command {
    let mut command = env.command("/bin/sh");
    let folder = std::path::Path::new(SERVE).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{folder}:{path}")).args(["-c", script]);
    command
}

#[test]
fn it_ends_after_a_reader_that_takes_one_line() {
    let env = TestEnv::new();
    let before = env.tree();
    let script = "{ chattrace-serve; echo \"code $?\" >&2; } | head -1";
    let ended = Program::run(shell(&env, script)).expect_code(0);
    parse_link(ended.stdout.trim_end());
    assert!(ended.stderr.ends_with("code 0\n"), "{ended:#?}");
    assert_eq!(env.tree(), before);
}

/// The pipeline in docs/configuration.md. `tee` shows the test the link. The end of stdin ends the pipeline, also
/// when the test fails.
#[test]
#[ignore = "needs jq: tests/run"]
fn a_script_can_read_who_joins() {
    let env = TestEnv::new();
    let script = "exec 3<&0; \
         sh -c '{ read -r _; kill $$; } <&3 >/dev/null 2>&1 & exec chattrace-serve --json 2>/dev/null' \
         | tee /dev/stderr | jq -r 'select(.event==\"joined\").participant.number'";
    let mut program = Program::start(shell(&env, script));
    let ready: Value = serde_json::from_str(&program.stderr_line_with("ready")).unwrap();
    let (host, ticket) = parse_link(ready["link"].as_str().unwrap());
    for name in ["Ana", "Bo", "Cy"] {
        let mut client = Client::open(host.parse().unwrap(), &host, &format!("http://{host}"));
        client.send_line(&json!({"t": "join", "name": name, "ticket": ticket}));
        client.wait("welcome");
    }
    program.stderr_line_with("\"number\":3");
    program.close_stdin();
    assert_eq!(program.wait().expect_code(0).stdout, "1\n2\n3\n");
}

/// The exact lines that a script relies on, without any text of a message.
#[test]
fn the_events_for_programs_are_these() {
    let mut server = Server::start();
    let mut ana = server.join("Ana");
    ana.say("a secret");
    ana.until_said("a secret");
    ana.send_line(&json!({"t": "leave"}));
    assert_eq!(ana.rest().1, Some(4001));
    let person = json!({"number": 1, "name": "Ana", "tag": ana.welcome["you"]["tag"]});
    let joined = json!({"event": "joined", "participant": person, "present": 1});
    assert_eq!(server.event("joined"), joined);
    let left = json!({"event": "left", "participant": person, "present": 0});
    assert_eq!(server.event("left"), left);
    let link = format!("http://{}/t/{}", server.host, server.ticket);
    let ended = server.stop();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{ended:#?}");
    assert_eq!(lines[0], format!(r#"{{"event":"ready","link":"{link}","others":[]}}"#));
    assert_eq!(lines[3..], [r#"{"event":"closing"}"#, r#"{"event":"closed"}"#]);
    assert!(!format!("{ended:?}").contains("secret"));
}

/// On a segmentation fault, the handler of std removes itself, so that the fault happens again and ends
/// the process. If the filter refused that, the fault would repeat for ever.
#[test]
fn a_segmentation_fault_ends_it() {
    const SEGV: u32 = 11;
    let server = Server::start();
    let catches = || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
        u64::from_str_radix(caught, 16).unwrap() >> (SEGV - 1) & 1 == 1
    };
    assert!(catches());
    server.signal("SEGV");
    let end = Instant::now() + DEADLINE;
    while catches() {
        assert!(Instant::now() < end, "the handler stays");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.signal("SEGV");
    assert_eq!(server.wait().status.signal(), Some(11));
}
