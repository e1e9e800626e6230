//! Saved event logs: only ours, overwritten only where nobody else holds them.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::ground::{Ground, HEADER};

#[test]
fn a_log_is_removed_with_honest_words() {
    let ground = Ground::new();
    let log = ground.log("chattrace-20260102-030405.log");
    ground.clean(&["--stale"]).expect_code(0);
    assert!(log.exists());
    let ended = ground.clean(&["--logs", "--yes"]).expect_code(0);
    assert!(!log.exists());
    assert_eq!(ended.stdout, format!("{}\n", log.display()));
    assert_eq!(ended.stderr.matches("old copies may remain").count(), 1, "{ended:#?}");
}

#[test]
fn the_archive_folder_comes_from_the_configuration_or_the_command_line() {
    let ground = Ground::new();
    let elsewhere = ground.home().join("logs");
    fs::create_dir(&elsewhere).unwrap();
    let name = "chattrace-20260102-030405.log";
    let config = ground.home().join("config.json");
    fs::write(&config, format!("{{\"archive_dir\": {elsewhere:?}}}")).unwrap();
    let given =
        [["--archive-dir", elsewhere.to_str().unwrap()], ["--config", config.to_str().unwrap()]];
    for option in given {
        fs::rename(ground.log(name), elsewhere.join(name)).unwrap();
        let here = ground.log(name);
        ground.clean(&["--logs", "--yes", option[0], option[1]]).expect_code(0);
        assert!(here.exists() && !elsewhere.join(name).exists(), "{option:?}");
    }
}

#[test]
fn what_only_looks_like_a_log_is_left_alone() {
    let ground = Ground::new();
    let precious = ground.precious();
    let work = ground.work();
    let near = [
        "chattrace-20260102-030405.log.gz",
        "chattrace-20260102-0304.log",
        "my-chattrace-20260102-030405.log",
        "chattrace-*.log",
    ];
    for name in near {
        fs::write(work.join(name), format!("{HEADER}x")).unwrap();
    }
    fs::write(work.join("chattrace-20260102-000001.log"), "chattrace event log v10\n").unwrap();
    fs::write(work.join("chattrace-20260102-000002.log"), "").unwrap();
    symlink(&precious.file, work.join("chattrace-20260102-000003.log")).unwrap();
    mkfifo(&work.join("chattrace-20260102-000004.log"), Mode::S_IRWXU).unwrap();
    fs::create_dir(work.join("chattrace-20260102-000005.log")).unwrap();
    let before = ground.tree();
    let ended = ground.clean(&["--all", "--yes"]).expect_code(0);
    assert_eq!(ground.tree(), before, "{ended:#?}");
    assert_eq!(ended.stderr.matches("not removed").count(), 5, "{ended:#?}");
    precious.assert_untouched();
}

#[test]
fn a_log_with_a_second_name_is_not_overwritten() {
    let ground = Ground::new();
    let log = ground.log("chattrace-20260102-030405.log");
    let kept = ground.work().join("kept");
    fs::hard_link(&log, &kept).unwrap();
    let ended = ground.clean(&["--logs", "--yes"]).expect_code(0);
    assert!(!log.exists());
    assert!(fs::read_to_string(kept).unwrap().starts_with(HEADER));
    assert!(ended.stderr.contains("not overwritten"), "{ended:#?}");
}

/// Through a descriptor that was open before, what the overwriting left can be seen.
#[test]
fn what_was_written_is_no_longer_in_the_file() {
    let ground = Ground::new();
    let log = ground.log("chattrace-20260102-030405.log");
    let open = fs::File::open(&log).unwrap();
    ground.clean(&["--logs", "--yes"]).expect_code(0);
    assert_eq!(open.metadata().unwrap().len(), 0);
}

#[test]
fn an_archive_folder_that_is_a_link_is_named_and_not_entered() {
    let ground = Ground::new();
    let log = ground.log("chattrace-20260102-030405.log");
    let link = ground.home().join("archive");
    symlink(ground.work(), &link).unwrap();
    let option = ["--logs", "--yes", "--archive-dir", link.to_str().unwrap()];
    let ended = ground.clean(&option).expect_code(1);
    assert!(ended.stderr.contains("archive: not removed"), "{ended:#?}");
    assert!(log.exists());
}
