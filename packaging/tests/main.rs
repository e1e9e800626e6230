//! The manual pages and completions, held to the programs by their readers: man, bash, zsh and fish.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "../../tests/build_programs.rs"]
mod build_programs;
mod completions;
mod pages;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use build_programs::build_programs;

const PROGRAMS: [&str; 4] = ["chattrace", "chattrace-serve", "chattrace-tunnel", "chattrace-clean"];

/// The pages: one for each program, and one for `chattrace ctl`.
const PAGES: [&str; 5] =
    ["chattrace", "chattrace-serve", "chattrace-tunnel", "chattrace-clean", "chattrace-ctl"];

/// The folder with everything that is generated, written anew once for all tests.
fn share() -> &'static Path {
    static SHARE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("share");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let mut generate = Command::new(env!("CARGO_BIN_EXE_chattrace-packaging"));
        assert!(generate.arg(&folder).status().unwrap().success());
        folder
    });
    &SHARE
}

/// The folder of the real programs, built as these tests are.
fn programs() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_chattrace-packaging")).parent().unwrap();
        build_programs(folder);
        folder.to_owned()
    });
    &FOLDER
}

/// What `program --help` prints.
fn help(program: &str) -> String {
    let (program, subcommand) = match program {
        "chattrace-ctl" => ("chattrace", Some("ctl")),
        program => (program, None),
    };
    run(Command::new(programs().join(program)).args(subcommand).arg("--help"))
}

/// The options in a help text: `--json` and, without a long form, `-0`.
fn options(help: &str) -> BTreeSet<String> {
    let rows = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    // Of `-h, --help`, the long form.
    let options = |row: &str| {
        let head = row.split("  ").next().unwrap_or_default().to_owned();
        let words = head.split([',', ' ']).filter(|word| word.starts_with('-'));
        let (long, short): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with("--"));
        let found = if long.is_empty() { short } else { long };
        found.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let found: BTreeSet<String> = rows.flat_map(options).collect();
    assert!(found.len() > 2, "{help}");
    found
}

/// Runs a program and returns its stdout; panics with its errors, and with the package of a program that
/// is not there.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        let name = command.get_program().to_string_lossy().into_owned();
        panic!(
            "{name}: {error}; these tests need the packages man-db, bash-completion, zsh and fish"
        )
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
