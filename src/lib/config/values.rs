//! The type and the bounds of each setting. A value that parses is valid: no later code checks it.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::ValueEnum;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, de};

/// An IP address and a port to listen on; no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

/// What happens to the event log at the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Logs {
    /// The operator is asked; without an answer the log is deleted.
    Ask,
    /// It is deleted without a question.
    Delete,
    /// It is written to the archive folder.
    Save,
}

/// What happens when the kernel lacks a layer of confinement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfinementPolicy {
    /// A warning is printed, and the session goes on.
    #[value(name = "where_possible")]
    WherePossible,
    /// It is an error, and there is no session.
    Required,
}

/// Which tunnel gives the room a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// cloudflared; without it, the room is local and the tunnel is retried later.
    Auto,
    /// cloudflared; without it, there is no session.
    Cloudflared,
    /// No tunnel: the room is reachable on this machine only.
    None,
}

/// Who can read the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Only the people in the room: it is encrypted between them.
    Sealed,
    /// Also the serving process and the tunnel provider.
    Open,
}

/// Deserializes one of the words of `T`; `null` is `None`.
pub(super) fn deserialize_word<'de, D: Deserializer<'de>, T: ValueEnum>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    T::from_str(&text, false).map(Some).map_err(|_| {
        let words = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
        de::Error::custom(format!("{text:?} is not one of {}", words.join(", ")))
    })
}

/// A number from `MIN` to `MAX`. Parsing checks it, so that the error names the flag or the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounded<const MIN: u64, const MAX: u64>(u64);

/// At 10 000 participants, one message is 10 000 deliveries.
pub(crate) type Participants = Bounded<1, 10_000>;
/// At most the events of the largest ring.
pub(crate) type Backlog = Bounded<0, 100_000>;
/// At most what fits in a frame of 16 KiB, with all that JSON must escape.
pub(crate) type MessageBytes = Bounded<1, 4096>;
/// At least one event: participants read every message from the ring.
pub(crate) type RingEvents = Bounded<1, 100_000>;
/// At least one event of maximum length; at most 256 MiB, which a small machine can spare.
pub(crate) type RingBytes = Bounded<32_768, 268_435_456>;
/// From the 30 s in which a participant can reconnect unseen by the others, to a day.
pub(crate) type RingAgeSeconds = Bounded<30, 86_400>;
/// 0 is no limit, and more than 10 000 would be none in practice.
pub(crate) type PerSecond = Bounded<0, 10_000>;
/// At least one message, without which a participant could send none.
pub(crate) type Burst = Bounded<1, 10_000>;
/// At most two minutes, more than an operator waits; a new tunnel is in DNS within seconds.
pub(crate) type SettleSeconds = Bounded<0, 120>;

impl<const MIN: u64, const MAX: u64> Bounded<MIN, MAX> {
    fn new(number: u64) -> Result<Self, String> {
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(format!("{number} is out of bounds, expected a number from {MIN} to {MAX}"))
    }

    /// The number in the type that the rest of the program uses.
    pub(super) fn get<N: TryFrom<u64>>(self) -> N {
        N::try_from(self.0).ok().expect("every upper bound above fits in 32 bits")
    }
}

impl<const MIN: u64, const MAX: u64> std::fmt::Display for Bounded<MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> FromStr for Bounded<MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("expected a number from {MIN} to {MAX}"))
            .and_then(Self::new)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// Takes the forms of a whole number that JSON does not tell apart: `1000`, `1000.0` and `1e3`.
struct NumberVisitor<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for NumberVisitor<MIN, MAX> {
    type Value = Bounded<MIN, MAX>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a number from {MIN} to {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Bounded::new(number).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        // Its `Display` writes a whole number without a point.
        let digits = if number == 0.0 { "0".to_owned() } else { number.to_string() };
        let whole = digits.parse().map_err(|_| {
            E::custom(format!("{number} is not one, expected a number from {MIN} to {MAX}"))
        });
        Bounded::new(whole?).map_err(E::custom)
    }
}

/// Deserializes an object; `null` is one without keys. Derived code would take an array as well, by the
/// order of the fields.
pub(super) fn deserialize_object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Default + Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object, in braces")
        }

        fn visit_unit<E: de::Error>(self) -> Result<T, E> {
            Ok(T::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// The address that releases are downloaded from, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DownloadBase(pub(super) String);

impl<'de> Deserialize<'de> for DownloadBase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with("https://") || text.starts_with("http://") {
            return Ok(Self(text.trim_end_matches('/').to_owned()));
        }
        Err(de::Error::custom("expected an address that starts with https://"))
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("{text:?} is not an address to listen on; expected one such as 127.0.0.1:8080")
        })
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
