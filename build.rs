//! What is known when the programs are built, and need not be found out at every start.

#![expect(clippy::print_stdout, reason = "cargo reads what a build script prints")]

#[path = "templates/render.rs"]
mod page;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    page::render(&out)?;
    unwinder()
}

/// What unwinds panics becomes a part of each program. As a library of its own it has to be found,
/// mapped and bound at each start, and asks the processor for its features, which in a virtual
/// machine costs more than all the rest.
fn unwinder() -> Result<(), Box<dyn Error>> {
    // Other C libraries come with another one, or have it in themselves already.
    if std::env::var("CARGO_CFG_TARGET_OS")? == "linux"
        && std::env::var("CARGO_CFG_TARGET_ENV")? == "gnu"
    {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    Ok(())
}
