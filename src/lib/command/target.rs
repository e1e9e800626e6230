//! Whom a command is about: a number, a name, or a name and a tag.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use super::span_problem::is_like_span;
use crate::identity::{TAG_LENGTH, TAG_LETTERS};

/// A person, as the operator names them. [`find`](super::find()) looks whether there is one, and only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// `3`
    Number(u32),
    /// `Ana`. A name that is written like a number stands in quotation marks: `"3"`.
    Name(String),
    /// `Ana#k7q`
    NameAndTag { name: String, tag: String },
}

/// A quotation mark that begins a name, and none that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed;

impl Who {
    /// The person whom `text` names without quotation marks: all of it, with single spaces. `None` if it is
    /// empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return None;
        }
        // No number has a zero in front, so that 007 can only be a name.
        let number = name.parse().ok().filter(|number: &u32| *number > 0);
        if let Some(number) = number.filter(|number| number.to_string() == name) {
            return Some(Self::Number(number));
        }
        Some(match split_tag(&name) {
            Some((name, tag)) => Self::NameAndTag { name: name.nfc().collect(), tag },
            None => Self::Name(name.nfc().collect()),
        })
    }

    /// The person whose name begins `text` in quotation marks, and what follows. A quotation mark within the
    /// name is doubled.
    pub(super) fn parse_quoted(text: &str) -> Result<(Self, &str), Unclosed> {
        let inner = text.strip_prefix('"').ok_or(Unclosed)?;
        let (mut name, mut rest) = (String::new(), inner);
        loop {
            let (before, after) = rest.split_once('"').ok_or(Unclosed)?;
            name.push_str(before);
            match after.strip_prefix('"') {
                Some(after) => {
                    name.push('"');
                    rest = after;
                }
                None => {
                    rest = after;
                    break;
                }
            }
        }
        let name: String = name.nfc().collect();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        match rest[..end].strip_prefix('#').and_then(tag) {
            Some(tag) => Ok((Self::NameAndTag { name, tag }, &rest[end..])),
            None => Ok((Self::Name(name), rest)),
        }
    }
}

/// A name, and the tag that ends it.
fn split_tag(text: &str) -> Option<(&str, String)> {
    // A name may end in the emoji of this sign.
    let (name, end) = text.rsplit_once('#')?;
    let name = name.trim_end();
    tag(end).filter(|_| !name.is_empty()).map(|tag| (name, tag))
}

/// A tag in lower case, if the text is one.
fn tag(text: &str) -> Option<String> {
    let tag = text.to_ascii_lowercase();
    let is_tag = tag.len() == TAG_LENGTH && tag.bytes().all(|b| TAG_LETTERS.contains(&b));
    is_tag.then_some(tag)
}

/// `name`, in quotation marks if a command would take it for something else without them.
pub(super) fn quote(name: &str) -> String {
    let (before, last) = name.rsplit_once(' ').unwrap_or(("", name));
    let is_plain = Who::parse(name) == Some(Who::Name(name.to_owned()))
        && !name.starts_with('"')
        && !is_like_span(last)
        && !matches!(Who::parse(before), Some(Who::Number(_)))
        && !name.eq_ignore_ascii_case("all");
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// As it is typed.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(&quote(name)),
            Self::NameAndTag { name, tag } => write!(f, "{}#{tag}", quote(name)),
        }
    }
}
