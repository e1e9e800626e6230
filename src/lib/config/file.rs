//! The configuration as it is written: every key optional, every unknown key refused by name.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use super::check::{
    Backlog, Burst, ConfinementPolicy, DownloadBase, Listen, Logs, MessageBytes, Mode,
    Participants, PerSecond, Provider, RingAge, RingBytes, RingEvents, Settle, word,
};

/// The defaults, compiled in, so that the shipped file cannot drift from the program.
const BUILT_IN: &str = include_str!("../../../config.json");

/// One file. `None` means that the file is silent, or says `null`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Option<Listen>,
    #[serde(deserialize_with = "word")]
    pub(super) logs: Option<Logs>,
    #[serde(deserialize_with = "word")]
    pub(super) confinement: Option<ConfinementPolicy>,
    pub(super) archive_dir: Option<PathBuf>,
    pub(super) tunnel: Tunnel,
    pub(super) room: Room,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tunnel {
    #[serde(deserialize_with = "word")]
    pub(super) provider: Option<Provider>,
    pub(super) cloudflared: Option<PathBuf>,
    pub(super) settle_seconds: Option<Settle>,
    pub(super) download_base: Option<DownloadBase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Room {
    #[serde(deserialize_with = "word")]
    pub(super) mode: Option<Mode>,
    pub(super) max_participants: Option<Participants>,
    pub(super) backlog: Option<Backlog>,
    pub(super) message_bytes: Option<MessageBytes>,
    pub(super) ring: Ring,
    pub(super) rate: Rate,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ring {
    pub(super) events: Option<RingEvents>,
    pub(super) bytes: Option<RingBytes>,
    pub(super) age_seconds: Option<RingAge>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rate {
    pub(super) per_second: Option<PerSecond>,
    pub(super) burst: Option<Burst>,
}

impl File {
    /// The defaults.
    pub(super) fn built_in() -> Self {
        serde_json::from_str(BUILT_IN).expect("the built-in config.json is checked by a test")
    }

    /// Reads `text`, which came from `path`.
    ///
    /// # Errors
    /// With line, key, what was expected, and the nearest valid key when one is unknown.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let key = error.path().to_string();
            let inner = error.into_inner();
            (inner.line(), describe(&key, &inner))
        });
        // What follows the closing brace is part of the file as well.
        let ended = parsed.and_then(|file: Self| match reader.end() {
            Ok(()) => Ok(file),
            Err(error) => Err((error.line(), describe(".", &error))),
        });
        ended.map_err(|(line, what)| ConfigError::Wrong { path: path.to_owned(), line, what })
    }

    /// This file where `over` is silent, `over` where it speaks.
    pub(super) fn overlaid_by(self, over: Self) -> Self {
        let (tunnel, room) = (self.tunnel, self.room);
        Self {
            listen: over.listen.or(self.listen),
            logs: over.logs.or(self.logs),
            confinement: over.confinement.or(self.confinement),
            archive_dir: over.archive_dir.or(self.archive_dir),
            tunnel: Tunnel {
                provider: over.tunnel.provider.or(tunnel.provider),
                cloudflared: over.tunnel.cloudflared.or(tunnel.cloudflared),
                settle_seconds: over.tunnel.settle_seconds.or(tunnel.settle_seconds),
                download_base: over.tunnel.download_base.or(tunnel.download_base),
            },
            room: Room {
                mode: over.room.mode.or(room.mode),
                max_participants: over.room.max_participants.or(room.max_participants),
                backlog: over.room.backlog.or(room.backlog),
                message_bytes: over.room.message_bytes.or(room.message_bytes),
                ring: Ring {
                    events: over.room.ring.events.or(room.ring.events),
                    bytes: over.room.ring.bytes.or(room.ring.bytes),
                    age_seconds: over.room.ring.age_seconds.or(room.ring.age_seconds),
                },
                rate: Rate {
                    per_second: over.room.rate.per_second.or(room.rate.per_second),
                    burst: over.room.rate.burst.or(room.rate.burst),
                },
            },
        }
    }
}

/// One line about a wrong place: the key, what is wrong, and for an unknown key the nearest one.
fn describe(key: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The line is said by the caller; the column helps nobody who looks at one short line.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let Some(unknown) = text.strip_prefix("unknown field ").and_then(|rest| rest.split('`').nth(1))
    else {
        return if key == "." { text.to_owned() } else { format!("key \"{key}\": {text}") };
    };
    // serde names the valid keys between backticks, after the unknown one.
    let valid: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
    match nearest(unknown, &valid) {
        Some(near) => format!("unknown key \"{key}\", did you mean \"{near}\"?"),
        None => format!("unknown key \"{key}\"; the keys here are {}", valid.join(", ")),
    }
}

/// The valid key that takes the fewest changes to reach, if it takes at most a third of its length.
fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let distances = valid.iter().map(|key| (strsim::levenshtein(word, key), *key));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= near.len().div_ceil(3)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        File::parse(Path::new("/x/config.json"), text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_valid_one() {
        let said = wrong("{\n  \"room\": {\n    \"max_participant\": 5\n  }\n}");
        assert_eq!(
            said,
            "configuration /x/config.json: line 3: unknown key \"room.max_participant\", \
             did you mean \"max_participants\"?"
        );
        assert!(wrong("{\"zebra\": 1}").contains("the keys here are listen, logs"));
    }

    #[test]
    fn a_wrong_type_names_the_key_and_what_was_expected() {
        let said = wrong("{\"room\": {\"backlog\": \"many\"}}");
        assert!(said.contains("line 1: key \"room.backlog\": invalid type"), "{said}");
        let said = wrong("{\"listen\": \"nowhere\"}");
        assert!(said.contains("key \"listen\"") && said.contains("127.0.0.1:8080"), "{said}");
        let said = wrong("{\n\"room\": {\n\"rate\": {\"burst\": 0}}}");
        assert!(said.contains("line 3: key \"room.rate.burst\": 0 is out of bounds"), "{said}");
    }

    #[test]
    fn a_wrong_word_names_the_right_ones() {
        let said = wrong("{\"logs\": \"keep\"}");
        assert!(said.contains("key \"logs\": \"keep\" is not one of ask, delete, save"), "{said}");
        let said = wrong("{\"logs\": 3}");
        assert!(
            said.contains("key \"logs\": invalid type: integer `3`, expected a string"),
            "{said}"
        );
    }

    #[test]
    fn what_is_not_json_says_the_line() {
        assert!(wrong("{\n\n").contains("line 3"));
        assert!(wrong("{} x").contains("line 1: trailing characters"));
    }

    #[test]
    fn null_and_absence_keep_the_default() {
        let file = File::parse(Path::new("x"), "{\"logs\": null}").unwrap();
        assert!(File::built_in().overlaid_by(file).logs.is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = File::parse(Path::new("x"), &text);
        }
    }
}
