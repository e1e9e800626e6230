//! `chattrace --quiet >link.txt &` in shells with job control: the shell stays usable, and `kill`, `fg`
//! with Ctrl+C, and the end of the terminal end the session.

use std::time::Instant;

use super::pipes::shell;
use super::stage::Stage;
use crate::harness::cloudflared::{HAPPY, HOST};
use crate::harness::{DEADLINE, Terminal};

/// Shells that every Debian system has, without the files of the user.
const SHELLS: [&[&str]; 2] = [&["bash", "--norc", "--noprofile", "-i"], &["dash", "-i"]];

pub(super) const PROMPT: &str = "ready$ ";

/// A shell on a terminal, in a folder of its own.
pub(super) fn interactive(stage: &Stage, arguments: &[&str]) -> Terminal {
    // As a window starts it, also where the tests run in the background, which ignores these signals.
    let script = format!("exec env --default-signal=INT,QUIT {}", arguments.join(" "));
    let mut command = shell(stage, &script);
    // No history file of bash beside what the session leaves.
    command.env("PS1", PROMPT).env("HISTFILE", "");
    let mut terminal = Terminal::start(&command, 200);
    terminal.wait_for(PROMPT);
    terminal
}

/// Types a command, and waits until it has ended; returns what it printed.
pub(super) fn run(terminal: &mut Terminal, line: &str) -> String {
    // The echo of the typed line has the quotes.
    terminal.type_keys(&format!("{line}; echo en''ded\r"));
    let output = terminal.wait_for("ended");
    terminal.wait_for(PROMPT);
    output
}

/// Starts a session in the background, and waits for its link in the file.
fn start(terminal: &mut Terminal, stage: &Stage, command: &str) {
    terminal.type_keys(&format!("{command} >link.txt &\r"));
    run(terminal, "until grep -q /t/ link.txt 2>/dev/null; do :; done");
    let link = std::fs::read_to_string(stage.env.work().join("link.txt")).unwrap();
    assert!(link.starts_with(&format!("https://{HOST}/t/")), "{link}");
    assert_eq!(link.lines().count(), 1, "{link}");
}

/// Waits until the shell has given its terminal to a job.
fn await_foreground_job(terminal: &Terminal) {
    let is_shell_in_front = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", terminal.pid())).unwrap();
        // Behind the name: state, parent, group, session, terminal, its foreground group (proc(5)).
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        fields[2] == fields[5]
    };
    let end = Instant::now() + DEADLINE;
    while is_shell_in_front() {
        assert!(Instant::now() < end, "no job in the foreground");
        std::thread::yield_now();
    }
}

fn finish(mut terminal: Terminal, stage: &Stage) -> String {
    std::fs::remove_file(stage.env.work().join("link.txt")).unwrap();
    terminal.type_keys("exit\r");
    let ended = terminal.wait();
    stage.assert_nothing_left();
    ended.stderr
}

#[test]
fn kill_ends_a_background_session_and_the_shell_stays_usable() {
    for arguments in SHELLS {
        let stage = Stage::new(HAPPY);
        let mut terminal = interactive(&stage, arguments);
        start(&mut terminal, &stage, "chattrace --quiet");
        let shown = run(&mut terminal, "echo still' 'usable; kill %1; wait %1; echo code $?");
        assert!(
            shown.contains("still usable") && shown.contains("code 0"),
            "{arguments:?}: {shown}"
        );
        assert!(stage.run_dirs().is_empty(), "{arguments:?}");
        assert!(stage.stand_in.ended_by_term(), "{arguments:?}");
        finish(terminal, &stage);
    }
}

#[test]
fn ctrl_c_does_not_reach_it_before_fg() {
    for arguments in SHELLS {
        let stage = Stage::new(HAPPY);
        let mut terminal = interactive(&stage, arguments);
        start(&mut terminal, &stage, "chattrace --quiet");
        // A shell that is at its prompt may drop what is typed after Ctrl+C, so a job takes it.
        terminal.type_keys("sh -c 'echo $((6*7)) in front; exec cat'\r");
        terminal.wait_for("42 in front");
        terminal.type_keys("\u{3}");
        terminal.wait_for(PROMPT);
        let shown = run(&mut terminal, "kill -0 %1 && echo it' 'lives");
        assert!(shown.contains("it lives"), "{arguments:?}: {shown}");
        assert_eq!(stage.run_dirs().len(), 1, "{arguments:?}");
        terminal.type_keys("fg\r");
        await_foreground_job(&terminal);
        terminal.type_keys("\u{3}");
        terminal.wait_for(PROMPT);
        assert!(stage.run_dirs().is_empty(), "{arguments:?}");
        finish(terminal, &stage);
    }
}

/// A background job that reads from its terminal would be stopped (SIGTTIN), and stay.
#[test]
fn a_background_session_does_not_ask_and_deletes_its_log() {
    for arguments in SHELLS {
        let stage = Stage::new(HAPPY);
        let mut terminal = interactive(&stage, arguments);
        // A background job that writes is stopped (SIGTTOU) as well, unless it is prepared for it.
        run(&mut terminal, "stty tostop");
        start(&mut terminal, &stage, "chattrace");
        let shown = run(&mut terminal, "kill %1; wait %1; echo code $?");
        assert!(shown.contains("code 0") && !shown.contains("[v]iew"), "{arguments:?}: {shown}");
        let shown = finish(terminal, &stage);
        assert!(shown.contains("nothing remains"), "{arguments:?}: {shown}");
    }
}

#[test]
fn a_closed_terminal_ends_a_background_session() {
    for arguments in SHELLS {
        let stage = Stage::new(HAPPY);
        let mut terminal = interactive(&stage, arguments);
        start(&mut terminal, &stage, "chattrace --quiet");
        terminal.close();
        terminal.wait();
        assert!(stage.stand_in.ended_by_term(), "{arguments:?}");
        std::fs::remove_file(stage.env.work().join("link.txt")).unwrap();
        stage.assert_nothing_left();
    }
}
