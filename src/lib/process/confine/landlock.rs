//! Landlock rules (landlock(7)): files by path, ports, other processes' sockets and signals. An older
//! kernel enforces the rights that it knows; the seccomp filters do not depend on that.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, RestrictionStatus,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};

use super::layers::MissingLayer;

/// The newest version that the library knows; on older kernels it restricts fewer rights.
const LANDLOCK_ABI: ABI = ABI::V10;

/// Readable and executable: where programs and libraries are installed. No folder of a user.
const PROGRAM_DIRS: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/snap"];

/// Readable: settings of the network and trusted certificates.
const SETTINGS: [&str; 17] = [
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/proc/self",
    "/run/systemd/resolve",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
];

/// Ports of the edge (443 the API, 7844 the tunnel) and of DNS (53, and 853 where the network's own
/// resolver does not know the edge).
const EDGE_PORTS: [u16; 4] = [443, 7844, 53, 853];
/// The discard port. Go connects a UDP socket to it, sending nothing, to learn its own address.
const ROUTE_PROBE_PORT: u16 = 9;

/// Denies every file, port and foreign socket to this thread and the threads that it will start. Open
/// descriptors stay open.
pub(crate) fn restrict_files() -> Option<MissingLayer> {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK_ABI)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.restrict_self());
    missing(restricted)
}

/// From here on, this thread and the threads that it will start write only inside `folder`, which they
/// may remove when it is empty. What they may read stays as it is.
pub(crate) fn restrict_writes(folder: &Path) -> Option<MissingLayer> {
    let all = AccessFs::from_all(LANDLOCK_ABI);
    let restricted = Ruleset::default()
        .handle_access(all)
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| {
            rules.add_rules(path_beneath_rules(["/"], AccessFs::from_read(LANDLOCK_ABI)))
        })
        .and_then(|rules| rules.add_rules(path_beneath_rules(["/dev/null"], all)))
        .and_then(|rules| rules.add_rules(path_beneath_rules([folder], all)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(folder.parent(), AccessFs::RemoveDir)))
        .and_then(|rules| rules.restrict_self());
    missing(restricted)
}

/// What cloudflared may access beyond what every program may.
#[derive(Debug)]
pub(crate) struct CloudflaredPolicy {
    /// Its executable.
    pub(crate) program: PathBuf,
    /// Its home, and certificates of this network.
    pub(crate) read: Vec<PathBuf>,
    /// The room's port; `None` if it connects to no room.
    pub(crate) origin: Option<u16>,
}

/// Denies everything that cloudflared was not seen to need, to this thread and to the program that it
/// execs. Left are: reading programs, certificates and network settings, no file of a user; writing to
/// `/dev/null`; connecting by TCP to the edge and the room, and by UDP to the edge's ports.
///
/// Only kernels since 7.2 restrict UDP. On older ones it may send UDP to any address, because seccomp
/// cannot see one. It may bind any UDP port.
pub(crate) fn restrict_cloudflared(policy: &CloudflaredPolicy) -> Option<MissingLayer> {
    let read = AccessFs::from_read(LANDLOCK_ABI);
    let data = AccessFs::ReadFile | AccessFs::ReadDir;
    let net = AccessNet::BindTcp | AccessNet::ConnectTcp | AccessNet::ConnectSendUdp;
    let rule =
        |port, access: BitFlags<AccessNet>| Ok::<_, RulesetError>(NetPort::new(port, access));
    let edge = EDGE_PORTS.map(|port| rule(port, AccessNet::ConnectTcp | AccessNet::ConnectSendUdp));
    let origin = policy.origin.map(|port| rule(port, AccessNet::ConnectTcp.into()));
    let routes = rule(ROUTE_PROBE_PORT, AccessNet::ConnectSendUdp.into());
    let ports = edge.into_iter().chain(origin).chain([routes]);
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(net))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(PROGRAM_DIRS, read)))
        .and_then(|rules| rules.add_rules(path_beneath_rules([&policy.program], read)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(SETTINGS, data)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(&policy.read, data)))
        .and_then(|rules| {
            let null = AccessFs::ReadFile | AccessFs::WriteFile;
            rules.add_rules(path_beneath_rules(["/dev/null"], null))
        })
        // Its metrics port, which the kernel chooses.
        .and_then(|rules| rules.add_rule(NetPort::new(0, AccessNet::BindTcp)))
        .and_then(|rules| rules.add_rules(ports))
        .and_then(|rules| rules.restrict_self());
    let ports = restricted.as_ref().ok().and_then(|status| missing_port_rules(status.landlock));
    missing(restricted).or(ports)
}

fn missing(restricted: Result<RestrictionStatus, RulesetError>) -> Option<MissingLayer> {
    let why = match restricted {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => return None,
        Ok(status) => match status.landlock {
            LandlockStatus::NotEnabled => "switched off in this kernel".to_owned(),
            LandlockStatus::NotImplemented => {
                "not in this kernel, or its container refuses it".to_owned()
            }
            LandlockStatus::Available { .. } => "the kernel enforces nothing of it".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Some(MissingLayer::Landlock { why })
}

/// Reports a kernel whose Landlock has no rules for ports.
fn missing_port_rules(landlock: LandlockStatus) -> Option<MissingLayer> {
    match landlock {
        LandlockStatus::Available { effective_abi, .. } if effective_abi < ABI::V4 => {
            Some(MissingLayer::Ports)
        }
        LandlockStatus::Available { .. }
        | LandlockStatus::NotEnabled
        | LandlockStatus::NotImplemented => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the versions that such kernels report.
    #[test]
    fn a_kernel_with_rules_for_files_only_is_reported() {
        for (abi, ports) in [
            (ABI::V1, Some(MissingLayer::Ports)),
            (ABI::V3, Some(MissingLayer::Ports)),
            (ABI::V4, None),
            (ABI::V10, None),
        ] {
            let status = LandlockStatus::Available { effective_abi: abi, kernel_abi: None };
            assert_eq!(missing_port_rules(status), ports, "{abi:?}");
        }
        // Without Landlock, `missing` reports that instead.
        assert_eq!(missing_port_rules(LandlockStatus::NotImplemented), None);
    }
}
