//! The release of cloudflared that this build trusts: version, size and SHA-256 for each processor.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Compiled in, so that the digests are as hard to change as the program itself.
const PINNED_RELEASE: &str = include_str!("../../../../assets/cloudflared.json");
const DEFAULT_DOWNLOAD_BASE: &str = "https://github.com/cloudflare/cloudflared/releases/download";

/// One file of the pinned release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tunnel) struct Pin {
    /// Such as `2026.9.3`; part of the URL and of the file name.
    pub(in crate::tunnel) version: String,
    /// As in the file names of the release, such as `amd64`.
    pub(super) arch: String,
    /// Of the file, in lower-case hex.
    pub(in crate::tunnel) sha256: String,
    /// Size of the file; `None` if the pinned release does not give it.
    pub(in crate::tunnel) bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    version: String,
    linux: BTreeMap<String, Asset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    sha256: String,
    bytes: Option<u64>,
}

impl Pin {
    /// The file for the processor that this program was built for.
    ///
    /// # Errors
    /// The name of the processor, when the release has no file for it.
    pub(in crate::tunnel) fn for_this_processor() -> Result<Self, String> {
        let arch = std::env::consts::ARCH;
        Self::for_arch(arch).ok_or_else(|| arch.to_owned())
    }

    fn for_arch(arch: &str) -> Option<Self> {
        // Rust's names on the left, those of the release on the right.
        let arch = match arch {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "arm" => "arm",
            "x86" => "386",
            _ => return None,
        };
        let release = release();
        let asset = release.linux.get(arch)?;
        Some(Self {
            version: release.version.clone(),
            arch: arch.to_owned(),
            sha256: asset.sha256.clone(),
            bytes: asset.bytes,
        })
    }

    /// The URL of the file below `download_base`, or below the releases on GitHub.
    pub(in crate::tunnel) fn url(&self, download_base: Option<&str>) -> String {
        let base = download_base.unwrap_or(DEFAULT_DOWNLOAD_BASE);
        format!("{base}/{}/cloudflared-linux-{}", self.version, self.arch)
    }

    /// The file name of the managed copy. It has the version, so that two releases do not collide.
    pub(in crate::tunnel) fn file_name(&self) -> String {
        format!("cloudflared-{}", self.version)
    }
}

fn release() -> Release {
    serde_json::from_str(PINNED_RELEASE).expect("assets/cloudflared.json is checked by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-36: the digest and the size are known before a download.
    #[test]
    fn every_linux_processor_has_a_digest_and_a_size() {
        assert_eq!(release().version, "2026.9.3");
        assert_eq!(release().linux.len(), 4);
        for arch in ["x86_64", "aarch64", "arm", "x86"] {
            let pin = Pin::for_arch(arch).unwrap();
            assert_eq!(pin.sha256.len(), 64);
            assert!(pin.sha256.bytes().all(|b| b"0123456789abcdef".contains(&b)));
            // Every one of them is between 36 and 41 MB.
            assert!((36_000_000..41_000_000).contains(&pin.bytes.unwrap()));
        }
        assert_eq!(Pin::for_arch("riscv64"), None);
    }

    #[test]
    fn the_url_is_base_version_and_processor() {
        let pin = Pin::for_arch("x86_64").unwrap();
        assert_eq!(
            pin.url(Some("http://127.0.0.1:1/m")),
            "http://127.0.0.1:1/m/2026.9.3/cloudflared-linux-amd64"
        );
        assert!(pin.url(None).starts_with("https://github.com/cloudflare/cloudflared/"));
    }
}
