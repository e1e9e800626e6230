//! Shells with job control and a session in the foreground that was killed, stopped or moved to the
//! background: the shell stays usable, and the prompt comes back with the session.

use nix::sys::termios::LocalFlags;

use super::background::{PROMPT, interactive, run};
use super::ends::child;
use super::modes::is_prompt;
use super::stage::Stage;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Terminal, signal};

const BASH: &[&str] = &["bash", "--norc", "--noprofile", "-i"];
const DASH: &[&str] = &["dash", "-i"];
const ZSH: &[&str] = &["zsh", "-f", "-i"];

const SESSION: &str = "chattrace --tunnel none --no-qr --logs delete";

/// The modes that the shell gives to the programs that it starts, by stty(1).
fn modes(terminal: &mut Terminal) -> String {
    let output = run(terminal, "stty -g");
    let is_modes = |word: &&str| word.matches(':').count() > 10;
    output.split_whitespace().find(is_modes).unwrap_or_else(|| panic!("{output}")).to_owned()
}

/// Types `command`, a session, and waits for its prompt.
fn start(terminal: &mut Terminal, command: &str) {
    terminal.type_keys(&format!("{command}\r"));
    terminal.wait_for("● local only");
    terminal.wait_for_modes(is_prompt);
}

/// Types nonsense at the prompt of a session, and waits for its answer.
fn assert_answers(terminal: &mut Terminal) {
    terminal.type_keys("qqq\r");
    terminal.wait_for("there is no command \"qqq\"");
}

fn exit(mut terminal: Terminal, stage: &Stage) {
    terminal.type_keys("exit\r");
    terminal.wait();
    stage.assert_nothing_left();
}

/// A wrapper that exits by itself gets the modes of the prompt as those of the session: bash keeps them,
/// if it is faster than the guard, so it is not among these.
#[test]
#[ignore = "needs zsh: tests/run"]
fn after_kill_9_every_shell_has_its_modes() {
    let wrapped = format!("sh -c '{SESSION}; exit 3'");
    for (shell, command) in
        [(BASH, SESSION), (DASH, SESSION), (ZSH, SESSION), (DASH, &wrapped), (ZSH, &wrapped)]
    {
        let stage = Stage::new(HAPPY);
        let mut terminal = interactive(&stage, shell);
        let before = modes(&mut terminal);
        start(&mut terminal, command);
        let parent = if command == SESSION { terminal.pid() } else { child(terminal.pid(), "sh") };
        signal("KILL", child(parent, "chattrace"));
        terminal.wait_for("chattrace was killed; its processes are ended, nothing remains");
        terminal.type_keys("\r");
        let after = modes(&mut terminal);
        if shell == ZSH {
            // If zsh is faster than the guard, it takes the modes of the prompt for those of the session, and
            // turns on lines and echo, which is all that a user notices.
            let local = u32::from_str_radix(after.split(':').nth(3).unwrap(), 16).unwrap();
            let usable = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG;
            assert!(LocalFlags::from_bits_retain(local).contains(usable), "{command}: {after}");
        } else {
            assert_eq!(after, before, "{shell:?} {command}");
        }
        exit(terminal, &stage);
    }
}

/// Ends the session by Ctrl+C, after which the shell has these modes, and the shell.
fn interrupt_and_exit(mut terminal: Terminal, stage: &Stage, before: &str) {
    terminal.type_keys("\u{3}");
    terminal.wait_for("nothing remains");
    terminal.wait_for(PROMPT);
    assert_eq!(modes(&mut terminal), before);
    exit(terminal, stage);
}

/// The shell sets its own modes when a job is stopped, and does not know those of the prompt.
#[test]
fn a_session_that_was_stopped_has_its_prompt_again_in_the_foreground() {
    let stage = Stage::new(HAPPY);
    let mut terminal = interactive(&stage, BASH);
    let before = modes(&mut terminal);
    start(&mut terminal, SESSION);
    terminal.type_keys("half");
    terminal.wait_for("> half");
    let session = child(terminal.pid(), "chattrace");
    signal("STOP", session);
    terminal.wait_for(PROMPT);
    assert_eq!(modes(&mut terminal), before);
    terminal.type_keys("fg\r");
    terminal.wait_for_modes(is_prompt);
    // What was typed before is there still.
    terminal.wait_for("> half");
    terminal.type_keys("\u{15}");
    assert_answers(&mut terminal);
    interrupt_and_exit(terminal, &stage, &before);
}

/// `fg` sends no signal to a job that runs.
#[test]
fn a_session_in_the_background_touches_no_mode_and_gets_its_prompt_in_the_foreground() {
    let stage = Stage::new(HAPPY);
    let mut terminal = interactive(&stage, BASH);
    let before = modes(&mut terminal);
    terminal.type_keys(&format!("{SESSION} &\r"));
    terminal.wait_for("http://127.0.0.1:");
    assert_eq!(modes(&mut terminal), before);
    assert!(!terminal.raw().contains("> "), "{}", terminal.raw());
    terminal.type_keys("fg\r");
    terminal.wait_for_modes(is_prompt);
    assert_answers(&mut terminal);
    // Stopped, and continued in the background: it is stopped there as well.
    signal("STOP", child(terminal.pid(), "chattrace"));
    terminal.wait_for(PROMPT);
    run(&mut terminal, "bg");
    assert_eq!(modes(&mut terminal), before);
    terminal.type_keys("fg\r");
    terminal.wait_for_modes(is_prompt);
    assert_answers(&mut terminal);
    interrupt_and_exit(terminal, &stage, &before);
}
