//! Builds the programs under test, for tests of packages of their own, which cargo does not build them for.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Builds the programs into this folder of these tests' target folder, such as `target/debug`, in its profile.
pub(crate) fn build_programs(folder: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "chattrace", "--bins", "--target-dir"]);
    cargo.arg(folder.parent().expect("a profile's folder lies in the target folder"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_of_this_package) {
        cargo.env_remove(name);
    }
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the programs do not build:\n{stderr}");
}

/// Whether cargo sets this variable for the package that is tested. With them, the build script of ring runs
/// again, and all that depends on ring is compiled again, here and in the next build outside.
fn is_of_this_package(name: &OsString) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()))
}
