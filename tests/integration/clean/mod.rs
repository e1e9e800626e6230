//! `chattrace-clean` on machines with running and dead sessions, downloads, logs and hostile files.

mod hostile;
mod logs;
mod machine;
mod output;
mod processes;

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{SystemTime, UNIX_EPOCH};

use machine::Machine;

/// The content of a cool-down file that ends in five minutes.
fn lasting_cooldown() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    (since + 300).to_string()
}

#[test]
fn an_empty_machine_has_nothing_to_remove() {
    let machine = Machine::new();
    let before = machine.tree();
    for level in ["--stale", "--logs", "--all"] {
        let ended = machine.clean(&[level, "--yes"]).expect_code(0);
        assert_eq!(ended.stdout, "", "{level}");
    }
    assert_eq!(machine.tree(), before);
}

#[test]
fn dead_sessions_are_removed_and_running_ones_are_not() {
    let machine = Machine::new();
    let dead = [machine.dead_session("dead-1"), machine.dead_session("dead-2")];
    let (living, lock) = machine.running_session("living");
    let ended = machine.clean(&["--stale"]).expect_code(0);
    assert!(dead.iter().all(|dir| !dir.exists()));
    assert_eq!(fs::read_dir(&living).unwrap().count(), 3);
    let said = format!("{}: this session is running and is not touched", living.display());
    assert!(ended.stderr.contains(&said), "{ended:#?}");
    assert!(!ended.stdout.contains("living"), "{ended:#?}");
    // The session is dead as soon as its lock is free.
    drop(lock);
    machine.clean(&["--stale"]).expect_code(0);
    assert!(!living.exists());
}

/// A session creates its folder, then its lock under another name, and locks it before it renames it.
/// Killed on the way it leaves one of these; how young they are does not matter.
#[test]
fn a_folder_whose_lock_is_not_held_is_dead_at_any_age() {
    let machine = Machine::new();
    let empty = machine.session_dir("empty");
    let half = machine.session_dir("half-started");
    fs::write(half.join("lock.new"), "").unwrap();
    let starting = machine.session_dir("starting");
    fs::write(starting.join("lock.new"), "").unwrap();
    let lock = fs::File::open(starting.join("lock.new")).unwrap();
    lock.lock().unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(0);
    assert!(!empty.exists() && !half.exists(), "{ended:#?}");
    assert!(starting.join("lock.new").exists());
    let said = format!("{}: this session is running", starting.display());
    assert!(ended.stderr.contains(&said), "{ended:#?}");
    drop(lock);
    machine.clean(&["--stale"]).expect_code(0);
    assert!(!machine.tree().contains(&starting.parent().unwrap().to_owned()), "the base goes, too");
}

/// A program that cleans temporary folders may remove the lock of a session that runs for weeks.
#[test]
fn a_session_that_lost_its_lock_is_known_by_its_socket() {
    let machine = Machine::new();
    let living = machine.session_dir("living");
    let socket = UnixListener::bind(living.join("control.sock")).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(0);
    assert!(ended.stderr.contains("this session is running"), "{ended:#?}");
    assert!(living.join("control.sock").exists());
    drop(socket);
    machine.clean(&["--stale"]).expect_code(0);
    assert!(!living.exists());
}

/// With few descriptors (`ulimit -n`) it removes a dead session, or does not end with 0 and
/// says why.
#[test]
fn what_could_not_be_searched_counts_as_remaining() {
    for limit in 3..12 {
        let machine = Machine::new();
        let dead = machine.dead_session("dead");
        let ended = machine.shell(&format!("ulimit -n {limit}; exec chattrace-clean --stale"));
        assert!(ended.code() != 0 || !dead.exists(), "{limit}: {ended:#?}");
        assert!(!ended.stderr.contains("mounted"), "{limit}: {ended:#?}");
    }
}

/// V-32.
#[test]
fn all_leaves_nothing_behind() {
    let machine = Machine::new();
    let before = machine.tree();
    machine.dead_session("dead-1");
    machine.dead_session("dead-2");
    fs::write(machine.base().join("cooldown"), "99999999999\n").unwrap();
    machine.managed_file("cloudflared-2026.9.3");
    machine.managed_file("cloudflared-2026.8.2.part");
    machine.event_log("chattrace-20260102-030405.log");
    assert_ne!(machine.tree(), before);
    let ended = machine.clean(&["--all", "--yes"]).expect_code(0);
    assert_eq!(machine.tree(), before, "{ended:#?}");
}

#[test]
fn partial_downloads_and_expired_cooldowns_are_stale() {
    let machine = Machine::new();
    let part = machine.managed_file("cloudflared-2026.9.3.part");
    let whole = machine.managed_file("cloudflared-2026.9.3");
    let cooldown = machine.base().join("cooldown");
    let lasting = lasting_cooldown();
    // The rule of the tunnel, which writes and honours the file: what it would ignore is stale.
    for (until, stays) in
        [(&*lasting, true), ("99999999999\n", false), ("1700000000\n", false), ("soon", false)]
    {
        fs::write(&cooldown, until).unwrap();
        machine.clean(&["--stale"]).expect_code(0);
        assert_eq!(cooldown.exists(), stays, "{until}");
    }
    assert!(!part.exists() && whole.exists());
}

#[test]
fn a_running_session_keeps_cloudflared_and_the_cooldown() {
    let machine = Machine::new();
    let (living, _lock) = machine.running_session("living");
    let dead = machine.dead_session("dead");
    let kept = [
        machine.managed_file("cloudflared-2026.9.3"),
        machine.managed_file("cloudflared-2026.9.4.part"),
        machine.base().join("cooldown"),
        living,
    ];
    fs::write(&kept[2], lasting_cooldown()).unwrap();
    let ended = machine.clean(&["--all", "--yes"]).expect_code(0);
    assert!(kept.iter().all(|path| path.exists()), "{ended:#?}");
    assert!(!dead.exists());
    assert!(ended.stderr.contains("stay while a session is running"), "{ended:#?}");
}

#[test]
fn a_download_in_progress_is_not_removed() {
    let machine = Machine::new();
    let part = machine.managed_file("cloudflared-2026.9.3.part");
    let lock = fs::File::open(&part).unwrap();
    lock.lock().unwrap();
    let ended = machine.clean(&["--all", "--yes"]).expect_code(0);
    assert!(part.exists());
    assert!(
        ended
            .stderr
            .contains("it is in use; end the session or chattrace-tunnel that uses it first"),
        "{ended:#?}"
    );
}

#[test]
fn without_yes_and_terminal_only_stale_items_are_removed() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let program = machine.managed_file("cloudflared-2026.9.3");
    let log = machine.event_log("chattrace-20260102-030405.log");
    let ended = machine.clean(&["--all"]).expect_code(0);
    assert!(!dead.exists() && program.exists() && log.exists());
    assert!(ended.stderr.contains("add --yes to remove the rest"), "{ended:#?}");
    let ended = machine.clean(&[]).expect_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn two_cleaners_at_once_both_succeed() {
    let machine = Machine::new();
    for number in 0..20 {
        machine.dead_session(&format!("dead-{number}"));
    }
    let cleaners = [machine.start(&["--stale"]), machine.start(&["--stale"])];
    for ended in cleaners.map(crate::harness::Program::wait) {
        ended.expect_code(0);
    }
    machine.clean(&["--stale"]).expect_code(0);
    assert_eq!(fs::read_dir(machine.base()).unwrap().count(), 0);
}

#[test]
fn a_wrong_option_is_2_and_a_wrong_configuration_is_78() {
    let machine = Machine::new();
    machine.clean(&["--everything"]).expect_code(2);
    machine.clean(&["-0", "--json"]).expect_code(2);
    machine.clean(&["--config", "/nowhere.json"]).expect_code(78);
    let ended = machine.clean(&["--help"]).expect_code(0);
    assert!(ended.stdout.lines().count() <= 24, "{ended:#?}");
}
