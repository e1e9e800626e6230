//! The room behind a stand-in for the tunnel provider, which holds responses to GET back until they are
//! complete, passes POST and WebSockets through, and adds headers that identify visitors.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::client::{Client, bodies};
use super::http::{Connection, Poller, say};
use super::server::Server;

const HOST: &str = "some-words.trycloudflare.com";
const ORIGIN: &str = "https://some-words.trycloudflare.com";

/// Headers that the provider adds, with addresses for documentation (RFC 5737, RFC 3849).
const ADDED: &str = "Cf-Connecting-Ip: 203.0.113.77\r\nCf-Connecting-Ipv6: 2001:db8::77\r\n\
    X-Forwarded-For: 203.0.113.77, 198.51.100.7\r\nX-Real-Ip: 203.0.113.77\r\n\
    Forwarded: for=203.0.113.77\r\nTrue-Client-Ip: 203.0.113.77\r\nCf-Ray: ray-203.0.113.77\r\n\
    Cf-Ipcountry: T1\r\nUser-Agent: agent-203.0.113.77\r\nX-Forwarded-Proto: https\r\n";

/// Starts the stand-in, which ends with the test's process.
fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || forward(stream.unwrap(), to));
        }
    });
    address
}

fn forward(visitor: TcpStream, to: SocketAddr) {
    let mut reader = BufReader::new(visitor.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let head = head.trim_end_matches("\r\n");
    let mut server = TcpStream::connect(to).unwrap();
    let socket = head.to_lowercase().contains("upgrade: websocket");
    // It forwards one request per connection, so the end of a connection is the end of a response.
    let close = if socket { "" } else { "Connection: close\r\n" };
    write!(server, "{head}\r\n{ADDED}{close}\r\n").unwrap();
    let (mut up, mut down) = (server.try_clone().unwrap(), visitor.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut reader, &mut up));
    if head.starts_with("GET") && !socket {
        let mut held = Vec::new();
        let _ = server.read_to_end(&mut held);
        let _ = down.write_all(&held);
    } else {
        let _ = std::io::copy(&mut server, &mut down);
    }
    let _ = visitor.shutdown(std::net::Shutdown::Both);
}

/// V-16: messages arrive at once in both directions. The median of five rounds counts, so that a
/// machine that is busy for a moment fails nothing.
#[test]
fn polls_are_live_through_a_proxy_that_holds_get_back() {
    let server = Server::start();
    let at = proxy(server.address());
    let mut ana = Poller::join_at(&server, at, HOST, ORIGIN, "Ana");
    let mut bo = Poller::join_at(&server, at, HOST, ORIGIN, "Bo");
    ana.poll(&[]);
    let mut times: Vec<Duration> = (0..5)
        .map(|round| {
            let start = Instant::now();
            let (there, back) = (format!("there {round}"), format!("back {round}"));
            let held = bo.start(&[]);
            ana.poll(&[say(&there, &there)]);
            assert_eq!(bodies(&bo.finish(held)), [there.as_str()]);
            let held = ana.start(&[]);
            bo.poll(&[say(&back, &back)]);
            assert_eq!(bodies(&ana.finish(held)), [back.as_str()]);
            start.elapsed()
        })
        .collect();
    times.sort();
    // Held back by the proxy, each would have taken the 25 s for which a poll is held.
    assert!(times[2] < Duration::from_secs(10), "{times:?}");
}

#[test]
fn the_page_and_sockets_work_under_the_public_name() {
    let server = Server::start();
    let at = proxy(server.address());
    let mut connection = Connection::to(at);
    connection.send(format!("GET /t/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes());
    let page = connection.response();
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with(&format!("connect-src 'self' wss://{HOST}")));
    let mut ana = Client::open(at, HOST, ORIGIN);
    ana.send_line(&server.join_line("Ana"));
    ana.wait("welcome");
    let mut bo = Poller::join_at(&server, at, HOST, ORIGIN, "Bo");
    let held = bo.start(&[]);
    ana.say("hello");
    assert_eq!(bodies(&bo.finish(held)), ["hello"]);
}

/// V-33: no message, no event and no response contains a header by which the provider identifies a
/// visitor.
#[test]
fn addresses_of_visitors_never_show_up() {
    let server = Server::start();
    let at = proxy(server.address());
    let mut ana = Client::open(at, HOST, ORIGIN);
    ana.send_line(&server.join_line("Ana"));
    let welcome = ana.wait("welcome");
    let bo = Poller::join_at(&server, at, HOST, ORIGIN, "Bo");
    let joined = ana.wait("joined");
    let mut output = format!("{welcome}{joined}{}", bo.welcome);
    for request in ["GET /", "GET /nothing", "GET /health", "POST /bye", "PUT /poll"] {
        let mut connection = Connection::to(at);
        let length = "Content-Length: 0\r\n";
        connection.send(
            format!("{request} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: {ORIGIN}\r\n{length}\r\n")
                .as_bytes(),
        );
        output.push_str(&format!("{:?}", connection.response()));
    }
    let mut connection = Connection::to(at);
    connection.send(b"GET / HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n");
    let refused = connection.response();
    assert_eq!(refused.status, 421);
    let ended = server.stop();
    output.push_str(&format!("{refused:?}{ended:?}"));
    for part in ["203.0.113", "198.51.100", "2001:db8", "T1\""] {
        assert!(!output.contains(part), "{part}: {output}");
    }
}
