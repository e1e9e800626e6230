//! Who looks at a session from outside learns neither how to come in nor how to come back.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use super::root;
use super::search::Canaries;
use super::talk::Talk;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, children};
use crate::session::control::socket;
use crate::session::stage::{Stage, watched};

/// What of all that is looked for is in `text`, but for names, which the operator may see.
fn secrets<'a>(canaries: &'a Canaries, text: &[u8]) -> Vec<&'a str> {
    let found = canaries.find(text).into_iter().map(|(_, what)| what);
    found.filter(|what| *what != "a name").collect()
}

/// A process and whoever descends from it.
pub(super) fn family(pid: u32) -> Vec<u32> {
    let descendants = children(pid).into_iter().flat_map(family);
    std::iter::once(pid).chain(descendants).collect()
}

/// V-30: no argument, no environment, no line on a standard error but the link itself, no answer of
/// the control socket, no event log.
#[test]
fn the_ticket_and_what_brings_people_back_are_only_where_they_must_be() {
    if !root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let session = watched(&stage.public(&["--json", "--logs", "save"]));
    let talk = Talk::over(&stage, session);
    let mut names = Vec::new();
    for pid in family(talk.session.pid()) {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        // They can be read, and are what they are called.
        assert!(arguments.starts_with(b"/") && !environment.is_empty(), "{arguments:?}");
        for text in [&arguments, &environment] {
            let found = secrets(&talk.canaries, text);
            assert!(found.is_empty(), "{found:?} in {}", text.escape_ascii());
        }
        names.push(String::from_utf8(read("comm")).unwrap().trim().to_owned());
    }
    names.sort();
    let all = ["chattrace", "chattrace-clean", "chattrace-serve", "chattrace-tunne", "cloudflared"];
    assert_eq!(names, all);

    let stream = UnixStream::connect(socket(&stage)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut script = BufReader::new(stream);
    for (question, part) in [("ping", "pong"), ("status", "\"present\":2"), ("stop", "stopping")] {
        let line = format!("{{\"id\":1,\"type\":\"{question}\"}}\n");
        script.get_mut().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        script.read_line(&mut answer).unwrap();
        assert!(answer.contains(part), "{answer}");
        assert!(talk.canaries.find(answer.as_bytes()).is_empty(), "{answer}");
    }

    let (ended, canaries) = talk.wait();
    let ended = ended.expect_code(0);
    let told = ended.stderr.lines().filter(|line| !secrets(&canaries, line.as_bytes()).is_empty());
    let told: Vec<_> = told.map(str::trim).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("https://"), "{told:?}");
    let told = ended.stdout.lines().filter(|line| !secrets(&canaries, line.as_bytes()).is_empty());
    assert_eq!(told.count(), 1, "the link: {ended:#?}");

    let files = fs::read_dir(stage.place.work()).unwrap();
    let logs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert_eq!(logs.len(), 1);
    assert!(!canaries.find(&logs[0]).is_empty(), "it is the log: names are in it");
    assert!(secrets(&canaries, &logs[0]).is_empty(), "{}", logs[0].escape_ascii());
}
