//! What the room can do with the sockets that it has.

use std::io::ErrorKind;
use std::net::TcpListener;

use nix::libc;

use super::process::{CompromisedProcess, REFUSED, flag, socket_descriptor};
use crate::serve::server::Server;

/// A TCP or UDP address on this computer (`struct sockaddr_in`).
fn address(port: u16) -> [u8; 16] {
    let [high, low] = port.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&[2, 0, high, low, 127, 0, 0, 1]);
    bytes
}

/// The attack that once reached another service of the machine, both parts of it, and variations.
#[test]
#[ignore = "needs ptrace: tests/run"]
#[expect(clippy::too_many_lines, reason = "most of it is a table of calls")]
fn no_socket_of_the_room_can_be_turned_into_another_connection() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let server = Server::with(&["--require-confinement"], "{}");
    let ana = server.join("Ana");
    let (listener, connection) =
        (socket_descriptor(&server, "0A"), socket_descriptor(&server, "01"));
    let room = CompromisedProcess::stop(server.pid());
    let to = room.put(&address(service.local_addr().unwrap().port()));
    let wild = (flag(libc::MSG_FASTOPEN), flag(libc::MSG_NOSIGNAL));
    let mut tried = Vec::new();
    for socket in [listener, connection, 0, 2] {
        for (call, arguments) in [
            (libc::SYS_connect, [socket, to, 16, 0, 0, 0]),
            (libc::SYS_sendto, [socket, to, 1, wild.0, to, 16]),
            (libc::SYS_sendto, [socket, to, 1, wild.0, 0, 0]),
            (libc::SYS_sendto, [socket, to, 1, wild.1, to, 16]),
            (libc::SYS_sendto, [socket, to, 1, 0, to, 0]),
            // A pointer whose lower half is zero.
            (libc::SYS_sendto, [socket, to, 1, 0, 1 << 32, 16]),
            // Bits that the kernel ignores do not hide one that it uses.
            (libc::SYS_sendto, [socket, to, 1, (1 << 32) | wild.0, to, 16]),
            (libc::SYS_shutdown, [socket, flag(libc::SHUT_RD), 0, 0, 0, 0]),
            (libc::SYS_shutdown, [socket, flag(libc::SHUT_RDWR), 0, 0, 0, 0]),
            (libc::SYS_shutdown, [socket, (1 << 32) | flag(libc::SHUT_RD), 0, 0, 0, 0]),
            // Again: the refused calls before it have changed nothing.
            (libc::SYS_sendto, [socket, to, 1, wild.0, to, 16]),
            (libc::SYS_sendmsg, [socket, to, 0, 0, 0, 0]),
            (libc::SYS_sendmmsg, [socket, to, 1, 0, 0, 0]),
            (libc::SYS_listen, [socket, 1, 0, 0, 0, 0]),
            (libc::SYS_bind, [socket, to, 16, 0, 0, 0]),
            (libc::SYS_dup, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_dup2, [socket, 30, 0, 0, 0, 0]),
            (libc::SYS_dup3, [socket, 30, 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_DUPFD), 30, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_DUPFD_CLOEXEC), 30, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETFD), 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETFL), 0, 0, 0, 0]),
            (libc::SYS_fcntl, [socket, flag(libc::F_SETOWN), 1, 0, 0, 0]),
            (libc::SYS_ioctl, [socket, 0x5421, to, 0, 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_PEEK), 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_ERRQUEUE), 0, 0]),
            (libc::SYS_recvfrom, [socket, to, 1, flag(libc::MSG_DONTWAIT), to, to]),
            (libc::SYS_accept, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_accept4, [socket, 0, 0, 0, 0, 0]),
            (libc::SYS_accept4, [socket, 0, 0, flag(libc::SOCK_NONBLOCK), 0, 0]),
        ] {
            tried.push((call, arguments, room.call(call, arguments)));
        }
        let tcp = flag(libc::IPPROTO_TCP);
        let own = flag(libc::SOL_SOCKET);
        for (level, option) in [
            (tcp, libc::TCP_FASTOPEN_CONNECT),
            (tcp, libc::TCP_FASTOPEN),
            (tcp, libc::TCP_REPAIR),
            (tcp, libc::TCP_ULP),
            (tcp, libc::TCP_CONGESTION),
            (own, libc::SO_ATTACH_FILTER),
            (own, libc::SO_ATTACH_BPF),
            (own, libc::SO_BINDTODEVICE),
            (own, libc::SO_MARK),
            // The number of TCP_NODELAY, at another level.
            (0, libc::TCP_NODELAY),
        ] {
            let arguments = [socket, level, flag(option), to, 4, 0];
            tried.push((
                libc::SYS_setsockopt,
                arguments,
                room.call(libc::SYS_setsockopt, arguments),
            ));
        }
    }
    // Connections are accepted on the listener only.
    let right = flag(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
    let other = room.call(libc::SYS_accept4, [connection, 0, 0, right, 0, 0]);
    assert_eq!(other, REFUSED);
    assert_eq!(
        room.call(libc::SYS_accept4, [listener, 0, 0, right, 0, 0]),
        -i64::from(libc::EAGAIN)
    );
    // The writing side of a connection may be closed; a listener has none.
    let closed = room.call(libc::SYS_shutdown, [listener, flag(libc::SHUT_WR), 0, 0, 0, 0]);
    assert_eq!(closed, REFUSED);
    drop(room);
    let done: Vec<_> = tried.iter().filter(|(.., answer)| *answer != REFUSED).collect();
    assert!(done.is_empty(), "(call, arguments, answer): {done:?}");
    assert_eq!(service.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "no connection came");
    // The room still works.
    drop(ana);
    server.join("Bo").say("still here");
    server.stop();
}
