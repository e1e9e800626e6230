//! `chattrace-clean` on machines that were left in every state we could think of.

mod ground;
mod hostile;
mod logs;
mod output;
mod processes;

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use ground::Ground;

/// What the file holds of a cool-down that ends in five minutes.
fn lasting_cooldown() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    (since + 300).to_string()
}

#[test]
fn an_empty_machine_has_nothing_to_remove() {
    let ground = Ground::new();
    let before = ground.tree();
    for level in ["--stale", "--logs", "--all"] {
        let ended = ground.clean(&[level, "--yes"]).expect_code(0);
        assert_eq!(ended.stdout, "", "{level}");
    }
    assert_eq!(ground.tree(), before);
}

#[test]
fn dead_sessions_are_removed_and_living_ones_stay() {
    let ground = Ground::new();
    let dead = [ground.dead("dead-1"), ground.dead("dead-2")];
    let (living, lock) = ground.living("living");
    let ended = ground.clean(&["--stale"]).expect_code(0);
    assert!(dead.iter().all(|dir| !dir.exists()));
    assert_eq!(fs::read_dir(&living).unwrap().count(), 3);
    let said = format!("{}: this session is running and is not touched", living.display());
    assert!(ended.stderr.contains(&said), "{ended:#?}");
    assert!(!ended.stdout.contains("living"), "{ended:#?}");
    // Dead as soon as nobody holds the lock, whatever else happened.
    drop(lock);
    ground.clean(&["--stale"]).expect_code(0);
    assert!(!living.exists());
}

/// A session makes its folder first and its lock after.
#[test]
fn a_folder_without_a_lock_is_being_made_unless_it_is_old() {
    let ground = Ground::new();
    let young = ground.folder("being-made");
    let old = ground.folder("half-made");
    fs::write(old.join("lock.new"), "").unwrap();
    ground.age(&old, 61);
    ground.clean(&["--stale"]).expect_code(0);
    assert!(young.exists());
    assert!(!old.exists());
}

/// V-32.
#[test]
fn everything_leaves_a_machine_that_never_had_it() {
    let ground = Ground::new();
    let before = ground.tree();
    ground.dead("dead-1");
    ground.dead("dead-2");
    fs::write(ground.base().join("cooldown"), "99999999999\n").unwrap();
    ground.fetched("cloudflared-2026.9.3");
    ground.fetched("cloudflared-2026.8.2.part");
    ground.log("chattrace-20260102-030405.log");
    assert_ne!(ground.tree(), before);
    let ended = ground.clean(&["--all", "--yes"]).expect_code(0);
    assert_eq!(ground.tree(), before, "{ended:#?}");
}

#[test]
fn the_stale_are_partial_downloads_and_expired_cooldowns_too() {
    let ground = Ground::new();
    let part = ground.fetched("cloudflared-2026.9.3.part");
    let whole = ground.fetched("cloudflared-2026.9.3");
    let cooldown = ground.base().join("cooldown");
    let lasting = lasting_cooldown();
    // The rule of the tunnel, which writes and honours the file: what it would ignore is stale.
    for (until, stays) in
        [(&*lasting, true), ("99999999999\n", false), ("1700000000\n", false), ("soon", false)]
    {
        fs::write(&cooldown, until).unwrap();
        ground.clean(&["--stale"]).expect_code(0);
        assert_eq!(cooldown.exists(), stays, "{until}");
    }
    assert!(!part.exists() && whole.exists());
}

#[test]
fn a_living_session_keeps_cloudflared_and_the_cooldown() {
    let ground = Ground::new();
    let (living, _lock) = ground.living("living");
    let dead = ground.dead("dead");
    let kept = [
        ground.fetched("cloudflared-2026.9.3"),
        ground.fetched("cloudflared-2026.9.4.part"),
        ground.base().join("cooldown"),
        living,
    ];
    fs::write(&kept[2], lasting_cooldown()).unwrap();
    let ended = ground.clean(&["--all", "--yes"]).expect_code(0);
    assert!(kept.iter().all(|path| path.exists()), "{ended:#?}");
    assert!(!dead.exists());
    assert!(ended.stderr.contains("stay while a session is running"), "{ended:#?}");
}

#[test]
fn a_download_that_is_going_on_is_left_alone() {
    let ground = Ground::new();
    let part = ground.fetched("cloudflared-2026.9.3.part");
    let lock = fs::File::open(&part).unwrap();
    lock.lock().unwrap();
    let ended = ground.clean(&["--all", "--yes"]).expect_code(0);
    assert!(part.exists());
    assert!(
        ended
            .stderr
            .contains("it is in use; end the session or chattrace-tunnel that uses it first"),
        "{ended:#?}"
    );
}

#[test]
fn without_a_yes_and_without_a_terminal_only_the_stale_goes() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let program = ground.fetched("cloudflared-2026.9.3");
    let log = ground.log("chattrace-20260102-030405.log");
    let ended = ground.clean(&["--all"]).expect_code(0);
    assert!(!dead.exists() && program.exists() && log.exists());
    assert!(ended.stderr.contains("add --yes to remove the rest"), "{ended:#?}");
    let ended = ground.clean(&[]).expect_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn two_at_once_do_not_get_in_each_others_way() {
    let ground = Ground::new();
    for number in 0..20 {
        ground.dead(&format!("dead-{number}"));
    }
    let both = [ground.start(&["--stale"]), ground.start(&["--stale"])];
    for ended in both.map(crate::harness::Program::wait) {
        ended.expect_code(0);
    }
    ground.clean(&["--stale"]).expect_code(0);
    assert_eq!(fs::read_dir(ground.base()).unwrap().count(), 0);
}

#[test]
fn a_wrong_option_is_2_and_a_wrong_configuration_is_78() {
    let ground = Ground::new();
    ground.clean(&["--everything"]).expect_code(2);
    ground.clean(&["-0", "--json"]).expect_code(2);
    ground.clean(&["--config", "/nowhere.json"]).expect_code(78);
    let ended = ground.clean(&["--help"]).expect_code(0);
    assert!(ended.stdout.lines().count() <= 24, "{ended:#?}");
}
