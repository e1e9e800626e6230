//! Other programs on the same host keep what they stored in the browser. A cookie belongs to a host with
//! all of its ports, and 127.0.0.1 is the host of every development server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::harness::{Fixture, Room};

/// Starts a program that sets a cookie at `/login`, and elsewhere shows the cookies that it gets. Ends
/// with the test.
fn other_program() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A connection that the browser opened ahead of a request ends without one.
            let _ = stream.and_then(respond);
        }
    });
    address
}

fn respond(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let cookies = head.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or("none");
    let login = head.starts_with("GET /login ");
    let set = if login { "Set-Cookie: session=kept; HttpOnly; Max-Age=3600\r\n" } else { "" };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{set}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{cookies}",
        cookies.len()
    )
}

#[tokio::test]
async fn the_end_of_a_session_signs_nobody_out_elsewhere() {
    let fixture = Fixture::start(&[]).await;
    let other = other_program();
    let page = fixture.browser.open_page(&format!("{other}/login")).await;
    page.execute("localStorage.setItem('draft', 'kept')", vec![]).await;
    page.goto(&other).await;
    assert_eq!(page.text("body").await, "session=kept");
    let ana = fixture.participant("Ana").await;
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    // Answered when the browser has cleared all that the response names.
    let bye = "fetch('/bye', { method: 'POST' }).then((response) => arguments[0](response.status))";
    let status = ana.activate().await.execute_async(bye, Vec::new()).await.unwrap();
    assert_eq!(status, json!(204));
    page.goto(&other).await;
    assert_eq!(page.text("body").await, "session=kept");
    assert_eq!(page.eval("localStorage.getItem('draft')").await, "kept");
}

/// Neither for the other ports of this host, nor for the other names under the tunnel provider's.
#[test]
fn no_response_has_a_header_that_outlives_it_or_reaches_further() {
    let room = Room::start(&[]);
    for line in ["GET /", "GET /health", "GET /nothing", "GET /ws", "POST /bye", "POST /poll"] {
        let mut stream = TcpStream::connect(("127.0.0.1", room.port())).unwrap();
        let host = format!("127.0.0.1:{}", room.port());
        write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let head = response.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
        assert!(head.contains("referrer-policy"), "{line}: {head}");
        for name in [
            "set-cookie",
            "strict-transport-security",
            "alt-svc",
            "nel",
            "report-to",
            "reporting-endpoints",
            "accept-ch",
            "service-worker-allowed",
            "public-key-pins",
            "refresh",
        ] {
            assert!(!head.contains(&format!("\r\n{name}:")), "{line}: {head}");
        }
        let clears = head.lines().find(|line| line.starts_with("clear-site-data:"));
        let expected = (line == "POST /bye").then_some("clear-site-data: \"cache\", \"storage\"");
        assert_eq!(clears, expected, "{line}");
    }
}
