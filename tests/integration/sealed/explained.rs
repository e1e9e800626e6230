//! One message, byte by byte, as the provider records it and as a participant opens it.

use std::fmt::Write as _;

use serde_json::Value;

use super::bare::{self, Bare};
use super::member::decode;
use super::participant::Participant;
use super::recorder::Recorder;
use super::room::Room;
use super::transport::socket;

const TEXT: &str = "see you at eight";

/// One line for each field: its offset, its length, its bytes, what it is.
#[derive(Default)]
struct Table {
    offset: usize,
    text: String,
}

impl Table {
    fn row<'a>(&mut self, bytes: &'a [u8], length: usize, meaning: &str) -> (&'a [u8], &'a [u8]) {
        let (field, rest) = bytes.split_at(length);
        let hex: String = field.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let more = if length > 12 { "…" } else { "" };
        writeln!(self.text, "{:>5} {length:>5}  {:<26} {meaning}", self.offset, hex + more)
            .unwrap();
        self.offset += length;
        (field, rest)
    }
}

/// What everyone can read of a box.
fn explain_box(sealed: &[u8]) -> String {
    let mut table = Table::default();
    let (_, rest) = table.row(sealed, 4, "generation of the room key, in clear");
    let (_, rest) = table.row(rest, 4, "number of the sender, in clear");
    let (_, rest) =
        table.row(rest, 4, "counter of the sender, in clear; with both before, the nonce");
    let length = rest.len() - 16;
    let (_, rest) = table.row(rest, length, "AES-256-GCM, one of six lengths");
    let (_, rest) = table.row(rest, 16, "tag of AES-GCM");
    assert!(rest.is_empty());
    table.text
}

/// What a participant reads in the padded content, and signature, content, text.
fn explain_content(padded: &[u8]) -> (String, [Vec<u8>; 3]) {
    let mut table = Table::default();
    let (length, rest) = table.row(padded, 2, "length of what follows");
    let length = usize::from(u16::from_be_bytes(length.try_into().unwrap()));
    let (signature, rest) = table.row(rest, 64, "Ed25519 signature of the sender");
    let content = rest[..length - 64].to_vec();
    let (_, rest) = table.row(rest, 1, "kind: a message");
    let (_, rest) = table.row(rest, 4, "counter of the sender's message before: none");
    let (text, rest) = table.row(rest, length - 69, "the text, UTF-8");
    let (zeros, _) = table.row(rest, rest.len(), "zeros");
    assert!(zeros.iter().all(|byte| *byte == 0));
    (table.text, [signature.to_vec(), content, text.to_vec()])
}

/// A second implementation opens what the library has sealed, and every byte has its meaning. Shown with
/// `cargo test explained -- --nocapture`.
#[test]
#[expect(clippy::print_stdout, reason = "shown to those who ask for it")]
fn every_byte_of_a_recorded_message_is_explained() {
    let room = Room::start();
    let recorder = Recorder::before(&room.link);
    let link = &recorder.link;
    let mut ana = Participant::join(link, "Ana");
    let mut bo = Bare::join(Box::new(socket(link)), &link.ticket, "Bo");
    ana.until_circle();
    ana.say(TEXT);
    bo.until("said");

    let recorded = recorder.bytes();
    let at = recorded.windows(10).position(|window| window == br#"{"t":"said"#).unwrap();
    let line = recorded[at..].split(|byte| *byte == b'\n').next().unwrap();
    let event: Value = serde_json::from_slice(line).unwrap();
    let sealed = decode(&event["body"]);
    let (_, ana_key, name) = bo.roster().into_iter().find(|(number, ..)| *number == 1).unwrap();
    let info = [b"chattrace-1 box", &ana_key[..]].concat();
    let padded = bare::open(&bo.room_key(&bo.welcome), &info, &sealed);
    let (content_table, [signature, content, text]) = explain_content(&padded);
    assert_eq!((name.as_str(), text), ("Ana", TEXT.as_bytes().to_vec()));
    assert!(bo.is_signed_by(&ana_key, &sealed[..12], &content, &signature));
    assert!(!bo.is_signed_by(&ana_key, &sealed[..12], &content[..content.len() - 1], &signature));
    assert_eq!(sealed.len(), 284);
    println!(
        "The line that the provider records, {} bytes:\n{}\n\nIts body, {} bytes:\n{}\n\
         The content as a participant opens it, {} bytes:\n{content_table}",
        line.len(),
        String::from_utf8_lossy(line),
        sealed.len(),
        explain_box(&sealed),
        padded.len(),
    );
}
