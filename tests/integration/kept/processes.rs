//! Which process of an open session has which canaries in memory.

use super::conversation::Conversation;
use super::process_memory::ProcessMemory;
use super::secrets::process_tree;
use crate::harness::cloudflared::HAPPY;
use crate::session::stage::{Stage, watched};

/// Serve has all of them. The supervisor has the ticket and the names, which it shows. The tunnel,
/// cloudflared and the guard have none.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn only_serve_has_messages_and_resume_tokens_in_memory() {
    let stage = Stage::new(HAPPY);
    let conversation = Conversation::start(&stage, watched(&stage.public(&["--json"])));
    let mut searched = Vec::new();
    for pid in process_tree(conversation.session.pid()) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        let name = name.trim();
        let copies = ProcessMemory::of(pid).copies(&conversation.canaries);
        let has = |kind: &str| copies.iter().filter(|copy| copy.starts_with(kind)).count();
        let known = [has("the ticket"), has("a name"), has("a text") + has("the longest text")];
        let may_know = match name {
            "chattrace-serve" => 3,
            "chattrace" => 2,
            _ => 0,
        };
        assert!(known[..may_know].iter().all(|copies| *copies > 0), "{name}: {known:?}");
        assert_eq!(known[may_know..].iter().sum::<usize>(), 0, "{name}: {}", copies.join("\n"));
        assert_eq!(has("a resume token") > 0, may_know == 3, "{name}: {}", copies.join("\n"));
        searched.push(name.to_owned());
    }
    assert_eq!(searched.len(), 5, "{searched:?}");
    conversation.end();
}
