//! What a provider can do with the lines to one participant, and what that participant is shown.

use serde_json::{Value, json};

use super::member::{decode, encode};

/// Writes `value` in place of the byte `at` of what `field` holds.
fn set_byte(line: &mut Value, field: &str, at: usize, value: u8) {
    let mut bytes = decode(&line[field]);
    bytes[at] = value;
    line[field] = json!(encode(&bytes));
}

/// Flips one bit of a field in base64url.
fn flip(line: &mut Value, field: &str, at: usize) {
    let mut bytes = decode(&line[field]);
    bytes[at] ^= 1;
    line[field] = json!(encode(&bytes));
}

fn swap_field(lines: &mut [Value], field: &str, one: usize, other: usize) {
    let first = lines[one][field].clone();
    lines[one][field] = lines[other][field].clone();
    lines[other][field] = first;
}

pub(super) type Attack = (&'static str, fn(&mut Vec<Value>), &'static str);

/// The lines are one, two, the keys with which Cy comes, three, four.
pub(super) const ATTACKS: &[Attack] = &[
    ("nothing", |_| {}, "one · two · +Cy · three · four"),
    ("drops a message", |lines| drop(lines.remove(0)), "[1 missing] two · +Cy · three · four"),
    ("drops two messages", |lines| drop(lines.drain(..2)), "+Cy · [2 missing] three · four"),
    ("drops the last message", |lines| drop(lines.pop()), "one · two · +Cy · three"),
    (
        "drops the keys",
        |lines| drop(lines.remove(2)),
        "one · two · (returns to the present) · (returns to the present)",
    ),
    (
        "repeats a message",
        |lines| lines.insert(2, lines[0].clone()),
        "one · two · (repeat) · +Cy · three · four",
    ),
    (
        "repeats the keys",
        |lines| lines.push(lines[2].clone()),
        "one · two · +Cy · three · four · (known)",
    ),
    (
        "swaps two messages",
        |lines| lines.swap(0, 1),
        "[1 missing] two · (repeat) · +Cy · three · four",
    ),
    ("delays a message past the keys", |lines| lines.swap(1, 2), "one · +Cy · two · three · four"),
    (
        "delivers a message before its keys",
        |lines| lines.swap(2, 3),
        "one · two · (returns to the present) · +Cy · [1 missing] four",
    ),
    (
        "alters the text",
        |lines| flip(&mut lines[0], "body", 100),
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "alters the counter",
        |lines| flip(&mut lines[0], "body", 11),
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "says that another said it",
        |lines| {
            // The number in the head, from Ana's 1 to Bo's 2.
            set_byte(&mut lines[0], "body", 7, 2);
            lines[0]["n"] = json!(2);
        },
        "[it does not open] · [1 missing] two · +Cy · three · four",
    ),
    (
        "says so outside of the box only",
        |lines| lines[0]["n"] = json!(2),
        "one · two · +Cy · three · four",
    ),
    (
        "names a person who is not there",
        |lines| set_byte(&mut lines[0], "body", 4, 9),
        "[its author is not in the room] · [1 missing] two · +Cy · three · four",
    ),
    (
        "gives a box an earlier generation",
        |lines| set_byte(&mut lines[0], "body", 3, 1),
        "(not for Bo) · [1 missing] two · +Cy · three · four",
    ),
    (
        "cuts a box",
        |lines| {
            let bytes = decode(&lines[0]["body"]);
            lines[0]["body"] = json!(encode(&bytes[..200]));
        },
        "[this is not a sealed message] · [1 missing] two · +Cy · three · four",
    ),
    (
        "empties a box",
        |lines| lines[0]["body"] = json!(""),
        "[this is not a sealed message] · [1 missing] two · +Cy · three · four",
    ),
    (
        "swaps two boxes",
        |lines| swap_field(lines, "body", 0, 1),
        "[1 missing] two · (repeat) · +Cy · three · four",
    ),
    (
        "makes an announcement of a message",
        |lines| lines[0]["t"] = json!("announced"),
        "one · two · +Cy · three · four",
    ),
    (
        "alters the letter",
        |lines| flip(&mut lines[2], "letter", 40),
        "one · two · END: the keys of the room are not from its host",
    ),
    (
        "drops the letter",
        |lines| lines[2]["letter"] = Value::Null,
        "one · two · (returns to the present) · (returns to the present) · (returns to the present)",
    ),
    (
        "hides that Cy came",
        |lines| lines[2]["came"] = json!([]),
        "one · two · END: the roster is not the one of the host",
    ),
    (
        "says that Ana went",
        |lines| lines[2]["went"] = json!([1]),
        "one · two · END: the roster is not the one of the host",
    ),
    (
        "says that Bo went",
        |lines| lines[2]["went"] = json!([2]),
        "one · two · END: the roster is not the one of the host",
    ),
    (
        "alters the roster",
        |lines| {
            let mut part = json!({ "part": lines[2]["came"][0] });
            flip(&mut part, "part", 60);
            lines[2]["came"] = json!([part["part"]]);
        },
        "one · two · END: a part of the roster was altered",
    ),
    (
        "gives the keys a later generation",
        |lines| lines[2]["generation"] = json!(4),
        "one · two · (returns to the present) · (returns to the present) · (returns to the present)",
    ),
    (
        "gives the keys an earlier generation",
        |lines| lines[2]["generation"] = json!(1),
        "one · two · (known) · (returns to the present) · (returns to the present)",
    ),
    (
        "says that there was a gap",
        |lines| {
            lines.remove(0);
            lines.insert(0, json!({ "t": "gap", "missed": 1 }));
        },
        "(gap) · two · +Cy · three · four",
    ),
];
