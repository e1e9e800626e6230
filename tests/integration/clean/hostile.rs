//! V-31, V-32: hostile files under the names of chattrace's own. No file of the user is touched, no
//! link is followed, and no pipe blocks.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::machine::Machine;

#[test]
fn a_link_for_a_session_is_not_followed() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let link = machine.base().join("session");
    symlink(&user_data.folder, &link).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(0);
    assert!(ended.stderr.contains("it is a link"), "{ended:#?}");
    // `--all` asks for the removal of its folder, which cannot be empty.
    let ended = machine.clean(&["--all", "--yes"]).expect_code(1);
    assert!(ended.stderr.contains("chattrace: remains: it is not empty"), "{ended:#?}");
    assert!(link.is_symlink());
    user_data.assert_untouched();
}

/// Their targets have the names and content of chattrace's own files, in other places.
#[test]
fn a_link_for_a_base_or_the_data_folder_is_not_entered() {
    let machine = Machine::new();
    let (base, data) = (machine.base(), machine.data());
    machine.dead_session("dead");
    machine.managed_file("cloudflared-2026.9.3.part");
    for (link, target) in [(&base, "kept-base"), (&data, "kept-data")] {
        let target = machine.home().join(target);
        fs::rename(link, &target).unwrap();
        symlink(&target, link).unwrap();
    }
    let before = machine.tree();
    machine.clean(&["--stale"]).expect_code(0);
    let ended = machine.clean(&["--all", "--yes"]).expect_code(1);
    assert_eq!(machine.tree(), before, "{ended:#?}");
}

#[test]
fn a_link_for_the_programs_is_not_entered() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let program = machine.managed_file("cloudflared-2026.9.3");
    fs::rename(&program, user_data.folder.join("cloudflared-2026.9.3")).unwrap();
    fs::remove_dir(program.parent().unwrap()).unwrap();
    symlink(&user_data.folder, program.parent().unwrap()).unwrap();
    machine.clean(&["--all", "--yes"]).expect_code(1);
    assert!(user_data.folder.join("cloudflared-2026.9.3").exists());
}

#[test]
fn a_lock_that_is_a_link_is_no_lock() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let dead = machine.dead_session("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    symlink(&user_data.file, dead.join("lock")).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("lock: not removed: it is a link"), "{ended:#?}");
    assert!(dead.join("control.sock").exists());
    user_data.assert_untouched();
}

#[test]
fn a_lock_that_is_a_pipe_does_not_block() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    mkfifo(&dead.join("lock"), Mode::S_IRWXU).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("a pipe or device"), "{ended:#?}");
}

#[test]
fn a_lock_with_a_second_name_loses_only_the_one_in_the_session() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let dead = machine.dead_session("dead");
    fs::remove_file(dead.join("lock")).unwrap();
    fs::hard_link(&user_data.file, dead.join("lock")).unwrap();
    machine.clean(&["--stale"]).expect_code(0);
    assert!(!dead.exists());
    user_data.assert_untouched();
}

#[test]
fn links_inside_a_session_are_reported_and_not_removed() {
    let machine = Machine::new();
    let user_data = machine.user_data();
    let dead = machine.dead_session("dead");
    fs::remove_dir(dead.join("home")).unwrap();
    fs::remove_file(dead.join("control.sock")).unwrap();
    symlink(&user_data.folder, dead.join("home")).unwrap();
    fs::hard_link(&user_data.file, dead.join("control.sock")).unwrap();
    symlink(&user_data.file, dead.join("other")).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(1);
    for name in
        ["home: not removed", "control.sock: not removed", "other: not removed", "lock: remains"]
    {
        assert!(ended.stderr.contains(name), "{name}: {ended:#?}");
    }
    assert_eq!(ended.stdout, "");
    user_data.assert_untouched();
}

#[test]
fn a_folder_that_other_users_can_enter_is_not_removed() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    fs::set_permissions(&dead, fs::Permissions::from_mode(0o755)).unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(1);
    assert!(ended.stderr.contains("other users can enter"), "{ended:#?}");
    assert_eq!(fs::read_dir(&dead).unwrap().count(), 3);
}

/// Everything that remains is reported, and the next cleaner still recognises the session as dead.
#[test]
fn an_unknown_file_keeps_its_folder_and_the_lock() {
    let machine = Machine::new();
    let dead = machine.dead_session("dead");
    let unknown = dead.join("notes");
    fs::write(&unknown, "mine").unwrap();
    fs::write(dead.join("home").join("state"), "mine").unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(1);
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
    machine.clean(&["--stale"]).expect_code(0);
    assert!(!dead.exists());
}

#[test]
fn unknown_files_outside_sessions_are_reported_and_count_only_at_all() {
    let machine = Machine::new();
    let around = [
        machine.base().join("notes.txt"),
        machine.managed_file("my-script"),
        machine.data().join("notes.txt"),
    ];
    fs::write(&around[0], "mine").unwrap();
    fs::write(&around[2], "mine").unwrap();
    let ended = machine.clean(&["--stale"]).expect_code(0);
    assert!(ended.stderr.contains("notes.txt: not removed"), "{ended:#?}");
    let ended = machine.clean(&["--all", "--yes"]).expect_code(1);
    for path in &around {
        let said = format!("{}: not removed", path.display());
        assert!(ended.stderr.contains(&said), "{said}: {ended:#?}");
        assert!(path.exists());
    }
}
