//! Finds a cloudflared: the one that was named, the managed copy, the one on PATH, or a fresh
//! download; in this order. Whatever is found is known by its digest.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::cloudflared::{self, Quarters};
use super::failure::Failure;
use super::install::{self, Download, MOST_FILE_BYTES};
use super::pin::Pin;
use crate::config::TunnelSettings;
use crate::control::CloudflaredSource;
use crate::paths::{self, Access, Owner};
use crate::terminal::io_reason;

/// Versions that strip slashes from the end of addresses (cloudflared issue 1717; fixed in 2026.8.2).
const DENIED: [&str; 2] = ["2026.8.0", "2026.8.1"];

/// A cloudflared that may be run.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The program.
    pub(super) path: PathBuf,
    /// What it says of itself.
    pub(super) version: Option<String>,
    /// SHA-256, in hex.
    pub(super) digest: String,
    /// Where it came from.
    pub(super) source: CloudflaredSource,
}

/// What a search comes to.
#[derive(Clone, Debug)]
pub(super) enum Search {
    /// Here it is.
    Found(Found),
    /// Not on this computer: this would fetch it. With the copy on PATH that was passed over.
    Missing(Download, Option<Failure>),
}

/// Looks for a cloudflared; it is asked its version in these quarters.
pub(super) async fn search(
    settings: &TunnelSettings,
    quarters: &Quarters,
) -> Result<Search, Failure> {
    if let Some(path) = &settings.cloudflared {
        return chosen(path, quarters).await.map(Search::Found);
    }
    let pin = Pin::here().map_err(Failure::Processor);
    if let (Ok(pin), Some(dir)) = (&pin, paths::bin_dir()) {
        let path = dir.join(pin.file_name());
        // Whatever lies there, even a link that leads nowhere, is said and not fetched over.
        if std::fs::symlink_metadata(&path).is_ok() {
            return managed(path, pin.clone()).await.map(Search::Found);
        }
    }
    let mut passed_over = None;
    if let Some(path) = on_path(std::env::var_os("PATH").as_deref()) {
        match examine(path.clone(), CloudflaredSource::Path, quarters).await {
            Ok(found) => return Ok(Search::Found(found)),
            Err(failure) => passed_over = Some(failure),
        }
    }
    let pin = pin?;
    let dir = paths::bin_dir().ok_or_else(|| {
        Failure::Fetch(
            "cloudflared is not installed, and without a home folder it cannot be kept; set HOME, \
             or name one with --cloudflared"
                .to_owned(),
        )
    })?;
    let from = pin.address(settings.download_base.as_deref());
    Ok(Search::Missing(Download { pin, from, dir }, passed_over))
}

async fn chosen(path: &Path, quarters: &Quarters) -> Result<Found, Failure> {
    let refuse = |why: String| Failure::Chosen { path: path.to_owned(), why };
    // Absolute, because it is started from another folder.
    let absolute = std::path::absolute(path).map_err(|error| refuse(error.to_string()))?;
    let meta = std::fs::metadata(&absolute).map_err(|error| refuse(io_reason(&error)))?;
    if !meta.is_file() {
        return Err(refuse("it is not a file".to_owned()));
    }
    if meta.permissions().mode() & 0o111 == 0 {
        return Err(refuse("it is not executable".to_owned()));
    }
    examine(absolute, CloudflaredSource::Chosen, quarters).await
}

/// The managed copy, checked anew: it is run only as what was fetched.
pub(super) async fn managed(path: PathBuf, pin: Pin) -> Result<Found, Failure> {
    let found = digest(path.clone(), Owner::Ours).await.map_err(|why| {
        let path = path.display();
        Failure::Fetch(format!(
            "{path} cannot be used as the cloudflared that was fetched: {why}; once it is gone, \
             cloudflared is fetched again"
        ))
    })?;
    if found != pin.sha256 {
        return Err(Failure::Tampered { path, found, expected: pin.sha256 });
    }
    Ok(Found {
        path,
        version: Some(pin.version),
        digest: found,
        source: CloudflaredSource::Managed,
    })
}

async fn examine(
    path: PathBuf,
    source: CloudflaredSource,
    quarters: &Quarters,
) -> Result<Found, Failure> {
    let version = cloudflared::version(path.clone(), quarters).await;
    if let Some(version) = version.as_ref().filter(|v| DENIED.contains(&v.as_str())) {
        return Err(Failure::Denied { path, version: version.clone() });
    }
    match digest(path.clone(), Owner::Anyone).await {
        Ok(digest) => Ok(Found { digest, path, version, source }),
        Err(why) => Err(Failure::Chosen { path, why }),
    }
}

/// SHA-256 of a file, on a thread of its own: 40 MB take a tenth of a second. The error says why
/// there is none.
async fn digest(path: PathBuf, owner: Owner) -> Result<String, String> {
    let hashed = tokio::task::spawn_blocking(move || {
        install::digest(&mut paths::open_file(&path, owner, Access::Read, MOST_FILE_BYTES)?)
    });
    let hashed = hashed.await.expect("hashing a file does not panic");
    hashed.map_err(|error| io_reason(&error))
}

/// The first executable `cloudflared` on `path`. Relative entries depend on where one stands, so
/// they are left out.
fn on_path(path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("cloudflared"))
        .find(|file| {
            std::fs::metadata(file)
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_entries_of_path_are_never_searched() {
        let dir = std::env::temp_dir().join(format!("chattrace-path-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let file = dir.join("cloudflared");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        let list = |dirs: &[&Path]| std::env::join_paths(dirs).unwrap();
        assert_eq!(on_path(Some(&list(&[&dir]))), None, "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(on_path(Some(&list(&[Path::new("."), &dir]))), Some(file));
        assert_eq!(on_path(Some(&list(&[Path::new("."), Path::new("")]))), None);
        assert_eq!(on_path(None), None);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
