//! The last of the tests: says which tests `cargo test` has left out, and how to run them.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Fails if a test is ignored without a reason that `tests/run` knows.
fn main() -> ExitCode {
    // A program that asks for a list of tests gets an empty one.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    let mut left_out = Command::new(script);
    left_out.arg("--left-out");
    // Set by `tests/run`, which runs them afterwards.
    if std::env::var_os("CHATTRACE_TESTS").is_some() {
        left_out.stdout(Stdio::null());
    }
    match left_out.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) | Err(_) => ExitCode::FAILURE,
    }
}
