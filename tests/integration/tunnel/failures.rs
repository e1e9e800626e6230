//! Every failure of cloudflared: no output, garbage, a wrong host name, an early exit, a hang, no
//! registration, a later exit. Each is one sentence and exit code 69, and nothing remains.

use crate::harness::cloudflared::{
    ERROR_PAGE, GARBAGE, HAPPY, HOST, NO_DNS, REFUSED, SILENT, TOO_MANY, TOO_MANY_JSON,
    UNKNOWN_FLAG, edge_refuses,
};
use crate::harness::{Output, Program, StandIn, Stream, TestEnv};

use super::command::{tunnel, tunnel_with_config};

const ORIGIN: &str = "http://127.0.0.1:8080/t/abc";

/// Runs it with a stand-in that follows `orders`. It must print no link, exit with 69, and print
/// `sentence` last.
fn assert_fails(env: &TestEnv, orders: &str, sentence: &str) -> Output {
    let stand_in = StandIn::install(env, orders);
    let ended = Program::run(tunnel(env, &stand_in, &[ORIGIN])).expect_code(69);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("chattrace-tunnel: ") && last.contains(sentence), "{ended:#?}");
    // The next step follows the reason.
    assert!(last.contains(';') || last.contains(','), "{last}");
    ended
}

/// V-15.
#[test]
fn every_early_exit_has_its_sentence() {
    for (orders, sentence) in [
        (ERROR_PAGE, "answered with error 500"),
        (NO_DNS, "the name api.trycloudflare.com cannot be looked up"),
        (REFUSED, "api.trycloudflare.com cannot be reached"),
        (UNKNOWN_FLAG, "does not know the options of quick tunnels"),
        (GARBAGE, "ended with code 3 before it had a public address"),
        ("exit 0\n", "ended with code 0 before it had a public address"),
        (
            "greet\nerr failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": tls: failed to verify certificate: x509: certificate signed by unknown authority\nexit 1\n",
            "the certificate of api.trycloudflare.com is not trusted",
        ),
        (
            &format!(
                "greet\nbox {HOST}\nerr Could not lookup srv records on _v2-origintunneld._tcp.argotunnel.com: x\nexit 1\n"
            ),
            "the names of Cloudflare's network cannot be looked up",
        ),
        (
            &format!(
                "greet\nbox {HOST}\nerr Error opening metrics server listener: address already in use\nexit 1\n"
            ),
            "cannot open its metrics port",
        ),
    ] {
        assert_fails(&TestEnv::new(), orders, sentence);
    }
}

/// V-15: printed, remembered, and the API is not asked again.
#[test]
fn too_many_requests_are_remembered_in_both_forms() {
    for orders in [TOO_MANY, TOO_MANY_JSON] {
        let env = TestEnv::new();
        assert_fails(&env, orders, "too many requests");
        let cooldown = env.runtime().join("chattrace/cooldown");
        assert!(std::fs::read_to_string(&cooldown).unwrap().parse::<u64>().is_ok());
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&cooldown).unwrap());
        assert_eq!(mode & 0o777, 0o600);

        let stand_in = StandIn::install_as(&env.root().join("again/cloudflared"), HAPPY);
        let ended = Program::run(tunnel(&env, &stand_in, &["--json", ORIGIN])).expect_code(69);
        assert!(ended.stderr.contains("try again in 10 min"), "{ended:#?}");
        let lost: serde_json::Value = serde_json::from_str(ended.stdout.trim()).unwrap();
        assert_eq!(lost["event"], "lost");
        assert!((590..=600).contains(&lost["retry_after"].as_u64().unwrap()));
        assert_eq!(stand_in.starts(), 0);

        // A wait that is over is removed and blocks nothing.
        std::fs::write(&cooldown, "1").unwrap();
        let mut program = Program::start(tunnel(&env, &stand_in, &[ORIGIN]));
        program.stdout_line();
        assert!(!cooldown.exists());
    }
}

#[test]
fn no_output_is_an_error_after_ten_seconds() {
    assert_fails(&TestEnv::new(), SILENT, "cloudflared printed nothing for 10 s");
}

#[test]
fn a_wrong_host_name_is_refused_and_escaped() {
    for host in [
        "api.trycloudflare.com",
        "evil.example",
        "a.b.trycloudflare.com",
        "x.trycloudflare.com.evil.example",
        "UPPER.trycloudflare.com",
    ] {
        let orders = format!("greet\nbox {host}\nmetrics\nregister\n");
        assert_fails(&TestEnv::new(), &orders, "which is no address of a quick tunnel");
    }
}

#[test]
fn an_address_that_the_metrics_port_does_not_confirm_is_refused() {
    let orders =
        format!("greet\nbox {HOST}\nname other-words.trycloudflare.com\nmetrics\nregister\n");
    let ended = assert_fails(&TestEnv::new(), &orders, "neither is trusted");
    assert!(ended.stderr.contains("other-words.trycloudflare.com"));
    let second = format!("greet\nbox {HOST}\nbox other-words.trycloudflare.com\n");
    assert_fails(&TestEnv::new(), &second, "neither is trusted");
}

#[test]
fn the_reason_of_an_edge_that_refuses_is_quoted_over_http2() {
    let refusal = "err 2026-11-23T04:57:06Z ERR failed to serve tunnel connection error=\"control stream encountered a failure while serving\" connIndex=0 event=0 ip=127.0.2.2";
    let orders = format!(
        "greet\nbox {HOST}\nmetrics\nquic: {refusal}\nquic: {refusal}\nquic: {refusal}\nquic: hang\n\
         err 2026-11-23T05:02:55Z ERR Register tunnel error from server side error=\"tunnel is not allowed\" connIndex=0 event=0 ip=127.0.2.1\n\
         err tunnel is not allowed\nexit 1\n"
    );
    assert_fails(&TestEnv::new(), &orders, "refuses the tunnel (\"tunnel is not allowed\")");
}

/// V-15: the edge answers by UDP and TCP, refuses, and leaves the TCP connection open.
#[test]
fn an_edge_that_refuses_and_keeps_the_connection_is_not_called_unreachable() {
    let sentences = [
        (r#""tunnel is not allowed""#, "refuses the tunnel (\"tunnel is not allowed\")"),
        ("Unauthorized", "refuses the tunnel (\"Unauthorized\")"),
        (r#""context deadline exceeded""#, "answers, and does not register the tunnel"),
    ];
    std::thread::scope(|scope| {
        for (reason, sentence) in sentences {
            scope.spawn(move || assert_fails(&TestEnv::new(), &edge_refuses(reason), sentence));
        }
    });
}

/// V-15: UDP is refused, and TCP is silent: the edge was reached all the same.
#[test]
fn a_refusal_over_udp_is_not_forgotten_when_tcp_is_silent() {
    let orders = edge_refuses("").replace(" failed to serve incoming request error=", " x");
    assert_fails(&TestEnv::new(), &orders, "answers, and does not register the tunnel");
}

#[test]
fn an_edge_that_closes_before_the_registration_is_named() {
    let closed = "err 2026-11-23T05:02:55Z INF Lost connection with the edge connIndex=0\n\
         err 2026-11-23T05:02:55Z ERR Serve tunnel error error=\"connection with edge closed\" connIndex=0 event=0 ip=127.0.2.1\n\
         err 2026-11-23T05:02:57Z ERR initial tunnel connection failed error=\"connection with edge closed\"\n\
         err 2026-11-23T05:02:57Z ERR Initiating shutdown error=\"connection with edge closed\"\n\
         err connection with edge closed\nexit 1\n";
    let orders = format!("greet\nbox {HOST}\nmetrics\n{closed}");
    assert_fails(&TestEnv::new(), &orders, "are closed before the tunnel is registered");
    let other = orders.replace("connection with edge closed", "a reason of a later version");
    assert_fails(&TestEnv::new(), &other, "(\"a reason of a later version\")");
}

#[test]
fn a_tunnel_without_a_name_is_the_fault_of_the_api() {
    assert_fails(&TestEnv::new(), "greet\nbox \nmetrics\n", "gave a tunnel without an address");
}

/// What a script runs is confined as cloudflared is: it may read no folder of a user.
#[test]
fn a_script_whose_program_lies_in_a_folder_of_a_user_is_told_where_to_put_it() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    // Its folder can be entered by every user: the confinement alone is in the way.
    let folder = Shared::new();
    let script = folder.script(&format!("#!/bin/sh\nexec {} \"$@\"\n", stand_in.path().display()));
    let mut command = tunnel_with_config(&env, "{}");
    command.arg("--cloudflared").arg(&script).arg(ORIGIN);
    let ended = Program::run(command).expect_code(69);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains("it is a script, and what it runs is confined"), "{ended:#?}");
    assert!(last.contains("/usr or /opt") && last.contains("--cloudflared"), "{ended:#?}");
    assert_eq!(stand_in.starts(), 0);
}

/// A folder that every user can enter, removed at the end of the test.
struct Shared(std::path::PathBuf);

impl Shared {
    fn new() -> Self {
        let name = format!("chattrace-script-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        set_mode(&folder, 0o755);
        Self(folder)
    }

    fn script(&self, text: &str) -> std::path::PathBuf {
        let path = self.0.join("cloudflared");
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o755);
        path
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn set_mode(path: &std::path::Path, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, mode).unwrap();
}

/// V-15: a network that blocks UDP and TCP, with the real timeouts.
#[test]
fn an_edge_that_never_answers_is_an_error_after_both_protocols() {
    let dial = |how: &str| {
        format!(
            "err 2026-11-23T05:09:19Z ERR {how} error=\"timeout\" connIndex=0 event=0 ip=127.0.1.1"
        )
    };
    let quic = dial("Failed to dial a quic connection");
    let tcp = dial("Unable to establish connection with Cloudflare edge");
    let orders = format!(
        "greet\nbox {HOST}\nmetrics\nquic: {quic}\nquic: {quic}\nquic: {quic}\n{tcp}\nhang\n"
    );
    assert_fails(&TestEnv::new(), &orders, "port 7844, neither by UDP nor by TCP");
}

#[test]
fn a_later_exit_of_cloudflared_is_reported_as_lost() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, &format!("{HAPPY}wait go\nexit 7\n"));
    let mut program = Program::start(tunnel(&env, &stand_in, &["--json", ORIGIN]));
    program.line(Stream::Stdout, |line| line.contains("registered"));
    stand_in.release("go");
    let lost = program.line(Stream::Stdout, |line| line.contains("\"lost\""));
    assert!(lost.contains(HOST) && lost.contains("ended with code 7"), "{lost}");
    program.wait().expect_code(69);
}

#[test]
fn a_metrics_port_that_no_longer_answers_ends_the_tunnel() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, &format!("{HAPPY}wait go\nclose-metrics\n"));
    let mut program = Program::start(tunnel(&env, &stand_in, &[ORIGIN]));
    program.stdout_line();
    stand_in.release("go");
    let ended = program.wait().expect_code(69);
    assert!(ended.stderr.contains("no longer answers on 127.0.0.1:"), "{ended:#?}");
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let env = TestEnv::new();
    let broken = env.root().join("broken");
    std::fs::write(&broken, "\x7fELF, but of another kind").unwrap();
    let foreign = env.root().join("foreign");
    // A program for s390x: 64 bits, big-endian, machine 22.
    std::fs::write(&foreign, b"\x7fELF\x02\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0\x16").unwrap();
    let dangling = env.root().join("dangling");
    std::fs::write(&dangling, "#!/no/such/interpreter\n").unwrap();
    // Root runs it as another user, who cannot enter the folder of this test.
    let dangling_error = if nix::unistd::Uid::current().is_root() {
        "cloudflared cannot be run: root runs it as a user of its own, who may not read"
    } else {
        "cloudflared cannot be run: its interpreter is missing"
    };
    for (path, mode, error) in [
        (broken.clone(), 0o700, "cannot be used as cloudflared: it is not a program"),
        (foreign, 0o700, "cloudflared: it is made for another kind of processor"),
        (dangling, 0o700, dangling_error),
        (broken, 0o600, "it is not executable"),
        (env.root().join("none"), 0, "no such file or directory"),
        (env.root().to_owned(), 0, "it is not a file"),
    ] {
        if mode != 0 {
            set_mode(&path, mode);
        }
        let mut command = tunnel_with_config(&env, "{}");
        command.arg("--cloudflared").arg(&path).arg(ORIGIN);
        let ended = Program::run(command).expect_code(69);
        assert!(ended.stderr.contains(error), "{ended:#?}");
    }
}
