//! The release of cloudflared that this build trusts: version, size and SHA-256 for each processor.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Compiled in, so that nobody can exchange it beside the program.
const PINNED: &str = include_str!("../../../assets/cloudflared.json");
/// Where the maker keeps its releases.
const BASE: &str = "https://github.com/cloudflare/cloudflared/releases/download";

/// One file of the pinned release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// Such as `2026.9.3`.
    pub(super) version: String,
    /// The maker's name for the processor.
    pub(super) arch: String,
    /// SHA-256 of the file, in hex.
    pub(super) sha256: String,
    /// Its length; `None` where it is not known.
    pub(super) bytes: Option<u64>,
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
    /// The file for the processor this program was built for; its name when there is none.
    pub(super) fn here() -> Result<Self, String> {
        let arch = std::env::consts::ARCH;
        Self::of(arch).ok_or_else(|| arch.to_owned())
    }

    fn of(arch: &str) -> Option<Self> {
        // Rust's words on the left, the maker's on the right.
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

    /// The whole address of the file, below `base` or the maker's own place.
    pub(super) fn address(&self, base: Option<&str>) -> String {
        let base = base.unwrap_or(BASE);
        format!("{base}/{}/cloudflared-linux-{}", self.version, self.arch)
    }

    /// The name of the managed copy.
    pub(super) fn file_name(&self) -> String {
        format!("cloudflared-{}", self.version)
    }
}

fn release() -> Release {
    serde_json::from_str(PINNED).expect("assets/cloudflared.json is checked by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-36.
    #[test]
    fn every_linux_processor_has_a_whole_digest_and_a_size() {
        assert_eq!(release().version, "2026.9.3");
        assert_eq!(release().linux.len(), 4);
        for arch in ["x86_64", "aarch64", "arm", "x86"] {
            let pin = Pin::of(arch).unwrap();
            assert_eq!(pin.sha256.len(), 64);
            assert!(pin.sha256.bytes().all(|b| b"0123456789abcdef".contains(&b)));
            // Every one of them is between 36 and 41 MB.
            assert!((36_000_000..41_000_000).contains(&pin.bytes.unwrap()));
        }
        assert_eq!(Pin::of("riscv64"), None);
    }

    #[test]
    fn the_address_is_base_version_and_processor() {
        let pin = Pin::of("x86_64").unwrap();
        assert_eq!(
            pin.address(Some("http://127.0.0.1:1/m")),
            "http://127.0.0.1:1/m/2026.9.3/cloudflared-linux-amd64"
        );
        assert!(pin.address(None).starts_with("https://github.com/cloudflare/cloudflared/"));
    }
}
