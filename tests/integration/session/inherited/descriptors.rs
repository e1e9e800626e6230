//! No process of a session inherits a descriptor that the shell had open.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use crate::harness::cloudflared::HAPPY;
use crate::harness::{DEADLINE, Program, SERVE, TestEnv, children, in_shell};
use crate::session::stage::{Stage, event, scripted};

/// Opens the pipe `left` as descriptors 3 to 20 and 1000, and becomes the program.
const LEFT: &str = "exec bash -c 'for n in $(seq 3 20) 1000; do eval \"exec $n>left\"; done; \
                    exec \"$0\" \"$@\"' \"$0\" \"$@\"";

/// A FIFO in the folder where a program is started. The receiver returns when no process has it
/// open for writing any more.
fn pipe(env: &TestEnv) -> Receiver<()> {
    let path = env.work().join("left");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (sender, closed) = channel();
    std::thread::spawn(move || {
        // Blocks until a process opens it for writing (fifo(7)).
        let mut pipe = File::open(path).unwrap();
        pipe.read_to_end(&mut Vec::new()).unwrap();
        sender.send(())
    });
    closed
}

/// This process and its descendants, with the files that each has open.
fn open(pid: u32, found: &mut Vec<(String, Vec<String>)>) {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(Result::unwrap);
    let links = links.filter_map(|link| std::fs::read_link(link.path()).ok());
    let links = links.map(|to| to.display().to_string()).collect();
    found.push((name.trim_end().to_owned(), links));
    children(pid).into_iter().for_each(|child| open(child, found));
}

#[test]
#[ignore = "needs ptrace: tests/run"]
fn no_process_of_a_session_has_what_the_shell_had_open() {
    let stage = Stage::new(HAPPY);
    let closed = pipe(&stage.env);
    let mut session = scripted(&stage.public(&["--json"]), LEFT);
    event(&mut session, "link");
    // All processes of the session run, and none has it open.
    closed.recv_timeout(DEADLINE).expect("a process has it open");
    let mut found = Vec::new();
    open(session.pid(), &mut found);
    let mut names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    let all = ["chattrace", "chattrace-clean", "chattrace-serve", "chattrace-tunne", "cloudflared"];
    assert_eq!(names, all);
    for (name, links) in &found {
        assert!(!links.iter().any(|to| to.ends_with("/left")), "{name}: {links:?}");
    }
    // cloudflared has its streams and what it opened itself, and none of that is a file.
    let (_, links) = found.iter().find(|(name, _)| name == "cloudflared").unwrap();
    let own = |to: &&String| to.starts_with('/') && *to != "/dev/null";
    assert_eq!(links.iter().filter(own).count(), 0, "{links:?}");
    session.signal("TERM");
    session.wait().expect_code(0);
    std::fs::remove_file(stage.env.work().join("left")).unwrap();
    stage.assert_nothing_left();
}

#[test]
fn alone_and_in_a_pipeline_they_have_nothing_either() {
    let stage = Stage::new(HAPPY);
    let folder = Path::new(SERVE).parent().unwrap();
    let mut room = stage.env.command(folder.join("chattrace-serve"));
    room.arg("--json");
    let mut tunnel = stage.env.command(folder.join("chattrace-tunnel"));
    tunnel.arg("--cloudflared").arg(stage.stand_in.path()).arg("http://127.0.0.1:8080");
    for (command, ready) in [(room, "\"ready\""), (tunnel, "https://")] {
        let closed = pipe(&stage.env);
        let mut program = scripted(&command, LEFT);
        program.stdout_line_with(ready);
        closed.recv_timeout(DEADLINE).expect("a process has it open");
        program.signal("TERM");
        program.wait().expect_code(0);
        std::fs::remove_file(stage.env.work().join("left")).unwrap();
    }
}

/// A stream that was closed becomes `/dev/null`, so that no other descriptor gets its number.
#[test]
fn the_trial_looks_for_one_and_finds_none() {
    for streams in ["", " <&-", " 2>&-", " <&- 2>&-"] {
        let env = TestEnv::new();
        let mut command = env.command(SERVE);
        command.arg("--self-test");
        let script = format!("exec 3<>f 4<>f 7<>f; exec \"$0\" \"$@\"{streams}");
        let ended = Program::run(in_shell(&command, &script)).expect_code(0);
        let said = "refused   use an inherited descriptor: there is none\n";
        assert!(ended.stdout.contains(said), "{streams}: {ended:#?}");
    }
}
