//! What is wrong with a word where a length of time has to stand.

use crate::span::{Span, SpanError};

/// Why a word is no [`Span`], with the next step. Follows the word in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpanProblem {
    /// `10`
    #[error("lacks a unit; write {0}s, {0}m or {0}h")]
    NoUnit(u32),
    /// `0m`
    #[error("is no time; the shortest is 1s")]
    Zero,
    /// `-5m`
    #[error("is negative; write it without the minus sign")]
    Negative,
    /// `1.5h`
    #[error("has a fraction; write a whole number, such as 90m for an hour and a half")]
    Fraction,
    /// `10000h`
    #[error("is too long; the longest is a year, 8784h")]
    TooLong,
    /// `3d`
    #[error("has an unknown unit; write seconds as 30s, minutes as 10m, hours as 2h")]
    UnknownUnit,
    /// `soon`
    #[error("is no time; write seconds as 30s, minutes as 10m, hours as 2h")]
    NotATime,
}

/// Parses a span with its unit in any case.
pub(super) fn parse_span(word: &str) -> Result<Span, SpanProblem> {
    word.to_ascii_lowercase().parse().map_err(|error| problem(word, error))
}

fn problem(word: &str, error: SpanError) -> SpanProblem {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(digits);
    match error {
        SpanError::OutOfBounds if number.bytes().all(|digit| digit == b'0') => SpanProblem::Zero,
        SpanError::OutOfBounds => SpanProblem::TooLong,
        SpanError::Malformed if is_negative(word) => SpanProblem::Negative,
        SpanError::Malformed if number.is_empty() => SpanProblem::NotATime,
        SpanError::Malformed if unit.is_empty() => {
            number.parse().map_or(SpanProblem::TooLong, SpanProblem::NoUnit)
        }
        SpanError::Malformed if unit.starts_with(['.', ',']) => SpanProblem::Fraction,
        SpanError::Malformed => SpanProblem::UnknownUnit,
    }
}

fn is_negative(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a word is written like a span, valid or not: it begins with a sign or a digit, is not digits only,
/// and has no tag. `Ana 2` is a name that the room suggests when `Ana` is taken.
pub(super) fn is_like_span(word: &str) -> bool {
    let unsigned = word.trim_start_matches(['-', '+', '.']);
    let is_number = word.bytes().all(|b| b.is_ascii_digit());
    unsigned.starts_with(|c: char| c.is_ascii_digit()) && !is_number && !word.contains('#')
}
