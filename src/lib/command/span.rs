//! A length of time, as the operator writes it: `30s`, `10m`, `2h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest: a leap year. No session lasts longer.
const MAX_SECONDS: u32 = 366 * 24 * 3600;

/// A whole number of seconds, from 1 to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u32);

impl Span {
    /// What an invite has that is given none: an hour.
    pub(super) const HOUR: Self = Self(3600);

    /// A span of so many seconds; `None` if that is 0, or longer than a year.
    pub(crate) fn from_seconds(seconds: u32) -> Option<Self> {
        (1..=MAX_SECONDS).contains(&seconds).then_some(Self(seconds))
    }

    /// The number of seconds.
    pub(crate) fn seconds(self) -> u32 {
        self.0
    }

    /// The same for a clock.
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }

    /// Whether a word is written like a span, valid or not: it begins with a sign or a digit, and is not
    /// digits only. `Ana 2` is a name that the room suggests when `Ana` is taken.
    pub(super) fn is_like(word: &str) -> bool {
        let unsigned = word.trim_start_matches(['-', '+', '.']);
        unsigned.starts_with(|c: char| c.is_ascii_digit())
            && !word.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Why a word is no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpanError {
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
    #[error("is too long; the longest is {}", Span(MAX_SECONDS))]
    TooLong,
    /// `3d`
    #[error("has an unknown unit; write seconds as 30s, minutes as 10m, hours as 2h")]
    UnknownUnit,
    /// `soon`
    #[error("is no time; write seconds as 30s, minutes as 10m, hours as 2h")]
    NotATime,
}

impl FromStr for Span {
    type Err = SpanError;

    /// One number in digits and one unit, in either case.
    fn from_str(word: &str) -> Result<Self, SpanError> {
        if let Some(unsigned) = word.strip_prefix('-')
            && unsigned.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(SpanError::Negative);
        }
        let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, unit) = word.split_at(digits);
        if unit.starts_with(['.', ',']) {
            return Err(SpanError::Fraction);
        }
        if number.is_empty() {
            return Err(SpanError::NotATime);
        }
        let factor = match unit {
            "" => return Err(number.parse().map_or(SpanError::TooLong, SpanError::NoUnit)),
            "s" | "S" => 1,
            "m" | "M" => 60,
            "h" | "H" => 3600,
            _ => return Err(SpanError::UnknownUnit),
        };
        let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor));
        match seconds {
            Some(0) => Err(SpanError::Zero),
            Some(seconds) => Self::from_seconds(seconds).ok_or(SpanError::TooLong),
            None => Err(SpanError::TooLong),
        }
    }
}

/// As it is typed, in the largest unit of which it is a whole number.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds % 3600 == 0 => write!(f, "{}h", seconds / 3600),
            seconds if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}
