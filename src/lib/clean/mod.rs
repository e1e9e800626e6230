//! Not yet.

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    crate::exit::Exit::Failed.into()
}
