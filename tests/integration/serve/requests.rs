//! Requests as clients really send them: what RFC 9110 and 9112 have a server pass over, answer, or
//! refuse by name. Each row is one request to a room.

use super::http::Response;
use super::server::Server;

#[test]
fn headers_about_other_forms_of_the_page_are_passed_over() {
    let server = Server::start();
    let page = server.request("GET /", "").body;
    for header in [
        "Accept: image/png",
        "Accept-Encoding: identity;q=0, *;q=0",
        "Accept-Charset: utf-16",
        "Range: bytes=0-1",
        "If-None-Match: \"x\"",
        "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT",
        "Cookie: a=b; c",
        "TE: trailers, deflate",
        "Origin: null",
        "Origin: http://evil.test",
        "Connection: keep-alive",
        "Connection: close, foo",
        "Via: 1.1 x",
        "Max-Forwards: 0",
        "X-HTTP-Method-Override: POST",
        "X-Forwarded-Host: evil.test",
        "Authorization: Basic eDp5",
        "Expect: 100-continue",
        "Content-Length: 0",
        "X: \u{e4}",
    ] {
        let response = server.request("GET /", &format!("{header}\r\n"));
        assert_eq!(response.status, 200, "{header}");
        assert!(response.body == page, "{header}");
        // RFC 9110, section 6.6.1.
        assert!(response.header("date").ends_with(" GMT"), "{header}");
    }
    let with_body = server.request_raw(&format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nContent-Length: 5\r\n\r\nhello",
        server.host
    ));
    assert!(with_body.body == page);
}

/// RFC 9110, section 9.3.2: the headers of HEAD are those of GET. Section 8.6: a 204 has no length.
#[test]
fn head_is_answered_as_get_without_the_body() {
    let server = Server::start();
    for path in ["/", "/t/x", "/health", "/nothing", "/ws", "/poll"] {
        let get = server.request(&format!("GET {path}"), "");
        let mut connection = server.connect();
        connection
            .send(format!("HEAD {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.host).as_bytes());
        let head = connection.head();
        assert_eq!(connection.rest(), b"", "{path}");
        let without_date = |response: &Response| {
            let mut headers = response.headers.clone();
            headers.retain(|(name, _)| name != "date");
            (response.status, headers)
        };
        assert_eq!(without_date(&head), without_date(&get), "{path}");
        assert_eq!(get.has("content-length"), get.status != 204, "{path}");
    }
}

/// RFC 9110, sections 9.1, 9.3.7, 15.5.6 and 15.6.2.
#[test]
fn other_methods_are_answered_by_what_they_are() {
    let server = Server::start();
    let allowed = [("/", "GET,HEAD"), ("/t/x", "GET,HEAD"), ("/ws", "GET,HEAD"), ("/poll", "POST")];
    for (path, allow) in allowed {
        for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
            let response = server.request(&format!("{method} {path}"), "");
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(response.header("allow"), allow, "{method} {path}");
            assert!(!response.body.contains(&server.host), "an echo of the request");
        }
        let options = server.request(&format!("OPTIONS {path}"), "");
        assert_eq!((options.status, options.header("allow")), (204, allow), "{path}");
        for method in ["BREW", "get", "PROPFIND", "GETX", "PRI"] {
            let response = server.request(&format!("{method} {path}"), "");
            assert_eq!(response.status, 501, "{method} {path}");
        }
    }
    let any = server.request("OPTIONS *", "");
    assert_eq!((any.status, any.header("allow")), (204, "GET,HEAD,POST"));
    assert_eq!(server.request("OPTIONS /nothing", "").status, 404);
    assert_eq!(server.request("GET *", "").status, 404);
    // This server is no proxy.
    for target in ["evil.test:443", &server.host] {
        assert_eq!(server.request(&format!("CONNECT {target}"), "").status, 501, "{target}");
    }
    // A preflight of another site learns nothing that would let it go on.
    let preflight = server.request(
        "OPTIONS /poll",
        "Origin: http://evil.test\r\nAccess-Control-Request-Method: POST\r\n",
    );
    assert_eq!(preflight.status, 403);
    assert!(!preflight.has("access-control-allow-origin"));
}

/// RFC 9110, section 10.1.1.
#[test]
fn an_expectation_is_answered() {
    let server = Server::start();
    let host = &server.host;
    for (name, expect) in [("Ana", "100-continue"), ("Bo", "100-Continue")] {
        let mut connection = server.connect();
        let body = server.join_line(name).to_string();
        let length = body.len();
        connection.send(
            format!(
                "POST /poll HTTP/1.1\r\nHost: {host}\r\nExpect: {expect}\r\n\
                 Content-Length: {length}\r\n\r\n"
            )
            .as_bytes(),
        );
        assert_eq!(connection.head().status, 100, "{expect}");
        connection.send(body.as_bytes());
        assert_eq!(connection.response().events()[0]["t"], "welcome");
    }
    // Refused before the body is sent, so that the client need not send it.
    for (status, headers) in [
        (413, "Expect: 100-continue\r\nContent-Length: 20000\r\n"),
        (403, "Expect: 100-continue\r\nContent-Length: 5\r\nOrigin: http://evil.test\r\n"),
        (417, "Expect: the-unexpected\r\nContent-Length: 5\r\n"),
        (417, "Expect: 100-continue, x\r\nContent-Length: 5\r\n"),
        (417, "Expect: 100-continue\r\nExpect: x\r\nContent-Length: 5\r\n"),
    ] {
        let response = server.request("POST /poll", headers);
        assert_eq!(response.status, status, "{headers}");
        assert!(!response.body.is_empty(), "{headers}");
    }
}

/// RFC 9112, sections 2.2, 3, 5 and 6: framing that two servers could read differently is refused.
#[test]
fn ambiguous_requests_are_refused() {
    let server = Server::start();
    let head = format!("HTTP/1.1\r\nHost: {}\r\n", server.host);
    let post = |headers: &str, body: &str| format!("POST /poll {head}{headers}\r\n{body}");
    let get = |headers: &str| format!("GET /health {head}{headers}\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (status, request) in [
        (204, get("")),
        (204, format!("\r\n{}", get(""))),
        (204, get("").replace("\r\n", "\n")),
        (400, get("X: a\r\n b\r\n")),
        (400, get("X : a\r\n")),
        (400, get("X: a\rb\r\n")),
        (400, get("X: a\u{1}b\r\n")),
        (400, get("X\r\n")),
        (400, get("").replace("/health ", "/health  ")),
        (400, get("").replace("HTTP/1.1\r\n", "HTTP/1.1\r\n X: a\r\n")),
        (400, get("").replace("HTTP/1.1", "HTTP/3.0")),
        (400, "GET /health\r\n\r\n".to_owned()),
        (400, post("Content-Length: 5\r\nContent-Length: 6\r\n", "xxxxxx")),
        (400, post("Content-Length: 5, 6\r\n", "xxxxxx")),
        (400, post("Content-Length: +5\r\n", "xxxxx")),
        (400, post("Content-Length: -5\r\n", "xxxxx")),
        (400, post("Content-Length: 99999999999999999999\r\n", "xxxxx")),
        (400, post(chunked, "zz\r\nx\r\n0\r\n\r\n")),
        (400, post(chunked, "ffffffffffffffffff\r\nx\r\n0\r\n\r\n")),
        (400, post(chunked, "1\r\nxx\r\n0\r\n\r\n")),
        (400, post("Transfer-Encoding: gzip\r\n", "x")),
        (400, post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")),
        (501, post("Transfer-Encoding: gzip, chunked\r\n", "1\r\nx\r\n0\r\n\r\n")),
        (501, post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        (413, post(chunked, &format!("5000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x5000)))),
    ] {
        let response = server.request_raw(&request);
        assert_eq!(response.status, status, "{request:?} {response:?}");
    }
    // With both lengths the body is read by its chunks, and what follows is not a request: one
    // connection carries one request.
    let body = server.join_line("Ana").to_string();
    let both = post(
        &format!("{chunked}Content-Length: 4\r\n"),
        &format!("{:x};ext=1\r\n{body}\r\n0\r\nTrailer: x\r\n\r\n{}", body.len(), get("")),
    );
    let mut connection = server.connect();
    connection.send(both.as_bytes());
    let response = connection.response();
    assert_eq!(response.events()[0]["t"], "welcome");
    assert_eq!(response.header("connection"), "close");
    assert_eq!(connection.rest(), b"");
    // A client that speaks HTTP/2 at once sees a closed connection, not an answer that it cannot read.
    let mut connection = server.connect();
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(!connection.rest().starts_with(b"HTTP/1.1 200"));
}

/// RFC 9110, section 4.2.3: unreserved characters are the same encoded; all else is another path.
#[test]
fn paths_are_compared_by_their_normal_form() {
    let server = Server::start();
    for (status, line) in [
        (204, "GET /%68ealth"),
        (204, "GET /h%65%61lth?x=%20"),
        (204, "GET /health?x=1"),
        (204, "GET /health?"),
        (204, "GET /health#f"),
        (200, "GET /%74/x"),
        (426, "GET /%77s"),
        (200, "GET /?x=y#z"),
        (405, "GET /%70oll?after=1"),
        (404, "GET /health/"),
        (404, "GET //health"),
        (404, "GET /health;x"),
        (404, "GET /%2Fhealth"),
        (404, "GET /health%2F"),
        (404, "GET /Health"),
        (404, "GET /./health"),
        (404, "GET /x/../health"),
        (404, "GET /x/%2e%2e/health"),
        (404, "GET /%6"),
        (404, "GET /%"),
    ] {
        assert_eq!(server.request(line, "").status, status, "{line}");
    }
    for (status, path) in [(204, "/%62ye"), (400, "/%70oll"), (400, "/poll?after=x&fbclid=1")] {
        assert_eq!(server.post(path, "", "").status, status, "{path}");
    }
}

/// RFC 9110, sections 11.1 and 11.6.1.
#[test]
fn the_scheme_of_an_authorization_has_no_case_and_a_refusal_names_it() {
    let server = Server::start();
    let ana = server.join("Ana");
    let resume = ana.welcome["resume"].as_str().unwrap();
    for value in
        [format!("Bearer {resume}"), format!("bearer {resume}"), format!("BEARER   {resume}")]
    {
        let answer = server.post(
            "/poll?after=1",
            &format!("Authorization: {value}\r\n"),
            "{\"t\":\"beat\"}",
        );
        assert_eq!(answer.events()[0]["t"], "beat", "{value:?}");
    }
    let wrong = server.join_line("Bo").to_string().replace(&server.ticket, "x");
    for (headers, body) in [
        ("Authorization: Bearer x\r\n", ""),
        ("Authorization: Basic eDp5\r\n", ""),
        ("Authorization: Bearer\r\n", ""),
        ("Authorization: \u{e4}\r\n", ""),
        ("", &wrong),
    ] {
        let refused = server.post("/poll", headers, body);
        assert_eq!(refused.status, 401, "{headers}");
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{headers}");
    }
}

/// The kernel resets a connection that is closed with bytes unread, and the client may lose the
/// response (RFC 9112, section 9.6).
#[test]
fn a_client_that_sends_more_than_is_read_gets_the_whole_response() {
    let server = Server::start();
    let host = &server.host;
    let megabytes = "x".repeat(4 << 20);
    let length = megabytes.len();
    for (status, head) in [
        (
            404,
            format!("POST /nothing HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"),
        ),
        (413, format!("POST /poll HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n")),
        (200, format!("GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n")),
        (421, format!("GET / HTTP/1.1\r\nHost: evil.test\r\nContent-Length: {length}\r\n\r\n")),
        (431, format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: ")),
    ] {
        let mut connection = server.connect();
        let request = format!("{head}{megabytes}");
        let sent = std::io::Write::write_all(connection.stream(), request.as_bytes());
        assert!(sent.is_ok(), "{status}: {sent:?}");
        assert_eq!(connection.response().status, status);
        assert_eq!(connection.rest(), b"", "{status}");
    }
}
