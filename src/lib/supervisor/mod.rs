//! Not yet.

mod session;
#[cfg(test)]
mod session_tests;

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    crate::exit::Exit::Failed.into()
}
