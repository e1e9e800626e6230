//! The command line of `chattrace-tunnel`.

use crate::harness::cloudflared::HAPPY;
use crate::harness::{CHATTRACE, CLEAN, Program, SERVE, StandIn, TUNNEL, TestEnv};

use super::command::{ORIGIN, tunnel, tunnel_with_config};

#[test]
fn help_fits_a_screen_and_names_two_examples() {
    let env = TestEnv::new();
    let mut command = env.command(TUNNEL);
    command.arg("--help");
    let help = Program::run(command).expect_code(0).stdout;
    assert!(
        help.lines().count() <= 24 && help.lines().all(|line| line.chars().count() <= 80),
        "{help}"
    );
    let last: Vec<&str> = help.lines().rev().take(3).collect();
    assert_eq!(last[2], "Examples:");
    assert!(!help.contains("lifeline"));
}

#[test]
fn a_tip_names_no_option_that_the_help_hides() {
    let env = TestEnv::new();
    for (program, typed, hidden) in [
        (CHATTRACE, "--mod", "--mode"),
        (SERVE, "--mod", "--mode"),
        (SERVE, "--lifelin", "--lifeline"),
        (TUNNEL, "--lifelin", "--lifeline"),
        (CLEAN, "--guar", "--guard"),
    ] {
        let mut command = env.command(program);
        command.arg(typed);
        let ended = Program::run(command).expect_code(2);
        assert!(!ended.stderr.contains(hidden), "{ended:#?}");
        let mut command = env.command(program);
        command.arg("--jso");
        let ended = Program::run(command).expect_code(2);
        assert!(ended.stderr.contains("'--json'"), "{ended:#?}");
    }
}

#[test]
fn a_wrong_command_line_exits_with_2_and_a_wrong_configuration_with_78() {
    let env = TestEnv::new();
    let stand_in = StandIn::install(&env, HAPPY);
    for arguments in [
        &["--no-such"][..],
        &["https://127.0.0.1:1"],
        &["http://example.org:80"],
        &["http://127.0.0.1"],
    ] {
        let ended = Program::run(tunnel(&env, &stand_in, arguments)).expect_code(2);
        assert!(
            ended.stderr.contains("error:")
                || ended.stderr.contains("http://127.0.0.1:8080")
                || ended.stderr.contains("only 127.0.0.1"),
            "{ended:#?}"
        );
    }
    let mut command = tunnel_with_config(&env, r#"{"tunel":{}}"#);
    command.arg(ORIGIN);
    let stderr = Program::run(command).expect_code(78).stderr;
    assert!(stderr.contains("did you mean \"tunnel\""), "{stderr}");
    assert_eq!(stand_in.starts(), 0);
}
