//! Confinement of a whole session, also on kernels that lack a layer of it.

use super::older::without;
use super::stage::{Stage, event, watched};
use crate::harness::cloudflared::HAPPY;

#[test]
fn a_session_says_what_its_processes_cannot_do_any_more() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&["--json", "--require-confinement"]));
    event(&mut session, "link");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    for line in [
        "✓ confinement      the room can open no file, start no program, open no connection",
        "✓ memory lock ",
        "✓ swap ",
    ] {
        assert!(ended.stderr.contains(line), "{line}: {ended:#?}");
    }
    stage.assert_nothing_left();
}

#[test]
fn without_a_layer_the_check_names_it_and_the_session_goes_on() {
    for (features, said) in [
        (
            &["landlock"][..],
            "! confinement      no Landlock (not in this kernel, or its container refuses it); the filter alone",
        ),
        (&["landlock", "seccomp"], "the room runs with your rights"),
    ] {
        let stage = Stage::new(HAPPY);
        let mut session = watched(&without(features, &stage.public(&["--json"])));
        session.stderr_line_with("may read and write your files here");
        event(&mut session, "link");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        // Long lines are wrapped.
        let flat = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&said), "{said}: {ended:#?}");
        stage.assert_nothing_left();
    }
}

#[test]
fn required_confinement_that_is_not_whole_is_69_before_there_is_a_link() {
    for features in [&["landlock"][..], &["seccomp"]] {
        let stage = Stage::new(HAPPY);
        let command = stage.public(&["--require-confinement"]);
        let ended = watched(&without(features, &command)).wait().expect_code(69);
        assert_eq!(ended.stdout, "", "{ended:#?}");
        assert!(ended.stderr.contains("confinement is required but incomplete: no "));
        assert!(ended.stderr.contains("use a newer kernel, allow the calls in"));
        stage.assert_nothing_left();
    }
}

#[test]
fn memory_that_cannot_be_locked_is_said() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&without(&["mlock"], &stage.local(&["--json"])));
    event(&mut session, "link");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    assert!(ended.stderr.contains("none of the room's memory; see ulimit -l"), "{ended:#?}");
}

/// cloudflared reads and creates no file of the user, and connects to no other local server.
#[test]
fn cloudflared_reads_no_file_of_the_user_and_dials_nobody_but_its_edge_and_the_room() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let stage = Stage::new("hang\n");
    let diary = stage.env.home().join("diary");
    std::fs::write(&diary, "dear diary").unwrap();
    let read = format!("read {}", diary.display());
    let make = format!("make {}", stage.env.home().join("new").display());
    let dial = format!("dial {port}");
    let tries = format!("try {read}\ntry {make}\ntry {dial}\ntry dial 443\n");
    stage.stand_in.order(&format!("{tries}{HAPPY}"));
    let outcome = || {
        let records = stage.stand_in.records();
        let of = |what: &str| {
            let tried = records.iter().rev().find(|record| record["tried"] == what);
            tried.unwrap()["refused"].as_bool().unwrap()
        };
        [of(&read), of(&make), of(&dial), of("dial 443")]
    };
    let mut session = watched(&stage.public(&["--json"]));
    event(&mut session, "link");
    assert_eq!(
        outcome(),
        [true, true, true, false],
        "443 is refused by nobody but who is not there"
    );
    session.signal("TERM");
    session.wait().expect_code(0);
    // The same attempts on a kernel without Landlock.
    let mut session = watched(&without(&["landlock"], &stage.public(&["--json"])));
    event(&mut session, "link");
    // Started by root, cloudflared has a user of its own, whom permissions keep from the file.
    let other = nix::unistd::Uid::current().is_root();
    assert_eq!(outcome(), [other, other, false, false]);
    session.signal("TERM");
    session.wait().expect_code(0);
}
