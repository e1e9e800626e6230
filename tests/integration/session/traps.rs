//! Faults that were found by running sessions, each as a test; see also `ends`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use super::ends::signal;
use super::stage::{Link, Stage, in_shell};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CLEAN, DEADLINE, Program, Terminal};

/// A process that is killed at the latest when this is dropped.
struct Killed(Child);

impl Killed {
    fn end(&mut self) {
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.end();
    }
}

/// A child that was stopped before exec holds a copy of the supervisor's end of the lifeline. The
/// guard does not wait for the end of the lifeline alone.
#[test]
fn the_guard_sees_a_death_although_the_lifeline_stays_open() {
    let stage = Stage::new(HAPPY);
    let run_dir = stage.env.runtime().join("chattrace/0123456789ab");
    let mut private = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
    private.recursive(true).create(&run_dir).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(DEADLINE)).unwrap();
    // By way of descriptor 3, because a shell gives background jobs no stdin.
    let script = "exec 3<&0; \"$0\" --guard \"$1\" --lifeline $$ <&3 3<&- & \
                  exec sleep 3600 <&- 3<&- >&- 2>&-";
    let mut command = stage.env.command("sh");
    command.args(["-c", script]).arg(CLEAN).arg(&run_dir);
    command.env("CHATTRACE_SESSION", "0123456789ab");
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stderr(Stdio::null());
    let mut supervisor = Killed(command.spawn().unwrap());
    drop(command);
    let mut said = BufReader::new(ours);
    let mut hello = String::new();
    said.read_line(&mut hello).unwrap();
    assert!(hello.starts_with(r#"{"type":"hello""#), "{hello}");
    supervisor.end();
    // Our end is still open, so end of file means that the guard has exited.
    assert_eq!(said.read_to_end(&mut Vec::new()).unwrap(), 0);
    stage.assert_nothing_left();
}

/// A guard removes nothing but the runtime folder of a session.
#[test]
fn a_guard_of_anything_else_removes_nothing() {
    let stage = Stage::new(HAPPY);
    let precious = stage.env.home().join("home/precious");
    std::fs::create_dir_all(&precious).unwrap();
    for folder in [stage.env.home(), stage.env.runtime().join("x"), "/".into()] {
        let mut command = stage.env.command(CLEAN);
        command.arg("--guard").arg(&folder).args(["--lifeline", "1"]);
        let ended = Program::run(command).expect_code(2);
        assert!(ended.stderr.contains("it is not the runtime folder of a session"), "{ended:#?}");
    }
    assert!(precious.exists());
    std::fs::remove_dir_all(stage.env.home().join("home")).unwrap();
    stage.assert_nothing_left();
}

/// V-19: a child that the supervisor inherited from its shell carries no mark, and is not ended.
#[test]
fn a_child_without_the_mark_outlives_every_end() {
    for name in ["TERM", "KILL"] {
        let stage = Stage::new(HAPPY);
        let script = "sleep 3600 >/dev/null 2>&1 & echo $!; exec \"$0\" \"$@\"";
        // Without a witness, which would wait for that child, too.
        let mut session = Program::start(in_shell(&stage.public(&[]), script));
        let stranger: u32 = session.stdout_line().parse().unwrap();
        session.stdout_line_with("https://");
        session.signal(name);
        let ended = session.wait();
        assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
        let comm = std::fs::read_to_string(format!("/proc/{stranger}/comm"));
        assert_eq!(comm.unwrap().trim_end(), "sleep", "it lives");
        signal("KILL", stranger);
        stage.assert_nothing_left();
    }
}

/// A shell on a terminal that runs `first`, and then a session with `behind` after its arguments.
fn background(stage: &Stage, first: &str, behind: &str) -> Terminal {
    let command = stage.local(&[]);
    let script = "HISTFILE= exec bash --norc --noprofile -i";
    let mut terminal = Terminal::start(&in_shell(&command, script), 200);
    let words: Vec<_> = command.get_args().map(|word| word.to_str().unwrap()).collect();
    let program = command.get_program().to_str().unwrap();
    terminal.type_keys(&format!("{first}\r{program} {} {behind}\r", words.join(" ")));
    terminal
}

/// A background job that uses the terminal would be stopped by SIGTTOU, and could not end its
/// children.
#[test]
fn in_the_background_it_is_neither_stopped_nor_asks() {
    let stage = Stage::new(HAPPY);
    let mut terminal = background(&stage, "stty tostop -echo", "& s=$!");
    let link = Link::on_screen(&mut terminal);
    super::guest::Guest::join(&link, "Ana").say("still here");
    terminal.type_keys("kill -TERM $s; wait $s; echo code $?\r");
    terminal.wait_for("nothing remains");
    terminal.wait_for("code 0");
    terminal.type_keys("exit\r");
    let ended = terminal.wait().expect_code(0);
    assert!(!ended.stderr.contains("[s]ave"), "{ended:#?}");
    stage.assert_nothing_left();
}

/// After `disown` no SIGHUP comes when the window closes.
#[test]
fn disowned_it_ends_with_its_terminal() {
    let stage = Stage::new(HAPPY);
    let mut terminal = background(&stage, "", "& disown");
    // In the background, the link is the last line that is shown.
    terminal.wait_for("/t/");
    terminal.close();
    terminal.wait();
    stage.assert_nothing_left();
}

/// The kernel continues a stopped session when its terminal is closed.
#[test]
fn stopped_itself_it_still_ends_with_its_terminal() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.public(&[]), 80);
    terminal.wait_for("● public");
    terminal.signal("STOP");
    terminal.close();
    terminal.wait().expect_code(0);
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}
