//! However `chattrace-tunnel` ends, cloudflared ends with it (V-11), and nothing remains.

use serde_json::json;

use crate::harness::cloudflared::{HANGS, HAPPY, HOST};
use crate::harness::{Program, SERVE, StandIn, Stream, TUNNEL, TestEnv};
use crate::serve::client::Client;
use crate::session::ends::{child, signal};
use crate::session::stage::{Link, watched};

use super::command::{ORIGIN, tunnel};

fn start_registered(env: &TestEnv, orders: &str) -> (StandIn, Program) {
    let stand_in = StandIn::install(env, orders);
    let mut program = watched(&tunnel(env, &stand_in, &[ORIGIN]));
    program.stderr_line_with("the public address works");
    (stand_in, program)
}

fn assert_runtime_empty(env: &TestEnv) {
    assert_eq!(std::fs::read_dir(env.runtime()).unwrap().count(), 0, "{:?}", env.tree());
}

#[test]
fn every_termination_signal_exits_with_0_and_cloudflared_unregisters() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let env = TestEnv::new();
        let (stand_in, program) = start_registered(&env, HAPPY);
        program.signal(signal);
        program.wait().expect_code(0);
        assert!(stand_in.ended_by_term(), "{signal}");
        assert_runtime_empty(&env);
    }
}

#[test]
fn a_signal_before_there_is_an_address_exits_too() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HANGS);
    let mut program = watched(&tunnel(&env, &stand_in, &[ORIGIN]));
    program.stderr_line_with("requesting a public address");
    program.signal("TERM");
    program.wait().expect_code(0);
    assert_runtime_empty(&env);
}

/// V-11: no code of ours runs after SIGKILL, and cloudflared ends all the same.
#[test]
fn cloudflared_does_not_survive_a_sigkill() {
    let env = TestEnv::new();
    let (stand_in, program) = start_registered(&env, HAPPY);
    program.signal("KILL");
    let ended = program.wait();
    assert_eq!(ended.status.code(), None, "{ended:#?}");
    assert_eq!(stand_in.records().len(), 1, "killed, so it did not unregister");
}

/// V-12.
#[test]
fn a_cloudflared_that_ignores_term_is_killed_after_the_grace_period() {
    let env = TestEnv::new();
    let (_, program) = start_registered(&env, &format!("ignore-term\n{HAPPY}"));
    program.signal("TERM");
    program.wait().expect_code(0);
    assert_runtime_empty(&env);
}

/// V-12.
#[test]
fn a_second_interrupt_kills_at_once_with_130() {
    let env = TestEnv::new();
    let (_, program) = start_registered(&env, &format!("ignore-term\n{HAPPY}"));
    let mut program = program;
    program.signal("INT");
    // Two pending signals of one kind are delivered as one (signal(7)).
    program.stderr_line_with("closing");
    program.signal("INT");
    program.wait().expect_code(130);
    assert_runtime_empty(&env);
}

#[test]
fn a_closed_reader_of_stdout_ends_it_at_once() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let inner = tunnel(&env, &stand_in, &[ORIGIN]);
    let mut command = env.command("sh");
    command.args(["-c", "\"$0\" \"$@\" | head -1"]).arg(TUNNEL).args(inner.get_args());
    let ended = Program::run(command).expect_code(0);
    assert_eq!(ended.stdout, format!("https://{HOST}\n"));
    assert!(ended.stderr.contains("the reader of the link is gone"), "{ended:#?}");
    assert!(stand_in.ended_by_term());
    assert_runtime_empty(&env);
}

/// In a pipeline, the origin is the first line of standard input.
#[test]
fn the_end_of_the_standard_input_that_gave_the_origin_ends_it() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut program = watched(&tunnel(&env, &stand_in, &[]));
    program.write("http://127.0.0.1:8080/t/abc#x\nmore\n");
    assert_eq!(program.stdout_line(), format!("https://{HOST}/t/abc#x"));
    program.close_stdin();
    let ended = program.wait().expect_code(0);
    assert!(ended.stderr.contains("standard input has ended"));
    assert!(stand_in.ended_by_term());
    assert_runtime_empty(&env);
}

#[test]
fn the_end_of_standard_input_does_not_matter_when_the_origin_is_an_argument() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut program = Program::start(tunnel(&env, &stand_in, &[ORIGIN]));
    program.close_stdin();
    program.stdout_line();
    program.signal("TERM");
    program.wait().expect_code(0);
}

#[test]
fn standard_input_without_a_line_is_an_error() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    for (text, code, error) in [
        ("", 69, "standard input ended before its first line"),
        ("http://127.0.0.1:1", 69, "standard input ended before its first line"),
        ("\n", 2, "does not start with http://"),
        (&format!("http://127.0.0.1:1/{}", "x".repeat(9000)), 2, "longer than 4096 bytes"),
    ] {
        let mut program = Program::start(tunnel(&env, &stand_in, &["-"]));
        program.write(text);
        program.close_stdin();
        let ended = program.wait().expect_code(code);
        assert!(ended.stderr.contains(error), "{ended:#?}");
    }
    assert_eq!(stand_in.starts(), 0);
}

/// Once with a writer that stays, and once with one that exits after its line.
#[test]
fn a_pipeline_with_tee_ends_with_its_writer() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let inner = tunnel(&env, &stand_in, &[]);
    let line = "printf 'http://127.0.0.1:8080/t/abc#x\\n'";
    let mut command = env.command("sh");
    command.arg("-c").arg(format!("{{ {line}; cat; }} | \"$0\" \"$@\" | tee link.txt"));
    command.arg(TUNNEL).args(inner.get_args());
    let mut program = Program::start(command);
    let link = program.stdout_line();
    assert_eq!(link, format!("https://{HOST}/t/abc#x"));
    program.close_stdin();
    program.wait().expect_code(0);
    assert_eq!(std::fs::read_to_string(env.work().join("link.txt")).unwrap(), format!("{link}\n"));

    // The input ends right after its line, and the tunnel with it, with or without a link.
    let mut command = env.command("sh");
    command.arg("-c").arg(format!("{line} | \"$0\" \"$@\" | tee link.txt"));
    command.arg(TUNNEL).args(inner.get_args());
    let ended = Program::run(command).expect_code(0);
    assert!(ended.stderr.contains("standard input has ended"), "{ended:#?}");
    assert_runtime_empty(&env);
}

/// Ctrl+C reaches the room too, whose goodbye has to travel through the tunnel. Here the tunnel gets
/// it first.
#[test]
fn in_a_pipeline_the_goodbye_of_the_room_comes_before_the_unregistering() {
    let env = TestEnv::new();
    let stand_in =
        StandIn::install(&env, &format!("greet\nbox {HOST}\nmetrics\ncarry\nregister\n"));
    let inner = tunnel(&env, &stand_in, &[]);
    let mut command = env.command("sh");
    command.args(["-c", "serve=$0; tunnel=$1; shift; \"$serve\" | \"$tunnel\" \"$@\""]);
    command.arg(SERVE).arg(TUNNEL).args(inner.get_args());
    let mut program = Program::start(command);
    let link = Link::at(&program.stdout_line(), &stand_in.carries().unwrap());
    let mut ana = Client::open(link.address.parse().unwrap(), HOST, &format!("https://{HOST}"));
    ana.send_line(&json!({ "t": "join", "name": "Ana", "ticket": link.ticket }));
    ana.wait("welcome");
    signal("INT", child(program.pid(), "chattrace-tunnel"));
    program.stderr_line_with("closing once the program that wrote the origin has ended");
    ana.say("still here");
    ana.until_said("still here");
    signal("INT", child(program.pid(), "chattrace-serve"));
    assert_eq!(ana.rest().0.last().unwrap()["t"], "end");
    program.wait().expect_code(0);
    assert!(stand_in.ended_by_term());
    assert_runtime_empty(&env);
}

/// V-12: a writer that goes on does not keep the address registered.
#[test]
fn a_writer_of_the_origin_that_goes_on_is_not_waited_for_long() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    let mut program = watched(&tunnel(&env, &stand_in, &[]));
    program.write("http://127.0.0.1:8080\n");
    program.stdout_line();
    program.signal("INT");
    program.stderr_line_with("closing once the program that wrote the origin has ended");
    program.wait().expect_code(0);
    assert!(stand_in.ended_by_term());
}

/// The terminal sends Ctrl+C to the whole process group: cloudflared must get one signal, not two.
#[test]
fn cloudflared_is_not_in_the_process_group_of_the_terminal() {
    let env = TestEnv::new();
    let (stand_in, mut program) = start_registered(&env, &format!("{HAPPY}wait go\ndrop\n"));
    // The group of the program is that of this test, which must not be signalled: the group of
    // cloudflared is checked instead.
    let pid = stand_in.records()[0]["pid"].as_u64().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    assert_eq!(fields[2], pid.to_string(), "it leads a process group of its own");
    stand_in.release("go");
    program.line(Stream::Stderr, |line| line.contains("lost the tunnel"));
    program.signal("TERM");
    program.wait().expect_code(0);
}
