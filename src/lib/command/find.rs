//! Which person a command is about.

use std::fmt;

use super::error::shown;
use super::nearest::nearest;
use super::target::Who;
use crate::terminal::escape_control;

/// Most people that a sentence names.
const MAX_NAMED: usize = 4;

/// Why it is about no one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhoError {
    /// There is no such person. Named as the operator did, with the name that is nearest to it.
    NotThere { who: String, nearest: Option<String> },
    /// The name is that of several people, who are given as `Ana#k7q (3)`: the first ones, and how many
    /// more there are.
    Ambiguous { people: Vec<String>, more: usize },
}

/// The number of the person whom `who` names, among `people` with number, name and tag. A name is compared
/// in the form in which it is shown: first as it is, then without regard to case.
///
/// # Errors
/// [`WhoError`], whose `Display` is a sentence for the operator.
pub(crate) fn find<'a>(
    who: &Who,
    people: impl Iterator<Item = (u32, &'a str, &'a str)>,
) -> Result<u32, WhoError> {
    let people: Vec<Candidate<'_>> = people.map(Candidate::new).collect();
    let (name, tag) = match who {
        Who::Number(number) => {
            let is_there = people.iter().any(|person| person.number == *number);
            return is_there.then_some(*number).ok_or_else(|| not_there(who, None));
        }
        Who::Name(name) => (name, None),
        Who::NameAndTag { name, tag } => (name, Some(tag.as_str())),
    };
    let name = escape_control(name);
    let lower = name.to_lowercase();
    let has_tag = |person: &&Candidate<'_>| tag.is_none_or(|tag| tag == person.tag);
    let is_same = |person: &&Candidate<'_>| person.name == name;
    let is_alike = |person: &&Candidate<'_>| person.name.to_lowercase() == lower;
    let mut found: Vec<_> = people.iter().filter(has_tag).filter(is_same).collect();
    if found.is_empty() {
        found = people.iter().filter(has_tag).filter(is_alike).collect();
    }
    match found[..] {
        [] => Err(not_there(who, nearest_name(&lower, &people))),
        [person] => Ok(person.number),
        _ => {
            let named = found.iter().take(MAX_NAMED);
            let people = named.map(|it| format!("{}#{} ({})", it.name, it.tag, it.number));
            let more = found.len().saturating_sub(MAX_NAMED);
            Err(WhoError::Ambiguous { people: people.collect(), more })
        }
    }
}

/// A person as the operator sees them.
struct Candidate<'a> {
    number: u32,
    name: String,
    tag: &'a str,
}

impl<'a> Candidate<'a> {
    fn new((number, name, tag): (u32, &str, &'a str)) -> Self {
        Self { number, name: escape_control(name), tag }
    }
}

fn not_there(who: &Who, nearest: Option<String>) -> WhoError {
    WhoError::NotThere { who: who.to_string(), nearest }
}

fn nearest_name(lower: &str, people: &[Candidate<'_>]) -> Option<String> {
    let names: Vec<String> = people.iter().map(|person| person.name.to_lowercase()).collect();
    let near = nearest(lower, names.iter().map(String::as_str))?;
    let at = names.iter().position(|name| name == near)?;
    Some(people[at].name.clone())
}

impl fmt::Display for WhoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere { who, nearest } => {
                write!(f, "{} is not here; ", shown(who))?;
                match nearest {
                    Some(nearest) => write!(f, "did you mean {nearest}?"),
                    None => f.write_str("\"who\" lists everyone"),
                }
            }
            Self::Ambiguous { people, more } => {
                write!(f, "there are {}", people.join(", "))?;
                if *more > 0 {
                    write!(f, " and {more} more")?;
                }
                f.write_str("; write the number of one")
            }
        }
    }
}

impl std::error::Error for WhoError {}
