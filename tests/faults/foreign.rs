//! Flags of the usual test harness, which mean nothing to a test program without it, but come along with
//! `cargo test -- …`.

/// Flags without a value.
pub(crate) const FOREIGN: &[&str] = &[
    "--nocapture",
    "--no-capture",
    "--show-output",
    "--quiet",
    "-q",
    "--exact",
    "--include-ignored",
    "--ignored",
];

/// Flags with a value.
pub(crate) const FOREIGN_VALUES: &[&str] = &["--test-threads", "--color", "--format"];
