//! Every byte that passes between the participants and `chattrace-serve`, which is what the provider of the
//! tunnel sees.

use super::bare::{self, Bare};
use super::member::{decode, encode};
use super::participant::Participant;
use super::recorder::Recorder;
use super::room::Room;
use super::transport::{Polls, socket};
use crate::harness::cloudflared::HAPPY;
use crate::kept::canaries::Canaries;
use crate::session::guest::Guest;
use crate::session::stage::{Link, Stage, watched};

/// Adds a new text in every encoding.
fn text(canaries: &mut Canaries) -> String {
    let text = canaries.text("a text");
    canaries.add_encoded("a text", text.as_bytes());
    text
}

/// Adds a new name in every encoding.
fn name(canaries: &mut Canaries) -> String {
    let name = canaries.name();
    canaries.add_encoded("a name", name.as_bytes());
    name
}

/// The encodings of a text in one line of what was found.
fn names<'a>(found: &'a [(usize, &'a str)]) -> Vec<&'a str> {
    found.iter().map(|(_, name)| *name).collect()
}

/// Over both transports: joins, refusals, messages of all lengths, a leave, a return, the keys of every
/// generation from the third on.
#[test]
fn a_recording_of_a_sealed_room_has_no_text_no_name_and_no_key_in_it() {
    let room = Room::start();
    let recorder = Recorder::before(&room.link);
    let link = &recorder.link;
    let mut canaries = Canaries::new();
    canaries.add_encoded("the ticket as text", link.ticket.as_bytes());
    canaries.add_encoded("the ticket", &decode(&link.ticket.clone().into()));

    let taken = name(&mut canaries);
    let mut ana = Participant::join(link, &taken);
    let mut bo = Participant::join_by_polls(link, &name(&mut canaries));
    let refused = Participant::try_join(Box::new(socket(link)), &link.ticket, &taken);
    assert_eq!(refused.err().unwrap()["why"], "name_taken");
    let mut dee = Bare::join(Box::new(Polls::to(link)), &link.ticket, &name(&mut canaries));
    canaries.add_encoded("a room key", &dee.room_key(&dee.welcome));

    let long = text(&mut canaries).repeat(128);
    // Both share a key with the third before they speak.
    for person in [&mut ana, &mut bo] {
        while person.member.others().len() < 2 {
            person.until_circle();
        }
    }
    ana.say(&long);
    bo.until_said(&long);
    let short = text(&mut canaries);
    bo.say(&short);
    ana.until_said(&short);
    let away = ana.disconnect();
    let while_away = text(&mut canaries);
    bo.say(&while_away);
    bo.until_said(&while_away);
    let mut ana = Participant::resume(link, away);
    ana.until_said(&while_away);
    bo.leave();
    let keys = dee.until("keys");
    canaries.add_encoded("a room key", &dee.room_key(&keys));
    ana.until_circle();

    let recorded = recorder.bytes();
    let door = bare::derive::<16>(&decode(&link.ticket.clone().into()), b"chattrace-1 door");
    let mut known = Canaries::new();
    known.add_encoded("the door", encode(&door).as_bytes());
    assert!(known.find(&recorded).len() >= 4, "each knock has it, over both transports");
    let found = canaries.find(&recorded);
    assert!(found.is_empty(), "{:?} in {} bytes", names(&found), recorded.len());
    room.end();
}

/// The same recorder in front of an open room: its search finds what is there.
#[test]
fn a_recording_of_an_open_room_has_text_name_and_ticket_in_it() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json", "--open"]));
    let link = Link::printed(&mut session);
    let recorder = Recorder::before(&link);
    let mut canaries = Canaries::new();
    canaries.add_encoded("the ticket", link.ticket.as_bytes());
    let mut ana = Guest::join(&recorder.link, &name(&mut canaries));
    ana.say(&text(&mut canaries));
    let recorded = recorder.bytes();
    let found = canaries.find(&recorded);
    for wanted in ["the ticket", "a name", "a text"] {
        assert!(names(&found).iter().any(|found| found.starts_with(wanted)), "{wanted}");
    }
}
