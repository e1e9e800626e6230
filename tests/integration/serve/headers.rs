//! The page, and the headers of every response.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::http::Response;
use super::server::Server;

/// The whole document must stay below this. A connection carries 43 KiB in its first two round trips
/// (RFC 6928: a window of ten segments, which doubles); the rest is room for sealed rooms.
const PAGE_BYTES: usize = 34_816;

fn assert_security_headers(response: &Response, what: &str) {
    for (name, value) in [
        ("cache-control", "no-store, no-transform"),
        ("connection", "close"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
    ] {
        assert_eq!(response.header(name), value, "{what}");
    }
    let policy = response.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "connect-src 'self'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    let permissions = response.header("permissions-policy");
    assert!(permissions.split(", ").all(|part| part.ends_with("=()")));
    for name in ["set-cookie", "etag", "last-modified", "server", "x-powered-by"] {
        assert!(!response.has(name), "{what}: {name}");
    }
    let cors = |(name, _): &(String, String)| name.starts_with("access-control");
    assert!(!response.headers.iter().any(cors), "{what}");
}

/// V-09, V-24: with any status.
#[test]
fn every_response_has_the_same_security_headers() {
    let server = Server::start();
    let none = "Content-Length: 0\r\n";
    let evil = "Origin: http://evil.test\r\nContent-Length: 0\r\n";
    for (status, line, headers) in [
        (200, "GET /", ""),
        (200, "GET /t/anything", ""),
        (200, "HEAD /", ""),
        (204, "GET /health", ""),
        (204, "POST /bye", none),
        (400, "POST /poll", none),
        (403, "POST /poll", evil),
        (404, "GET /nothing", ""),
        (404, "GET /favicon.ico", ""),
        (404, "POST /t", none),
        (405, "POST /", none),
        (405, "GET /poll", ""),
        (405, "DELETE /poll", none),
        (501, "BREW /", none),
        (204, "OPTIONS /poll", ""),
    ] {
        let response = server.request(line, headers);
        assert_eq!(response.status, status, "{line} {response:?}");
        assert_security_headers(&response, line);
    }
    let strange = server.request_raw("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n");
    assert_eq!(strange.status, 421);
    assert_security_headers(&strange, "421");
    let mut connection = server.connect();
    let long = 100_000;
    connection.send(
        format!(
            "POST /poll HTTP/1.1\r\nHost: {}\r\nContent-Length: {long}\r\n\r\n{}",
            server.host,
            "x".repeat(long)
        )
        .as_bytes(),
    );
    let long = connection.response();
    assert_eq!(long.status, 413);
    assert_eq!(long.events()[0]["why"], "too_long");
    assert_security_headers(&long, "413");
}

#[test]
fn a_wrong_method_gets_405_with_the_allowed_ones() {
    let server = Server::start();
    assert_eq!(server.request("GET /poll", "").header("allow"), "POST");
    let allowed = server.request("PUT /", "Content-Length: 0\r\n");
    assert_eq!(allowed.header("allow"), "GET,HEAD");
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    let (inner, after) = rest.split_once(end).unwrap();
    assert!(!after.contains(start), "more than one {start}");
    inner
}

/// V-09: by hash, and the hashes are right.
#[test]
fn the_policy_allows_exactly_the_style_and_the_script_of_the_page() {
    let server = Server::start();
    let page = server.request("GET /", "");
    let policy = page.header("content-security-policy");
    for (kind, start, end) in
        [("script-src", "<script>", "</script>"), ("style-src", "<style>", "</style>")]
    {
        let text = between(&page.body, start, end);
        let hash = STANDARD.encode(Sha256::digest(text));
        let rule = format!("{kind} 'sha256-{hash}';");
        assert!(policy.contains(&rule), "{rule} is not in {policy}");
    }
    let socket = format!("connect-src 'self' ws://{}", server.host);
    assert!(policy.ends_with(&socket), "{policy}");
    // No attribute has script or style, which the policy would not allow.
    for attribute in [" onclick=", " onload=", " style=", " src=", "http://", "https://"] {
        let outside = page.body.split("<script>").next().unwrap();
        assert!(!outside.contains(attribute), "{attribute}");
    }
}

/// V-05, V-22: the same for every client, with a ticket or without.
#[test]
fn the_page_is_small_and_the_same_under_every_path() {
    let server = Server::start();
    let page = server.request("GET /", "");
    assert!(page.body.len() <= PAGE_BYTES, "{}", page.body.len());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for line in [
        format!("GET /t/{}", server.ticket),
        "GET /t/anything".to_owned(),
        "GET /?x=y".to_owned(),
        "GET /t/%3Cscript%3E".to_owned(),
    ] {
        let other = server.request(&line, "Accept-Language: de\r\nCookie: a=b\r\n");
        assert!(other.body == page.body, "{line}");
    }
    let head = server.request(&format!("HEAD /t/{}", server.ticket), "");
    assert_eq!(head.header("content-length"), page.body.len().to_string());
}

/// In the smallest coding that the client accepts, under every path; never one that it refuses.
#[test]
fn the_page_is_compressed_for_clients_that_accept_it() {
    let server = Server::start();
    let link = format!("HEAD /t/{}", server.ticket);
    for (accepted, coding, most) in [
        ("Accept-Encoding: gzip, deflate, br, zstd\r\n", Some("br"), 14_336),
        ("Accept-Encoding: gzip, deflate\r\n", Some("gzip"), 14_336),
        ("Accept-Encoding: br;q=0, gzip;q=0\r\n", None, PAGE_BYTES),
        ("Accept-Encoding: identity\r\n", None, PAGE_BYTES),
        ("", None, PAGE_BYTES),
    ] {
        for line in ["HEAD /", link.as_str(), "HEAD /?x=y"] {
            let response = server.request(line, accepted);
            assert_eq!(response.header("vary"), "accept-encoding", "{line} {accepted}");
            assert_eq!(response.has("content-encoding"), coding.is_some(), "{line} {accepted}");
            if let Some(coding) = coding {
                assert_eq!(response.header("content-encoding"), coding, "{line} {accepted}");
            }
            let length: usize = response.header("content-length").parse().unwrap();
            assert!(length <= most, "{line} {accepted}: {length}");
            assert_security_headers(&response, line);
        }
    }
}

#[test]
fn the_page_is_served_over_http_1_0() {
    let server = Server::start();
    let old = server.request_raw(&format!("GET / HTTP/1.0\r\nHost: {}\r\n\r\n", server.host));
    assert_eq!(old.status, 200);
    assert_security_headers(&old, "HTTP/1.0");
}

/// An idle connection would keep the last request in its buffer: a ticket, a token, a line.
#[test]
fn every_response_ends_its_connection_even_if_the_client_asks_to_keep_it() {
    let server = Server::start();
    let keep = format!("Host: {}\r\nConnection: keep-alive\r\n", server.host);
    let join = server.join_line("Ana").to_string();
    let poll = format!("POST /poll HTTP/1.1\r\n{keep}Content-Length: {}\r\n\r\n{join}", join.len());
    for (status, request) in [
        (200, format!("GET /t/{} HTTP/1.1\r\n{keep}\r\n", server.ticket)),
        (204, format!("GET /health HTTP/1.1\r\n{keep}\r\n")),
        (404, format!("GET /nothing HTTP/1.1\r\n{keep}\r\n")),
        (200, poll),
    ] {
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let response = connection.response();
        assert_eq!(
            (response.status, response.header("connection")),
            (status, "close"),
            "{request}"
        );
        assert_eq!(connection.rest(), b"", "{request}");
    }
}
