//! Fetches the pinned cloudflared: resumable, bounded, and not runnable before its digest is right.
//! Blocking; the caller gives it a thread.

mod refusal;
#[cfg(test)]
mod tests;

use std::fs::{File, Permissions};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::pin::Pin;
use crate::paths::{self, Access, FileKind, Folder, FolderTrust, Owner};
use crate::terminal::io_reason;

pub(super) use refusal::InstallError;

/// Where the pin names no size: two and a half times the largest release so far.
const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// A cloudflared that is larger is none: releases have 40 MB. Bounds how long it takes to hash one.
pub(super) const MOST_FILE_BYTES: u64 = 512 * 1024 * 1024;
/// Beyond any connection that will carry 40 MB afterwards.
const CONNECT: Duration = Duration::from_secs(15);
/// A server that says nothing for this long has forgotten us.
const READ: Duration = Duration::from_secs(30);
/// GitHub redirects once.
const REDIRECTS: u32 = 5;
/// Large enough that the progress, told once for each, costs nothing.
const CHUNK: usize = 64 * 1024;

/// One download.
#[derive(Clone, Debug)]
pub(super) struct Download {
    /// What is fetched.
    pub(super) pin: Pin,
    /// The whole address.
    pub(super) from: String,
    /// The folder it is kept in.
    pub(super) dir: PathBuf,
}

impl Download {
    /// The file it becomes.
    pub(super) fn target(&self) -> PathBuf {
        self.dir.join(self.pin.file_name())
    }

    fn partial(&self) -> PathBuf {
        self.dir.join(self.pin.file_name() + paths::PARTIAL)
    }

    /// Bytes that an earlier try has left.
    pub(super) fn resumed_at(&self) -> u64 {
        std::fs::metadata(self.partial()).map_or(0, |found| found.len())
    }

    fn most(&self) -> u64 {
        self.pin.bytes.unwrap_or(MOST_BYTES)
    }

    /// Fetches, checks and installs it; `arrived` is told how many bytes are here. When somebody
    /// else is at it, waits for them and takes what they got.
    ///
    /// # Errors
    /// What came so far stays for the next try, unless it was proved wrong.
    pub(super) fn run(&self, arrived: &mut dyn FnMut(u64)) -> Result<PathBuf, InstallError> {
        paths::create_private_dir(&self.dir).map_err(|source| self.folder(&self.dir, source))?;
        let Some((_lock, mut part)) = self.locked()? else {
            return Ok(self.target());
        };
        if let Err(error) = self.fill(&mut part, arrived) {
            self.leave_nothing_empty();
            return Err(error);
        }
        let found = part
            .rewind()
            .and_then(|()| digest(&mut part))
            .map_err(|source| self.folder(&self.partial(), source))?;
        if found != self.pin.sha256 {
            self.throw_away();
            self.leave_nothing_empty();
            return Err(InstallError::Mismatch {
                from: self.from.clone(),
                found,
                expected: self.pin.sha256.clone(),
            });
        }
        self.settle(&part).map_err(|source| self.folder(&self.target(), source))?;
        Ok(self.target())
    }

    /// The partial file, locked for us alone; `None` when another session has finished it meanwhile.
    fn locked(&self) -> Result<Option<(File, File)>, InstallError> {
        let path = self.partial();
        let here = |source| self.folder(&path, source);
        loop {
            if !path.exists() {
                paths::open_private_file(&path, MOST_FILE_BYTES).map_err(here)?;
            }
            // Read only while we wait: a file that somebody holds open for writing cannot be run.
            let opened = paths::open_file(&path, Owner::Ours, Access::Read, MOST_FILE_BYTES);
            let lock = match opened {
                // Finished, renamed by somebody else since we looked.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                opened => opened.map_err(here)?,
            };
            lock.lock().map_err(here)?;
            // Whoever held it may have renamed or removed it while we waited.
            let held = lock.metadata().map_err(here)?.ino();
            if !std::fs::symlink_metadata(&path).is_ok_and(|found| found.ino() == held) {
                continue;
            }
            if self.target().exists() {
                self.throw_away();
                return Ok(None);
            }
            let part = paths::open_private_file(&path, MOST_FILE_BYTES).map_err(here)?;
            return Ok(Some((lock, part)));
        }
    }

    /// Brings the partial file to its whole length.
    fn fill(&self, part: &mut File, arrived: &mut dyn FnMut(u64)) -> Result<(), InstallError> {
        let here = |source| self.folder(&self.partial(), source);
        let mut have = part.metadata().map_err(here)?.len();
        if have > self.most() {
            have = 0;
        }
        if Some(have) == self.pin.bytes {
            return Ok(());
        }
        let agent = self.agent();
        let mut answer = self.ask(&agent, have)?;
        if have > 0 && !continues(&answer, have) {
            // 416, or a server that does not know ranges: from the beginning.
            have = 0;
            if answer.status() != 200 {
                answer = self.ask(&agent, 0)?;
            }
        }
        if answer.status() != 200 && (have == 0 || answer.status() != 206) {
            return Err(InstallError::Status {
                from: self.from.clone(),
                status: answer.status().as_u16(),
            });
        }
        part.set_len(have).map_err(here)?;
        part.seek(SeekFrom::Start(have)).map_err(here)?;
        let mut body = answer.into_body().into_reader();
        self.copy(&mut body, part, have, arrived)
    }

    fn copy(
        &self,
        body: &mut dyn Read,
        part: &mut File,
        mut have: u64,
        arrived: &mut dyn FnMut(u64),
    ) -> Result<(), InstallError> {
        let mut chunk = vec![0; CHUNK];
        arrived(have);
        loop {
            let read = body.read(&mut chunk).map_err(|error| self.broken(io_reason(&error)))?;
            if read == 0 {
                break;
            }
            have += read as u64;
            if have > self.most() {
                self.throw_away();
                return Err(InstallError::TooLong { from: self.from.clone(), most: self.most() });
            }
            part.write_all(&chunk[..read])
                .map_err(|source| self.folder(&self.partial(), source))?;
            arrived(have);
        }
        match self.pin.bytes {
            Some(all) if have < all => {
                Err(self.broken(format!("it ended at {have} of {all} bytes")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn ask(
        &self,
        agent: &ureq::Agent,
        have: u64,
    ) -> Result<ureq::http::Response<ureq::Body>, InstallError> {
        let mut request = agent.get(&self.from);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        request.call().map_err(|error| {
            let why = if let ureq::Error::Io(error) = &error {
                io_reason(error)
            } else {
                error.to_string()
            };
            self.broken(why)
        })
    }

    fn agent(&self) -> ureq::Agent {
        ureq::Agent::config_builder()
            // A mirror may be named with http://, and the digest guards it; https stays https.
            .https_only(self.from.starts_with("https://"))
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(READ))
            .timeout_per_read(Some(READ))
            // A length is meaningless once something in between has compressed it.
            .accept_encoding("identity")
            .build()
            .into()
    }

    /// Makes the checked file runnable and gives it its name, in this order and on the disk.
    fn settle(&self, part: &File) -> std::io::Result<()> {
        part.set_permissions(Permissions::from_mode(0o700))?;
        part.sync_all()?;
        std::fs::rename(self.partial(), self.target())?;
        match self.folder_of_programs() {
            Some(folder) => folder.sync(),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    /// `None` when it is not there, or not as we make it.
    fn folder_of_programs(&self) -> Option<Folder> {
        Folder::open(&self.dir, FolderTrust::Private).ok().flatten()
    }

    /// A try that brought nothing leaves nothing: neither an empty file, nor folders for it.
    fn leave_nothing_empty(&self) {
        if self.resumed_at() == 0 {
            self.throw_away();
        }
        for folder in self.dir.ancestors().take(2) {
            if let (Ok(above), Some(name)) = (Folder::open_parent(folder), folder.file_name()) {
                // Refused, as it should be, when anything is in there.
                let _ = above.remove_own(name, FileKind::Folder);
            }
        }
    }

    fn throw_away(&self) {
        if let (Some(folder), Some(name)) = (self.folder_of_programs(), self.partial().file_name())
        {
            // What cannot be removed is refused again by its digest.
            let _ = folder.remove_own(name, FileKind::File);
        }
    }

    fn folder(&self, path: &Path, source: std::io::Error) -> InstallError {
        InstallError::Folder { path: path.to_owned(), source }
    }

    fn broken(&self, why: String) -> InstallError {
        let server = self.from.split('/').nth(2).unwrap_or(&self.from).to_owned();
        InstallError::Network { from: server, why, kept: self.resumed_at() }
    }
}

/// Whether the answer goes on where we stopped.
fn continues(answer: &ureq::http::Response<ureq::Body>, have: u64) -> bool {
    let range = answer.headers().get("Content-Range");
    answer.status() == 206
        && range
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(&format!("bytes {have}-")))
}

/// SHA-256 of everything that `from` still holds, in hex.
pub(super) fn digest(from: &mut impl Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&chunk[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
