//! Configuration: files, options and environment with something wrong. A program says what is wrong,
//! or does what it was asked; it never hangs, and never says what a terminal would obey.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, ExitStatus};

use crate::dice::Dice;
use crate::harness::{CHATTRACE, Place, SERVE, TUNNEL};
use crate::mutate;
use crate::turn::{Kind, Turn};
use crate::watch::{Watched, commanding};

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

pub(crate) fn run(turn: &mut Turn) {
    let place = Place::new();
    while let Some((batch, mut dice)) = turn.next() {
        for _ in 0..turn.surface.batch() {
            let command = command(&mut dice, &place);
            let shown = format!("{command:?}");
            turn.inputs += 1;
            if let Err((kind, what)) = ended(turn, batch, command) {
                turn.found(kind, batch, format!("{what} from {shown}"));
            }
        }
    }
}

/// A program that only looks at its configuration.
fn command(dice: &mut Dice, place: &Place) -> Command {
    let file = place.root().join("config.json");
    let mut text = mutate::line(dice, &FILES, false, 100_000);
    if dice.once_in(3) {
        text = String::from_utf8_lossy(&text).into_owned().into_bytes();
    }
    std::fs::write(&file, text).unwrap();
    let mut command = match dice.below(3) {
        0 => place.command(CHATTRACE),
        1 => place.command(SERVE),
        _ => place.command(TUNNEL),
    };
    command.arg("--config").arg(&file);
    if command.get_program() == TUNNEL {
        // It looks at its file first, and has no origin after it.
        command.arg("no origin");
    } else {
        command.arg("--explain-limits");
    }
    if dice.once_in(2) {
        for _ in 0..dice.below(4) {
            command.arg(word(dice));
        }
    }
    if dice.once_in(3) {
        command.env(dice.pick(&VARIABLES), word(dice));
    }
    command
}

/// A flag, or nonsense; never with a NUL in it, which the kernel takes for its end.
fn word(dice: &mut Dice) -> OsString {
    let mut word = dice.pick(&FLAGS).as_bytes().to_vec();
    if dice.once_in(2) {
        word = mutate::line(dice, &FLAGS, false, 2_000);
    }
    if dice.once_in(4) {
        word.extend("\u{1b}[2J\u{202e}\u{9b}".as_bytes());
    }
    word.retain(|byte| *byte != 0);
    OsString::from_vec(word)
}

fn ended(turn: &mut Turn, batch: u64, command: Command) -> Result<(), (Kind, String)> {
    let mut program = Watched::start(command);
    program.stdin = None;
    let mut wrong = None;
    let status = program.wait(|from, line| {
        let line = String::from_utf8_lossy(line);
        if let Some(sign) = commanding(&line) {
            wrong.get_or_insert(format!("{sign:?} in a line of {from:?}: {line:?}"));
        }
    });
    turn.panicked(batch, &mut program.panics);
    match status.as_ref().map(ExitStatus::code) {
        Ok(Some(0 | 2 | 78)) => wrong.map_or(Ok(()), |what| Err((Kind::Broken, what))),
        other => Err((Kind::Exit, format!("{other:?}: {:?}", program.said))),
    }
}
