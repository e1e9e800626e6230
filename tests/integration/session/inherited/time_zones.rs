//! The variable `TZ`, which may name any file (tzset(3)).

use std::process::Command;

use crate::harness::cloudflared::HAPPY;
use crate::session::stage::{Stage, event, watched};

/// What `TZ` may name, besides a zone: what blocks, has no end, is no file, or is no zone.
#[test]
fn a_time_zone_that_is_none_means_utc() {
    let stage = Stage::new(HAPPY);
    let pipe = stage.env.root().join("bin/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let huge = stage.env.root().join("bin/huge");
    std::fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    let (pipe, huge) = (pipe.to_str().unwrap(), huge.to_str().unwrap());
    let (colon_pipe, colon_huge) = (format!(":{pipe}"), format!(":{huge}"));
    let zones = [
        ":/dev/tty",
        "/dev/tty",
        ":/dev/zero",
        "/dev/zero",
        ":/dev/random",
        "/dev/stdin",
        ":/dev/fd/0",
        pipe,
        &colon_pipe,
        huge,
        &colon_huge,
        "../../..",
        ":../../../../../../dev/zero",
        "/",
        ":",
        "",
        ".",
        "no zone",
        "\u{1b}[31m",
        "CET-99CEST",
        "AAA999999999999999999999",
        "posixrules/",
        "/proc/self/mem",
        "/proc/kmsg",
        "/etc/passwd",
        "/proc/self/environ",
    ];
    for zone in zones {
        let mut command = stage.local(&["--json", "--logs", "save"]);
        command.env("TZ", zone);
        let mut session = watched(&command);
        event(&mut session, "link");
        session.signal("TERM");
        let before = utc();
        let ended = session.wait();
        assert_eq!(ended.status.code(), Some(0), "{zone}: {ended:#?}");
        let log = std::fs::read_dir(stage.env.work()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&log).unwrap();
        let after = utc();
        let hour = |time: &str| time[..13].to_owned();
        let last = text.lines().last().unwrap();
        assert!([hour(&before), hour(&after)].contains(&hour(last)), "{zone}: {text}");
        std::fs::remove_file(log).unwrap();
        stage.assert_nothing_left();
    }
}

/// The time as the event log writes it, by date(1).
fn utc() -> String {
    let shown = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M:%S"]).output().unwrap();
    String::from_utf8(shown.stdout).unwrap()
}
