//! Something else under the name of a file of ours: nothing waits for it, nothing of it is used, and
//! one sentence says what it is, with the documented code.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;

use crate::harness::cloudflared::{HAPPY, TOO_MANY};
use crate::harness::{CHATTRACE, Ended, Place, Program, StandIn};
use crate::session::stage::{Link, Stage, watched};
use crate::tunnel::command::tunnel;
use crate::tunnel::install::{managed, start_server, without_cloudflared};

const ORIGIN: &str = "http://127.0.0.1:8080/t/abc";
const LETTERS: &str = "dear Ana, ";

/// What is put under the name, and the words for it; the last one is a file of somebody's.
type Planted = (fn(&Path, &Path), &'static str);

/// Nothing that can be a file, by whichever links.
const NO_FILES: [Planted; 5] = [
    (|at, _| nix::unistd::mkfifo(at, Mode::S_IRWXU).unwrap(), "it is a pipe"),
    (|at, _| std::fs::create_dir(at).unwrap(), "it is a folder"),
    (|at, _| drop(UnixListener::bind(at).unwrap()), "it is a socket"),
    (|at, _| symlink("/dev/zero", at).unwrap(), "it is a "),
    (|at, _| File::create(at).unwrap().set_len(1 << 41).unwrap(), "it is larger than "),
];

/// Files that are not ours alone.
const NOT_OURS: [Planted; 3] = [
    (|at, file| symlink(file, at).unwrap(), "it is a link"),
    (|at, _| symlink("/no/where", at).unwrap(), "it is a link"),
    (|at, file| std::fs::hard_link(file, at).unwrap(), "it has a second name"),
];

/// A place with a file of the user's, and `planted` under `name`.
fn planted(place: &Place, at: &Path, (plant, _): Planted) -> PathBuf {
    let letters = place.home().join("letters");
    std::fs::write(&letters, LETTERS).unwrap();
    let mut private = std::fs::DirBuilder::new();
    private.mode(0o700).recursive(true).create(at.parent().unwrap()).unwrap();
    plant(at, &letters);
    letters
}

fn assert_said(ended: &Ended, at: &Path, words: &str) {
    let named = |line: &str| line.contains(&at.display().to_string()) && line.contains(words);
    assert!(ended.stderr.lines().any(named), "{words}: {ended:#?}");
}

#[test]
fn under_the_name_of_the_managed_cloudflared() {
    for case in NO_FILES.into_iter().chain(NOT_OURS) {
        let place = Place::new();
        let at = managed(&place);
        let letters = planted(&place, &at, case);
        let ended = Program::run(without_cloudflared(&place, "http://127.0.0.1:1")).expect_code(69);
        assert_said(&ended, &at, case.1);
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
    }
}

#[test]
fn under_the_name_of_a_download() {
    for case in NO_FILES.into_iter().chain(NOT_OURS) {
        let place = Place::new();
        let at = managed(&place).with_file_name("cloudflared-2026.9.3.part");
        let letters = planted(&place, &at, case);
        let ended = Program::run(without_cloudflared(&place, &start_server("200 OK", 1000)))
            .expect_code(69);
        assert_said(&ended, &at, case.1);
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
        assert!(std::fs::symlink_metadata(&at).is_ok(), "{}", case.1);
    }
}

/// A copy that was named may be reached by links, and may be anybody's.
#[test]
fn under_the_name_of_the_chosen_cloudflared() {
    for case in NO_FILES {
        let place = Place::new();
        let at = place.home().join("cloudflared");
        planted(&place, &at, case);
        let _ = std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o700));
        let mut command = without_cloudflared(&place, "http://127.0.0.1:1");
        command.arg("--cloudflared").arg(&at);
        let ended = Program::run(command).expect_code(69);
        assert_said(&ended, &at, "cannot be used as cloudflared: ");
    }
}

#[test]
fn under_the_name_of_cloudflared_on_path() {
    for case in &NO_FILES[..4] {
        let place = Place::new();
        let at = place.home().join("cloudflared");
        planted(&place, &at, *case);
        let mut command = without_cloudflared(&place, &start_server("404 Not Found", 0));
        command.env("PATH", place.home());
        let ended = Program::run(command).expect_code(69);
        assert!(ended.stderr.contains("the server answered 404"), "{ended:#?}");
    }
}

/// The waiting time is neither read from there nor written to it; the rest goes on as it would.
#[test]
fn under_the_name_of_the_cooldown() {
    for case in NO_FILES.into_iter().chain(NOT_OURS) {
        let place = Place::new();
        let at = place.runtime().join("chattrace/cooldown");
        let letters = planted(&place, &at, case);
        let stand_in = StandIn::install(&place, TOO_MANY);
        let ended = Program::run(tunnel(&place, &stand_in, &[ORIGIN])).expect_code(69);
        for said in ["no waiting time is remembered: ", "the waiting time cannot be remembered: "] {
            assert_said(&ended, &at, &format!("{said}{}: {}", at.display(), case.1));
        }
        assert!(ended.stderr.contains("too many requests"), "{ended:#?}");
        assert_eq!(std::fs::read_to_string(letters).unwrap(), LETTERS);
        assert!(std::fs::symlink_metadata(&at).is_ok(), "{}", case.1);
    }
}

#[test]
fn under_the_name_of_the_configuration() {
    for case in NO_FILES {
        let place = Place::new();
        let at = place.home().join("config.json");
        planted(&place, &at, case);
        let mut command = place.command(CHATTRACE);
        command.arg("--config").arg(&at);
        assert_said(&Program::run(command).expect_code(78), &at, case.1);
        // The user's own, where nobody named it.
        let at = place.home().join(".config/chattrace/config.json");
        planted(&place, &at, case);
        assert_said(&Program::run(place.command(CHATTRACE)).expect_code(78), &at, case.1);
    }
}

/// A session that has to do with `command` works, and ends with 0.
fn goes_on(stage: &Stage, command: &Command) {
    let mut session = watched(command);
    Link::told(&mut session);
    session.signal("TERM");
    session.wait().expect_code(0);
    assert!(stage.run_dirs().is_empty());
}

/// For the time zone, for the runtime base, and for the folder of event logs.
#[test]
fn where_a_session_can_do_without() {
    for case in NO_FILES.into_iter().chain(NOT_OURS) {
        let stage = Stage::new(HAPPY);
        let at = stage.place.home().join("zone");
        planted(&stage.place, &at, case);
        for zone in [at.display().to_string(), format!(":{}", at.display())] {
            goes_on(&stage, stage.local(&["--json"]).env("TZ", zone));
        }
        goes_on(
            &stage,
            stage.local(&["--json"]).env("TZ", "zone").env("TZDIR", stage.place.home()),
        );
        let mut command = stage.local(&["--json", "--logs", "save", "--archive-dir"]);
        goes_on(&stage, command.arg(&at));
        let base = stage.place.work().join("chattrace");
        planted(&stage.place, &base, case);
        let mut session =
            watched(stage.local(&["--json"]).env("XDG_RUNTIME_DIR", stage.place.work()));
        if case.1 != "it is a folder" {
            session.stderr_with("/dev/shm/");
        }
        Link::told(&mut session);
        session.signal("TERM");
        session.wait().expect_code(0);
    }
}
