//! Who of a session knows what, while it is open: by what is in their memory.

use super::process::Memory;
use super::root;
use super::secrets::family;
use super::talk::Talk;
use crate::harness::cloudflared::HAPPY;
use crate::session::stage::{Stage, watched};

/// What is said is in the memory of the room alone, and so is what brings people back. The supervisor
/// knows the ticket and the names, which it shows; cloudflared, its keeper and the guard know none.
#[test]
fn nobody_but_the_room_has_a_word_of_it_in_memory() {
    if !root() {
        return;
    }
    let stage = Stage::new(HAPPY);
    let talk = Talk::over(&stage, watched(&stage.public(&["--json"])));
    let mut looked = Vec::new();
    for pid in family(talk.session.pid()) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        let name = name.trim();
        let copies = Memory::of(pid).copies(&talk.canaries);
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
        looked.push(name.to_owned());
    }
    assert_eq!(looked.len(), 5, "{looked:?}");
    talk.end();
}
