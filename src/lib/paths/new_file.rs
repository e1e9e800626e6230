//! A file that is written whole, or not at all.

use std::io::{Error, Write as _};
use std::path::Path;

use super::file_info::{FileInfo, KeptReason};
use super::folder::{Folder, reserve_descriptors};
use super::open::{check_new, create_new};
use super::overwrite::overwrite_file;
use super::run_dir_handle::RemovalError;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(crate) struct NewFileError {
    /// The call that failed.
    pub(crate) source: Error,
    /// The file that it left, and that could not be removed.
    pub(crate) remains: Option<RemovalError>,
}

impl From<Error> for NewFileError {
    fn from(source: Error) -> Self {
        Self { source, remains: None }
    }
}

/// Writes `content` to a new file `path` with mode 0600, and waits until it is on the disk. A file that
/// was begun and cannot be completed is overwritten and removed.
///
/// # Errors
/// When a call fails, or there is something of this name (`AlreadyExists`).
pub(crate) fn write_new_file(path: &Path, content: &[u8]) -> Result<(), NewFileError> {
    let reserved = reserve_descriptors()?;
    let mut file = create_new(path)?;
    let written =
        check_new(&file).and_then(|()| file.write_all(content)).and_then(|()| file.sync_all());
    drop(reserved);
    written.map_err(|source| {
        // What a full or broken disk does not overwrite is removed all the same.
        let _ = overwrite_file(&file);
        let removed = remove(path, FileInfo::of(&file));
        NewFileError { source, remains: removed.err().map(|why| RemovalError::new(path, why)) }
    })
}

fn remove(path: &Path, created: Result<FileInfo, Error>) -> Result<(), KeptReason> {
    let name = path.file_name().ok_or(KeptReason::UnknownName)?;
    Folder::open_parent(path)?.remove(name, &created?)
}
