//! V-31, V-32: whatever lies where our things should, nothing of anybody else's is touched, no
//! link is followed, and nothing waits for a pipe.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::ground::Ground;

#[test]
fn a_link_for_a_session_is_left_alone() {
    let ground = Ground::new();
    let precious = ground.precious();
    let link = ground.base().join("session");
    symlink(&precious.folder, &link).unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(0);
    assert!(ended.stderr.contains("it is a link"), "{ended:#?}");
    // Now its folder is wanted gone, and cannot be.
    let ended = ground.clean(&["--all", "--yes"]).expect_code(1);
    assert!(ended.stderr.contains("chattrace: remains: it is not empty"), "{ended:#?}");
    assert!(link.is_symlink());
    precious.assert_untouched();
}

/// What they lead to looks exactly like ours, and is not where ours would be.
#[test]
fn a_link_for_a_base_or_the_data_folder_is_not_entered() {
    let ground = Ground::new();
    let (base, data) = (ground.base(), ground.data());
    ground.dead("dead");
    ground.fetched("cloudflared-2026.9.3.part");
    for (link, target) in [(&base, "kept-base"), (&data, "kept-data")] {
        let target = ground.home().join(target);
        fs::rename(link, &target).unwrap();
        symlink(&target, link).unwrap();
    }
    let before = ground.tree();
    ground.clean(&["--stale"]).expect_code(0);
    let ended = ground.clean(&["--all", "--yes"]).expect_code(1);
    assert_eq!(ground.tree(), before, "{ended:#?}");
}

#[test]
fn a_link_for_the_programs_is_not_entered() {
    let ground = Ground::new();
    let precious = ground.precious();
    let program = ground.fetched("cloudflared-2026.9.3");
    fs::rename(&program, precious.folder.join("cloudflared-2026.9.3")).unwrap();
    fs::remove_dir(program.parent().unwrap()).unwrap();
    symlink(&precious.folder, program.parent().unwrap()).unwrap();
    ground.clean(&["--all", "--yes"]).expect_code(1);
    assert!(precious.folder.join("cloudflared-2026.9.3").exists());
}

#[test]
fn a_lock_that_is_a_link_proves_nothing() {
    let ground = Ground::new();
    let precious = ground.precious();
    let dead = ground.dead("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    symlink(&precious.file, dead.join("lock")).unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("lock: not removed: it is a link"), "{ended:#?}");
    assert!(dead.join("control.sock").exists());
    precious.assert_untouched();
}

#[test]
fn a_lock_that_is_a_pipe_keeps_nobody_waiting() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    mkfifo(&dead.join("lock"), Mode::S_IRWXU).unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("a pipe or device"), "{ended:#?}");
}

#[test]
fn a_lock_with_a_second_name_loses_only_ours() {
    let ground = Ground::new();
    let precious = ground.precious();
    let dead = ground.dead("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    fs::hard_link(&precious.file, dead.join("lock")).unwrap();
    ground.clean(&["--stale"]).expect_code(0);
    assert!(!dead.exists());
    precious.assert_untouched();
}

#[test]
fn links_inside_a_session_are_named_and_left() {
    let ground = Ground::new();
    let precious = ground.precious();
    let dead = ground.dead("dead");
    fs::remove_dir(dead.join("home")).unwrap();
    fs::remove_file(dead.join("control.sock")).unwrap();
    symlink(&precious.folder, dead.join("home")).unwrap();
    fs::hard_link(&precious.file, dead.join("control.sock")).unwrap();
    symlink(&precious.file, dead.join("other")).unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(1);
    for name in
        ["home: not removed", "control.sock: not removed", "other: not removed", "lock: remains"]
    {
        assert!(ended.stderr.contains(name), "{name}: {ended:#?}");
    }
    assert_eq!(ended.stdout, "");
    precious.assert_untouched();
}

#[test]
fn a_folder_that_others_may_enter_is_not_one_we_made() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    fs::set_permissions(&dead, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("other users can enter"), "{ended:#?}");
    assert_eq!(fs::read_dir(&dead).unwrap().count(), 3);
}

/// Something remains: each thing is named, and the next one to clean still knows it for dead.
#[test]
fn an_unknown_file_keeps_its_folder_and_the_lock() {
    let ground = Ground::new();
    let dead = ground.dead("dead");
    let unknown = dead.join("notes");
    fs::write(&unknown, "mine").unwrap();
    fs::write(dead.join("home").join("state"), "mine").unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(1);
    for what in [
        "notes: not removed: chattrace did not create it",
        "home/state: not removed",
        "home: remains",
        "dead: remains",
    ] {
        assert!(ended.stderr.contains(what), "{what}: {ended:#?}");
    }
    assert!(unknown.exists() && dead.join("lock").exists());
    assert!(!dead.join("control.sock").exists());
    fs::remove_file(unknown).unwrap();
    fs::remove_file(dead.join("home").join("state")).unwrap();
    ground.clean(&["--stale"]).expect_code(0);
    assert!(!dead.exists());
}

#[test]
fn unknown_files_around_are_named_and_stand_only_in_the_way_of_everything() {
    let ground = Ground::new();
    let around = [
        ground.base().join("notes.txt"),
        ground.fetched("my-script"),
        ground.data().join("notes.txt"),
    ];
    fs::write(&around[0], "mine").unwrap();
    fs::write(&around[2], "mine").unwrap();
    let ended = ground.clean(&["--stale"]).expect_code(0);
    assert!(ended.stderr.contains("notes.txt: not removed"), "{ended:#?}");
    let ended = ground.clean(&["--all", "--yes"]).expect_code(1);
    for path in &around {
        let said = format!("{}: not removed", path.display());
        assert!(ended.stderr.contains(&said), "{said}: {ended:#?}");
        assert!(path.exists());
    }
}
