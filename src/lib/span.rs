//! A length of time, as people write it in a command, an option or the configuration: `30s`, `10m`, `2h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest: a year, after which no session has lasted.
const MAX_SECONDS: u32 = 366 * 24 * 3600;

/// A whole number of seconds, from 1 to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(u32);

/// Why a text is no [`Span`]. Its `Display` says what is expected, and does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpanError {
    /// Not digits and one of the units.
    #[error("expected a whole number and a unit, such as 30s, 10m or 2h")]
    Malformed,
    /// 0, or longer than a year.
    #[error("expected a time from 1s to {}h", MAX_SECONDS / 3600)]
    OutOfBounds,
}

impl Span {
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
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let unit = text.chars().next_back().ok_or(SpanError::Malformed)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err(SpanError::Malformed),
        };
        let digits = &text[..text.len() - unit.len_utf8()];
        // `parse` would take a plus sign.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError::Malformed);
        }
        let number = digits.parse::<u32>().ok().and_then(|number| number.checked_mul(seconds));
        number.and_then(Self::from_seconds).ok_or(SpanError::OutOfBounds)
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
        for text in ["0s", "000h", "8785h", "10000h", "99999999999m", "1193047h", &long] {
            assert_eq!(text.parse::<Span>(), Err(SpanError::OutOfBounds), "{text}");
        }
        for text in [
            "", "s", "30", "-5m", "+5m", "1.5h", "1,5h", "5 m", " 5m", "5m ", "5M", "5d", "1h30m",
            "５m", "5é", "off",
        ] {
            assert_eq!(text.parse::<Span>(), Err(SpanError::Malformed), "{text}");
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
