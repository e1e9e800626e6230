//! `chattrace-tunnel` by hand: how cloudflared is started, and when the link is printed.

use crate::harness::cloudflared::{HAPPY, HOST, ONLY_HTTP2};
use crate::harness::{Program, StandIn, Stream, TestEnv};

use super::command::{tunnel, tunnel_with_config};

const ORIGIN: &str = "http://127.0.0.1:8080/t/abc?q#key";

/// V-13, V-30: the measured arguments, nothing of the user's environment, nothing secret.
#[test]
fn cloudflared_gets_the_measured_arguments_and_nothing_of_the_user() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let hostile = env.home().join(".cloudflared");
    std::fs::create_dir(&hostile).unwrap();
    std::fs::write(hostile.join("config.yml"), "ingress:\n  - service: http_status:404\n").unwrap();
    let mut command = tunnel(&env, &stand_in, &[ORIGIN]);
    command.envs([
        ("TUNNEL_URL", "http://evil.example"),
        ("TUNNEL_HELLO_WORLD", "true"),
        ("TUNNEL_NAME", "named"),
        ("MY_TUNNEL_SECRET", "hunter2"),
        ("SSL_CERT_FILE", "/etc/own.pem"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ]);
    let mut program = Program::start(command);
    assert_eq!(program.stdout_line(), format!("https://{HOST}/t/abc?q#key"));
    program.signal("TERM");
    program.wait().expect_code(0);
    let start = stand_in.records().remove(0);
    let argv: Vec<&str> =
        start["argv"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    assert_eq!(
        argv.join(" "),
        "tunnel --config= --url http://127.0.0.1:8080 --metrics 127.0.0.1:0 --grace-period 2s --loglevel info"
    );
    let variables = start["env"].as_object().unwrap();
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        // The first marks it as a process of the session, for chattrace-clean.
        [
            "CHATTRACE_SESSION",
            "HOME",
            "NO_AUTOUPDATE",
            "PATH",
            "SSL_CERT_FILE",
            "TUNNEL_NO_PRECHECKS"
        ]
    );
    assert_eq!(
        (&variables["PATH"], &variables["SSL_CERT_FILE"]),
        (&"/usr/bin:/bin".into(), &"/etc/own.pem".into())
    );
    let home = variables["HOME"].as_str().unwrap();
    assert!(home.starts_with(env.runtime().to_str().unwrap()), "{home}");
    assert!(home.ends_with(&format!("/{}/home", variables["CHATTRACE_SESSION"].as_str().unwrap())));
    assert_eq!(start["home"].as_array().unwrap().len(), 0);
}

/// V-14: cloudflared has printed the address, and the edge does not know it yet.
#[test]
fn the_link_is_not_announced_before_the_edge_knows_the_tunnel() {
    let env = TestEnv::new();
    let stand_in =
        StandIn::install(&env, &format!("greet\nbox {HOST}\nmetrics\nwait go\nregister\n"));
    let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
    assert_eq!(program.stdout_line(), r#"{"event":"starting"}"#);
    let url = format!(r#"{{"event":"url","url":"https://{HOST}/t/abc?q#key"}}"#);
    assert_eq!(program.stdout_line(), url);
    // The lines are in order: if "registered" is the next one, it was not printed before.
    stand_in.release("go");
    assert_eq!(program.stdout_line(), url.replace("\"event\":\"url\"", "\"event\":\"registered\""));
    program.signal("INT");
    let ended = program.wait().expect_code(0);
    assert!(
        ended.stdout.ends_with(&format!(
            "{{\"event\":\"closed\",\"url\":\"https://{HOST}/t/abc?q#key\"}}\n"
        ))
    );
}

#[test]
fn the_settling_time_passes_between_registration_and_link() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut command = tunnel_with_config(&env, r#"{"tunnel":{"settle_seconds":1}}"#);
    command.arg("--cloudflared").arg(stand_in.path()).arg(ORIGIN);
    let mut program = Program::start(command);
    program.stderr_line_with("registered; waiting 1 s for the name to appear in DNS");
    program.stdout_line();
}

/// V-15: a network without UDP.
#[test]
fn quic_that_fails_is_followed_by_http2_with_a_new_address() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, ONLY_HTTP2);
    let mut program = Program::start(tunnel(&env, &stand_in, &[ORIGIN]));
    assert_eq!(program.stdout_line(), format!("https://{HOST}/t/abc?q#key"));
    let starts = stand_in.records();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0]["env"].get("TUNNEL_TRANSPORT_PROTOCOL"), None);
    assert_eq!(starts[1]["env"]["TUNNEL_TRANSPORT_PROTOCOL"], "http2");
}

/// The user is told what is awaited and why it takes longer, when it is noticed.
#[test]
fn the_wait_for_http2_has_its_reason_on_the_screen_and_for_programs() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, &ONLY_HTTP2.replacen("quic: hang", "quic: wait go", 1));
    let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
    let why = "no answer by UDP on port 7844";
    program.stderr_line_with(&format!("{why} so far; TCP is tried within 20 s"));
    program.stderr_line_with(&format!("{why}; trying TCP, with a new address"));
    program.line(Stream::Stdout, |line| line.contains("registered"));
    program.signal("TERM");
    let ended = program.wait().expect_code(0);
    let whys: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["text"].as_str().is_some_and(|text| text.starts_with(why)))
        .map(|event| event["event"].clone())
        .collect();
    assert_eq!(whys, ["url", "starting"], "{ended:#?}");
}

#[test]
fn a_reconnected_tunnel_keeps_its_link_and_is_reported_once() {
    let env = TestEnv::new();
    let stand_in =
        StandIn::install(&env, &format!("{HAPPY}wait lose\ndrop\nwait back\nregister\n"));
    let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
    let event = |name: &str| format!(r#"{{"event":"{name}""#);
    program.line(Stream::Stdout, |line| line.starts_with(&event("registered")));
    stand_in.release("lose");
    assert!(program.stdout_line().starts_with(&event("reconnecting")));
    stand_in.release("back");
    assert!(program.stdout_line().starts_with(&event("registered")));
    program.signal("TERM");
    assert!(
        program.wait().expect_code(0).stdout.lines().last().unwrap().starts_with(&event("closed"))
    );
}

/// Nothing that cloudflared prints is passed on: neither requests nor escape sequences (V-10).
#[test]
fn output_of_cloudflared_is_drained_and_never_shown() {
    let env = TestEnv::new();
    let orders = format!(
        "{HAPPY}err \\e]0;owned\\e[2J\nerr \\u\\b\nflood 10000000\nlong 3000000\ntouch flooded\nwait go\ndrop\n"
    );
    let stand_in = StandIn::install(&env, &orders);
    let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
    program.line(Stream::Stdout, |line| line.contains("registered"));
    // It gets past the flood only if its pipe is read.
    stand_in.release("go");
    program.line(Stream::Stdout, |line| line.contains("reconnecting"));
    program.signal("TERM");
    let ended = program.wait().expect_code(0);
    for output in [&ended.stdout, &ended.stderr] {
        assert!(!output.contains("Request failed") && !output.contains("secret"), "{output}");
        assert!(
            !output.chars().any(|c| c.is_control() && c != '\n') && !output.contains('\u{202e}')
        );
    }
}
