//! A room that listens beyond loopback: every link that is shown can be opened, one per interface.

use std::process::Command;

use super::stage::{Link, Stage, end_at_question, event, in_shell, watched};
use crate::harness::cloudflared::{HAPPY, HOST};
use crate::harness::{Output, Program, SERVE, Terminal, in_namespace, joining};

/// `command` in a network of its own, which these lines of a shell make. The loopback interface is up.
fn in_network(command: &Command, setup: &str) -> Command {
    let script = format!("set -e; ip link set lo up; {setup} exec \"$0\" \"$@\"");
    in_namespace(&["--net"], &in_shell(command, &script))
}

/// An interface `name` with a carrier: the other end of its cable is up, too.
fn interface(name: &str, addresses: &[&str]) -> String {
    let mut lines = format!(
        "ip link add {name} type veth peer name p{name}; ip link set {name} up; ip link set p{name} up; "
    );
    for address in addresses {
        lines.push_str(&format!("ip addr add {address} dev {name} nodad; "));
    }
    lines
}

/// What an HTTP client in the network of `program` gets from `url`.
fn status_within(program: &Program, url: &str) -> String {
    let mut curl = joining(&["--net"], program.pid());
    curl.args(["curl", "-s", "-g", "-o", "/dev/null"]);
    let output = curl.args(["-w", "%{http_code}", "--noproxy", "*", url]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The links among lines for people, each alone on its line.
fn links(ended: &Output) -> Vec<String> {
    let lines = ended.stderr.lines().map(str::trim);
    lines.filter(|line| line.starts_with("http")).map(str::to_owned).collect()
}

/// The hosts of links, without port and ticket.
fn hosts(links: &[String]) -> Vec<&str> {
    let host = |link: &'_ String| {
        let end = link.rfind("/t/").unwrap();
        let end = link[..end].rfind(':').unwrap();
        "http://".len()..end
    };
    links.iter().map(|link| &link[host(link)]).collect()
}

/// The hosts that a session shows that listens on `listen` in this network. Each of them answers.
fn shown(listen: &str, setup: &str) -> Vec<String> {
    let stage = Stage::new(HAPPY);
    let command = in_network(&stage.local(&["--listen", listen]), setup);
    let mut session = watched(&command);
    let first = session.stdout_line();
    session.stderr_line_with("Ctrl+C ends the session");
    assert_eq!(status_within(&session, &first), "200", "{first}");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert_eq!(ended.stdout.trim(), first, "one link per line: {ended:#?}");
    let links = links(&ended);
    assert_eq!(links.first(), Some(&first), "{ended:#?}");
    let all = hosts(&links).into_iter().map(str::to_owned).collect();
    stage.assert_nothing_left();
    all
}

#[test]
#[ignore = "needs network: tests/run"]
fn all_addresses_become_those_that_others_can_open() {
    let setup = interface("v0", &["192.0.2.5/24", "192.0.2.6/24", "2001:db8::5/64"])
        + &interface("v1", &["198.51.100.7/24"]);
    assert_eq!(shown("0.0.0.0:0", &setup), ["192.0.2.5", "198.51.100.7", "127.0.0.1"]);
    let all = shown("[::]:0", &setup);
    assert_eq!(all, ["192.0.2.5", "198.51.100.7", "[2001:db8::5]", "127.0.0.1"]);
}

#[test]
#[ignore = "needs network: tests/run"]
fn without_ipv4_on_the_socket_only_ipv6_is_shown() {
    let setup = "echo 1 >/proc/sys/net/ipv6/bindv6only; ".to_owned()
        + &interface("v0", &["192.0.2.5/24", "2001:db8::5/64"]);
    assert_eq!(shown("[::]:0", &setup), ["[2001:db8::5]", "[::1]"]);
}

#[test]
#[ignore = "needs network: tests/run"]
fn interfaces_that_carry_nothing_are_left_out() {
    // v1 is down; v2 has no carrier; v3 has a link-local address alone, which no browser can open.
    let setup = interface("v0", &["192.0.2.5/24"])
        + &interface("v1", &["198.51.100.7/24"])
        + "ip link set v1 down; "
        + &interface("v2", &["203.0.113.9/24"])
        + "ip link set pv2 down; "
        + &interface("v3", &["fe80::5/64"]);
    assert_eq!(shown("0.0.0.0:0", &setup), ["192.0.2.5", "127.0.0.1"]);
    assert_eq!(shown("[::]:0", &setup), ["192.0.2.5", "127.0.0.1"]);
    // Better than none: the cable may come later.
    let setup = interface("v2", &["203.0.113.9/24"]) + "ip link set pv2 down; ";
    assert_eq!(shown("0.0.0.0:0", &setup), ["203.0.113.9", "127.0.0.1"]);
}

#[test]
#[ignore = "needs network: tests/run"]
fn many_interfaces_do_not_fill_the_screen() {
    let setup: String =
        (1..30).map(|at| interface(&format!("v{at}"), &[&format!("10.0.{at}.1/24")])).collect();
    let all = shown("0.0.0.0:0", &setup);
    assert_eq!(all.len(), 9, "{all:?}");
    assert_eq!((all[0].as_str(), all[8].as_str()), ("10.0.1.1", "127.0.0.1"));
}

#[test]
#[ignore = "needs network: tests/run"]
fn one_address_is_one_link() {
    let setup = interface("v0", &["192.0.2.5/24", "2001:db8::5/64"]);
    assert_eq!(shown("192.0.2.5:0", &setup), ["192.0.2.5"]);
    assert_eq!(shown("[2001:db8::5]:0", &setup), ["[2001:db8::5]"]);
}

/// What a session says about who can reach it, with these arguments in this network.
fn said(arguments: &[&str], setup: &str) -> String {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&in_network(&stage.local(arguments), setup));
    session.stderr_line_with("Ctrl+C ends the session");
    session.signal("TERM");
    session.wait().expect_code(0).stderr
}

#[test]
#[ignore = "needs network: tests/run"]
fn who_can_reach_the_room_is_said_as_it_is() {
    let setup = interface("v0", &["192.0.2.5/24"]);
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.5:0"] {
        let said = said(&["--listen", listen], &setup);
        assert!(
            said.contains("every computer on the network can reach the room, unencrypted"),
            "{said}"
        );
        assert!(!said.contains("on this computer only"), "{said}");
    }
    for listen in ["127.0.0.1:0", "[::1]:0"] {
        let said = said(&["--listen", listen], &setup);
        assert!(said.contains("this link works only on this computer"), "{said}");
        assert!(!said.contains("every computer"), "{said}");
    }
    let alone = said(&["--listen", "0.0.0.0:0"], "");
    assert!(
        alone.contains("no network is up, so this link works only on this computer"),
        "{alone}"
    );
}

#[test]
#[ignore = "needs network: tests/run"]
fn json_names_the_first_and_the_others() {
    let stage = Stage::new(HAPPY);
    let setup = interface("v0", &["192.0.2.5/24"]) + &interface("v1", &["198.51.100.7/24"]);
    let mut session =
        watched(&in_network(&stage.local(&["--json", "--listen", "0.0.0.0:0"]), &setup));
    let link = event(&mut session, "link");
    let others: Vec<_> = link["others"]
        .as_array()
        .unwrap()
        .iter()
        .map(|url| url.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(hosts(&[link["url"].as_str().unwrap().to_owned()]), ["192.0.2.5"]);
    assert_eq!(hosts(&others), ["198.51.100.7", "127.0.0.1"]);
    assert_eq!(link["public"], false);
    session.signal("TERM");
    session.wait().expect_code(0);
    // On loopback there are no others.
    let mut session = watched(&stage.local(&["--json"]));
    assert!(event(&mut session, "link")["others"].as_array().unwrap().is_empty());
}

/// The QR code is of the link that others can open.
#[test]
#[ignore = "needs network: tests/run"]
fn the_screen_shows_every_link_and_the_code_of_the_first() {
    let stage = Stage::new(HAPPY);
    let setup = interface("v0", &["192.0.2.5/24"]);
    let command = in_network(&stage.local(&["--listen", "0.0.0.0:0"]), &setup);
    let mut terminal = Terminal::start(&command, 100);
    let local = terminal.wait_for("http://127.0.0.1:");
    assert!(!local.contains('▀'), "{local}");
    let code = terminal.wait_for("unencrypted");
    assert!(code.contains('▀') && !code.contains("http"), "{code}");
    let link = Link::on_screen(&mut terminal);
    assert!(link.address.starts_with("192.0.2.5:"), "{link:?}");
    terminal.type_keys("\u{3}");
    end_at_question(terminal);
}

/// The public link does not hide that the room is open to the network as well.
#[test]
#[ignore = "needs network: tests/run"]
fn a_public_link_comes_with_those_of_the_network() {
    let stage = Stage::new(HAPPY);
    let setup = interface("v0", &["192.0.2.5/24"]);
    let mut session = watched(&in_network(&stage.public(&["--listen", "0.0.0.0:0"]), &setup));
    let link = session.stdout_line();
    assert!(link.starts_with(&format!("https://{HOST}/t/")), "{link}");
    session.stderr_line_with("every computer on the network can reach the room, unencrypted");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    let all = links(&ended);
    assert_eq!((all.len(), hosts(&all[1..])), (2, vec!["192.0.2.5"]), "{ended:#?}");
    assert!(!ended.stderr.contains("on this computer only"), "{ended:#?}");
}

/// The first line is for the pipe: the tunnel takes loopback alone.
#[test]
#[ignore = "needs network: tests/run"]
fn a_room_that_listens_everywhere_goes_through_the_tunnel() {
    let stage = Stage::new(HAPPY);
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let mut command = super::pipes::shell(
            &stage,
            &format!("chattrace-serve --listen '{listen}' | chattrace-tunnel | head -1"),
        );
        command.stdin(std::process::Stdio::null());
        let ended = Program::run(command).expect_code(0);
        assert!(ended.stdout.starts_with(&format!("https://{HOST}/t/")), "{ended:#?}");
    }
}

#[test]
#[ignore = "needs network: tests/run"]
fn the_room_alone_shows_the_links_of_others_too() {
    let stage = Stage::new(HAPPY);
    let mut serve = stage.env.command(SERVE);
    serve.args(["--listen", "0.0.0.0:0"]);
    let setup = interface("v0", &["192.0.2.5/24"]);
    let mut serve = watched(&in_network(&serve, &setup));
    let link = serve.stdout_line();
    assert!(link.starts_with("http://127.0.0.1:"), "{link}");
    let other = serve.stderr_line_with("http://192.0.2.5:");
    assert_eq!(status_within(&serve, other.trim()), "200", "{other}");
    serve.signal("TERM");
    let ended = serve.wait().expect_code(0);
    assert_eq!(ended.stdout, format!("{link}\n"));
    assert!(ended.stderr.contains("every computer on the network"), "{ended:#?}");
}
