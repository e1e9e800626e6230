//! A sealed room: the process that faces the network has no text, no name, no ticket and no room key in
//! memory at any time; afterwards no process and no disk has.

use serde_json::json;

use super::at_exit::{assert_empty, assert_finds};
use super::canaries::Canaries;
use super::process_memory::{ExitTracer, ProcessMemory};
use super::secrets::process_tree;
use crate::harness::Program;
use crate::harness::cloudflared::HAPPY;
use crate::sealed::bare::Bare;
use crate::sealed::participant::Participant;
use crate::sealed::transport::{Polls, socket};
use crate::session::ends::child;
use crate::session::stage::{Link, Stage, event, watched};

/// A public session with a sealed room, and three who are in it.
pub(super) struct SealedConversation {
    session: Program,
    /// Messages, names, the ticket, room keys.
    canaries: Canaries,
    ana: Participant,
    bo: Participant,
    dee: Bare,
}

impl SealedConversation {
    /// Over both transports: joins and refusals, messages of all lengths, a leave, a return.
    pub(super) fn start(stage: &Stage, mut session: Program) -> Self {
        let told = event(&mut session, "link");
        let link = Link::at(told["url"].as_str().unwrap(), &stage.origin());
        let mut canaries = Canaries::new();
        canaries.token("the ticket", &link.ticket);
        let taken = canaries.name();
        let mut ana = Participant::join(&link, &taken);
        let mut bo = Participant::join_by_polls(&link, &canaries.name());
        let refused = Participant::try_join(Box::new(socket(&link)), &link.ticket, &taken);
        assert_eq!(refused.err().unwrap()["why"], "name_taken");
        let too_long = canaries.text("a name that is too long");
        let refused = Participant::try_join(Box::new(Polls::to(&link)), &link.ticket, &too_long);
        assert_eq!(refused.err().unwrap()["why"], "bad_name");
        let mut dee = Bare::join(Box::new(Polls::to(&link)), &link.ticket, &canaries.name());
        canaries.add_encoded("an older key", &dee.room_key(&dee.welcome));
        for person in [&mut ana, &mut bo] {
            while person.member.others().len() < 2 {
                person.until_circle();
            }
        }
        let longest = canaries.text("the longest text").repeat(120);
        ana.say(&longest);
        bo.until_said(&longest);
        let mut ana = Participant::resume(&link, ana.disconnect());
        let text = canaries.text("a text");
        bo.say(&text);
        ana.until_said(&text);
        Participant::join(&link, &canaries.name()).leave();
        event(&mut session, "left");
        // Of the generation without the one who left.
        let keys = loop {
            let keys = dee.until("keys");
            if keys["went"] != json!([]) {
                break keys;
            }
        };
        canaries.add_encoded("the room key", &dee.room_key(&keys));
        Self { session, canaries, ana, bo, dee }
    }

    /// Terminates the session, and waits for its exit; the participants stay connected until then.
    pub(super) fn end(self) -> Canaries {
        self.session.signal("TERM");
        self.session.wait().expect_code(0);
        drop((self.ana, self.bo, self.dee));
        self.canaries
    }
}

/// What the supervisor has: of keys, the newest alone. Nothing else has any of it.
const OF_THE_HOST: [&str; 3] = ["the ticket", "a name", "the room key"];

#[test]
#[ignore = "needs ptrace: tests/run"]
fn serve_has_no_text_no_name_and_no_key_of_a_sealed_room_in_memory() {
    let stage = Stage::new(HAPPY);
    let session = watched(&stage.public(&["--json", "--sealed"]));
    let conversation = SealedConversation::start(&stage, session);
    let mut searched = Vec::new();
    for pid in process_tree(conversation.session.pid()) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        let name = name.trim().to_owned();
        let copies = ProcessMemory::of(pid).copies(&conversation.canaries);
        let may_know: &[&str] = if name == "chattrace" { &OF_THE_HOST } else { &[] };
        let is_leak = |copy: &&String| !may_know.iter().any(|kind| copy.starts_with(kind));
        let leaked: Vec<&String> = copies.iter().filter(is_leak).collect();
        assert!(leaked.is_empty(), "{name}: {leaked:#?}");
        for kind in may_know {
            assert!(copies.iter().any(|copy| copy.starts_with(kind)), "{kind} was not found");
        }
        searched.push(name);
    }
    assert_eq!(searched.len(), 5, "{searched:?}");
    conversation.end();
}

/// V-29: serve and the supervisor, after their last instruction.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn a_sealed_session_has_no_canary_in_memory_at_its_exit() {
    let stage = Stage::new(HAPPY);
    let session = watched(&stage.public(&["--json", "--sealed"]));
    let conversation = SealedConversation::start(&stage, session);
    let supervisor = conversation.session.pid();
    let serve = child(supervisor, "chattrace-serve");
    assert_finds(supervisor, &conversation.canaries, &OF_THE_HOST);
    let tracers = [serve, supervisor].map(ExitTracer::attach);
    let canaries = conversation.end();
    for (tracer, process) in tracers.into_iter().zip(["chattrace-serve", "chattrace"]) {
        assert_empty(process, &tracer.memory_at_exit(), &canaries);
    }
}
