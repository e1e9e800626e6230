//! Every way in which `chattrace-tunnel` ends takes cloudflared along (V-11), and leaves nothing.

use crate::harness::cloudflared::{HANGS, HAPPY, HOST};
use crate::harness::{Place, Program, StandIn, Stream, TUNNEL};
use crate::session::stage::watched;
use crate::tunnel::tunnel;

const ORIGIN: &str = "http://127.0.0.1:8080";

fn up(place: &Place, orders: &str) -> (StandIn, Program) {
    let stand_in = StandIn::install(place, orders);
    let mut program = watched(&tunnel(place, &stand_in, &[ORIGIN]));
    program.stderr_with("the public address works");
    (stand_in, program)
}

fn runtime_is_empty(place: &Place) {
    assert_eq!(std::fs::read_dir(place.runtime()).unwrap().count(), 0, "{:?}", place.tree());
}

#[test]
fn every_signal_that_asks_ends_it_with_0_and_cloudflared_unregisters() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let place = Place::new();
        let (stand_in, program) = up(&place, HAPPY);
        program.signal(signal);
        program.wait().expect_code(0);
        assert!(stand_in.ended_by_term(), "{signal}");
        runtime_is_empty(&place);
    }
}

#[test]
fn a_signal_before_there_is_an_address_ends_it_too() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HANGS);
    let mut program = watched(&tunnel(&place, &stand_in, &[ORIGIN]));
    program.stderr_with("requesting a public address");
    program.signal("TERM");
    program.wait().expect_code(0);
    runtime_is_empty(&place);
}

/// V-11: nobody is left to clean up, and still nothing survives.
#[test]
fn killed_without_warning_it_takes_cloudflared_along() {
    let place = Place::new();
    let (stand_in, program) = up(&place, HAPPY);
    program.signal("KILL");
    let ended = program.wait();
    assert_eq!(ended.status.code(), None, "{ended:#?}");
    assert_eq!(stand_in.records().len(), 1, "killed, so it could not say goodbye");
}

/// V-12.
#[test]
fn a_cloudflared_that_ignores_term_is_killed_after_its_grace() {
    let place = Place::new();
    let (_, program) = up(&place, &format!("ignore-term\n{HAPPY}"));
    program.signal("TERM");
    program.wait().expect_code(0);
    runtime_is_empty(&place);
}

/// V-12.
#[test]
fn a_second_interrupt_kills_at_once_with_130() {
    let place = Place::new();
    let (_, program) = up(&place, &format!("ignore-term\n{HAPPY}"));
    let mut program = program;
    program.signal("INT");
    // Signals of one kind melt into one until they are seen.
    program.stderr_with("closing");
    program.signal("INT");
    program.wait().expect_code(130);
    runtime_is_empty(&place);
}

#[test]
fn a_reader_that_goes_away_ends_it_at_once() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let inner = tunnel(&place, &stand_in, &[ORIGIN]);
    let mut command = place.command("sh");
    command.args(["-c", "\"$0\" \"$@\" | head -1"]).arg(TUNNEL).args(inner.get_args());
    let ended = Program::run(command).expect_code(0);
    assert_eq!(ended.stdout, format!("https://{HOST}\n"));
    assert!(ended.stderr.contains("the reader of the link is gone"), "{ended:#?}");
    assert!(stand_in.ended_by_term());
    runtime_is_empty(&place);
}

/// Pipeline: the origin comes from standard input, whose end is the end.
#[test]
fn the_end_of_standard_input_ends_it_when_the_origin_came_from_there() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let mut program = watched(&tunnel(&place, &stand_in, &[]));
    program.write("http://127.0.0.1:8080/t/abc#x\nmore\n");
    assert_eq!(program.stdout_line(), format!("https://{HOST}/t/abc#x"));
    program.close_stdin();
    let ended = program.wait().expect_code(0);
    assert!(ended.stderr.contains("standard input has ended"));
    assert!(stand_in.ended_by_term());
    runtime_is_empty(&place);
}

/// Without an origin from there, standard input means nothing.
#[test]
fn standard_input_does_not_matter_when_the_origin_is_an_argument() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let mut program = Program::start(tunnel(&place, &stand_in, &[ORIGIN]));
    program.close_stdin();
    program.stdout_line();
    program.signal("TERM");
    program.wait().expect_code(0);
}

#[test]
fn standard_input_without_a_line_is_a_clear_error() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    for (text, code, said) in [
        ("", 69, "standard input ended before its first line"),
        ("http://127.0.0.1:1", 69, "standard input ended before its first line"),
        ("\n", 2, "does not start with http://"),
        (&format!("http://127.0.0.1:1/{}", "x".repeat(9000)), 2, "longer than 4096 bytes"),
    ] {
        let mut program = Program::start(tunnel(&place, &stand_in, &["-"]));
        program.write(text);
        program.close_stdin();
        let ended = program.wait().expect_code(code);
        assert!(ended.stderr.contains(said), "{ended:#?}");
    }
    assert_eq!(stand_in.starts(), 0);
}

/// The pipeline of `product.md`, with a neighbour that stays and one that does not.
#[test]
fn the_pipelines_with_tee_end_when_a_neighbour_does() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let inner = tunnel(&place, &stand_in, &[]);
    let line = "printf 'http://127.0.0.1:8080/t/abc#x\\n'";
    let mut command = place.command("sh");
    command.arg("-c").arg(format!("{{ {line}; cat; }} | \"$0\" \"$@\" | tee link.txt"));
    command.arg(TUNNEL).args(inner.get_args());
    let mut program = Program::start(command);
    let link = program.stdout_line();
    assert_eq!(link, format!("https://{HOST}/t/abc#x"));
    program.close_stdin();
    program.wait().expect_code(0);
    assert_eq!(
        std::fs::read_to_string(place.work().join("link.txt")).unwrap(),
        format!("{link}\n")
    );

    // Here the input ends with its line, so the tunnel ends as well, link or no link.
    let mut command = place.command("sh");
    command.arg("-c").arg(format!("{line} | \"$0\" \"$@\" | tee link.txt"));
    command.arg(TUNNEL).args(inner.get_args());
    let ended = Program::run(command).expect_code(0);
    assert!(ended.stderr.contains("standard input has ended"), "{ended:#?}");
    runtime_is_empty(&place);
}

/// A terminal's Ctrl+C reaches the whole group: cloudflared must get one signal, not two.
#[test]
fn cloudflared_is_out_of_reach_of_the_terminals_signals() {
    let place = Place::new();
    let (stand_in, mut program) = up(&place, &format!("{HAPPY}wait go\ndrop\n"));
    // What the terminal does, to the group that the shell has made: ours is that of this test, so
    // the group of cloudflared is looked at instead.
    let pid = stand_in.records()[0]["pid"].as_u64().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    assert_eq!(fields[2], pid.to_string(), "leads a group of its own");
    stand_in.release("go");
    program.line(Stream::Stderr, |line| line.contains("lost the tunnel"));
    program.signal("TERM");
    program.wait().expect_code(0);
}
