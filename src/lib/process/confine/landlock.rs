//! Landlock (landlock(7)): files by where they are, ports, and the sockets and processes of others.
//! Every right is asked for that our library knows; what the kernel does not know of it, it leaves
//! out, and the filters for system calls do not.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, RestrictionStatus,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};

use super::MissingLayer;

/// The newest version that our library knows; on older kernels it asks for less by itself.
const LANDLOCK_ABI: ABI = ABI::V10;

/// What programs are loaded from, and so may read and run: no folder of a user is among them.
const PROGRAMS: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/snap"];

/// What a program reads of the system to find machines and trust them.
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

/// Ports on which cloudflared reaches its edge (443 the API, 7844 the tunnel), and names (53, and 853
/// where the network's own resolver does not know the edge).
const EDGE: [u16; 4] = [443, 7844, 53, 853];
/// The discard port: Go connects a UDP socket to it, and sends nothing, to learn the address from
/// which it would reach another.
const ROUTES: u16 = 9;

/// Closes every file, port and foreign socket to this thread and those that it will start. What is
/// open stays open.
pub(crate) fn restrict_files() -> Option<MissingLayer> {
    let closed = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK_ABI)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.restrict_self());
    missing(closed)
}

/// From here on, this thread and those that it will start read what they could read, and write
/// nothing but what is in `folder`, which they may remove when it is empty.
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

/// What a cloudflared may see.
#[derive(Debug)]
pub(crate) struct CloudflaredPolicy {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its home, and certificates of this network.
    pub(crate) read: Vec<PathBuf>,
    /// Where the room listens; `None` if it has nobody to connect to.
    pub(crate) origin: Option<u16>,
}

/// Closes everything to this thread and to what it becomes that cloudflared was not seen to need:
/// it reads programs, certificates and the settings of the network, and no file of a user; it
/// writes to nothing but `/dev/null`; it connects by TCP to its edge and to the room, and by UDP to
/// the same ports, which only kernels since 7.2 can hold it to: on older ones it sends UDP anywhere,
/// because no filter for system calls sees an address. It may take any UDP port for itself.
pub(crate) fn restrict_cloudflared(policy: &CloudflaredPolicy) -> Option<MissingLayer> {
    let read = AccessFs::from_read(LANDLOCK_ABI);
    let data = AccessFs::ReadFile | AccessFs::ReadDir;
    let net = AccessNet::BindTcp | AccessNet::ConnectTcp | AccessNet::ConnectSendUdp;
    let rule =
        |port, access: BitFlags<AccessNet>| Ok::<_, RulesetError>(NetPort::new(port, access));
    let edge = EDGE.map(|port| rule(port, AccessNet::ConnectTcp | AccessNet::ConnectSendUdp));
    let origin = policy.origin.map(|port| rule(port, AccessNet::ConnectTcp.into()));
    let routes = rule(ROUTES, AccessNet::ConnectSendUdp.into());
    let ports = edge.into_iter().chain(origin).chain([routes]);
    let caged = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK_ABI))
        .and_then(|rules| rules.handle_access(net))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK_ABI)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(PROGRAMS, read)))
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
    let ports = caged.as_ref().ok().and_then(|status| unruled_ports(status.landlock));
    missing(caged).or(ports)
}

fn missing(restricted: Result<RestrictionStatus, RulesetError>) -> Option<MissingLayer> {
    let why = match restricted {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => return None,
        Ok(status) => match status.landlock {
            LandlockStatus::NotEnabled => "switched off in this kernel".to_owned(),
            LandlockStatus::NotImplemented => "not in this kernel".to_owned(),
            LandlockStatus::Available { .. } => "the kernel enforces nothing of it".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Some(MissingLayer::Landlock { why })
}

/// Whether rules for ports were left out, because the kernel has Landlock and not those.
fn unruled_ports(landlock: LandlockStatus) -> Option<MissingLayer> {
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

    /// Kernels of each age are not at hand; what they answer is.
    #[test]
    fn a_kernel_that_knows_files_and_no_ports_is_said_to() {
        for (abi, ports) in [
            (ABI::V1, Some(MissingLayer::Ports)),
            (ABI::V3, Some(MissingLayer::Ports)),
            (ABI::V4, None),
            (ABI::V10, None),
        ] {
            let status = LandlockStatus::Available { effective_abi: abi, kernel_abi: None };
            assert_eq!(unruled_ports(status), ports, "{abi:?}");
        }
        // Without any, that is what is said.
        assert_eq!(unruled_ports(LandlockStatus::NotImplemented), None);
    }
}
