//! Mutated configuration files, options and environment variables. A program reports the error or
//! succeeds; it never hangs, and never prints a control character.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, ExitStatus};

use crate::campaign::{Campaign, Failure};
use crate::harness::rng::Rng;
use crate::harness::{CHATTRACE, SERVE, TUNNEL, TestEnv};
use crate::monitor::Monitored;
use crate::mutate;
use crate::output::find_control_char;

const BUILT_IN: &str = include_str!("../../config.json");

const FILES: [&str; 5] = [
    r#"{"listen":"127.0.0.1:0","room":{"max_participants":5}}"#,
    r#"{"room":{"ring":{"events":1,"bytes":1,"age_seconds":1},"rate":{"per_second":0}}}"#,
    r#"{"tunnel":{"provider":"none","download_base":"https://x","settle_seconds":1}}"#,
    r#"{"logs":"save","archive_dir":"/nowhere","confinement":"required"}"#,
    BUILT_IN,
];

const FLAGS: [&str; 14] = [
    "--listen",
    "127.0.0.1:99999",
    "--listen=[::1]:0",
    "--sealed",
    "--open",
    "--max-participants",
    "-1",
    "--max-participants=100000000000",
    "--backlog",
    "--backlog=x",
    "--require-confinement",
    "--",
    "-x",
    "--json",
];

const VARIABLES: [&str; 6] = [
    "CHATTRACE_LISTEN",
    "CHATTRACE_MODE",
    "CHATTRACE_CONFIG",
    "CHATTRACE_TUNNEL",
    "CHATTRACE_LOGS",
    "CHATTRACE_CLOUDFLARED",
];

pub(crate) fn run(campaign: &mut Campaign) {
    let env = TestEnv::new();
    while let Some((batch, mut rng)) = campaign.next_batch() {
        for _ in 0..campaign.surface.batch_inputs() {
            let command = command(&mut rng, &env);
            let shown = format!("{command:?}");
            campaign.inputs += 1;
            if let Err((failure, what)) = run_program(campaign, batch, command) {
                campaign.report(failure, batch, format!("{what} from {shown}"));
            }
        }
    }
}

/// A command that reads its configuration and exits.
fn command(rng: &mut Rng, env: &TestEnv) -> Command {
    let file = env.root().join("config.json");
    let mut text = mutate::line(rng, &FILES, false, 100_000);
    if rng.one_in(3) {
        text = String::from_utf8_lossy(&text).into_owned().into_bytes();
    }
    std::fs::write(&file, text).unwrap();
    let mut command = match rng.below(3) {
        0 => env.command(CHATTRACE),
        1 => env.command(SERVE),
        _ => env.command(TUNNEL),
    };
    command.arg("--config").arg(&file);
    if command.get_program() == TUNNEL {
        // It reads its file before it rejects this origin.
        command.arg("no origin");
    } else {
        command.arg("--explain-limits");
    }
    if rng.one_in(2) {
        for _ in 0..rng.below(4) {
            command.arg(word(rng));
        }
    }
    if rng.one_in(3) {
        command.env(rng.choose(&VARIABLES), word(rng));
    }
    command
}

/// An argument, valid or mutated; without NUL, which ends an argument (execve(2)).
fn word(rng: &mut Rng) -> OsString {
    let mut word = rng.choose(&FLAGS).as_bytes().to_vec();
    if rng.one_in(2) {
        word = mutate::line(rng, &FLAGS, false, 2_000);
    }
    if rng.one_in(4) {
        word.extend("\u{1b}[2J\u{202e}\u{9b}".as_bytes());
    }
    word.retain(|byte| *byte != 0);
    OsString::from_vec(word)
}

fn run_program(
    campaign: &mut Campaign,
    batch: u64,
    command: Command,
) -> Result<(), (Failure, String)> {
    let mut program = Monitored::spawn(command);
    program.stdin = None;
    let mut violation = None;
    let status = program.wait(|from, line| {
        let line = String::from_utf8_lossy(line);
        if let Some(c) = find_control_char(&line) {
            violation.get_or_insert(format!("{c:?} in a line of {from:?}: {line:?}"));
        }
    });
    campaign.report_panics(batch, &mut program.panics);
    match status.as_ref().map(ExitStatus::code) {
        Ok(Some(0 | 2 | 78)) => violation.map_or(Ok(()), |what| Err((Failure::Violation, what))),
        other => Err((Failure::Exit, format!("{other:?}: {:?}", program.stderr))),
    }
}
