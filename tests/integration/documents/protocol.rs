//! `docs/protocol.md` names the control socket's requests, and the messages and codes of the wire.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use super::{Document, quoted, read};
use crate::harness::cloudflared::HAPPY;
use crate::session::stage::{Link, Stage, watched};

/// The names of the variants of an enum in a source file, as serde writes them.
fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let text = read(file);
    let (_, body) = text.split_once(&format!("enum {name}")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let names = names.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap());
    names.map(snake_case).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// The values of `"t"` in the samples of messages.
fn documented_messages(wire: &str) -> BTreeSet<String> {
    let samples = wire.split("{\"t\":\"").skip(1);
    samples.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn every_message_of_the_wire_is_in_the_protocol() {
    let protocol = Document::read("docs/protocol.md");
    let mut messages = variants("src/lib/wire/server.rs", "ServerMessage<'a>");
    messages.extend(variants("src/lib/wire/sealed.rs", "SealedMessage<'a>"));
    messages.extend(variants("src/lib/wire/orders.rs", "OrderMessage<'a>"));
    messages.extend(variants("src/lib/wire/client.rs", "ClientMessage<'a>"));
    // Two forms of `join`, in a sealed room.
    assert!(messages.remove("request") && messages.remove("return"));
    messages.extend(["welcome", "keys", "waiting"].map(str::to_owned));
    let mut documented = documented_messages(protocol.section("## The wire"));
    documented.extend(documented_messages(protocol.section("### In a sealed room")));
    assert_eq!(documented, messages);
}

#[test]
fn every_reason_of_a_refusal_is_in_the_protocol() {
    let protocol = Document::read("docs/protocol.md");
    let row = protocol.text.lines().find(|line| line.contains("`why` is")).unwrap();
    let documented: BTreeSet<&str> = quoted(row).collect();
    for reason in variants("src/lib/wire/refusal.rs", "RefusalCode") {
        assert!(documented.contains(reason.as_str()), "{reason}");
    }
}

#[test]
fn every_close_code_is_in_the_protocol() {
    let source = read("src/lib/serve/web/ws/close.rs");
    let codes = source.lines().filter_map(|line| line.split_once(" = ")?.1.strip_suffix(','));
    let codes: BTreeSet<u16> = codes.filter_map(|code| code.parse().ok()).collect();
    let protocol = Document::read("docs/protocol.md");
    let rows = protocol.section("### Over a WebSocket").lines();
    let rows = rows.filter_map(|row| row.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(rows.collect::<BTreeSet<u16>>(), codes);
}

/// The requests in the table get the responses beside them, with the same fields.
#[test]
fn the_control_socket_answers_as_the_protocol_says() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    Link::printed(&mut session);
    let path = stage.run_dirs()[0].join("control.sock");
    let protocol = Document::read("docs/protocol.md");
    let rows = protocol.section("## The control socket").lines();
    let rows: Vec<&str> = rows.filter(|row| row.starts_with('|')).skip(2).collect();
    let [requests @ .., anything] = rows.as_slice() else { panic!("no table") };
    assert_eq!(requests.len(), 6);
    // "anything else" first: the request before it ends the session.
    for row in [anything].into_iter().chain(requests) {
        let mut samples = quoted(row).filter(|text| text.starts_with('{'));
        let request = if row == anything { "anything else" } else { samples.next().unwrap() };
        // The stream of a watcher takes no further request.
        let mut socket = UnixStream::connect(&path).unwrap();
        writeln!(socket, "{request}").unwrap();
        let mut line = String::new();
        BufReader::new(&socket).read_line(&mut line).unwrap();
        let (got, expected) = (parse(&line), parse(samples.next().unwrap()));
        assert_eq!(got["type"], expected["type"], "{row}");
        assert!(got.as_object().unwrap().keys().eq(expected.as_object().unwrap().keys()), "{line}");
    }
    session.wait().expect_code(0);
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_phase_of_a_session_is_in_the_protocol() {
    let source = read("src/lib/supervisor/session/state.rs");
    let (_, function) = source.split_once("fn status_word").unwrap();
    let (function, _) = function.split_once("\n    }\n").unwrap();
    let phases: Vec<&str> = function.split('"').skip(1).step_by(2).collect();
    assert!(phases.len() >= 8, "{phases:?}");
    let protocol = Document::read("docs/protocol.md");
    let known: BTreeSet<&str> = quoted(protocol.section("## The control socket")).collect();
    assert!(phases.iter().all(|phase| known.contains(phase)), "{phases:?}");
}
