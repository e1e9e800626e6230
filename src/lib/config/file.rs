//! The configuration file as the user wrote it: every key is optional, an unknown key is an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_path_to_error::Track;

use super::encoding::decode;
use super::error::ConfigError;
use super::syntax::{Misplaced, find_misplaced, find_typographic_quote};
use super::values::{
    Backlog, Burst, ConfinementPolicy, DownloadBase, Listen, Logs, MessageBytes, Mode,
    Participants, PerSecond, Provider, RingAgeSeconds, RingBytes, RingEvents, SettleSeconds,
    deserialize_object, deserialize_word,
};
use crate::span::Span;

/// The defaults: the `config.json` that is shipped, so that the two cannot differ.
const BUILT_IN: &str = include_str!("../../../config.json");

/// A configuration file. `None` is a key that is absent or `null`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    pub(super) listen: Option<Listen>,
    #[serde(deserialize_with = "deserialize_word")]
    pub(super) logs: Option<Logs>,
    #[serde(deserialize_with = "deserialize_word")]
    pub(super) confinement: Option<ConfinementPolicy>,
    pub(super) archive_dir: Option<PathBuf>,
    pub(super) bell: Option<bool>,
    #[serde(deserialize_with = "deserialize_object")]
    pub(super) limits: LimitsSection,
    #[serde(deserialize_with = "deserialize_object")]
    pub(super) tunnel: TunnelSection,
    #[serde(deserialize_with = "deserialize_object")]
    pub(super) room: RoomSection,
}

/// The object `limits`. [`SessionLimits`](super::settings::SessionLimits) says what each key means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsSection {
    pub(super) duration: Option<Span>,
    pub(super) idle: Option<Span>,
}

/// The object `tunnel`. [`TunnelSettings`](super::TunnelSettings) says what each key means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TunnelSection {
    #[serde(deserialize_with = "deserialize_word")]
    pub(super) provider: Option<Provider>,
    pub(super) cloudflared: Option<PathBuf>,
    pub(super) settle_seconds: Option<SettleSeconds>,
    pub(super) download_base: Option<DownloadBase>,
}

/// The object `room`. [`RoomSettings`](super::RoomSettings) says what each key means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RoomSection {
    #[serde(deserialize_with = "deserialize_word")]
    pub(super) mode: Option<Mode>,
    pub(super) max_participants: Option<Participants>,
    pub(super) backlog: Option<Backlog>,
    pub(super) message_bytes: Option<MessageBytes>,
    pub(super) lobby: Option<bool>,
    pub(super) fade: Option<Span>,
    #[serde(deserialize_with = "deserialize_object")]
    pub(super) ring: RingSection,
    #[serde(deserialize_with = "deserialize_object")]
    pub(super) rate: RateSection,
}

/// The object `room.ring`: the bounds of what the room remembers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RingSection {
    pub(super) events: Option<RingEvents>,
    pub(super) bytes: Option<RingBytes>,
    pub(super) age_seconds: Option<RingAgeSeconds>,
}

/// The object `room.rate`: the rate limit of one participant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateSection {
    pub(super) per_second: Option<PerSecond>,
    pub(super) burst: Option<Burst>,
}

impl ConfigFile {
    /// The file that is compiled in. It has every key that must have a value.
    pub(super) fn built_in() -> Self {
        serde_json::from_str(BUILT_IN).expect("the built-in config.json is checked by a test")
    }

    /// Parses the `content` of the file `path`, in any encoding of [`decode`].
    ///
    /// # Errors
    /// When it is not JSON, or a key or a value is not valid. Names the line and the key.
    pub(super) fn parse(path: &Path, content: &[u8]) -> Result<Self, ConfigError> {
        let invalid = |line, what| ConfigError::Invalid { path: path.to_owned(), line, what };
        let text = decode(content).map_err(|error| invalid(error.line(), error.to_string()))?;
        parse_json(&text).map_err(|error| {
            let misplaced = find_misplaced(&text).filter(|found| found.line <= error.line);
            let error = misplaced.unwrap_or(error);
            match find_typographic_quote(&text, error.line) {
                Some(quote) if !error.what.contains("typographic quote") => {
                    let what =
                        format!("{}; the line has a typographic quote ({quote})", error.what);
                    invalid(error.line, what)
                }
                _ => invalid(error.line, error.what),
            }
        })
    }

    /// The values of `over`, and where it has none, those of this file.
    pub(super) fn overlay(self, over: Self) -> Self {
        let (tunnel, room) = (self.tunnel, self.room);
        Self {
            listen: over.listen.or(self.listen),
            logs: over.logs.or(self.logs),
            confinement: over.confinement.or(self.confinement),
            archive_dir: over.archive_dir.or(self.archive_dir),
            bell: over.bell.or(self.bell),
            limits: LimitsSection {
                duration: over.limits.duration.or(self.limits.duration),
                idle: over.limits.idle.or(self.limits.idle),
            },
            tunnel: TunnelSection {
                provider: over.tunnel.provider.or(tunnel.provider),
                cloudflared: over.tunnel.cloudflared.or(tunnel.cloudflared),
                settle_seconds: over.tunnel.settle_seconds.or(tunnel.settle_seconds),
                download_base: over.tunnel.download_base.or(tunnel.download_base),
            },
            room: RoomSection {
                mode: over.room.mode.or(room.mode),
                max_participants: over.room.max_participants.or(room.max_participants),
                backlog: over.room.backlog.or(room.backlog),
                message_bytes: over.room.message_bytes.or(room.message_bytes),
                lobby: over.room.lobby.or(room.lobby),
                fade: over.room.fade.or(room.fade),
                ring: RingSection {
                    events: over.room.ring.events.or(room.ring.events),
                    bytes: over.room.ring.bytes.or(room.ring.bytes),
                    age_seconds: over.room.ring.age_seconds.or(room.ring.age_seconds),
                },
                rate: RateSection {
                    per_second: over.room.rate.per_second.or(room.rate.per_second),
                    burst: over.room.rate.burst.or(room.rate.burst),
                },
            },
        }
    }
}

fn parse_json(text: &str) -> Result<ConfigFile, Misplaced> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let parsed = deserialize_object(tracked);
    // Anything behind the closing brace is an error.
    parsed.and_then(|file| reader.end().map(|()| file)).map_err(|error: serde_json::Error| {
        Misplaced { line: error.line(), what: describe(&track.path().to_string(), &error) }
    })
}

/// What is wrong with `key`, in one line; for an unknown key with the nearest valid one.
fn describe(key: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The caller adds the line. A column is of no use in lines as short as these.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    if let Some(name) = text.strip_prefix("duplicate field ") {
        let name = name.trim_matches('`');
        let parent = if key == "." { String::new() } else { format!("{key}.") };
        let parent = parent.strip_suffix(&format!("{name}.")).unwrap_or(&parent);
        return format!("key \"{parent}{name}\" is there twice; remove one");
    }
    let Some(unknown) = text.strip_prefix("unknown field ").and_then(|rest| rest.split('`').nth(1))
    else {
        let text = explain(text);
        // The path of a key that could not be read ends with a question mark.
        let key = key.trim_end_matches('?').trim_end_matches('.');
        return if key.is_empty() { text } else { format!("key \"{key}\": {text}") };
    };
    // serde quotes the unknown key in backticks, and after it each valid one.
    let valid: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
    match nearest(unknown, &valid) {
        Some(near) => format!("unknown key \"{key}\", did you mean \"{near}\"?"),
        None => format!("unknown key \"{key}\"; the keys here are {}", valid.join(", ")),
    }
}

/// The parser's own words, with the next step where they lack it.
fn explain(text: &str) -> String {
    let step = match text {
        "invalid number" => "write it in digits, without zeros or a plus sign before it",
        "number out of range" => "write a smaller number",
        "key must be a string" => "put double quotes (\") around the name",
        "expected value" => "put double quotes (\") around a word",
        "trailing characters" => "remove what is behind the last }",
        "recursion limit exceeded" => "remove brackets",
        _ if text.starts_with("EOF while parsing") => {
            "the file is cut off, or lacks a closing } or \""
        }
        _ if text.starts_with("control character") => "a word or path ends on its own line",
        _ => return text.to_owned(),
    };
    format!("{text}; {step}")
}

/// The valid key with the smallest distance, if that is at most a third of its length.
fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let distances = valid.iter().map(|key| (strsim::levenshtein(word, key), *key));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= near.len().div_ceil(3)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        ConfigFile::parse(Path::new("/x/config.json"), text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_valid_one() {
        let text = error_of("{\n  \"room\": {\n    \"max_participant\": 5\n  }\n}");
        assert_eq!(
            text,
            "configuration /x/config.json: line 3: unknown key \"room.max_participant\", \
             did you mean \"max_participants\"?"
        );
        assert!(error_of("{\"zebra\": 1}").contains("the keys here are listen, logs"));
    }

    #[test]
    fn a_wrong_type_names_the_key_and_what_was_expected() {
        let text = error_of("{\"room\": {\"backlog\": \"many\"}}");
        assert!(text.contains("line 1: key \"room.backlog\": invalid type"), "{text}");
        let text = error_of("{\"listen\": \"nowhere\"}");
        assert!(text.contains("key \"listen\"") && text.contains("127.0.0.1:8080"), "{text}");
        let text = error_of("{\n\"room\": {\n\"rate\": {\"burst\": 0}}}");
        assert!(text.contains("line 3: key \"room.rate.burst\": 0 is out of bounds"), "{text}");
    }

    #[test]
    fn a_wrong_word_names_the_valid_ones() {
        let text = error_of("{\"logs\": \"keep\"}");
        assert!(text.contains("key \"logs\": \"keep\" is not one of ask, delete, save"), "{text}");
        let text = error_of("{\"logs\": 3}");
        assert!(
            text.contains("key \"logs\": invalid type: integer `3`, expected a string"),
            "{text}"
        );
    }

    #[test]
    fn invalid_json_is_reported_with_its_line() {
        assert!(error_of("{\n\n\"logs\":").contains("line 3: key \"logs\": EOF"));
        assert!(error_of("{} x").contains("line 1: trailing characters"));
    }

    #[test]
    fn null_and_absence_keep_the_default() {
        let file = ConfigFile::parse(Path::new("x"), b"{\"logs\": null, \"room\": null}").unwrap();
        assert!(ConfigFile::built_in().overlay(file).logs.is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
            let _ = ConfigFile::parse(Path::new("x"), text.as_bytes());
        }
    }
}
