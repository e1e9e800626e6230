//! What [`ClientMessage`] accepts and refuses.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;

use super::client::ClientMessage;
use super::refusal::RefusalCode;
use crate::control::{Handshake, Sealed};
use crate::token::Secret;

#[test]
fn the_documented_messages_are_parsed() {
    let join = ClientMessage::parse(r#"{"t":"join","name":"Ana","ticket":"x"}"#).unwrap();
    let expected = ClientMessage::Join {
        name: "Ana".into(),
        ticket: Secret::new("x".into()),
        resume: None,
        after: None,
    };
    assert_eq!(join, expected);
    assert_eq!(ClientMessage::parse(r#"{"t":"leave"}"#), Ok(ClientMessage::Leave));
}

/// V-01: a client cannot name a sender.
#[test]
fn fields_of_other_types_are_refused() {
    for line in [
        r#"{"t":"say","body":"x","name":"Alice"}"#,
        r#"{"t":"say","body":"x","n":1}"#,
        r#"{"t":"typing","n":1}"#,
        r#"{"t":"leave","n":1}"#,
        r#"{"t":"said","n":1,"body":"x"}"#,
        r#"{"t":"say","body":"x","name":null}"#,
        r#"{"t":"beat","after":null}"#,
        r#"["say",null,"x"]"#,
        r#"[]"#,
        "",
    ] {
        assert_eq!(ClientMessage::parse(line).unwrap_err().code, RefusalCode::BadJson, "{line}");
    }
}

#[test]
fn a_refusal_does_not_repeat_the_line() {
    let refusal = ClientMessage::parse("{\"t\":\"say\",\"body\":\"secret\",}").unwrap_err();
    assert!(!refusal.to_line().contains("secret"));
}

#[test]
fn a_long_ref_is_refused() {
    let line = format!(r#"{{"t":"say","ref":"{}","body":"x"}}"#, "r".repeat(65));
    assert_eq!(ClientMessage::parse(&line).unwrap_err().code, RefusalCode::BadJson);
}

/// A client has to know which of its messages was refused.
#[test]
fn a_refused_line_is_named_by_its_ref() {
    for line in [
        r#"{"t":"say","ref":"a1","body":"hi \ud83d there"}"#,
        r#"{"t":"say","body":"\udc00","ref":"a1"}"#,
        r#"{"body":"\ud83d\ud83d","ref":"a1","t":"say"}"#,
        r#"{"t":"say","ref":"a1","body":7}"#,
        r#"{"t":"say","ref":"a1","body":["x",{"ref":"b"}]}"#,
        r#"{"t":"say","ref":"a1"}"#,
        r#"{"t":"say","ref":"a1","body":"x","n":1}"#,
        r#"{"t":"shout","ref":"a1","body":"x"}"#,
        r#"{"t":"say","ref":"a1","body":"x",}"#,
        r#"{"t":"say","ref":"a1","body":"x"#,
        r#"{"t":"say","ref":"a1","body":"\u00"}"#,
        r#" {"ref":"\u00611"} "#,
    ] {
        let refusal = ClientMessage::parse(line).unwrap_err();
        assert_eq!(refusal.reference.as_deref(), Some("a1"), "{line}");
        assert_eq!(refusal.code, RefusalCode::BadJson, "{line}");
    }
    let longest = "r".repeat(64);
    let line = format!(r#"{{"t":"say","ref":"{longest}","body":1}}"#);
    assert_eq!(ClientMessage::parse(&line).unwrap_err().reference, Some(longest));
}

#[test]
fn a_refusal_without_a_usable_ref_names_none() {
    let too_long = format!(r#"{{"t":"say","ref":"{}","body":1}}"#, "r".repeat(65));
    for line in [
        r#"{"t":"say","body":"\ud83d"}"#,
        r#"{"t":"say","ref":null,"body":"\ud83d"}"#,
        r#"{"t":"say","ref":7,"body":"x"}"#,
        r#"{"t":"say","ref":"\ud83d","body":"x"}"#,
        r#"["ref","a1"]"#,
        r#"[{"ref":"a1"}]"#,
        r#"{"body":{"ref":"a1"}}"#,
        "nonsense",
        "",
        &too_long,
    ] {
        assert_eq!(ClientMessage::parse(line).unwrap_err().reference, None, "{line}");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    t: String,
    sealed: Option<Sealed>,
    resume: Option<Secret>,
    after: Option<Option<u64>>,
}

/// The two joins of a sealed room, which have neither name nor ticket.
fn sealed_join(line: &str) -> Option<ClientMessage<'_>> {
    match serde_json::from_str(line).ok()? {
        Join { t, sealed: Some(sealed), resume: None, after: None } if t == "join" => {
            // `null` is a value, and not a field left out.
            let is_left_out = !line.contains("resume") && !line.contains("after");
            is_left_out.then_some(ClientMessage::Request { sealed })
        }
        Join { t, sealed: None, resume: Some(resume), after } if t == "join" => {
            let is_left_out = !line.contains("sealed");
            is_left_out.then_some(ClientMessage::Return { resume, after: after.flatten() })
        }
        Join { .. } => None,
    }
}

/// The same messages with serde's own dispatch on the tag, as the reference.
#[derive(Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
enum BySerde {
    Join {
        name: String,
        ticket: Secret,
        resume: Option<Secret>,
        after: Option<u64>,
    },
    Knock {
        door: Secret,
        noise: Handshake,
    },
    Say {
        #[serde(rename = "ref")]
        reference: Option<String>,
        body: String,
    },
    Typing {},
    Beat {},
    Leave {},
}

fn by_serde(line: &str) -> Option<ClientMessage<'_>> {
    if let Some(message) = sealed_join(line) {
        return Some(message);
    }
    Some(match serde_json::from_str(line).ok()? {
        BySerde::Knock { door, noise } => ClientMessage::Knock { door, noise },
        BySerde::Join { name, ticket, resume, after } => {
            ClientMessage::Join { name: name.into(), ticket, resume, after }
        }
        BySerde::Say { reference, body } => {
            ClientMessage::Say { reference: reference.map(Cow::Owned), body: body.into() }
        }
        BySerde::Typing {} => ClientMessage::Typing,
        BySerde::Beat {} => ClientMessage::Beat,
        BySerde::Leave {} => ClientMessage::Leave,
    })
}

/// A line of fields of all message types in any order, some twice, some with a value of another type.
fn line() -> impl Strategy<Value = String> {
    let kind =
        select(vec!["join", "knock", "say", "say", "typing", "beat", "leave", "said", "T", ""]);
    let kind = kind.prop_map(|kind| format!(r#""t":"{kind}""#));
    let names = [
        "name",
        "ticket",
        "resume",
        "after",
        "ref",
        "body",
        "body",
        "n",
        "t",
        "reference",
        "door",
        "noise",
        "sealed",
    ];
    let values = [
        r#""x""#,
        r#""""#,
        r#""a\n\u00e4\ud83d\ude00""#,
        r#""\ud83d""#,
        r#""ä""#,
        "null",
        "7",
        "-1",
        "7.0",
        "1e2",
        "18446744073709551615",
        "18446744073709551616",
        "true",
        "[]",
        r#"["x"]"#,
        r#"{"say":null}"#,
    ];
    let field = (select(names.to_vec()), select(values.to_vec()));
    let field = field.prop_map(|(name, value)| format!(r#""{name}":{value}"#));
    (vec(field, 0..6), kind, any::<Index>()).prop_map(|(mut fields, kind, at)| {
        fields.insert(at.index(fields.len() + 1), kind);
        format!("{{{}}}", fields.join(", "))
    })
}

/// A line with the fields of one message type, at most one left out and one added.
fn nearly_valid_line() -> impl Strategy<Value = String> {
    let kinds = [
        vec![
            r#""t":"join""#,
            r#""name":"Ana""#,
            r#""ticket":"x""#,
            r#""resume":null"#,
            r#""after":41"#,
        ],
        vec![
            r#""t":"join""#,
            r#""name":"A\u00e4""#,
            r#""ticket":"\n""#,
            r#""resume":"1.y""#,
            r#""after":null"#,
        ],
        vec![r#""t":"say""#, r#""ref":"a1""#, r#""body":"hello""#],
        vec![r#""t":"say""#, r#""ref":null"#, r#""body":"\u0068\"""#],
        vec![r#""t":"knock""#, r#""door":"d""#, r#""noise":"AAAA""#],
        vec![r#""t":"join""#, r#""sealed":"AAAA""#],
        vec![r#""t":"join""#, r#""resume":"1.y""#],
        vec![r#""t":"join""#, r#""resume":"1.y""#, r#""after":41"#],
        vec![r#""t":"typing""#],
        vec![r#""t":"beat""#],
        vec![r#""t":"leave""#],
    ];
    let others = [
        r#""ref":null"#,
        r#""after":null"#,
        r#""body":null"#,
        r#""name":"Bo""#,
        r#""n":1"#,
        r#""resume":"r""#,
        r#""ref":"a\tb""#,
        r#""t":"say""#,
        r#""door":"x""#,
        r#""noise":"AAA""#,
        r#""sealed":"AB""#,
        r#""sealed":null"#,
    ];
    let left_out = weighted(0.3, any::<Index>());
    let other = weighted(0.5, select(others.to_vec()));
    (select(kinds.to_vec()).prop_shuffle(), other, left_out).prop_map(
        |(mut fields, other, left_out)| {
            if let Some(at) = left_out {
                fields.remove(at.index(fields.len()));
            }
            fields.extend(other);
            format!(" {{{}}}", fields.join(","))
        },
    )
}

proptest! {
    #[test]
    fn no_line_makes_the_parser_panic(line in "\\PC{0,200}") {
        let _ = ClientMessage::parse(&line);
    }

    /// A line with any body is answered under its `ref`.
    #[test]
    fn every_refused_body_is_named(units in vec(any::<u16>(), 0..20)) {
        let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let line = format!(r#"{{"t":"say","ref":"a1","body":"{escaped}"}}"#);
        match ClientMessage::parse(&line) {
            Ok(_) => prop_assert!(String::from_utf16(&units).is_ok()),
            Err(refusal) => prop_assert_eq!(refusal.reference.as_deref(), Some("a1")),
        }
    }

    #[test]
    fn the_parser_agrees_with_serde(line in prop_oneof![line(), nearly_valid_line()]) {
        prop_assert_eq!(ClientMessage::parse(&line).ok(), by_serde(&line), "{}", line);
    }
}
