//! The download behind a proxy that inspects TLS, a sign-in page, a wrong clock, a proxy with a
//! password: each failure is named, and a certificate that the system trusts is trusted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::harness::{Program, TestEnv};

use super::install::{managed, start_server, with_mount, without_cloudflared};
use super::loopback;
use super::tls_server::{authority, start};

/// Fewer bytes than cloudflared has: to get this far, the client has trusted the server.
const SHORT: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nshort";
/// How a transfer of [`SHORT`] fails.
const TRUSTED: &str = "it ended at 5 of ";

/// The program, which downloads from `https://localhost:PORT` with these variables.
fn download(env: &TestEnv, port: u16, variables: &[(&str, &Path)]) -> Command {
    let mut command = without_cloudflared(env, &format!("https://localhost:{port}"));
    command.envs(variables.iter().copied());
    command
}

/// Runs it; it must exit with 69 and print each of `parts`.
fn assert_says(command: Command, parts: &[&str]) -> String {
    let ended = Program::run(command).expect_code(69);
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:#?}");
    }
    ended.stderr
}

/// An authority that only SSL_CERT_FILE or SSL_CERT_DIR names is trusted, and without them it is named.
#[test]
fn an_authority_of_the_network_is_trusted_when_it_is_named() {
    let env = TestEnv::new();
    let port = start("server", SHORT);
    let text = assert_says(
        download(&env, port, &[]),
        &[
            "its certificate is signed by \"Example Inspecting Proxy\", which this computer does not trust",
            "name its certificate in SSL_CERT_FILE",
            "--cloudflared",
        ],
    );
    assert!(!text.contains("online"), "{text}");
    let file = authority();
    assert_says(download(&env, port, &[("SSL_CERT_FILE", &file)]), &[TRUSTED]);
    let folder = env.root().join("certificates");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&file, folder.join("proxy.pem")).unwrap();
    assert_says(download(&env, port, &[("SSL_CERT_DIR", &folder)]), &[TRUSTED]);
}

/// The list of the system, in a mount namespace in which it is the authority alone, or empty.
#[test]
#[ignore = "needs namespaces: tests/run"]
fn the_list_of_the_system_is_used_and_may_be_empty() {
    let env = TestEnv::new();
    let port = start("server", SHORT);
    let folders = "for d in /etc/ssl /etc/pki; do [ -d $d ] && mount -t tmpfs none $d; done";
    let list = format!(
        "{folders}; mkdir -p /etc/ssl/certs; cp {} /etc/ssl/certs/ca-certificates.crt",
        authority().display()
    );
    for (script, part) in [(list.as_str(), TRUSTED), (folders, "\"Example Inspecting Proxy\"")] {
        let mut inside = download(&env, port, &[]);
        inside.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        assert_says(with_mount(script, &inside), &[part]);
    }
}

#[test]
fn certificates_that_cannot_be_used_are_named_with_their_variable() {
    let env = TestEnv::new();
    let file = |name: &str, text: &str| {
        let path = env.root().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (empty, garbage) = (file("empty", ""), file("garbage", "-----BEGIN CERTIFICATE-----\n!\n"));
    let missing = env.root().join("missing");
    for (variable, path, why) in [
        ("SSL_CERT_FILE", &missing, "no such file or directory"),
        ("SSL_CERT_FILE", &empty, "there is no certificate in it"),
        ("SSL_CERT_FILE", &garbage, "it is not in PEM form"),
        ("SSL_CERT_DIR", &missing, "no such file or directory"),
    ] {
        let names = format!("{variable} names {}", path.display());
        assert_says(
            download(&env, 1, &[(variable, path)]),
            &[&names, why, &format!("correct {variable}, or unset it")],
        );
    }
    // An empty variable is as good as none.
    assert_says(download(&env, 1, &[("SSL_CERT_FILE", Path::new(""))]), &["connection refused"]);
}

#[test]
fn a_wrong_clock_another_server_and_no_tls_are_told_apart() {
    let env = TestEnv::new();
    let trusting = |port: u16| download(&env, port, &[("SSL_CERT_FILE", &authority())]);
    let expired = "its certificate has expired by this computer's clock; check the clock";
    assert_says(trusting(start("expired", SHORT)), &[expired]);
    let future = "its certificate is not valid yet by this computer's clock; set the clock";
    assert_says(trusting(start("future", SHORT)), &[future]);
    let sign_in = "open the sign-in page of this network in a browser";
    let other = ["its certificate is that of another server", sign_in];
    assert_says(trusting(start("other", SHORT)), &other);
    assert_says(trusting(start_plain()), &["no TLS connection is possible", sign_in]);
}

/// Starts a server that answers a TLS handshake in plain text; its port.
fn start_plain() -> u16 {
    loopback::serve(|mut client| {
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    })
}

/// A page in place of the file is no beginning of it.
#[test]
fn a_web_page_is_not_kept_and_a_redirect_to_http_is_refused() {
    let env = TestEnv::new();
    let trusting = |port: u16| download(&env, port, &[("SSL_CERT_FILE", &authority())]);
    let page = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    let text = assert_says(trusting(start("server", page)), &["a web page in place of the file"]);
    assert!(!text.contains("resumes"), "{text}");
    assert!(!managed(&env).parent().unwrap().exists());
    let moved = "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let refused = ["it redirects to http://, which is refused", "tunnel.download_base"];
    assert_says(trusting(start("server", moved)), &refused);
}

#[test]
fn a_status_has_its_next_step() {
    let env = TestEnv::new();
    for (status, step) in [
        ("403 Forbidden", "check tunnel.download_base"),
        ("407 Proxy Authentication Required", "check HTTPS_PROXY and its password"),
        ("429 Too Many Requests", "try again in a few minutes"),
        ("503 Service Unavailable", "try again in a few minutes"),
        ("511 Network Authentication Required", "open the sign-in page"),
    ] {
        let answered = format!("the server answered {}; {step}", &status[..3]);
        assert_says(without_cloudflared(&env, &start_server(status, 0)), &[&answered]);
    }
}

/// Starts a proxy that answers every CONNECT with `status`; after 200 it carries to the server. Its
/// port, and a channel with the heads of the requests.
fn start_proxy(status: &'static str) -> (u16, std::sync::mpsc::Receiver<String>) {
    let (sender, heads) = std::sync::mpsc::channel();
    let port = loopback::serve(move |mut client| {
        let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
        let head: Vec<String> =
            lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        let target = head[0].split(' ').nth(1).unwrap().to_owned();
        let _ = sender.send(head.join("\n"));
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        client.write_all(answer.as_bytes()).unwrap();
        if status.starts_with("200") {
            carry(client, TcpStream::connect(target).unwrap());
        }
    });
    (port, heads)
}

fn carry(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    let (mut from_server, mut to_client) = (server, client);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(std::net::Shutdown::Both);
    });
}

/// cloudflared itself uses no proxy; the download may have to.
#[test]
fn a_proxy_is_used_with_its_password_and_named_when_it_refuses() {
    let env = TestEnv::new();
    let port = start("server", SHORT);
    let through = |proxy: u16| {
        let mut command = download(&env, port, &[("SSL_CERT_FILE", &authority())]);
        command.env("HTTPS_PROXY", format!("http://ana:secret@127.0.0.1:{proxy}"));
        command
    };
    let (open, heads) = start_proxy("200 OK");
    assert_says(through(open), &[TRUSTED]);
    let head = heads.recv().unwrap();
    // "ana:secret" in Base64.
    assert!(
        head.to_lowercase().contains("proxy-authorization: basic")
            && head.contains("YW5hOnNlY3JldA=="),
        "{head}"
    );
    let (closed, _heads) = start_proxy("407 Proxy Authentication Required");
    let text = assert_says(
        through(closed),
        &["the proxy refuses the connection", "check HTTPS_PROXY and its password"],
    );
    assert!(!text.contains("secret"), "{text}");
    let mut command = through(1);
    command.env("NO_PROXY", "localhost");
    assert_says(command, &[TRUSTED]);
}
