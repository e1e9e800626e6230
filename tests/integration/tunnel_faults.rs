//! cloudflared that prints nothing, garbage, a wrong host name, exits early, hangs, never registers,
//! dies later: each is one sentence, code 69, and nothing left.

use crate::harness::cloudflared::{
    ERROR_PAGE, GARBAGE, HAPPY, HOST, NO_DNS, REFUSED, SILENT, TOO_MANY, TOO_MANY_JSON,
    UNKNOWN_FLAG,
};
use crate::harness::{Ended, Place, Program, StandIn, Stream};
use crate::tunnel::tunnel;

const ORIGIN: &str = "http://127.0.0.1:8080/t/abc";

/// Runs it with these orders to its end, which must be 69 without a link, and with nothing left.
fn refused(place: &Place, orders: &str, sentence: &str) -> Ended {
    let stand_in = StandIn::install(place, orders);
    let ended = Program::run(tunnel(place, &stand_in, &[ORIGIN])).expect_code(69);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    let said = ended.stderr.lines().last().unwrap();
    assert!(said.starts_with("chattrace-tunnel: ") && said.contains(sentence), "{ended:#?}");
    // The next step stands after the reason.
    assert!(said.contains(';') || said.contains(','), "{said}");
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
        refused(&Place::new(), orders, sentence);
    }
}

/// V-15: said, remembered, and not asked again.
#[test]
fn too_many_requests_are_remembered_in_both_forms() {
    for orders in [TOO_MANY, TOO_MANY_JSON] {
        let place = Place::new();
        refused(&place, orders, "too many requests");
        let cooldown = place.runtime().join("chattrace/cooldown");
        assert!(std::fs::read_to_string(&cooldown).unwrap().parse::<u64>().is_ok());
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&cooldown).unwrap());
        assert_eq!(mode & 0o777, 0o600);

        let stand_in = StandIn::install_as(&place.root().join("again/cloudflared"), HAPPY);
        let ended = Program::run(tunnel(&place, &stand_in, &["--json", ORIGIN])).expect_code(69);
        assert!(ended.stderr.contains("can be tried in 10 min"), "{ended:#?}");
        let lost: serde_json::Value = serde_json::from_str(ended.stdout.trim()).unwrap();
        assert_eq!(lost["event"], "lost");
        assert!((590..=600).contains(&lost["retry_after"].as_u64().unwrap()));
        assert_eq!(stand_in.starts(), 0);

        // Long over: removed by whoever sees it, and no obstacle.
        std::fs::write(&cooldown, "1").unwrap();
        let mut program = Program::start(tunnel(&place, &stand_in, &[ORIGIN]));
        program.stdout_line();
        assert!(!cooldown.exists());
    }
}

#[test]
fn nothing_at_all_is_noticed_after_ten_seconds() {
    refused(&Place::new(), SILENT, "cloudflared printed nothing for 10 s");
}

#[test]
fn a_wrong_host_name_is_refused_and_shown_harmlessly() {
    for host in [
        "api.trycloudflare.com",
        "evil.example",
        "a.b.trycloudflare.com",
        "x.trycloudflare.com.evil.example",
        "UPPER.trycloudflare.com",
        "",
    ] {
        let orders = format!("greet\nbox {host}\nmetrics\nregister\n");
        refused(&Place::new(), &orders, "which is no address of a quick tunnel");
    }
}

#[test]
fn an_address_that_the_metrics_port_does_not_confirm_is_refused() {
    let orders =
        format!("greet\nbox {HOST}\nname other-words.trycloudflare.com\nmetrics\nregister\n");
    let ended = refused(&Place::new(), &orders, "neither is trusted");
    assert!(ended.stderr.contains("other-words.trycloudflare.com"));
    let second = format!("greet\nbox {HOST}\nbox other-words.trycloudflare.com\n");
    refused(&Place::new(), &second, "neither is trusted");
}

#[test]
fn an_edge_that_refuses_is_quoted_over_http2() {
    let refusal = "err 2026-11-23T04:57:06Z ERR failed to serve tunnel connection error=\"control stream encountered a failure while serving\" connIndex=0 event=0 ip=127.0.2.2";
    let orders = format!(
        "greet\nbox {HOST}\nmetrics\nquic: {refusal}\nquic: {refusal}\nquic: {refusal}\nquic: hang\n\
         err 2026-11-23T05:02:55Z ERR Register tunnel error from server side error=\"tunnel is not allowed\" connIndex=0 event=0 ip=127.0.2.1\n\
         err tunnel is not allowed\nexit 1\n"
    );
    refused(&Place::new(), &orders, "refuses the tunnel (\"tunnel is not allowed\")");
}

/// V-15: the sentence of a network that lets nothing through, in the time that it really takes.
#[test]
fn an_edge_that_never_answers_is_given_up_after_both_protocols() {
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
    refused(&Place::new(), &orders, "port 7844, neither by UDP nor by TCP");
}

#[test]
fn a_cloudflared_that_dies_later_is_told_as_a_loss() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, &format!("{HAPPY}wait go\nexit 7\n"));
    let mut program = Program::start(tunnel(&place, &stand_in, &["--json", ORIGIN]));
    program.line(Stream::Stdout, |line| line.contains("registered"));
    stand_in.release("go");
    let lost = program.line(Stream::Stdout, |line| line.contains("\"lost\""));
    assert!(lost.contains(HOST) && lost.contains("ended with code 7"), "{lost}");
    program.wait().expect_code(69);
}

#[test]
fn a_metrics_port_that_dies_ends_the_tunnel() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, &format!("{HAPPY}wait go\nclose-metrics\n"));
    let mut program = Program::start(tunnel(&place, &stand_in, &[ORIGIN]));
    program.stdout_line();
    stand_in.release("go");
    let ended = program.wait().expect_code(69);
    assert!(ended.stderr.contains("no longer answers on 127.0.0.1:"), "{ended:#?}");
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let place = Place::new();
    let broken = place.root().join("broken");
    std::fs::write(&broken, "\x7fELF, but of another kind").unwrap();
    let torn = place.root().join("torn");
    std::fs::write(&torn, "#!/no/such/interpreter\n").unwrap();
    // Root runs it as another user, from whom the folder of this test is closed.
    let torn_said = if nix::unistd::Uid::current().is_root() {
        "cloudflared cannot be run: root runs it as a user of its own, who may not read"
    } else {
        "cloudflared cannot be run: No such file"
    };
    for (path, mode, said) in [
        (broken.clone(), 0o700, "cloudflared cannot be run: it is no program"),
        (torn, 0o700, torn_said),
        (broken, 0o600, "it is not executable"),
        (place.root().join("none"), 0, "no such file or directory"),
        (place.root().to_owned(), 0, "it is not a file"),
    ] {
        if mode != 0 {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(&path, mode).unwrap();
        }
        let mut command = crate::tunnel::settled(&place, "{}");
        command.arg("--cloudflared").arg(&path).arg(ORIGIN);
        let ended = Program::run(command).expect_code(69);
        assert!(ended.stderr.contains(said), "{ended:#?}");
    }
}
