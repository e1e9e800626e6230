//! A length of time, as people write it in a command, an option or the configuration: `30s`, `10m`, `2h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest: a leap year. No session lasts longer.
const MAX_SECONDS: u32 = 366 * 24 * 3600;

/// A whole number of seconds, from 1 to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u32);

impl Span {
    /// What an invite has that is given none: an hour.
    pub(crate) const HOUR: Self = Self(3600);

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
    pub(crate) fn is_like(word: &str) -> bool {
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

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;

        impl Visitor<'_> for SpanVisitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in quotes, such as \"30s\", \"10m\" or \"2h\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(|error| E::custom(format_args!("{text:?}: {error}")))
            }
        }

        deserializer.deserialize_str(SpanVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_digits_and_a_unit() {
        for (text, seconds) in [
            ("1s", 1),
            ("30s", 30),
            ("10m", 600),
            ("2h", 7200),
            ("007m", 420),
            ("8784h", 31_622_400),
        ] {
            assert_eq!(text.parse::<Span>().map(Span::seconds), Ok(seconds), "{text}");
        }
        let long = format!("{}s", "9".repeat(10_000));
        for text in ["8785h", "10000h", "99999999999m", "1193047h", &long] {
            assert_eq!(text.parse::<Span>(), Err(SpanError::TooLong), "{text}");
        }
        for text in [
            "", "s", "30", "0s", "000h", "-5m", "+5m", "1.5h", "1,5h", "5 m", " 5m", "5m ", "5d",
            "1h30m", "５m", "5é", "off",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_is_typed(seconds in 1..=MAX_SECONDS) {
            let span = Span::from_seconds(seconds).unwrap();
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            let json = serde_json::to_string(&span).unwrap();
            prop_assert_eq!(serde_json::from_str::<Span>(&json).unwrap(), span);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = text.parse::<Span>();
        }
    }
}
