//! Another user of the machine cannot see the ticket or a resume token of a session.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use super::canaries::Canaries;
use super::conversation::Conversation;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, children};
use crate::session::control::socket;
use crate::session::stage::{Stage, watched};

/// The canaries in `text`, except names, which the operator may see.
fn secrets<'a>(canaries: &'a Canaries, text: &[u8]) -> Vec<&'a str> {
    let found = canaries.find(text).into_iter().map(|(_, what)| what);
    found.filter(|what| *what != "a name").collect()
}

/// A process and all its descendants.
pub(super) fn process_tree(pid: u32) -> Vec<u32> {
    let descendants = children(pid).into_iter().flat_map(process_tree);
    std::iter::once(pid).chain(descendants).collect()
}

/// They are in no argument, no environment, no answer of the control socket and no event log. On
/// each output stream the ticket is in one line, the link.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn the_ticket_and_resume_tokens_are_only_in_the_link() {
    let stage = Stage::new(HAPPY);
    let session = watched(&stage.public(&["--json", "--logs", "save"]));
    let conversation = Conversation::start(&stage, session);
    let mut names = Vec::new();
    for pid in process_tree(conversation.session.pid()) {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        // The files were readable.
        assert!(arguments.starts_with(b"/") && !environment.is_empty(), "{arguments:?}");
        for text in [&arguments, &environment] {
            let found = secrets(&conversation.canaries, text);
            assert!(found.is_empty(), "{found:?} in {}", text.escape_ascii());
        }
        names.push(String::from_utf8(read("comm")).unwrap().trim().to_owned());
    }
    names.sort();
    let all = ["chattrace", "chattrace-clean", "chattrace-serve", "chattrace-tunne", "cloudflared"];
    assert_eq!(names, all);

    let stream = UnixStream::connect(socket(&stage)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut client = BufReader::new(stream);
    for (question, part) in [("ping", "pong"), ("status", "\"present\":2"), ("stop", "stopping")] {
        let line = format!("{{\"id\":1,\"type\":\"{question}\"}}\n");
        client.get_mut().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_line(&mut answer).unwrap();
        assert!(answer.contains(part), "{answer}");
        assert!(conversation.canaries.find(answer.as_bytes()).is_empty(), "{answer}");
    }

    let (ended, canaries) = conversation.wait();
    let ended = ended.expect_code(0);
    let secret =
        ended.stderr.lines().filter(|line| !secrets(&canaries, line.as_bytes()).is_empty());
    let secret: Vec<_> = secret.map(str::trim).collect();
    assert_eq!(secret.len(), 1, "{secret:?}");
    assert!(secret[0].starts_with("https://"), "{secret:?}");
    let secret =
        ended.stdout.lines().filter(|line| !secrets(&canaries, line.as_bytes()).is_empty());
    assert_eq!(secret.count(), 1, "the link: {ended:#?}");

    let files = fs::read_dir(stage.env.work()).unwrap();
    let logs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert_eq!(logs.len(), 1);
    assert!(!canaries.find(&logs[0]).is_empty(), "the log must contain names");
    assert!(secrets(&canaries, &logs[0]).is_empty(), "{}", logs[0].escape_ascii());
}
