//! What follows a command's word. Each function takes all of it, and refuses what it has no use for.

use super::order::{Applicants, Command};
use super::span_problem::{SpanProblem, is_like_span, parse_span};
use super::target::Who;
use crate::span::Span;

/// Most people whom one invite lets in: as many as the largest room holds.
const MAX_INVITED: u32 = 10_000;

/// For how long an invite admits that is given no time.
const INVITE_SPAN: &str = "1h";

/// What is wrong with what follows a command's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    /// There is too little.
    Missing,
    /// This word has no meaning here.
    Surplus(String),
    /// This word stands where a span has to.
    Span(String, SpanProblem),
    /// The same, where it could also be the end of a name.
    SpanOrName(String, SpanProblem),
    /// This word stands where a number from 1 on has to.
    Number(String),
    /// More people than this.
    TooMany(u32),
    /// This word stands where a command has to, and the command that was probably meant.
    Command(String, Option<&'static str>),
    /// A quotation mark before a name, and none after it.
    Unclosed,
}

type Parsed<T> = Result<T, ArgumentError>;

/// Nothing.
pub(super) fn none(rest: &str, command: Command) -> Parsed<Command> {
    match rest.split_whitespace().next() {
        None => Ok(command),
        Some(word) => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

/// All of it, as it was typed.
pub(super) fn text(rest: &str) -> Parsed<String> {
    let text = rest.trim();
    if text.is_empty() { Err(ArgumentError::Missing) } else { Ok(text.to_owned()) }
}

/// A person: the rest of the line, so that a name with spaces needs no quotation marks.
pub(super) fn who(rest: &str) -> Parsed<Who> {
    let rest = rest.trim();
    if !rest.starts_with('"') {
        return Who::parse(rest).ok_or(ArgumentError::Missing);
    }
    let (who, after) = Who::parse_quoted(rest).map_err(|_| ArgumentError::Unclosed)?;
    match after.split_whitespace().next() {
        None => Ok(who),
        Some(word) => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

/// A person, and a span if the last word is written like one.
pub(super) fn who_and_span(rest: &str) -> Parsed<(Who, Option<Span>)> {
    let rest = rest.trim();
    if rest.starts_with('"') {
        let (who, after) = Who::parse_quoted(rest).map_err(|_| ArgumentError::Unclosed)?;
        return Ok((who, optional_span(after)?));
    }
    let Some((name, last)) = rest.rsplit_once(char::is_whitespace) else {
        return Ok((who(rest)?, None));
    };
    // After a number, a second one can only be a span.
    let is_number = matches!(Who::parse(name), Some(Who::Number(_)));
    if !is_number && !is_like_span(last) {
        return Ok((who(rest)?, None));
    }
    let span = parse_span(last).map_err(|error| match is_number {
        true => ArgumentError::Span(last.to_owned(), error),
        false => ArgumentError::SpanOrName(last.to_owned(), error),
    })?;
    Ok((who(name)?, Some(span)))
}

/// `all`, or a person.
pub(super) fn applicants(rest: &str) -> Parsed<Applicants> {
    if rest.trim().eq_ignore_ascii_case("all") {
        return Ok(Applicants::All);
    }
    who(rest).map(Applicants::One)
}

/// `on` or `off`.
pub(super) fn on_or_off(rest: &str) -> Parsed<bool> {
    let word = only_word(rest)?;
    match word {
        _ if word.eq_ignore_ascii_case("on") => Ok(true),
        _ if word.eq_ignore_ascii_case("off") => Ok(false),
        _ => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

/// A span, or `off`.
pub(super) fn span_or_off(rest: &str) -> Parsed<Option<Span>> {
    let word = only_word(rest)?;
    if word.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    span(word).map(Some)
}

/// Nothing, or `in` and a span.
pub(super) fn in_span(rest: &str) -> Parsed<Option<Span>> {
    let mut words = rest.split_whitespace();
    let Some(first) = words.next() else { return Ok(None) };
    if !first.eq_ignore_ascii_case("in") {
        return Err(ArgumentError::Surplus(first.to_owned()));
    }
    let (word, after) = (words.next().ok_or(ArgumentError::Missing)?, words.next());
    match after {
        None => span(word).map(Some),
        Some(word) => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

/// A number of people, 1 if it is left out, and a span, an hour if it is left out.
pub(super) fn people_and_span(rest: &str) -> Parsed<Command> {
    let mut words = rest.split_whitespace().peekable();
    let people = words.next_if(|word| word.bytes().all(|b| b.is_ascii_digit()));
    let people = people.map_or(Ok(1), |word| {
        let people = number(word)?;
        if people <= MAX_INVITED { Ok(people) } else { Err(ArgumentError::TooMany(MAX_INVITED)) }
    })?;
    let within = words.next().map_or_else(|| span(INVITE_SPAN), span)?;
    match words.next() {
        None => Ok(Command::Invite { people, within }),
        Some(word) => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

/// The number of an invite.
pub(super) fn only_number(rest: &str) -> Parsed<u32> {
    number(only_word(rest)?)
}

fn only_word(rest: &str) -> Parsed<&str> {
    let mut words = rest.split_whitespace();
    let word = words.next().ok_or(ArgumentError::Missing)?;
    match words.next() {
        None => Ok(word),
        Some(word) => Err(ArgumentError::Surplus(word.to_owned())),
    }
}

fn optional_span(rest: &str) -> Parsed<Option<Span>> {
    if rest.trim().is_empty() { Ok(None) } else { span(only_word(rest)?).map(Some) }
}

fn span(word: &str) -> Parsed<Span> {
    parse_span(word).map_err(|error| ArgumentError::Span(word.to_owned(), error))
}

fn number(word: &str) -> Parsed<u32> {
    let is_digits = word.bytes().all(|b| b.is_ascii_digit());
    let number = word.parse().ok().filter(|number| is_digits && *number > 0);
    number.ok_or_else(|| ArgumentError::Number(word.to_owned()))
}
