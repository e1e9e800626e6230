//! Combines the files and the overrides to one [`Config`], and checks settings against each other.
//! clap has already preferred a flag to the environment.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::file::ConfigFile;
use super::overrides::Overrides;
use super::settings::{
    ArchiveDir, Config, RateSettings, RingSettings, RoomSettings, SettingSource, TunnelSettings,
};
use super::values::Mode;
use crate::paths::{self, Owner};

/// Bound for a configuration file. All keys together take 2 KiB; a file beyond this is another one.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

impl Config {
    /// Reads the configuration file, if there is one, and applies `overrides`.
    ///
    /// # Errors
    /// When the file cannot be read or is not valid, or two settings conflict.
    pub(crate) fn resolve(overrides: &Overrides) -> Result<Self, ConfigError> {
        let path = match &overrides.config {
            Some(path) => Some(path.clone()),
            // A link that leads nowhere is an error: the file that it stood for may have been strict.
            None => paths::config_file().filter(|path| path.symlink_metadata().is_ok()),
        };
        let mut file = ConfigFile::built_in();
        if let Some(path) = &path {
            file = file.overlay(ConfigFile::parse(path, &read(path)?)?);
        }
        combine(file, path.as_deref(), overrides)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    paths::read_file(path, Owner::Anyone, MAX_FILE_BYTES)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

fn combine(file: ConfigFile, path: Option<&Path>, over: &Overrides) -> Result<Config, ConfigError> {
    let (tunnel, room) = (file.tunnel, file.room);
    let ring = RingSettings {
        events: required(room.ring.events).get(),
        bytes: required(room.ring.bytes).get(),
        age_seconds: required(room.ring.age_seconds).get(),
    };
    Ok(Config {
        listen: over.listen.unwrap_or(required(file.listen)).0,
        logs: over.logs.unwrap_or(required(file.logs)),
        confinement: over.confinement.unwrap_or(required(file.confinement)),
        archive_dir: archive_dir(over.archive_dir.as_deref(), path, file.archive_dir),
        tunnel: TunnelSettings {
            provider: over.provider.unwrap_or(required(tunnel.provider)),
            cloudflared: over.cloudflared.clone().or(tunnel.cloudflared),
            settle_seconds: required(tunnel.settle_seconds).get(),
            download_base: tunnel.download_base.map(|base| base.0),
        },
        room: RoomSettings {
            mode: check_mode(over.mode.unwrap_or(required(room.mode)))?,
            max_participants: over
                .max_participants
                .unwrap_or(required(room.max_participants))
                .get(),
            backlog: check_backlog(
                over.backlog.unwrap_or(required(room.backlog)).get(),
                ring.events,
            )?,
            message_bytes: required(room.message_bytes).get(),
            rate: RateSettings {
                per_second: required(room.rate.per_second).get(),
                burst: required(room.rate.burst).get(),
            },
            ring,
        },
    })
}

fn required<T>(value: Option<T>) -> T {
    value.expect("config.json, which is compiled in, has every key; a test resolves it")
}

fn archive_dir(
    option: Option<&Path>,
    file: Option<&Path>,
    key: Option<PathBuf>,
) -> Option<ArchiveDir> {
    if let Some(path) = option {
        let source = SettingSource::Option("--archive-dir");
        return Some(ArchiveDir { path: path.to_owned(), source });
    }
    // The built-in file names no folder.
    let source = SettingSource::File { path: file?.to_owned(), key: "archive_dir" };
    Some(ArchiveDir { path: key?, source })
}

fn check_backlog(backlog: usize, events: usize) -> Result<usize, ConfigError> {
    if backlog <= events {
        return Ok(backlog);
    }
    Err(ConfigError::Conflict(format!(
        "room.backlog is {backlog} and room.ring.events is {events}; a new participant \
         cannot be shown more than the room remembers; lower the first or raise the second"
    )))
}

fn check_mode(mode: Mode) -> Result<Mode, ConfigError> {
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
    use crate::config::values::{ConfinementPolicy, Logs, Participants, Provider};

    #[test]
    fn the_built_in_file_has_the_documented_defaults() {
        let config = combine(ConfigFile::built_in(), None, &Overrides::default()).unwrap();
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
    fn a_flag_wins_over_the_file_and_has_the_same_bounds() {
        let over = Overrides { max_participants: "7".parse().ok(), ..Overrides::default() };
        assert_eq!(combine(ConfigFile::built_in(), None, &over).unwrap().room.max_participants, 7);
        let error = "0".parse::<Participants>().unwrap_err();
        assert_eq!(error, "0 is out of bounds, expected a number from 1 to 10000");
        let over = Overrides { backlog: "501".parse().ok(), ..Overrides::default() };
        assert!(
            combine(ConfigFile::built_in(), None, &over)
                .unwrap_err()
                .to_string()
                .contains("remembers")
        );
    }

    #[test]
    fn sealed_rooms_are_refused_as_not_in_this_version() {
        let over = Overrides { mode: Some(Mode::Sealed), ..Overrides::default() };
        let error = combine(ConfigFile::built_in(), None, &over).unwrap_err();
        assert!(error.to_string().contains("not in this version"));
        assert_eq!(error.exit().code(), 78);
    }
}
