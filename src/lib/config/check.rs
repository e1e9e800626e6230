//! The types and bounds of settings. What passes here is used as it is and never checked again.

use std::net::SocketAddr;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::file::File;
use super::{
    Config, ConfigError, Overrides, RateSettings, RingSettings, RoomSettings, TunnelSettings,
};

/// An address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

/// What becomes of the event log at the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Logs {
    /// The operator is asked, and deletes by default.
    Ask,
    /// Gone with the session.
    Delete,
    /// Written to the archive folder.
    Save,
}

/// What a missing layer of confinement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfinementPolicy {
    /// It is said, and the session goes on.
    #[value(name = "where_possible")]
    WherePossible,
    /// There is no session.
    Required,
}

/// Who carries the room to the public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// cloudflared if it can be had, else the local link, and another try later.
    Auto,
    /// cloudflared, or no session.
    Cloudflared,
    /// Nobody: the room stays on this machine.
    None,
}

/// Who can read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Text is encrypted between participants. Not in this version.
    Sealed,
    /// The serving process and the tunnel provider can read the text.
    Open,
}

/// Reads one of the words of `T`; `null` is silence.
pub(super) fn word<'de, D: Deserializer<'de>, T: ValueEnum>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    T::from_str(&text, false).map(Some).map_err(|_| {
        let words = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
        de::Error::custom(format!("{text:?} is not one of {}", words.join(", ")))
    })
}

/// A whole number from `MIN` to `MAX`, checked where it is read, so that the answer to a wrong one
/// names the flag or the line it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounded<const MIN: u64, const MAX: u64>(u64);

/// A room of more is a stadium: at 10 000, one message is 10 000 deliveries.
pub(crate) type Participants = Bounded<1, 10_000>;
/// No more than the largest ring can hold.
pub(crate) type Backlog = Bounded<0, 100_000>;
/// Frames end at 16 KiB, and a body of 4 KiB of text fits in one with all that JSON must escape.
pub(crate) type MessageBytes = Bounded<1, 4096>;
/// At least one event, or nobody would ever be told anything.
pub(crate) type RingEvents = Bounded<1, 100_000>;
/// At least one longest event; at most what one forgotten session may take of a small machine.
pub(crate) type RingBytes = Bounded<32_768, 268_435_456>;
/// At least the 30 s in which a participant may come back unnoticed; at most a day.
pub(crate) type RingAge = Bounded<30, 86_400>;
/// 0 is no limit; above 10 000 a limit limits nothing.
pub(crate) type PerSecond = Bounded<0, 10_000>;
/// At least the message that is being said.
pub(crate) type Burst = Bounded<1, 10_000>;
/// DNS of a fresh tunnel is there within seconds; nobody waits longer than two minutes.
pub(crate) type Settle = Bounded<0, 120>;

impl<const MIN: u64, const MAX: u64> Bounded<MIN, MAX> {
    fn new(number: u64) -> Result<Self, String> {
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(format!("{number} is out of bounds, expected a number from {MIN} to {MAX}"))
    }

    /// The number, as the type that the rest of the program counts in.
    fn get<N: TryFrom<u64>>(self) -> N {
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
        u64::deserialize(deserializer).and_then(|n| Self::new(n).map_err(de::Error::custom))
    }
}

/// Where releases are fetched from: an address without the slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DownloadBase(String);

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
            format!("{text:?} is no address to listen on; expected one such as 127.0.0.1:8080")
        })
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Gives every setting its final value.
pub(super) fn resolve(file: File, over: &Overrides) -> Result<Config, ConfigError> {
    let (tunnel, room) = (file.tunnel, file.room);
    let ring = RingSettings {
        events: present(room.ring.events).get(),
        bytes: present(room.ring.bytes).get(),
        age_seconds: present(room.ring.age_seconds).get(),
    };
    Ok(Config {
        listen: over.listen.unwrap_or(present(file.listen)).0,
        logs: over.logs.unwrap_or(present(file.logs)),
        confinement: over.confinement.unwrap_or(present(file.confinement)),
        archive_dir: over.archive_dir.clone().or(file.archive_dir),
        tunnel: TunnelSettings {
            provider: over.provider.unwrap_or(present(tunnel.provider)),
            cloudflared: over.cloudflared.clone().or(tunnel.cloudflared),
            settle_seconds: present(tunnel.settle_seconds).get(),
            download_base: tunnel.download_base.map(|base| base.0),
        },
        room: RoomSettings {
            mode: available(over.mode.unwrap_or(present(room.mode)))?,
            max_participants: over.max_participants.unwrap_or(present(room.max_participants)).get(),
            backlog: held(over.backlog.unwrap_or(present(room.backlog)).get(), ring.events)?,
            message_bytes: present(room.message_bytes).get(),
            rate: RateSettings {
                per_second: present(room.rate.per_second).get(),
                burst: present(room.rate.burst).get(),
            },
            ring,
        },
    })
}

fn present<T>(value: Option<T>) -> T {
    value.expect("config.json, which is compiled in, has every key; a test resolves it")
}

/// What the ring has forgotten cannot be shown to a newcomer.
fn held(backlog: usize, events: usize) -> Result<usize, ConfigError> {
    if backlog <= events {
        return Ok(backlog);
    }
    Err(ConfigError::Conflict(format!(
        "room.backlog is {backlog} and room.ring.events is {events}; a newcomer cannot be shown \
         more than the room remembers, so lower the first or raise the second"
    )))
}

fn available(mode: Mode) -> Result<Mode, ConfigError> {
    match mode {
        Mode::Open => Ok(mode),
        Mode::Sealed => Err(ConfigError::Conflict(
            "sealed rooms are not in this version; start an open one with --open, in which this \
             computer and the tunnel provider can read the text"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_resolves_to_the_documented_defaults() {
        let config = resolve(File::built_in(), &Overrides::default()).unwrap();
        assert_eq!(config.listen, "127.0.0.1:0".parse().unwrap());
        assert_eq!(config.logs, Logs::Ask);
        assert_eq!(config.confinement, ConfinementPolicy::WherePossible);
        assert_eq!(config.archive_dir, None);
        assert_eq!(config.tunnel.provider, Provider::Auto);
        assert_eq!(config.tunnel.settle_seconds, 8);
        assert_eq!(config.room.mode, Mode::Open);
        assert_eq!((config.room.max_participants, config.room.message_bytes), (100, 4096));
        assert_eq!((config.room.ring.events, config.room.ring.bytes), (500, 1_048_576));
        assert_eq!((config.room.rate.per_second, config.room.rate.burst), (2, 10));
    }

    #[test]
    fn a_flag_wins_over_the_file_and_is_held_to_the_same_bounds() {
        let over = Overrides { max_participants: "7".parse().ok(), ..Overrides::default() };
        assert_eq!(resolve(File::built_in(), &over).unwrap().room.max_participants, 7);
        let said = "0".parse::<Participants>().unwrap_err();
        assert_eq!(said, "0 is out of bounds, expected a number from 1 to 10000");
        let over = Overrides { backlog: "501".parse().ok(), ..Overrides::default() };
        assert!(resolve(File::built_in(), &over).unwrap_err().to_string().contains("remembers"));
    }

    #[test]
    fn sealed_rooms_say_that_they_are_not_here_yet() {
        let over = Overrides { mode: Some(Mode::Sealed), ..Overrides::default() };
        let error = resolve(File::built_in(), &over).unwrap_err();
        assert!(error.to_string().contains("not in this version"));
        assert_eq!(error.exit().code(), 78);
    }
}
