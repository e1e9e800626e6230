//! Commands that are typed at the session's own terminal.

use super::super::guest::Guest;
use super::super::stage::{Link, Stage};
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;

const CTRL_C: &str = "\u{3}";

#[test]
fn what_is_typed_is_carried_out_and_stands_in_the_event_log() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open", "--bell"]), 100);
    let link = Link::on_screen(&mut terminal);
    let _ana = Guest::join(&link, "Ana");
    terminal.wait_for("+ Ana #");
    terminal.wait_for("\u{7}");
    for (typed, shown) in [
        ("say the secret of the day", "announcement sent"),
        ("lock", "locked: no one new comes in"),
        ("mute ana 10m", "muted Ana #"),
        ("who", "1 in the room"),
        ("kikc ana", "kick"),
        ("kick ana", "removed Ana #"),
    ] {
        terminal.type_keys(&format!("{typed}\r"));
        terminal.wait_for(shown);
    }
    terminal.wait_for("they still have the link");
    terminal.type_keys(CTRL_C);
    terminal.wait_for("[s]ave, [d]elete or [v]iew");
    terminal.type_keys("v\r");
    for line in ["announcement sent", "locked: ", "muted Ana #", "removed Ana #"] {
        terminal.wait_for(line);
    }
    terminal.type_keys("\r");
    terminal.wait_for("nothing remains");
    let ended = terminal.wait().expect_code(0);
    let after_question = ended.stdout.rsplit("[v]iew").next().unwrap().to_owned();
    assert!(!after_question.contains("secret of the day"), "{after_question}");
    stage.assert_nothing_left();
}

#[test]
fn an_invite_is_shown_with_its_code() {
    let stage = Stage::new(HAPPY);
    let mut terminal = Terminal::start(&stage.local(&["--open"]), 100);
    let link = Link::on_screen(&mut terminal);
    terminal.type_keys("invite 3 30m\r");
    terminal.wait_for("invite 1: for 3 people, within 30m");
    // The link of the room is drawn again below each line.
    let shown = std::iter::repeat_with(|| Link::on_screen(&mut terminal));
    let invite = shown.into_iter().find(|shown| shown.ticket != link.ticket).unwrap();
    // The room answers this after it has read what came before.
    terminal.type_keys("who\r");
    terminal.wait_for("no one is in the room");
    Guest::join(&invite, "Ana");
    terminal.wait_for("invite 1 was used; 2 may still come by it");
    terminal.type_keys("relink\r");
    terminal.wait_for("new link: the old one and all invites are dead");
    terminal.wait_for("http://");
    terminal.type_keys("end\r");
    terminal.wait_for("[s]ave, [d]elete or [v]iew");
    terminal.type_keys("\r");
    terminal.wait().expect_code(0);
}
