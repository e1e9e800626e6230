//! The pipelines that the documents promise, run by a shell.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::guest::Guest;
use super::stage::{Link, Stage};
use crate::harness::cloudflared::{HAPPY, HOST};
use crate::harness::{DEADLINE, Program, SERVE, Terminal};

/// `script` in a shell whose PATH has the programs, configured to use the stand-in.
pub(super) fn shell(stage: &Stage, script: &str) -> Command {
    let config = stage.env.root().join("config.json");
    let stand_in = stage.stand_in.path().display();
    let text = format!(r#"{{"tunnel":{{"settle_seconds":0,"cloudflared":"{stand_in}"}}}}"#);
    std::fs::write(&config, text).unwrap();
    let own = Path::new(SERVE).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = stage.env.command("sh");
    command.args(["-c", script]);
    command.env("PATH", format!("{own}:{path}")).env("CHATTRACE_CONFIG", config);
    command
}

fn is_public_link(line: &str) -> bool {
    line.strip_prefix(&format!("https://{HOST}/t/")).is_some_and(|ticket| ticket.trim().len() == 22)
}

/// A reader that takes one line ends the session with it: the pipeline is over, and the link leads
/// nowhere.
#[test]
fn a_reader_that_goes_away_ends_the_session() {
    let stage = Stage::new(HAPPY);
    let ended = Program::run(shell(&stage, "chattrace --quiet | head -1")).expect_code(0);
    assert!(is_public_link(&ended.stdout), "{ended:#?}");
    assert_eq!(ended.stderr, "");
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}

/// The example at the end of `chattrace --help`.
#[test]
fn tee_keeps_the_link_of_a_quiet_session_and_ctrl_c_ends_both() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&shell(&stage, "chattrace --quiet | tee link.txt"), 100);
    terminal.wait_for(&format!("https://{HOST}/t/"));
    terminal.wait_for("\n");
    // tee writes to its file after that, and Ctrl+C ends it as well.
    let end = Instant::now() + DEADLINE;
    let is_written = || {
        std::fs::read_to_string(stage.env.work().join("link.txt"))
            .is_ok_and(|it| it.ends_with('\n'))
    };
    while !is_written() {
        assert!(Instant::now() < end, "no link in the file");
        std::thread::yield_now();
    }
    terminal.type_keys("\u{3}");
    let ended = terminal.wait();
    assert!(!ended.stderr.contains("[v]iew"), "{ended:#?}");
    kept_link(&stage);
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}

#[test]
#[ignore = "needs jq: tests/run"]
fn json_goes_through_jq_while_the_screen_shows_the_rest() {
    let stage = Stage::new(HAPPY);
    // Unbuffered, because jq keeps lines until it has 4 KiB. Without SIGINT, because the whole
    // pipeline gets it, and jq may not have read its line by then.
    let jq = "exec jq --unbuffered -r 'select(.event==\"link\").url' > link.txt";
    let command = shell(&stage, &format!("chattrace --json | (trap '' INT; {jq})"));
    let mut terminal = Terminal::start(&command, 100);
    terminal.wait_for("● public · no one here");
    end_at_the_question(&mut terminal);
    terminal.wait();
    kept_link(&stage);
    stage.assert_nothing_left();
}

/// Ends the pipeline with Ctrl+C. The session runs on for its question.
fn end_at_the_question(terminal: &mut Terminal) {
    terminal.type_keys("\u{3}");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\r");
    terminal.wait_for("nothing remains");
}

/// Asserts that the pipeline wrote the link to its file, and removes the file.
fn kept_link(stage: &Stage) {
    let file = stage.env.work().join("link.txt");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.lines().count() == 1 && is_public_link(&kept), "{kept}");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn room_and_tunnel_alone_in_a_pipe_end_with_the_terminal() {
    let stage = Stage::new(HAPPY);
    let script = "chattrace-serve | chattrace-tunnel | tee -i link.txt";
    let mut terminal = Terminal::start(&shell(&stage, script), 100);
    terminal.wait_for(&format!("https://{HOST}/t/"));
    let ticket = terminal.wait_for("\n").trim().to_owned();
    let url = format!("https://{HOST}/t/{ticket}");
    let link = Link::at(&url, &stage.origin());
    let mut ana = Guest::join(&link, "Ana");
    ana.say("hello");
    terminal.type_keys("\u{3}");
    terminal.wait();
    let file = stage.env.work().join("link.txt");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{url}\n"));
    std::fs::remove_file(file).unwrap();
    assert!(stage.stand_in.ended_by_term());
    stage.assert_nothing_left();
}

#[test]
fn tee_keeps_the_link_while_the_screen_shows_the_rest() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&shell(&stage, "chattrace | tee -i link.txt"), 100);
    terminal.wait_for("✓ protected");
    terminal.wait_for(&format!("https://{HOST}/t/"));
    terminal.wait_for("● public · no one here");
    end_at_the_question(&mut terminal);
    let ended = terminal.wait();
    assert!(!ended.stdout.contains("panicked"), "{ended:#?}");
    kept_link(&stage);
    stage.assert_nothing_left();
}

#[test]
fn cleaning_after_a_session_is_clean() {
    let stage = Stage::new(HAPPY);
    let session = "chattrace --quiet --tunnel none </dev/null >/dev/null & ";
    let script = "until ls \"$XDG_RUNTIME_DIR\"/chattrace/*/control.sock >/dev/null 2>&1; do :; done; \
                  kill $!; wait $!; chattrace-clean --all --yes && echo clean";
    let script = format!("{session}{script}");
    let ended = Program::run(shell(&stage, &script)).expect_code(0);
    assert_eq!(ended.stdout, "clean\n", "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn what_clean_would_remove_can_be_listed() {
    let stage = Stage::new(HAPPY);
    let mut session = super::stage::watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    super::ends::kill_with_guard(&session);
    session.wait();
    let script = "chattrace-clean --all --dry-run -0 | xargs -0 ls -ld";
    let ended = Program::run(shell(&stage, script)).expect_code(0);
    assert!(ended.stdout.contains("control.sock"), "{ended:#?}");
    assert_eq!(stage.run_dirs().len(), 1);
}
