//! Hostile files under the names of chattrace's own: none blocks, none is used, and one sentence says
//! what it is, with the documented exit code.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;

use crate::harness::cloudflared::{HAPPY, TOO_MANY};
use crate::harness::{CHATTRACE, Output, Program, StandIn, TestEnv};
use crate::session::stage::{Link, Stage, watched};
use crate::tunnel::command::tunnel;
use crate::tunnel::install::{managed, start_server, without_cloudflared};

const ORIGIN: &str = "http://127.0.0.1:8080/t/abc";
const LETTERS: &str = "dear Ana, ";

/// What creates the hostile file (from its path and that of a file of the user), and the words of the
/// error.
type Planted = (fn(&Path, &Path), &'static str);

/// Not regular files, even when links are followed.
const NOT_FILES: [Planted; 5] = [
    (|at, _| nix::unistd::mkfifo(at, Mode::S_IRWXU).unwrap(), "it is a pipe"),
    (|at, _| std::fs::create_dir(at).unwrap(), "it is a folder"),
    (|at, _| drop(UnixListener::bind(at).unwrap()), "it is a socket"),
    (|at, _| symlink("/dev/zero", at).unwrap(), "it is a "),
    (|at, _| File::create(at).unwrap().set_len(1 << 41).unwrap(), "it is larger than "),
];

/// Files that other names lead to.
const NOT_PRIVATE: [Planted; 3] = [
    (|at, file| symlink(file, at).unwrap(), "it is a link"),
    (|at, _| symlink("/no/where", at).unwrap(), "it is a link"),
    (|at, file| std::fs::hard_link(file, at).unwrap(), "it has a second name"),
];

/// Creates a file of the user's, and the hostile one at `at`. Returns the path of the first.
fn plant(env: &TestEnv, at: &Path, (create, _): Planted) -> PathBuf {
    let letters = env.home().join("letters");
    std::fs::write(&letters, LETTERS).unwrap();
    let mut private = std::fs::DirBuilder::new();
    private.mode(0o700).recursive(true).create(at.parent().unwrap()).unwrap();
    create(at, &letters);
    letters
}

fn assert_reports(ended: &Output, at: &Path, words: &str) {
    let named = |line: &str| line.contains(&at.display().to_string()) && line.contains(words);
    assert!(ended.stderr.lines().any(named), "{words}: {ended:#?}");
}

#[test]
fn under_the_name_of_the_managed_cloudflared() {
    for case in NOT_FILES.into_iter().chain(NOT_PRIVATE) {
        let env = TestEnv::new();
        let at = managed(&env);
        let letters = plant(&env, &at, case);
        let ended = Program::run(without_cloudflared(&env, "http://127.0.0.1:1")).expect_code(69);
        assert_reports(&ended, &at, case.1);
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
    }
}

#[test]
fn under_the_name_of_a_download() {
    for case in NOT_FILES.into_iter().chain(NOT_PRIVATE) {
        let env = TestEnv::new();
        let at = managed(&env).with_file_name("cloudflared-2026.9.3.part");
        let letters = plant(&env, &at, case);
        let ended =
            Program::run(without_cloudflared(&env, &start_server("200 OK", 1000))).expect_code(69);
        assert_reports(&ended, &at, case.1);
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
        assert!(std::fs::symlink_metadata(&at).is_ok(), "{}", case.1);
    }
}

/// A cloudflared that the user chose may be a link, and may belong to any user.
#[test]
fn under_the_name_of_the_chosen_cloudflared() {
    for case in NOT_FILES {
        let env = TestEnv::new();
        let at = env.home().join("cloudflared");
        plant(&env, &at, case);
        let _ = std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o700));
        let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
        command.arg("--cloudflared").arg(&at);
        let ended = Program::run(command).expect_code(69);
        assert_reports(&ended, &at, "cannot be used as cloudflared: ");
    }
}

#[test]
fn under_the_name_of_cloudflared_on_path() {
    for case in &NOT_FILES[..4] {
        let env = TestEnv::new();
        let at = env.home().join("cloudflared");
        plant(&env, &at, *case);
        let mut command = without_cloudflared(&env, &start_server("404 Not Found", 0));
        command.env("PATH", env.home());
        let ended = Program::run(command).expect_code(69);
        assert!(ended.stderr.contains("the server answered 404"), "{ended:#?}");
    }
}

/// The file is neither read nor written; the tunnel goes on without a cool-down.
#[test]
fn under_the_name_of_the_cooldown() {
    for case in NOT_FILES.into_iter().chain(NOT_PRIVATE) {
        let env = TestEnv::new();
        let at = env.runtime().join("chattrace/cooldown");
        let letters = plant(&env, &at, case);
        let stand_in = StandIn::install(&env, TOO_MANY);
        let ended = Program::run(tunnel(&env, &stand_in, &[ORIGIN])).expect_code(69);
        for said in ["no waiting time is remembered: ", "the waiting time cannot be remembered: "] {
            assert_reports(&ended, &at, &format!("{said}{}: {}", at.display(), case.1));
        }
        assert!(ended.stderr.contains("too many requests"), "{ended:#?}");
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
        assert!(std::fs::symlink_metadata(&at).is_ok(), "{}", case.1);
    }
}

#[test]
fn under_the_name_of_the_configuration() {
    for case in NOT_FILES {
        let env = TestEnv::new();
        let at = env.home().join("config.json");
        plant(&env, &at, case);
        let mut command = env.command(CHATTRACE);
        command.arg("--config").arg(&at);
        assert_reports(&Program::run(command).expect_code(78), &at, case.1);
        // The same without --config.
        let at = env.home().join(".config/chattrace/config.json");
        plant(&env, &at, case);
        assert_reports(&Program::run(env.command(CHATTRACE)).expect_code(78), &at, case.1);
    }
}

/// Starts a session by `command`, waits for its link, and ends it with `code`.
fn assert_session_ends_with(code: i32, stage: &Stage, command: &Command) {
    let mut session = watched(command);
    Link::printed(&mut session);
    session.signal("TERM");
    session.wait().expect_code(code);
    assert!(stage.run_dirs().is_empty());
}

/// In place of the time zone, the runtime base, and the archive folder.
#[test]
fn where_a_session_can_do_without_the_file() {
    for case in NOT_FILES.into_iter().chain(NOT_PRIVATE) {
        let stage = Stage::new(HAPPY);
        let at = stage.env.home().join("zone");
        plant(&stage.env, &at, case);
        for zone in [at.display().to_string(), format!(":{}", at.display())] {
            assert_session_ends_with(0, &stage, stage.local(&["--json"]).env("TZ", zone));
        }
        assert_session_ends_with(
            0,
            &stage,
            stage.local(&["--json"]).env("TZ", "zone").env("TZDIR", stage.env.home()),
        );
        let mut command = stage.local(&["--json", "--logs", "save", "--archive-dir"]);
        command.arg(&at);
        if case.1 == "it is a folder" {
            assert_session_ends_with(0, &stage, &command);
        } else {
            // Nothing begins that could not be saved.
            let refused = Program::run(command).expect_code(69);
            assert!(refused.stderr.contains("--archive-dir: "), "{refused:#?}");
        }
        let base = stage.env.work().join("chattrace");
        plant(&stage.env, &base, case);
        let mut session =
            watched(stage.local(&["--json", "--verbose"]).env("XDG_RUNTIME_DIR", stage.env.work()));
        if case.1 != "it is a folder" {
            session.stderr_line_with("/dev/shm/");
        }
        Link::printed(&mut session);
        session.signal("TERM");
        session.wait().expect_code(0);
    }
}
