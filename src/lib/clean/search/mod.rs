//! The search for everything that chattrace has created and no running session uses. Removes nothing.

mod downloads;
mod event_logs;
mod sessions;

use std::path::Path;

use super::cli::Level;
use super::inventory::{Inventory, RemovalRequest};
use crate::paths;

/// Searches every folder that `level` reaches. Event logs are in `archive`, or the working folder.
pub(super) fn search(level: Level, archive: Option<&Path>) -> Inventory {
    let mut found = Inventory::default();
    for base in paths::runtime_bases() {
        sessions::search(&mut found, level, &base);
    }
    // A running session may use the managed copy, or be downloading it.
    if found.running.is_empty()
        && let Some(data) = paths::data_dir()
        && let Err(reason) = downloads::search(&mut found, level, &data)
    {
        found.keep(data, reason, RemovalRequest::when(level == Level::All));
    }
    if level >= Level::Logs
        && let Ok(archive) = std::path::absolute(archive.unwrap_or(Path::new(".")))
        && let Err(reason) = event_logs::search(&mut found, &archive)
    {
        found.keep(archive, reason, RemovalRequest::Requested);
    }
    found
}
