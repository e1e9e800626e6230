//! A folder that would not take the event log is named before anything starts.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::stage::{Link, Stage, in_shell, watched};
use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, Program, Terminal, TestEnv, in_namespace};

/// A folder that takes no file, and the reason that is given for it.
fn bad_folders(stage: &Stage) -> Vec<(PathBuf, &'static str)> {
    let root = stage.env.root();
    let dangling = root.join("bin/dangling");
    symlink(root.join("gone"), &dangling).unwrap();
    vec![
        (root.join("config.json"), "not a directory; name a folder"),
        (root.join("missing"), "no such file or directory; create it"),
        (dangling, "no such file or directory; create it"),
        (PathBuf::from("/proc"), "make it writable"),
        (PathBuf::from("/sys"), "make it writable"),
    ]
}

/// Asserts that `command` ends at once, says `parts`, and leaves nothing.
fn assert_refused(stage: &Stage, command: Command, parts: &[&str]) {
    let ended = Program::run(command).expect_code(69);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    assert_eq!(ended.stderr.lines().count(), 1, "nothing has started: {ended:#?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:#?}");
    }
    stage.assert_nothing_left();
}

#[test]
fn an_option_that_names_a_bad_folder_is_69_before_anything_starts() {
    let stage = Stage::new(HAPPY);
    for (folder, reason) in bad_folders(&stage) {
        let folder = folder.to_str().unwrap();
        let said = format!("--archive-dir: an event log could not be saved in {folder}: ");
        for logs in ["save", "ask"] {
            let command = stage.local(&["--logs", logs, "--archive-dir", folder]);
            assert_refused(&stage, command, &[&said, reason, "--logs delete"]);
        }
    }
}

#[test]
fn a_key_of_the_file_is_named_with_the_file() {
    let stage = Stage::new(HAPPY);
    let config = stage.env.root().join("bin/archive.json");
    std::fs::write(&config, r#"{"archive_dir":"missing"}"#).unwrap();
    let path = config.to_str().unwrap();
    let mut command = stage.env.command(CHATTRACE);
    command.args(["--tunnel", "none", "--config", path]);
    let said =
        format!("configuration {path}: key \"archive_dir\": an event log could not be saved");
    let absolute = stage.env.work().join("missing").display().to_string();
    assert_refused(&stage, command, &[&said, &absolute]);
}

#[test]
fn a_log_that_is_deleted_needs_no_folder() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--logs", "delete", "--archive-dir", "/nowhere"]));
    session.stdout_line();
    session.signal("TERM");
    session.wait().expect_code(0);
    stage.assert_nothing_left();
}

#[test]
fn a_good_folder_gets_no_file_from_the_check() {
    let stage = Stage::new(HAPPY);
    let archive = stage.env.work().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let link = stage.env.root().join("bin/link");
    symlink(&archive, &link).unwrap();
    let before = archive.metadata().unwrap().modified().unwrap();
    for folder in [Path::new("archive"), &link] {
        let mut command = stage.local(&["--logs", "ask", "--archive-dir"]);
        command.arg(folder);
        let mut session = watched(&command);
        session.stdout_line();
        assert_eq!(archive.read_dir().unwrap().count(), 0);
        session.signal("TERM");
        session.wait().expect_code(0);
        assert_eq!(archive.metadata().unwrap().modified().unwrap(), before);
    }
    std::fs::remove_dir(&archive).unwrap();
    stage.assert_nothing_left();
}

#[test]
#[ignore = "needs namespaces: tests/run"]
fn a_read_only_and_a_full_file_system_are_named() {
    for (mount, reason) in [
        ("mount -t tmpfs -o ro,size=1m none", "read-only file system; make it writable"),
        ("mount -t tmpfs -o size=32k none", "no space left on device; make room there"),
        ("mount -t tmpfs -o size=1m,nr_inodes=1 none", "no space left on device; make room there"),
    ] {
        let stage = Stage::new(HAPPY);
        let archive = stage.env.root().join("bin/archive");
        std::fs::create_dir(&archive).unwrap();
        let folder = archive.to_str().unwrap();
        let command = stage.local(&["--logs", "save", "--archive-dir", folder]);
        let script = format!("{mount} '{folder}' && exec \"$0\" \"$@\"");
        assert_refused(&stage, in_namespace(&["--mount"], &in_shell(&command, &script)), &[reason]);
    }
}

/// By an ordinary user: root may write everywhere.
#[test]
fn a_folder_without_permission_is_named() {
    let stage = Stage::new(HAPPY);
    // Not below that of the stage, which is searched for what a session has left.
    let elsewhere = TestEnv::new();
    let archive = elsewhere.work().join("archive");
    std::fs::create_dir(&archive).unwrap();
    let folder = archive.to_str().unwrap();
    let command = stage.local(&["--logs", "save", "--archive-dir", folder]);
    let root = nix::unistd::Uid::effective().is_root();
    for mode in [0o555, 0o666, 0o000] {
        std::fs::set_permissions(&archive, PermissionsExt::from_mode(mode)).unwrap();
        let drop = "setpriv --bounding-set=-all --inh-caps=-all \"$0\" \"$@\"";
        let script = if root { drop } else { "exec \"$0\" \"$@\"" };
        let reason = "permission denied; make it writable";
        assert_refused(&stage, in_shell(&command, script), &[reason]);
    }
}

/// The current folder was not chosen for logs: a session that may never save one goes on.
#[test]
fn the_current_folder_is_a_warning_for_an_operator_who_is_asked() {
    let stage = Stage::new(HAPPY);
    let mut command = stage.local(&[]);
    command.current_dir("/proc");
    let mut terminal = Terminal::start(&command, 200);
    terminal.wait_for("! event log        could not be saved in this folder, /proc: ");
    Link::on_screen(&mut terminal);
    terminal.type_keys("\u{3}");
    stage.expect_end(terminal);
    // Without a question no log is saved.
    let mut session = watched(&command);
    session.stdout_line();
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(!ended.stderr.contains("event log "), "{ended:#?}");
    // With one that is to be saved there, the session does not start.
    let mut command = stage.local(&["--logs", "save"]);
    command.current_dir("/proc");
    assert_refused(&stage, command, &["--logs save: an event log could not be saved in /proc: "]);
}
