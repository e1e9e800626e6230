//! Searches for a cloudflared: the one that the user named, the managed copy, the one on `PATH`; in
//! this order. If there is none, says what to download. Each is identified by its digest.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::attempt::{ProgramFormat, TunnelError};
use super::cli::{NAME, TunnelCli};
use super::cloudflared;
use super::context::Sandbox;
use super::install::{self, Download, MAX_PROGRAM_BYTES, Pin};
use super::program_file::{self, NOEXEC};
use crate::config::{Config, TunnelSettings};
use crate::control::CloudflaredSource;
use crate::exit::Exit;
use crate::paths::{self, Access, Owner};
use crate::terminal::{self, io_reason};
use crate::units::format_bytes;

/// Versions that strip slashes from the end of addresses (cloudflared issue 1717; fixed in 2026.8.2).
const FAULTY_VERSIONS: [&str; 2] = ["2026.8.0", "2026.8.1"];

/// A cloudflared that may be run.
#[derive(Clone, Debug)]
pub(super) struct CloudflaredProgram {
    /// Absolute, because cloudflared is started in another folder.
    pub(super) path: PathBuf,
    /// As the program prints it, or the pin says; `None` when it prints nothing usable.
    pub(super) version: Option<String>,
    /// SHA-256, in lower-case hex.
    pub(super) digest: String,
    /// How it was found, which the user is shown.
    pub(super) source: CloudflaredSource,
    /// How the kernel runs it.
    pub(super) format: ProgramFormat,
}

/// The result of [`search`].
#[derive(Clone, Debug)]
pub(super) enum SearchResult {
    /// Usable: not a faulty version and, if it is the managed copy, with the pinned digest.
    Found(CloudflaredProgram),
    /// Not on this computer, but it can be installed.
    Missing {
        download: Download,
        /// Why the one on `PATH` is not used, if there is one.
        passed_over: Option<TunnelError>,
    },
}

/// Searches for a cloudflared. Any but the managed copy is run in `sandbox` to get its version; without
/// one, nothing is run, and its version is not known.
///
/// # Errors
/// When the named program or the managed copy is not usable, or none can be installed here.
pub(super) async fn search(
    settings: &TunnelSettings,
    sandbox: Option<&Sandbox>,
) -> Result<SearchResult, TunnelError> {
    if let Some(path) = &settings.cloudflared {
        return examine_chosen(path, sandbox).await.map(SearchResult::Found);
    }
    let pin = Pin::for_this_processor().map_err(TunnelError::UnsupportedProcessor);
    if let (Ok(pin), Some(dir)) = (&pin, paths::bin_dir()) {
        let path = dir.join(pin.file_name());
        // Anything else of this name, even a dangling link, is an error; it is not replaced.
        if std::fs::symlink_metadata(&path).is_ok() {
            return verify_managed(path, pin.clone()).await.map(SearchResult::Found);
        }
    }
    let mut passed_over = None;
    if let Some(path) = find_on_path(std::env::var_os("PATH").as_deref()) {
        match examine(path, CloudflaredSource::Path, sandbox).await {
            Ok(program) => return Ok(SearchResult::Found(program)),
            Err(error) => passed_over = Some(error),
        }
    }
    let pin = pin?;
    let dir = paths::bin_dir().ok_or_else(|| {
        TunnelError::NotInstalled(
            "cloudflared is not installed, and without a home folder it cannot be kept; set HOME, \
             or name one with --cloudflared"
                .to_owned(),
        )
    })?;
    // The folder is made for the download; its nearest ancestor lies where it will lie.
    if let Some(existing) = dir.ancestors().find(|dir| dir.exists())
        && paths::is_noexec(existing)
    {
        return Err(noexec(&dir));
    }
    let url = pin.url(settings.download_base.as_deref());
    Ok(SearchResult::Missing { download: Download { pin, url, dir }, passed_over })
}

/// Prints which cloudflared would be used, or what would be downloaded. Runs none, and creates nothing.
pub(super) async fn find(cli: &TunnelCli) -> Exit {
    let config = match Config::resolve(&cli.overrides()) {
        Ok(config) => config,
        Err(error) => {
            terminal::print_error(NAME, &error);
            return error.exit();
        }
    };
    match search(&config.tunnel, None).await {
        Ok(found) => terminal::print_result(NAME, &found.to_string()),
        Err(error) => {
            terminal::print_error(NAME, &error);
            Exit::Unavailable
        }
    }
}

/// For people.
impl fmt::Display for SearchResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(program) => {
                let source = match program.source {
                    CloudflaredSource::Managed => "downloaded before, and checked",
                    CloudflaredSource::Path => "from PATH",
                    CloudflaredSource::Chosen => "as configured",
                };
                write!(f, "{} ({source})", program.path.display())
            }
            Self::Missing { download, .. } => {
                write!(f, "not here; {} is downloaded at the start", download.pin.version)?;
                download.pin.bytes.map_or(Ok(()), |bytes| write!(f, " ({})", format_bytes(bytes)))
            }
        }
    }
}

async fn examine_chosen(
    path: &Path,
    sandbox: Option<&Sandbox>,
) -> Result<CloudflaredProgram, TunnelError> {
    let unusable = |why: String| TunnelError::UnusableProgram { path: path.to_owned(), why };
    let absolute = std::path::absolute(path).map_err(|error| unusable(error.to_string()))?;
    let meta = std::fs::metadata(&absolute).map_err(|error| unusable(io_reason(&error)))?;
    if !meta.is_file() {
        return Err(unusable("it is not a file".to_owned()));
    }
    if meta.permissions().mode() & 0o111 == 0 {
        return Err(unusable("it is not executable".to_owned()));
    }
    examine(absolute, CloudflaredSource::Chosen, sandbox).await
}

/// The managed copy cannot be run from where it is kept, or would be.
fn noexec(path: &Path) -> TunnelError {
    TunnelError::NotInstalled(format!(
        "cloudflared is kept in {}, and no program can be run there: {NOEXEC}; set XDG_DATA_HOME to \
         a folder elsewhere, or name a cloudflared with --cloudflared",
        path.display()
    ))
}

/// Checks the digest of the managed copy, before each use.
///
/// # Errors
/// When the file cannot be read, or is not the one of `pin`.
pub(super) async fn verify_managed(
    path: PathBuf,
    pin: Pin,
) -> Result<CloudflaredProgram, TunnelError> {
    let found = digest(path.clone(), Owner::Ours).await.map_err(|why| {
        let path = path.display();
        TunnelError::NotInstalled(format!(
            "{path} cannot be used as the cloudflared that was downloaded: {why}; remove it, and \
             cloudflared is downloaded again"
        ))
    })?;
    if found != pin.sha256 {
        return Err(TunnelError::DigestMismatch { path, found, expected: pin.sha256 });
    }
    if paths::is_noexec(&path) {
        return Err(noexec(path.parent().unwrap_or(&path)));
    }
    Ok(CloudflaredProgram {
        path,
        version: Some(pin.version),
        digest: found,
        source: CloudflaredSource::Managed,
        format: ProgramFormat::Binary,
    })
}

async fn examine(
    path: PathBuf,
    source: CloudflaredSource,
    sandbox: Option<&Sandbox>,
) -> Result<CloudflaredProgram, TunnelError> {
    let format = match program_file::check(&path) {
        Ok(format) => format,
        Err(why) => return Err(TunnelError::UnusableProgram { path, why }),
    };
    let version = match sandbox {
        Some(sandbox) => cloudflared::query_version(path.clone(), sandbox).await,
        None => None,
    };
    if let Some(version) = version.as_ref().filter(|v| FAULTY_VERSIONS.contains(&v.as_str())) {
        return Err(TunnelError::FaultyVersion { path, version: version.clone() });
    }
    match digest(path.clone(), Owner::Anyone).await {
        Ok(digest) => Ok(CloudflaredProgram { path, version, digest, source, format }),
        Err(why) => Err(TunnelError::UnusableProgram { path, why }),
    }
}

/// SHA-256 of a file, or why there is none. On a blocking thread: 40 MB take a tenth of a second.
async fn digest(path: PathBuf, owner: Owner) -> Result<String, String> {
    let hashing = tokio::task::spawn_blocking(move || {
        let mut file = paths::open_file(&path, owner, Access::Read, MAX_PROGRAM_BYTES)?;
        install::sha256_hex(&mut file)
    });
    let hashed = hashing.await.expect("hashing a file does not panic");
    hashed.map_err(|error| io_reason(&error))
}

/// The first executable on `path`. Relative entries are skipped: others may have put a file there.
fn find_on_path(path: Option<&OsStr>) -> Option<PathBuf> {
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
        assert_eq!(find_on_path(Some(&list(&[&dir]))), None, "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(find_on_path(Some(&list(&[Path::new("."), &dir]))), Some(file));
        assert_eq!(find_on_path(Some(&list(&[Path::new("."), Path::new("")]))), None);
        assert_eq!(find_on_path(None), None);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
