//! How a session counts what dead ones left.

use std::os::unix::fs::DirBuilderExt as _;

use super::stage::{Link, Stage, watched};
use crate::harness::cloudflared::HAPPY;

#[test]
fn only_what_is_gone_is_counted_as_removed() {
    let stage = Stage::new(HAPPY);
    let dead = stage.env.runtime().join("chattrace/0123456789ab");
    let mut private = std::fs::DirBuilder::new();
    private.mode(0o700).recursive(true).create(&dead).unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    // chattrace did not create this file, so it stays, and so does its folder.
    std::fs::write(dead.join("letters"), "dear Ana, ").unwrap();
    private.create(dead.join("home")).unwrap();
    let mut session = watched(&stage.local(&["--json"]));
    let said = session.stderr_line_with("old sessions");
    assert!(said.contains("removed 1 item that a dead session left"), "{said}");
    Link::printed(&mut session);
    session.signal("TERM");
    session.wait().expect_code(0);
    assert_eq!(std::fs::read_to_string(dead.join("letters")).unwrap(), "dear Ana, ");
}
