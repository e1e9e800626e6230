//! `chattrace-clean --all` restores the machine to its state before the first session.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::conversation::Conversation;
use crate::harness::cloudflared::{HAPPY, TOO_MANY};
use crate::harness::{CLEAN, Program, TUNNEL, TestEnv};
use crate::session::ends::kill_with_guard;
use crate::session::stage::{Stage, event, watched};
use crate::tunnel::install::start_server;

/// For each path its kind and mode, and its content or the target of its link.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// All paths except `bin`, where the stand-in keeps its records.
fn tree(env: &TestEnv) -> Tree {
    let look = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if meta.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        (path, (meta.permissions().mode(), content))
    };
    env.tree_but_bin().into_iter().map(look).collect()
}

/// Adds files of the user to the folders that chattrace uses, with various modes and a link.
fn add_user_files(stage: &Stage, archive: &Path) {
    let env = &stage.env;
    let programs = env.home().join(".local/share/other/bin");
    fs::create_dir_all(&programs).unwrap();
    fs::create_dir(archive).unwrap();
    for (file, mode) in [
        (programs.join("cloudflared-2026.9.3"), 0o755),
        (archive.join("chattrace-notes.log"), 0o640),
        (env.runtime().join("chattrace.sock"), 0o600),
        (env.work().join("lock"), 0o444),
    ] {
        fs::write(&file, "mine").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }
    std::os::unix::fs::symlink("../work/lock", env.runtime().join("link")).unwrap();
    let config = json!({ "tunnel": { "settle_seconds": 0 }, "archive_dir": archive });
    fs::write(env.root().join("config.json"), config.to_string()).unwrap();
}

/// V-31, V-32: real programs leave a saved log, a dead session, a cool-down and a partial download;
/// then one command removes them. `~/.local/share` exists before: chattrace creates it if necessary,
/// and leaves it, because other programs may use it.
#[test]
fn clean_all_restores_the_machine() {
    let stage = Stage::new(HAPPY);
    let archive = stage.env.home().join("archive");
    add_user_files(&stage, &archive);
    let before = tree(&stage.env);

    let saved = watched(&stage.public(&["--json", "--logs", "save"]));
    Conversation::start(&stage, saved).end();

    let mut killed = watched(&stage.public(&["--json"]));
    event(&mut killed, "link");
    kill_with_guard(&killed);
    killed.wait();

    // Tunnels without a session: another session would remove the dead one.
    stage.stand_in.order(TOO_MANY);
    let config = stage.env.root().join("config.json");
    let mut tunnel = stage.env.command(TUNNEL);
    tunnel.args(["http://127.0.0.1:8080", "--config"]).arg(&config);
    tunnel.arg("--cloudflared").arg(stage.stand_in.path());
    Program::run(tunnel).expect_code(69);

    let base = start_server("200 OK", 1000);
    let fetching = json!({ "tunnel": { "download_base": base } }).to_string();
    let mirror = stage.env.root().join("bin/mirror.json");
    fs::write(&mirror, fetching).unwrap();
    let mut fetched = stage.env.command(TUNNEL);
    fetched.env("PATH", "/nowhere").args(["http://127.0.0.1:8080", "--config"]).arg(mirror);
    Program::run(fetched).expect_code(69);

    let made = tree(&stage.env);
    let made: Vec<_> = made.keys().filter(|path| !before.contains_key(*path)).collect();
    let made = format!("{made:?}");
    for name in ["archive/chattrace-2", "control.sock", "cooldown", "cloudflared-2026.9.3.part"] {
        assert!(made.contains(name), "{name}: {made}");
    }

    let mut clean = stage.env.command(CLEAN);
    clean.args(["--all", "--yes", "--config"]).arg(&config);
    let ended = Program::run(clean).expect_code(0);
    let after = tree(&stage.env);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{ended:#?}");
    assert!(after == before, "the content or the mode of a file has changed: {ended:#?}");
}
