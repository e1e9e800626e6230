//! Finds the sessions of this user.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::CtlError;
use crate::control::ControlClient;
use crate::paths::{self, Artifact, Folder, FolderTrust};

/// The control socket of the session `id`, or of the only one that is running.
///
/// # Errors
/// When there is no such session; when there are several, and none was named.
pub(super) fn find(id: Option<&str>) -> Result<PathBuf, CtlError> {
    let mut running = BTreeMap::new();
    for base in paths::runtime_bases() {
        running.extend(running_in(&base));
    }
    let ids = || running.keys().cloned().collect::<Vec<_>>();
    match (id, running.len()) {
        (Some(id), _) => running
            .get(id)
            .cloned()
            .ok_or_else(|| CtlError::NoSuchSession { id: id.to_owned(), running: ids() }),
        (None, 0) => Err(CtlError::NoSession),
        (None, 1) => running.into_values().next().ok_or(CtlError::NoSession),
        (None, _) => Err(CtlError::Several(ids())),
    }
}

/// Those with a runtime folder in `base`, by their ids. A folder that others may enter holds none.
fn running_in(base: &Path) -> Vec<(String, PathBuf)> {
    let Ok(Some(folder)) = Folder::open(base, FolderTrust::Private) else { return Vec::new() };
    let names = folder.names().unwrap_or_default().into_iter();
    let sessions = names.filter(|name| Artifact::in_runtime_base(name) == Some(Artifact::Session));
    let running = sessions.filter_map(|name| {
        let session = folder.open_subfolder(&name, FolderTrust::Private).ok()??;
        let socket = session.path().join(paths::CONTROL_SOCKET);
        is_running(&socket).then(|| Some((name.into_string().ok()?, socket)))?
    });
    running.collect()
}

/// Whether a program listens on the socket. A full queue has one, too.
fn is_running(socket: &Path) -> bool {
    match ControlClient::connect(socket) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
