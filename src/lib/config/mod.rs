//! The settings of a session, resolved once. A flag overrides the environment, which overrides the
//! user's file, which overrides the built-in file.
//!
//! [`values`] has the type and the bounds of each setting; [`mod@file`] parses what the user wrote,
//! after [`encoding`] has made it text and [`syntax`] has looked for what JSON has no place for;
//! [`overrides`] and [`flags`] hold what the command line says; [`resolve`] combines them. The rest of
//! the program sees only [`Config`], in which every setting has a value.

mod encoding;
mod error;
mod file;
mod flags;
mod overrides;
mod resolve;
mod settings;
mod syntax;
mod values;

pub(crate) use error::ConfigError;
pub(crate) use flags::{ROOM_DETAILS, RoomFlags};
pub(crate) use overrides::Overrides;
pub(crate) use settings::{ArchiveDir, Config, RoomSettings, SettingSource, TunnelSettings};
pub(crate) use values::{ConfinementPolicy, Logs, Mode, Provider};
