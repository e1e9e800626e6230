//! Which hosts are accepted, and whose pages may send requests that change something (V-20).

use super::client::Client;
use super::server::Server;

fn status(server: &Server, request: &str) -> u16 {
    server.request_raw(request).status
}

#[test]
fn only_its_own_hosts_are_accepted() {
    let server = Server::start();
    let port = server.address().port();
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "some-words.trycloudflare.com".into(),
        // Equal by RFC 9110, section 4.2.3: case, a default port, an IP address in another form.
        format!("LOCALHOST:{port}"),
        format!("LocalHost:0{port}"),
        format!("localhost.:{port}"),
        format!("  localhost:{port}\t"),
        format!("[0:0:0:0:0:0:0:1]:{port}"),
        format!("[::0001]:{port}"),
        "Some-Words.TryCloudflare.COM".into(),
        "some-words.trycloudflare.com.".into(),
        "some-words.trycloudflare.com:443".into(),
        "some-words.trycloudflare.com:".into(),
    ] {
        let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(status(&server, &request), 204, "{host}");
    }
    for host in [
        "localhost".into(),
        "127.0.0.1".into(),
        "127.0.0.1:1".into(),
        format!("rebind.test:{port}"),
        format!("10.0.0.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("localhost..:{port}"),
        format!("127.1:{port}"),
        format!("%6cocalhost:{port}"),
        format!("localhost:{port},localhost:{port}").replace(&format!(":{port},"), ","),
        "trycloudflare.com".into(),
        "two.labels.trycloudflare.com".into(),
        "x.trycloudflare.com.evil.test".into(),
        format!("x.trycloudflare.com:{port}"),
        "some-words.trycloudflare.com:80".into(),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = server.request_raw(&request);
        assert_eq!(response.status, 421, "{host:?}");
        assert!(!response.body.contains("html"), "{host:?}");
    }
}

/// RFC 9112, section 3.2.
#[test]
fn a_request_without_one_valid_host_is_refused() {
    let server = Server::start();
    let host = &server.host;
    let port = server.address().port();
    for (version, headers) in [
        ("1.1", String::new()),
        ("1.0", String::new()),
        ("1.1", format!("Host: {host}\r\nHost: {host}\r\n")),
        ("1.1", format!("Host: evil.test\r\nHost: {host}\r\n")),
        ("1.1", "Host:\r\n".into()),
        ("1.1", "Host: \u{e4}.trycloudflare.com\r\n".into()),
        ("1.1", format!("Host: user@localhost:{port}\r\n")),
        ("1.1", format!("Host: localhost:{port},localhost:{port}\r\n")),
        ("1.1", format!("Host: local host:{port}\r\n")),
        ("1.1", format!("Host: http://localhost:{port}\r\n")),
        ("1.1", format!("Host: [::1%25lo]:{port}\r\n")),
        ("1.1", format!("Host: [::1:{port}\r\n")),
        ("1.1", format!("Host: localhost:+{port}\r\n")),
        ("1.1", format!("Host: localhost:{port}/\r\n")),
        ("1.1", "Host: localhost:99999\r\n".into()),
    ] {
        let request = format!("GET / HTTP/{version}\r\n{headers}\r\n");
        let response = server.request_raw(&request);
        assert_eq!(response.status, 400, "{request}");
        assert!(response.body.contains("Host"), "{response:?}");
    }
    let old = format!("GET /health HTTP/1.0\r\nHost: {host}\r\n\r\n");
    assert_eq!(status(&server, &old), 204);
}

/// RFC 9112, section 3.2.2: the target decides, and `Host` is passed over. A request through a proxy
/// has such a target.
#[test]
fn an_absolute_target_decides_about_the_host() {
    let server = Server::start();
    let host = &server.host;
    let port = server.address().port();
    for (expected, target, headers) in [
        (204, format!("http://{host}/health"), format!("Host: {host}\r\n")),
        (204, format!("HTTP://LOCALHOST:{port}/health?x"), format!("Host: {host}\r\n")),
        (204, format!("http://{host}/health"), "Host: evil.test\r\n".into()),
        (204, "https://a-b.trycloudflare.com/health".into(), format!("Host: {host}\r\n")),
        (200, format!("http://{host}"), format!("Host: {host}\r\n")),
        (421, "http://evil.test/".into(), format!("Host: {host}\r\n")),
        (421, format!("https://{host}/health"), format!("Host: {host}\r\n")),
        (421, format!("ftp://{host}/health"), format!("Host: {host}\r\n")),
        (400, format!("http://user@{host}/health"), format!("Host: {host}\r\n")),
        (400, format!("http://{host}/health"), String::new()),
        (400, format!("http://{host}/health"), format!("Host: {host}\r\nHost: {host}\r\n")),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{headers}\r\n");
        assert_eq!(status(&server, &request), expected, "{request}");
    }
    let old = format!("GET http://{host}/health HTTP/1.0\r\n\r\n");
    assert_eq!(status(&server, &old), 204);
    // Our own page under another spelling of the host may still act.
    let post = format!(
        "POST /bye HTTP/1.1\r\nHost: LOCALHOST:{port}\r\nOrigin: http://localhost:{port}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    assert_eq!(status(&server, &post), 204);
}

#[test]
fn a_socket_is_for_pages_of_this_address_only() {
    let server = Server::start();
    let address = server.address();
    let ours = format!("http://{}", server.host);
    let open =
        |headers: &[(&'static str, &str)]| Client::try_open(address, &server.host, headers).err();
    assert_eq!(open(&[("origin", &ours)]), None);
    let port = address.port();
    for origin in [
        "null",
        "",
        "http://evil.test",
        &format!("https://{}", server.host),
        &format!("http://localhost:{port}"),
        &format!("{ours}/"),
        &format!("{ours}.evil.test"),
        "http://127.0.0.1",
    ] {
        assert_eq!(open(&[("origin", origin)]), Some(403), "{origin}");
    }
    assert_eq!(open(&[]), Some(403));
    let same = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    assert_eq!(open(&same), Some(403));
}

#[test]
fn a_post_is_for_pages_of_this_address_and_for_programs() {
    let server = Server::start();
    let post = |headers: &str| {
        server.request("POST /bye", &format!("{headers}Content-Length: 0\r\n")).status
    };
    let ours = format!("Origin: http://{}\r\n", server.host);
    assert_eq!(post(&ours), 204);
    assert_eq!(post(""), 204);
    assert_eq!(post("Origin: null\r\nSec-Fetch-Site: same-origin\r\n"), 204);
    for headers in [
        "Origin: http://evil.test\r\n",
        "Origin: null\r\n",
        "Origin: null\r\nSec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: none\r\n",
        "Origin: \u{e4}\r\n",
    ] {
        assert_eq!(post(headers), 403, "{headers}");
    }
    // A careless check would look at the first of two only.
    let two = format!("{ours}Origin: http://evil.test\r\n");
    assert_eq!(post(&two), 403);
}

/// A room that listens beyond loopback accepts every IP address, and no other name.
#[test]
fn beyond_loopback_ip_addresses_are_accepted() {
    let server = Server::with(&["--listen", "0.0.0.0:0"], "{}");
    let port = server.address().port();
    // The link is one that can be opened.
    assert_eq!(server.host, format!("127.0.0.1:{port}"));
    for (host, expected) in [
        (server.host.clone(), 204),
        (format!("192.0.2.5:{port}"), 204),
        (format!("127.0.0.1:{port}"), 204),
        (format!("laptop.test:{port}"), 421),
    ] {
        let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(status(&server, &request), expected, "{host}");
    }
    let mut ana = server.join("Ana");
    ana.say("hello");
    ana.until_said("hello");
    let ended = server.stop();
    assert!(ended.stderr.contains("every computer on the network"), "{ended:#?}");
}
