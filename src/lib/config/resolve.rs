//! Combines the files and the overrides to one [`Config`], and checks settings against each other.
//! clap has already preferred a flag to the environment.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::file::ConfigFile;
use super::overrides::Overrides;
use super::settings::{
    ArchiveDir, Config, RateSettings, RingSettings, RoomSettings, SessionLimits, SettingSource,
    TunnelSettings,
};
use super::values::{Mode, Provider};
use crate::paths::{self, Owner};

/// Most people in a sealed room: each change of them is told to each in a letter of its own.
const MAX_SEALED_PARTICIPANTS: usize = 1000;

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

    /// As [`Config::resolve`], for a program that opens the room in the mode that is set.
    ///
    /// # Errors
    /// Also when the room is sealed, and another setting needs an open one.
    pub(crate) fn resolve_session(overrides: &Overrides) -> Result<Self, ConfigError> {
        let config = Self::resolve(overrides)?;
        match config.room.mode {
            Mode::Open => Ok(config),
            Mode::Sealed => check_sealed(config),
        }
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
        bell: over.bell.unwrap_or(required(file.bell)),
        limits: SessionLimits {
            duration: over.duration.or(file.limits.duration),
            idle: over.idle.or(file.limits.idle),
        },
        tunnel: TunnelSettings {
            provider: over.provider.unwrap_or(required(tunnel.provider)),
            cloudflared: over.cloudflared.clone().or(tunnel.cloudflared),
            settle_seconds: required(tunnel.settle_seconds).get(),
            download_base: tunnel.download_base.map(|base| base.0),
        },
        room: RoomSettings {
            mode: over.mode.unwrap_or(required(room.mode)),
            max_participants: over
                .max_participants
                .unwrap_or(required(room.max_participants))
                .get(),
            backlog: check_backlog(
                over.backlog.unwrap_or(required(room.backlog)).get(),
                ring.events,
            )?,
            message_bytes: required(room.message_bytes).get(),
            lobby: over.lobby.unwrap_or(required(room.lobby)),
            fade: over.fade.or(room.fade),
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

/// Refuses what a sealed room cannot be, with what to change.
fn check_sealed(config: Config) -> Result<Config, ConfigError> {
    let RoomSettings { max_participants, backlog, .. } = config.room;
    let conflict = |text: String| Err(ConfigError::Conflict(text));
    if max_participants > MAX_SEALED_PARTICIPANTS {
        return conflict(format!(
            "a sealed room holds at most {MAX_SEALED_PARTICIPANTS} people, and room.max_participants is \
             {max_participants}; lower it, or start an open room with --open"
        ));
    }
    if backlog > 0 {
        return conflict(format!(
            "a sealed room has no backlog, because newcomers could not read it, and room.backlog is \
             {backlog}; set it to 0, or start an open room with --open"
        ));
    }
    let is_beyond_loopback = !config.listen.ip().to_canonical().is_loopback();
    if is_beyond_loopback && config.tunnel.provider == Provider::None {
        return conflict(format!(
            "a sealed room beyond loopback needs https, and {} without a tunnel has none; leave out \
             --listen or --tunnel none, or start an open room with --open",
            config.listen
        ));
    }
    Ok(config)
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
        assert_eq!(config.room.mode, Mode::Sealed);
        assert_eq!((config.room.max_participants, config.room.message_bytes), (100, 4096));
        assert_eq!((config.bell, config.room.lobby, config.room.fade), (false, false, None));
        assert_eq!(config.limits, SessionLimits::default());
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
    fn what_a_sealed_room_cannot_be_is_refused_with_what_to_change() {
        let built_in = || combine(ConfigFile::built_in(), None, &Overrides::default()).unwrap();
        assert!(check_sealed(built_in()).is_ok());
        let refused = |change: &dyn Fn(&mut Config)| {
            let mut config = built_in();
            change(&mut config);
            let error = check_sealed(config).unwrap_err();
            assert_eq!(error.exit().code(), 78);
            assert!(error.to_string().contains("--open"), "{error}");
            error.to_string()
        };
        assert!(refused(&|config| config.room.max_participants = 1001).contains("at most 1000"));
        assert!(refused(&|config| config.room.backlog = 1).contains("no backlog"));
        for address in
            ["0.0.0.0:0", "192.0.2.1:80", "[::]:0", "[2001:db8::1]:0", "[::ffff:192.0.2.1]:0"]
        {
            let refused = refused(&|config| {
                config.listen = address.parse().unwrap();
                config.tunnel.provider = Provider::None;
            });
            assert!(refused.contains("a sealed room beyond loopback needs https"), "{refused}");
        }
        for (address, provider) in [
            ("127.0.0.9:0", Provider::None),
            ("[::1]:0", Provider::None),
            ("[::ffff:127.0.0.1]:0", Provider::None),
            ("0.0.0.0:0", Provider::Auto),
        ] {
            let mut config = built_in();
            config.listen = address.parse().unwrap();
            config.tunnel.provider = provider;
            config.room.max_participants = 1000;
            assert!(check_sealed(config).is_ok(), "{address} {provider:?}");
        }
    }
}
