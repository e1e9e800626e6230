//! Saved event logs: only those of chattrace, and overwritten only if they have one name.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::machine::{HEADER, Machine};

#[test]
fn a_log_is_overwritten_and_removed_with_a_warning() {
    let machine = Machine::new();
    let log = machine.event_log("chattrace-20260102-030405.log");
    machine.clean(&["--stale"]).expect_code(0);
    assert!(log.exists());
    let ended = machine.clean(&["--logs", "--yes"]).expect_code(0);
    assert!(!log.exists());
    assert_eq!(ended.stdout, format!("{}\n", log.display()));
    assert_eq!(ended.stderr.matches("old copies may remain").count(), 1, "{ended:#?}");
}

#[test]
fn the_archive_folder_comes_from_the_configuration_or_the_command_line() {
    let machine = Machine::new();
    let elsewhere = machine.home().join("logs");
    fs::create_dir(&elsewhere).unwrap();
    let name = "chattrace-20260102-030405.log";
    let config = machine.home().join("config.json");
    fs::write(&config, format!("{{\"archive_dir\": {elsewhere:?}}}")).unwrap();
    let given =
        [["--archive-dir", elsewhere.to_str().unwrap()], ["--config", config.to_str().unwrap()]];
    for option in given {
        fs::rename(machine.event_log(name), elsewhere.join(name)).unwrap();
        let here = machine.event_log(name);
        machine.clean(&["--logs", "--yes", option[0], option[1]]).expect_code(0);
        assert!(here.exists() && !elsewhere.join(name).exists(), "{option:?}");
    }
}

#[test]
fn a_file_that_only_resembles_a_log_is_not_removed() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let work = machine.work();
    let similar_names = [
        "chattrace-20260102-030405.log.gz",
        "chattrace-20260102-0304.log",
        "my-chattrace-20260102-030405.log",
        "chattrace-*.log",
    ];
    for name in similar_names {
        fs::write(work.join(name), format!("{HEADER}x")).unwrap();
    }
    fs::write(work.join("chattrace-20260102-000001.log"), "chattrace event log v10\n").unwrap();
    fs::write(work.join("chattrace-20260102-000002.log"), "").unwrap();
    symlink(&user_data.file, work.join("chattrace-20260102-000003.log")).unwrap();
    mkfifo(&work.join("chattrace-20260102-000004.log"), Mode::S_IRWXU).unwrap();
    fs::create_dir(work.join("chattrace-20260102-000005.log")).unwrap();
    let before = machine.tree();
    let ended = machine.clean(&["--all", "--yes"]).expect_code(0);
    assert_eq!(machine.tree(), before, "{ended:#?}");
    assert_eq!(ended.stderr.matches("not removed").count(), 5, "{ended:#?}");
    user_data.assert_untouched();
}

#[test]
fn a_log_with_a_second_name_is_not_overwritten() {
    let machine = Machine::new();
    let log = machine.event_log("chattrace-20260102-030405.log");
    let kept = machine.work().join("kept");
    fs::hard_link(&log, &kept).unwrap();
    let ended = machine.clean(&["--logs", "--yes"]).expect_code(0);
    assert!(!log.exists());
    assert!(fs::read_to_string(kept).unwrap().starts_with(HEADER));
    assert!(ended.stderr.contains("not overwritten"), "{ended:#?}");
}

/// A descriptor that was opened before the removal shows what is left of the content.
#[test]
fn the_content_of_a_removed_log_is_gone() {
    let machine = Machine::new();
    let log = machine.event_log("chattrace-20260102-030405.log");
    let open = fs::File::open(&log).unwrap();
    machine.clean(&["--logs", "--yes"]).expect_code(0);
    assert_eq!(open.metadata().unwrap().len(), 0);
}

#[test]
fn an_archive_folder_that_is_a_link_is_reported_and_not_entered() {
    let machine = Machine::new();
    let log = machine.event_log("chattrace-20260102-030405.log");
    let link = machine.home().join("archive");
    symlink(machine.work(), &link).unwrap();
    let option = ["--logs", "--yes", "--archive-dir", link.to_str().unwrap()];
    let ended = machine.clean(&option).expect_code(1);
    assert!(ended.stderr.contains("archive: not removed"), "{ended:#?}");
    assert!(log.exists());
}
