//! Confinement of a whole session, also on kernels that lack a layer of it.

use super::older::without;
use super::stage::{Stage, event, watched};
use crate::harness::cloudflared::HAPPY;

#[test]
fn a_session_says_what_its_processes_cannot_do_any_more() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&["--json", "--verbose", "--require-confinement"]));
    event(&mut session, "link");
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    for line in [
        "✓ sandbox          the room cannot open files, start programs or connect out",
        "✓ memory           kept off the disk",
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
            "! sandbox          no Landlock (not in this kernel, or its container refuses it); the filter alone",
        ),
        (&["landlock", "seccomp"], "the room runs with your rights"),
        (&["prctl:0:38=EPERM"], "the room runs with your rights"),
        (
            &["landlock_create_ruleset=EPERM"],
            "no Landlock (not in this kernel, or its container refuses it)",
        ),
        (
            &["landlock_restrict_self=EPERM"],
            "no Landlock (failed to restrict the calling thread: Operation not permitted (os error 1))",
        ),
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
    for features in [
        &["landlock"][..],
        &["seccomp"],
        &["landlock_create_ruleset=EPERM"],
        &["landlock_create_ruleset=EACCES"],
        &["landlock_restrict_self=EPERM"],
        &["landlock_restrict_self=EINVAL"],
        &["seccomp=EPERM"],
        &["seccomp=EACCES"],
        &["seccomp=EINVAL"],
        // PR_SET_NO_NEW_PRIVS, which all layers need.
        &["prctl:0:38=EPERM"],
        &["prctl:0:38=ENOSYS"],
        &["prctl:0:38=EINVAL"],
    ] {
        let stage = Stage::new(HAPPY);
        let command = stage.public(&["--require-confinement"]);
        let ended = watched(&without(features, &command)).wait().expect_code(69);
        assert_eq!(ended.stdout, "", "{ended:#?}");
        let said = "confinement is required but incomplete: no ";
        assert!(ended.stderr.contains(said), "{features:?}: {ended:#?}");
        assert!(ended.stderr.contains("use a newer kernel, allow the calls in"));
        stage.assert_nothing_left();
    }
}

/// A refusal, and the line that says what follows.
const SAID: [(&str, &str); 10] = [
    ("mlock", "memory kept off the disk, as there is no swap; it could not be locked"),
    ("mlock2=EPERM", "memory kept off the disk, as there is no swap; it could not be locked"),
    // PR_SET_DUMPABLE.
    ("prctl:0:4=EPERM", "core dumps off, but other programs of this user can read the memory"),
    ("prctl:0:4=ENOSYS", "core dumps off, but other programs of this user can read the memory"),
    // RLIMIT_CORE.
    ("prlimit64:1:4=EPERM", "core dumps off, but a program that is just starting may write one"),
    // PR_SET_CHILD_SUBREAPER.
    (
        "prctl:0:36=EPERM",
        "this system does not report programs that lose their parent (EPERM: Operation not permitted)",
    ),
    (
        "pidfd_open=EPERM",
        "if chattrace is killed, programs that it started may go on, and are named: this system refuses pidfds",
    ),
    (
        "pidfd_send_signal=EPERM",
        "cleaning up if chattrace is killed, programs that it started may go on",
    ),
    ("capset=EPERM", "sandbox privileges kept (Operation not permitted (os error 1))"),
    // SECCOMP_SET_MODE_FILTER.
    ("seccomp:0:1=EACCES", "sandbox no filter for system calls (Error calling `seccomp`"),
];

#[test]
fn what_is_refused_of_a_protection_is_said_and_the_session_goes_on() {
    for (refusal, said) in SAID {
        let stage = Stage::new(HAPPY);
        let mut session = watched(&without(&[refusal], &stage.public(&["--json", "--verbose"])));
        session.stdout_line_with("\"public\":true");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        let flat = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(said), "{refusal}: {ended:#?}");
        stage.assert_nothing_left();
    }
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
