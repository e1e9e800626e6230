//! The addresses under which a listener can be reached, and by which computers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{self, sockopt::Ipv6V6Only};

/// Addresses of interfaces that are named at most. A computer with many networks of containers has
/// dozens, and the first are those of its own adapters.
const MAX_NETWORK_ADDRESSES: usize = 8;

/// Where a listener can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reachable {
    /// Addresses that other computers can open, one per interface and IP version.
    pub(crate) network: Vec<SocketAddr>,
    /// The address that only this computer can open; `None` if it listens on one interface alone.
    pub(crate) loopback: Option<SocketAddr>,
    pub(crate) by: ReachableBy,
}

/// Who can reach a listener. Its `Display` is a part of a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReachableBy {
    #[error("this link works only on this computer")]
    ThisComputer,
    #[error("every computer on the network can reach the room, unencrypted")]
    Network,
    /// It listens on all addresses, and no interface that is up has one.
    #[error("no network is up, so this link works only on this computer")]
    NoNetwork,
    /// It listens on all addresses, and the system refused to list them.
    #[error(
        "every computer on the network can reach the room, unencrypted; the addresses of this computer cannot be listed ({0}), so ask `ip address` for one"
    )]
    Unlisted(Errno),
    /// Such an address needs the name of an interface, which no browser takes (RFC 9844).
    #[error(
        "no browser opens a link-local address; choose another one with --listen, or 127.0.0.1:0"
    )]
    LinkLocal,
}

/// One address of an interface that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NetworkAddress {
    interface: String,
    ip: IpAddr,
    /// Whether a cable or a radio link is connected (`IFF_RUNNING`, netdevice(7)).
    has_carrier: bool,
}

impl Reachable {
    /// Where `listener` can be reached at this moment. For the unspecified address it asks the system
    /// for the addresses of the interfaces, with calls that the confinement of the room forbids.
    ///
    /// # Errors
    /// When the listener has no address.
    pub(crate) fn of(listener: &TcpListener) -> std::io::Result<Self> {
        let listen = canonical(listener.local_addr()?);
        if listen.ip().is_loopback() {
            return Ok(Self {
                network: vec![],
                loopback: Some(listen),
                by: ReachableBy::ThisComputer,
            });
        }
        if !listen.ip().is_unspecified() {
            let by = if is_link_local_v6(listen.ip()) {
                ReachableBy::LinkLocal
            } else {
                ReachableBy::Network
            };
            return Ok(Self { network: vec![listen], loopback: None, by });
        }
        // By default, a socket on [::] accepts IPv4 as well (ipv6(7)).
        let takes_v4 =
            listen.is_ipv4() || socket::getsockopt(listener, Ipv6V6Only).is_ok_and(|only| !only);
        let listed = getifaddrs().map(|all| all.filter_map(network_address).collect::<Vec<_>>());
        Ok(Self::everywhere(listen, takes_v4, listed))
    }

    /// The same for the unspecified address `listen`.
    fn everywhere(
        listen: SocketAddr,
        takes_v4: bool,
        listed: Result<Vec<NetworkAddress>, Errno>,
    ) -> Self {
        let at_port = |ip| SocketAddr::new(ip, listen.port());
        let loopback =
            if takes_v4 { Ipv4Addr::LOCALHOST.into() } else { IpAddr::from(Ipv6Addr::LOCALHOST) };
        let accepts = |ip: IpAddr| if ip.is_ipv4() { takes_v4 } else { listen.is_ipv6() };
        let (network, by) = match listed {
            Ok(listed) => {
                let ips =
                    choose(listed.into_iter().filter(|address| accepts(address.ip)).collect());
                let by = if ips.is_empty() { ReachableBy::NoNetwork } else { ReachableBy::Network };
                (ips.into_iter().map(at_port).collect(), by)
            }
            Err(errno) => (vec![], ReachableBy::Unlisted(errno)),
        };
        Self { network, loopback: Some(at_port(loopback)), by }
    }
}

/// The addresses to name: one per interface and IP version, in the order of the system. Those without a
/// carrier, and those that a computer gives itself where no router does (RFC 3927), are named only if
/// there are no others.
fn choose(addresses: Vec<NetworkAddress>) -> Vec<IpAddr> {
    let is_usual = |address: &NetworkAddress| {
        address.has_carrier && !matches!(address.ip, IpAddr::V4(v4) if v4.is_link_local())
    };
    let any_usual = addresses.iter().any(is_usual);
    let mut chosen: Vec<NetworkAddress> = Vec::new();
    for address in addresses {
        let is_known = chosen.iter().any(|other| {
            other.interface == address.interface && other.ip.is_ipv4() == address.ip.is_ipv4()
                || other.ip == address.ip
        });
        if !is_known && (is_usual(&address) || !any_usual) {
            chosen.push(address);
        }
    }
    chosen.truncate(MAX_NETWORK_ADDRESSES);
    chosen.into_iter().map(|address| address.ip).collect()
}

/// The address of an interface that is up, if a browser of another computer could open it.
fn network_address(listed: InterfaceAddress) -> Option<NetworkAddress> {
    let address = listed.address.as_ref()?;
    let v4 = || address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    let ip = v4().or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))?;
    let is_up = listed.flags.contains(InterfaceFlags::IFF_UP);
    let is_unusable =
        ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || is_link_local_v6(ip);
    // The second address of an interface may have a label, such as `eth0:1` (ip-address(8)).
    let name = listed.interface_name.split(':').next().unwrap_or_default();
    (is_up && !is_unusable).then(|| NetworkAddress {
        interface: name.to_owned(),
        ip,
        has_carrier: listed.flags.contains(InterfaceFlags::IFF_RUNNING),
    })
}

/// An IPv4 address that was written as an IPv6 one, as the IPv4 address that it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        // With its zone.
        IpAddr::V6(_) => address,
    }
}

fn is_link_local_v6(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(interface: &str, ip: &str, has_carrier: bool) -> NetworkAddress {
        NetworkAddress { interface: interface.to_owned(), ip: ip.parse().unwrap(), has_carrier }
    }

    fn chosen(addresses: &[(&str, &str, bool)]) -> Vec<String> {
        let addresses =
            addresses.iter().map(|(interface, ip, carrier)| address(interface, ip, *carrier));
        choose(addresses.collect()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_address_per_interface_and_version_is_chosen() {
        let all = [
            ("eth0", "192.0.2.5", true),
            ("eth0", "192.0.2.6", true),
            ("docker0", "172.17.0.1", false),
            ("wlan0", "169.254.3.4", true),
            ("eth0", "2001:db8::5", true),
            ("eth0", "2001:db8::6", true),
            ("br0", "192.0.2.5", true),
        ];
        assert_eq!(chosen(&all), ["192.0.2.5", "2001:db8::5"]);
        assert_eq!(chosen(&all[2..4]), ["172.17.0.1", "169.254.3.4"]);
        assert!(chosen(&[]).is_empty());
    }

    #[test]
    fn a_socket_for_all_addresses_is_reached_by_what_it_accepts() {
        let listed =
            || Ok(vec![address("a", "192.0.2.5", true), address("a", "2001:db8::5", true)]);
        let reach = |listen: &str, takes_v4| {
            let reachable = Reachable::everywhere(listen.parse().unwrap(), takes_v4, listed());
            let text = |address: &SocketAddr| address.to_string();
            let network: Vec<String> = reachable.network.iter().map(text).collect();
            (network.join(" "), reachable.loopback.map(|address| text(&address)).unwrap())
        };
        assert_eq!(reach("0.0.0.0:80", true), ("192.0.2.5:80".into(), "127.0.0.1:80".into()));
        assert_eq!(
            reach("[::]:80", true),
            ("192.0.2.5:80 [2001:db8::5]:80".into(), "127.0.0.1:80".into())
        );
        assert_eq!(reach("[::]:80", false), ("[2001:db8::5]:80".into(), "[::1]:80".into()));
    }

    #[test]
    fn without_a_list_of_interfaces_the_room_is_still_said_to_be_open() {
        let listen = "0.0.0.0:80".parse().unwrap();
        let refused = Reachable::everywhere(listen, true, Err(Errno::EPERM));
        assert!(refused.by.to_string().contains("every computer on the network"));
        assert_eq!(Reachable::everywhere(listen, true, Ok(vec![])).by, ReachableBy::NoNetwork);
    }

    #[test]
    fn one_address_needs_no_list() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let reachable = Reachable::of(&listener).unwrap();
        assert_eq!(reachable.loopback, listener.local_addr().ok());
        assert_eq!((reachable.network, reachable.by), (vec![], ReachableBy::ThisComputer));
        assert_eq!(
            canonical("[::ffff:127.0.0.1]:9".parse().unwrap()),
            "127.0.0.1:9".parse().unwrap()
        );
    }
}
