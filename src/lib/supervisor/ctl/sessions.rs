//! Finds the sessions of this user.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::error::CtlError;
use crate::control::ControlClient;
use crate::paths::{self, Artifact, Folder, FolderTrust};

/// Those that are running, by their ids, each with the connection that shows it. The search makes no other
/// one: a session serves few.
type Running = BTreeMap<String, io::Result<ControlClient>>;

/// Connects to the session `id`, or to the only one that is running.
///
/// # Errors
/// When there is no such session, when there are several and none was named, or when it does not accept
/// connections.
pub(super) fn connect(id: Option<&str>) -> Result<ControlClient, CtlError> {
    let mut running = Running::new();
    for base in paths::runtime_bases() {
        running.extend(running_in(&base));
    }
    let found = match (id, running.len()) {
        (Some(id), _) => running.remove(id),
        (None, 1) => running.pop_first().map(|(_, client)| client),
        (None, 0) => return Err(CtlError::NoSession),
        (None, _) => return Err(CtlError::Several(running.into_keys().collect())),
    };
    match (found, id) {
        (Some(client), _) => client.map_err(CtlError::Unreachable),
        (None, id) => Err(CtlError::NoSuchSession {
            id: id.unwrap_or_default().to_owned(),
            running: running.into_keys().collect(),
        }),
    }
}

/// Those with a runtime folder in `base`. A folder that others may enter holds none.
fn running_in(base: &Path) -> Running {
    let Ok(Some(folder)) = Folder::open(base, FolderTrust::Private) else { return Running::new() };
    let names = folder.names().unwrap_or_default().into_iter();
    let sessions = names.filter(|name| Artifact::in_runtime_base(name) == Some(Artifact::Session));
    let running = sessions.filter_map(|name| {
        let session = folder.open_subfolder(&name, FolderTrust::Private).ok()??;
        let client = ControlClient::connect(&session.path().join(paths::CONTROL_SOCKET));
        is_running(&client).then_some((name.into_string().ok()?, client))
    });
    running.collect()
}

/// Whether a program listens on the socket. A full queue has one, too.
fn is_running(connected: &io::Result<ControlClient>) -> bool {
    connected.as_ref().err().is_none_or(|error| error.kind() == io::ErrorKind::WouldBlock)
}
