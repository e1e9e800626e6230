//! The managed copy on the disk: fetched into a partial file, which becomes executable only after its
//! digest was checked. Blocking: the caller provides a thread.

use std::fs::{File, Permissions};
use std::io::Seek as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::digest::{MAX_PROGRAM_BYTES, sha256_hex};
use super::error::InstallError;
use super::fetch::{Fetch, FetchError};
use super::pin::Pin;
use crate::paths::{self, Access, FileKind, Folder, FolderTrust, Owner};

/// Bound where the pin names no size: two and a half times the largest release so far.
const MAX_UNPINNED_BYTES: u64 = 100 * 1024 * 1024;

/// One file to install: which, from where, and to where.
#[derive(Clone, Debug)]
pub(in crate::tunnel) struct Download {
    /// The file that is expected; any other is deleted.
    pub(in crate::tunnel) pin: Pin,
    /// The whole address, file name included.
    pub(in crate::tunnel) url: String,
    /// The folder of the managed copy.
    pub(in crate::tunnel) dir: PathBuf,
}

impl Download {
    /// The path of the managed copy.
    pub(in crate::tunnel) fn target(&self) -> PathBuf {
        self.dir.join(self.pin.file_name())
    }

    fn partial(&self) -> PathBuf {
        self.dir.join(self.pin.file_name() + paths::PARTIAL)
    }

    /// Length of the partial file of an earlier download; 0 without one.
    pub(in crate::tunnel) fn resumed_at(&self) -> u64 {
        std::fs::metadata(self.partial()).map_or(0, |found| found.len())
    }

    /// Fetches, checks and installs the file. `progress` is called with the length so far. If another
    /// session is downloading it, waits for that session and takes its result.
    ///
    /// # Errors
    /// After a failure of the network, the next call resumes the partial file. After any other, nothing is
    /// left: neither a file that cannot be used, nor the folders that were created for it.
    pub(in crate::tunnel) fn install(
        &self,
        progress: &mut dyn FnMut(u64),
    ) -> Result<PathBuf, InstallError> {
        let created = paths::create_private_dir(&self.dir);
        let created = created.map_err(|source| io_error(&self.dir, source))?;
        let installed = self.install_into_dir(progress);
        if installed.is_err() {
            self.remove_if_empty();
            created.remove_empty();
        }
        installed
    }

    fn install_into_dir(&self, progress: &mut dyn FnMut(u64)) -> Result<PathBuf, InstallError> {
        let Some((_lock, mut part)) = self.lock_partial()? else {
            return Ok(self.target());
        };
        let fetch = Fetch { url: &self.url, bytes: self.pin.bytes, max_bytes: self.max_bytes() };
        if let Err(error) = fetch.complete(&mut part, progress) {
            return Err(self.fetch_failed(error));
        }
        let found = part.rewind().and_then(|()| sha256_hex(&mut part)).map_err(|source| {
            self.remove_partial();
            io_error(&self.partial(), source)
        })?;
        if found != self.pin.sha256 {
            self.remove_partial();
            return Err(InstallError::Mismatch {
                url: self.url.clone(),
                found,
                expected: self.pin.sha256.clone(),
            });
        }
        self.publish(&part).map_err(|source| {
            self.remove_partial();
            io_error(&self.target(), source)
        })?;
        Ok(self.target())
    }

    fn max_bytes(&self) -> u64 {
        self.pin.bytes.unwrap_or(MAX_UNPINNED_BYTES)
    }

    /// Locks the partial file, and opens it. `None` if another session has installed it meanwhile.
    fn lock_partial(&self) -> Result<Option<(File, File)>, InstallError> {
        let path = self.partial();
        let failed = |source| io_error(&path, source);
        loop {
            if !path.exists() {
                paths::open_private_file(&path, MAX_PROGRAM_BYTES).map_err(failed)?;
            }
            // Read-only while waiting: a file that is open for writing cannot be run (ETXTBSY).
            let opened = paths::open_file(&path, Owner::Ours, Access::Read, MAX_PROGRAM_BYTES);
            let lock = match opened {
                // Another session has just renamed or removed it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                opened => opened.map_err(failed)?,
            };
            lock.lock().map_err(failed)?;
            // The session that held the lock may have renamed or removed the file.
            let locked = lock.metadata().map_err(failed)?.ino();
            if !std::fs::symlink_metadata(&path).is_ok_and(|found| found.ino() == locked) {
                continue;
            }
            if self.target().exists() {
                self.remove_partial();
                return Ok(None);
            }
            let part = paths::open_private_file(&path, MAX_PROGRAM_BYTES).map_err(failed)?;
            return Ok(Some((lock, part)));
        }
    }

    /// Makes the checked file executable and gives it its name, in this order and synced to the disk.
    fn publish(&self, part: &File) -> std::io::Result<()> {
        part.set_permissions(Permissions::from_mode(0o700))?;
        part.sync_all()?;
        std::fs::rename(self.partial(), self.target())?;
        match self.open_dir() {
            Some(folder) => folder.sync(),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    /// The folder; `None` when it is missing, or not private.
    fn open_dir(&self) -> Option<Folder> {
        Folder::open(&self.dir, FolderTrust::Private).ok().flatten()
    }

    fn fetch_failed(&self, error: FetchError) -> InstallError {
        let url = self.url.clone();
        match error {
            // A full disk stays full while the file is there.
            FetchError::File(source) => {
                self.remove_partial();
                io_error(&self.partial(), source)
            }
            FetchError::Status(status) => InstallError::Status { url, status },
            FetchError::Network(failure) => {
                let server = url.split('/').nth(2).unwrap_or(&url).to_owned();
                InstallError::Network { server, failure, kept: self.resumed_at() }
            }
            FetchError::Certificates(error) => error.into(),
            FetchError::TooLong => {
                self.remove_partial();
                InstallError::TooLong { url, max_bytes: self.max_bytes() }
            }
        }
    }

    /// Removes an empty partial file, and the folders that were made for it.
    fn remove_if_empty(&self) {
        if self.resumed_at() == 0 {
            self.remove_partial();
        }
        for folder in self.dir.ancestors().take(2) {
            if let (Ok(above), Some(name)) = (Folder::open_parent(folder), folder.file_name()) {
                // Fails, as it should, for a folder that is not empty.
                let _ = above.remove_own(name, FileKind::Folder);
            }
        }
    }

    fn remove_partial(&self) {
        if let (Some(folder), Some(name)) = (self.open_dir(), self.partial().file_name()) {
            // A file that stays is refused again by its digest.
            let _ = folder.remove_own(name, FileKind::File);
        }
    }
}

fn io_error(path: &Path, source: std::io::Error) -> InstallError {
    InstallError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
