//! Which cloudflared `chattrace-tunnel` runs, and which it refuses (V-36). The download itself is
//! tested in `src/lib/tunnel/install/download_tests.rs`, with a pin of its own. Here the pin is the
//! real one, and no file on this machine has its digest.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::cloudflared::{HAPPY, HOST};
use crate::harness::{Program, StandIn, TestEnv, in_namespace, in_shell};

use super::command::{ORIGIN, tunnel_with_config};
use super::loopback;

/// A value of the pinned release for this processor.
fn pin(key: &str) -> Value {
    let pins: Value =
        serde_json::from_str(include_str!("../../../assets/cloudflared.json")).unwrap();
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    pins["linux"][arch][key].clone()
}

/// The path of the managed copy.
pub(crate) fn managed(env: &TestEnv) -> PathBuf {
    env.home().join(".local/share/chattrace/bin/cloudflared-2026.9.3")
}

/// The program without a cloudflared on `PATH`; it downloads from `base`.
pub(crate) fn without_cloudflared(env: &TestEnv, base: &str) -> Command {
    let config = format!(r#"{{"tunnel":{{"settle_seconds":0,"download_base":"{base}"}}}}"#);
    let mut command = tunnel_with_config(env, &config);
    command.env("PATH", "/nowhere").arg(ORIGIN);
    command
}

/// Starts a server that answers every request with `status` and `length` zeros; its base URL.
pub(crate) fn start_server(status: &'static str, length: usize) -> String {
    let port = loopback::serve(move |mut stream| {
        let mut lines = BufReader::new(&mut stream).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head =
            format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        // The client may have closed the connection early.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![0; length]));
    });
    format!("http://127.0.0.1:{port}")
}

/// V-36.
#[test]
fn a_download_with_another_digest_is_refused_and_nothing_remains() {
    let env = TestEnv::new();
    let length = usize::try_from(pin("bytes").as_u64().unwrap()).unwrap();
    let ended =
        Program::run(without_cloudflared(&env, &start_server("200 OK", length))).expect_code(69);
    assert!(ended.stderr.contains(pin("sha256").as_str().unwrap()), "{ended:#?}");
    assert!(ended.stderr.contains("not the cloudflared that this version trusts: its SHA-256 is "));
    for line in ["  from  http://127.0.0.1:", "  size  ", "  to    "] {
        assert!(ended.stderr.contains(line), "{ended:#?}");
    }
    assert!(!managed(&env).parent().unwrap().exists());
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_download_that_breaks_off_is_kept_and_the_next_try_announced() {
    let env = TestEnv::new();
    let ended =
        Program::run(without_cloudflared(&env, &start_server("200 OK", 1000))).expect_code(69);
    assert!(ended.stderr.contains("the next try resumes the download"), "{ended:#?}");
    let part = managed(&env).with_file_name("cloudflared-2026.9.3.part");
    let meta = std::fs::metadata(part).unwrap();
    assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (1000, 0o600));
}

#[test]
fn the_status_of_a_server_without_the_file_is_quoted() {
    let env = TestEnv::new();
    let ended =
        Program::run(without_cloudflared(&env, &start_server("404 Not Found", 0))).expect_code(69);
    assert!(ended.stderr.contains("the server answered 404"), "{ended:#?}");
}

/// V-36: checked before each use, not only after the download.
#[test]
fn a_changed_managed_copy_is_refused_with_both_digests() {
    let env = TestEnv::new();
    let ran = env.home().join("ran");
    std::fs::create_dir_all(managed(&env).parent().unwrap()).unwrap();
    std::fs::write(managed(&env), format!("#!/bin/sh\necho >{}\n", ran.display())).unwrap();
    std::fs::set_permissions(managed(&env), std::fs::Permissions::from_mode(0o700)).unwrap();
    let ended = Program::run(without_cloudflared(&env, "http://127.0.0.1:1")).expect_code(69);
    assert!(ended.stderr.contains("is not the cloudflared that was downloaded"), "{ended:#?}");
    assert!(ended.stderr.contains(pin("sha256").as_str().unwrap()));
    assert!(!ran.exists());
}

/// The command, in a mount namespace in which `folder` is a file system without the right to execute;
/// `script` runs there before it.
fn with_noexec(folder: &Path, script: &str, inside: &Command) -> Command {
    std::fs::create_dir_all(folder).unwrap();
    let script = format!("mount -t tmpfs -o noexec,mode=755 none $D; {script}");
    let mut command = with_mount(&script, inside);
    command.env("D", folder);
    command
}

/// The command, in a mount namespace in which `script` has run before it.
pub(super) fn with_mount(script: &str, inside: &Command) -> Command {
    in_namespace(&["--mount"], &in_shell(inside, &format!("{script}; exec \"$0\" \"$@\"")))
}

#[test]
#[ignore = "needs namespaces: tests/run"]
fn a_cloudflared_on_a_noexec_disk_is_named_with_the_reason() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let folder = env.root().join("disk");
    let mut inside = without_cloudflared(&env, "http://127.0.0.1:1");
    inside.arg("--cloudflared").arg(folder.join("cloudflared"));
    inside.env("PATH", std::env::var_os("PATH").unwrap());
    let copy = format!("cp {} $D/cloudflared", stand_in.path().display());
    let ended = Program::run(with_noexec(&folder, &copy, &inside)).expect_code(69);
    let why = "disk/cloudflared cannot be used as cloudflared: it lies on a file system that is \
               mounted noexec; check --cloudflared";
    assert!(ended.stderr.contains(why), "{ended:#?}");
}

/// Nothing is fetched to where it could not be run.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn a_data_folder_on_a_noexec_disk_is_refused_before_the_download() {
    let env = TestEnv::new();
    let folder = env.root().join("disk");
    let mut inside = without_cloudflared(&env, &start_server("404 Not Found", 0));
    inside.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("XDG_DATA_HOME", &folder);
    let ended = Program::run(with_noexec(&folder, "true", &inside)).expect_code(69);
    assert!(ended.stderr.contains("set XDG_DATA_HOME to a folder elsewhere"), "{ended:#?}");
    assert!(!ended.stderr.contains("downloading"), "{ended:#?}");
}

#[test]
fn a_cloudflared_on_path_is_used_and_its_version_shown() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
    command.env("PATH", stand_in.path().parent().unwrap());
    let mut program = Program::start(command);
    program.stderr_line_with("cloudflared 2026.8.2, found on PATH at ");
    assert_eq!(program.stdout_line(), format!("https://{HOST}"));
}

#[test]
fn a_relative_entry_of_path_is_not_searched() {
    let env = TestEnv::new();
    let stand_in = StandIn::install_as(&env.work().join("cloudflared"), HAPPY);
    let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
    command.env("PATH", ".:");
    let ended = Program::run(command).expect_code(69);
    assert!(ended.stderr.contains("cloudflared cannot be downloaded"), "{ended:#?}");
    assert_eq!(stand_in.starts(), 0);
}

#[test]
fn a_faulty_version_is_refused_when_named_and_passed_over_on_path() {
    for version in ["2026.8.0", "2026.8.1"] {
        let env = TestEnv::new();
        let stand_in = StandIn::install(&env, HAPPY);
        stand_in.version(version);
        let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
        command.env("PATH", stand_in.path().parent().unwrap());
        let ended = Program::run(command).expect_code(69);
        assert!(
            ended.stderr.contains("passed over: ") && ended.stderr.contains("cannot be downloaded")
        );
        let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
        command.arg("--cloudflared").arg(stand_in.path());
        let ended = Program::run(command).expect_code(69);
        assert!(ended.stderr.contains("strips slashes"), "{ended:#?}");
        assert_eq!(stand_in.starts(), 0);
    }
}

#[test]
fn an_invalid_version_is_shown_as_unknown() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    stand_in.version("\u{1b}[2J2026.8.2");
    let mut command = without_cloudflared(&env, "http://127.0.0.1:1");
    command.arg("--cloudflared").arg(stand_in.path());
    Program::start(command).stderr_line_with("cloudflared of unknown version, as named at ");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_an_error() {
    let env = TestEnv::new();
    std::fs::write(env.home().join(".local"), "in the way").unwrap();
    let ended = Program::run(without_cloudflared(&env, "http://127.0.0.1:1")).expect_code(69);
    assert!(ended.stderr.contains("cloudflared cannot be kept in "), "{ended:#?}");
}
