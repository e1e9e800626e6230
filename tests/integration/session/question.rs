//! The question about the event log, and each answer to it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::guest::Guest;
use super::stage::{Link, Stage, in_shell, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Output, Program, Terminal};

const CTRL_C: &str = "\u{3}";

/// A session on a terminal, with one join and one message, at the question about its log.
fn at_question(stage: &Stage, arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(&stage.local(arguments), 80);
    let link = Link::on_screen(&mut terminal);
    let mut ana = Guest::join(&link, "Ana");
    ana.say("the secret of the day");
    terminal.wait_for("+ Ana #");
    // Typed before the question, so it is no answer.
    terminal.type_keys("s\n");
    terminal.type_keys(CTRL_C);
    terminal.wait_for("log of who came and went, with names; no messages");
    terminal.wait_for("[s]ave, [d]elete or [v]iew: s, d or v, then Enter (Enter alone deletes)");
    terminal
}

/// The event logs in the working folder.
fn logs_in_work(stage: &Stage) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(stage.env.work()).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn enter_deletes_it() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.type_keys("\r");
    terminal.wait_for("nothing remains");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// V-31: the saved log holds no message text.
#[test]
fn save_writes_one_file_for_its_owner_and_no_word_that_was_said() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.type_keys("s\r");
    // Shown before it is written.
    terminal.wait_for("the file will contain exactly this:");
    terminal.wait_for("joined Ana #");
    terminal.wait_for("event log saved: ");
    let path = terminal.wait_for("\n").trim().to_owned();
    terminal.wait_for("nothing else remains");
    terminal.wait().expect_code(0);
    let logs = logs_in_work(&stage);
    assert_eq!(logs, [PathBuf::from(&path)]);
    let name = logs[0].file_name().unwrap().to_str().unwrap();
    let stamp = name.strip_prefix("chattrace-").unwrap().strip_suffix(".log").unwrap();
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "00000000-000000");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("chattrace event log v1\n"), "{text}");
    assert!(text.contains("  joined Ana #") && text.contains("  session ended\n"), "{text}");
    assert!(!text.contains("secret of the day"), "{text}");
    std::fs::remove_file(path).unwrap();
    stage.assert_nothing_left();
}

#[test]
fn view_shows_it_and_nonsense_asks_again() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.type_keys("perhaps\r");
    terminal.wait_for("[v]iew");
    terminal.type_keys("v\r");
    terminal.wait_for("chattrace event log v1");
    terminal.wait_for("joined Ana #");
    terminal.wait_for("[v]iew");
    terminal.type_keys("d\r");
    let ended = terminal.wait().expect_code(0);
    assert!(!ended.stderr.contains("secret of the day"), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn ctrl_c_at_the_question_is_130_and_nothing_remains() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.type_keys(CTRL_C);
    terminal.wait().expect_code(130);
    stage.assert_nothing_left();
}

#[test]
fn ctrl_d_at_the_question_deletes_it() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.type_keys("\u{4}");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn a_terminal_closed_at_the_question_deletes_it() {
    let stage = Stage::new(HAPPY);
    let mut terminal = at_question(&stage, &[]);
    terminal.close();
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn save_without_a_question_goes_where_it_was_told() {
    let stage = Stage::new(HAPPY);
    let archive = stage.env.root().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let folder = archive.to_str().unwrap();
    let mut session = watched(&stage.local(&["--logs", "save", "--archive-dir", folder]));
    session.stdout_line();
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    let saved: Vec<_> = std::fs::read_dir(&archive).unwrap().collect();
    assert_eq!(saved.len(), 1);
    let path = saved[0].as_ref().unwrap().path();
    assert!(ended.stderr.contains(&format!("event log saved: {}", path.display())), "{ended:#?}");
    std::fs::remove_dir_all(archive).unwrap();
    stage.assert_nothing_left();
}

/// An archive folder that is there when the session starts.
fn new_archive(stage: &Stage) -> PathBuf {
    let archive = stage.env.root().join("archive");
    std::fs::create_dir(&archive).unwrap();
    archive
}

#[test]
fn a_folder_that_is_gone_at_the_end_is_named_and_the_session_ends_with_69() {
    let stage = Stage::new(HAPPY);
    let archive = new_archive(&stage);
    let folder = archive.to_str().unwrap();
    let mut session = watched(&stage.local(&["--logs", "save", "--archive-dir", folder]));
    session.stdout_line();
    std::fs::remove_dir(&archive).unwrap();
    session.signal("TERM");
    let ended = session.wait().expect_code(69);
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
    assert!(ended.stderr.contains("the event log could not be saved"), "{ended:#?}");
    assert!(ended.stderr.contains(folder), "{ended:#?}");
    assert!(ended.stderr.contains("--archive-dir"), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn a_folder_that_fails_at_the_question_can_be_answered_again() {
    let stage = Stage::new(HAPPY);
    let archive = new_archive(&stage);
    let mut terminal = at_question(&stage, &["--archive-dir", archive.to_str().unwrap()]);
    std::fs::remove_dir(&archive).unwrap();
    terminal.type_keys("s\r");
    terminal.wait_for("could not be saved");
    terminal.wait_for("[v]iew");
    terminal.type_keys("d\r");
    terminal.wait().expect_code(0);
    stage.assert_nothing_left();
}

/// What a session has printed that was to save its log in an empty folder, and could write 512 bytes
/// there; and the files that it left, with their content. `prefix` is put in front of the program.
fn save_on_a_full_disk(prefix: &str, code: i32) -> (Output, Vec<(PathBuf, String)>) {
    let stage = Stage::new(HAPPY);
    let archive = stage.env.root().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let folder = archive.to_str().unwrap();
    let command = stage.local(&["--json", "--logs", "save", "--archive-dir", folder]);
    // The limit of a file's size, in units of 512 bytes (sh(1)); without the signal, write(2) fails.
    let script = format!("trap '' XFSZ; ulimit -f 1; exec {prefix} \"$0\" \"$@\"");
    let mut session = Program::start(in_shell(&command, &script));
    let link = Link::printed(&mut session);
    let mut guests = Vec::new();
    for number in 0..12 {
        guests.push(Guest::join(&link, &format!("participant {number}")));
    }
    guests.iter_mut().for_each(|guest| guest.say("hello"));
    super::control::ask(&stage, r#"{"id":1,"type":"stop"}"#, drop);
    let ended = session.wait().expect_code(code);
    assert!(ended.stderr.contains("could not be saved in "), "{ended:#?}");
    let left = std::fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().path());
    let left = left.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect();
    (ended, left)
}

#[test]
fn a_save_that_fails_half_way_leaves_no_file() {
    let (ended, left) = save_on_a_full_disk("", 69);
    assert!(left.is_empty(), "{left:?}");
    assert!(ended.stderr.contains("File too large"), "{ended:#?}");
    assert!(ended.stderr.contains("nothing remains"), "{ended:#?}");
}

/// The last step of a save is fsync(2), which tells of a broken disk.
#[test]
#[ignore = "needs strace: tests/run"]
fn a_save_that_fails_at_its_last_step_leaves_no_file() {
    let stage = Stage::new(HAPPY);
    let command = stage.local(&["--json", "--logs", "save"]);
    let script = "strace -o /dev/null -e trace=fsync -e inject=fsync:error=EIO \"$0\" \"$@\"";
    // Ends when its standard input does.
    let ended = Program::run(in_shell(&command, &format!(": | {script}"))).expect_code(69);
    assert!(ended.stderr.contains("Input/output error"), "{ended:#?}");
    assert!(logs_in_work(&stage).is_empty());
    stage.assert_nothing_left();
}

/// The first unlinkat(2) of a program is only tried at its start.
#[test]
#[ignore = "needs strace: tests/run"]
fn a_file_that_a_save_left_is_named_with_1_and_its_names_are_overwritten() {
    let strace = "strace -o /dev/null -e trace=unlinkat -e inject=unlinkat:error=EPERM:when=2";
    let (ended, left) = save_on_a_full_disk(strace, 1);
    let [(path, content)] = left.as_slice() else { panic!("{left:?}: {ended:#?}") };
    assert_eq!(content, "");
    let said = format!("remains: {}: Operation not permitted", path.display());
    assert!(ended.stderr.contains(&said), "{ended:#?}");
    assert!(!ended.stderr.contains("nothing remains"), "{ended:#?}");
}

/// `--logs save` asks as well once it has failed, on a terminal.
#[test]
fn a_failed_save_asks_for_another_folder() {
    for logs in ["ask", "save"] {
        let stage = Stage::new(HAPPY);
        let archive = new_archive(&stage);
        let folder = archive.to_str().unwrap();
        let command = stage.local(&["--archive-dir", folder, "--logs", logs]);
        // Wide enough for the path in one row.
        let mut terminal = Terminal::start(&command, 300);
        Link::on_screen(&mut terminal);
        std::fs::remove_dir(&archive).unwrap();
        terminal.type_keys(CTRL_C);
        if logs == "ask" {
            terminal.wait_for("[v]iew");
            terminal.type_keys("s\r");
        }
        terminal.wait_for(&format!("could not be saved in {folder}"));
        terminal.wait_for("or type s and another folder");
        terminal.wait_for("[v]iew");
        terminal.type_keys(&format!("s {}\r", stage.env.work().display()));
        terminal.wait_for("event log saved: ");
        terminal.wait_for("nothing else remains");
        terminal.wait().expect_code(0);
        let [saved] = &logs_in_work(&stage)[..] else { panic!("{:?}", logs_in_work(&stage)) };
        std::fs::remove_file(saved).unwrap();
        stage.assert_nothing_left();
    }
}

#[test]
fn a_failed_save_without_another_answer_is_69() {
    let stage = Stage::new(HAPPY);
    let archive = new_archive(&stage);
    let mut terminal = at_question(&stage, &["--archive-dir", archive.to_str().unwrap()]);
    std::fs::remove_dir(&archive).unwrap();
    terminal.type_keys("s\r");
    terminal.wait_for("could not be saved");
    terminal.wait_for("[v]iew");
    terminal.type_keys("\u{4}");
    terminal.wait_for("nothing remains");
    terminal.wait().expect_code(69);
    stage.assert_nothing_left();
}

#[test]
fn who_wants_no_question_gets_none() {
    for arguments in [["--logs", "delete"], ["--quiet", "--json"]] {
        let stage = Stage::new(HAPPY);
        let mut terminal = Terminal::start(&stage.local(&arguments), 80);
        terminal.wait_for("http://");
        terminal.type_keys(CTRL_C);
        let ended = terminal.wait().expect_code(0);
        assert!(!ended.stderr.contains("[v]iew"), "{ended:#?}");
        stage.assert_nothing_left();
    }
}
