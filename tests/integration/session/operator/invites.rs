//! `link`, `relink`, `invite`, `links`, `revoke`.

use super::super::guest::{Guest, try_join};
use super::super::stage::{Link, Stage, events};
use super::Operator;
use crate::harness::cloudflared::HAPPY;

/// The link of an invite that is made with this command.
pub(super) fn invited(operator: &mut Operator, command: &str) -> Link {
    let text = operator.done(command);
    operator.wait_for_room();
    let url = text.lines().find(|line| line.starts_with("http://"));
    Link::local(url.unwrap_or_else(|| panic!("no link: {text}")))
}

#[test]
fn an_invite_lets_in_as_many_as_it_says() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let link = invited(&mut operator, "invite 2 10m");
    let event = operator.event("invited");
    assert_eq!(
        (&event["link"], &event["people"], &event["seconds"]),
        (&1.into(), &2.into(), &600.into())
    );
    let links = operator.done("links");
    assert!(links.contains("\n   1  invite · 2 of 2 left · for "), "{links}");
    Guest::join(&link, "Ana");
    assert_eq!(operator.event("invite_used")["left"], 1);
    assert!(operator.done("links").contains("1 of 2 left"));
    Guest::join(&link, "Bob");
    assert_eq!(operator.event("invite_used")["left"], 0);
    let lines = try_join(&link, "Eve");
    assert!(!lines.iter().any(|line| line["t"] == "welcome"), "{lines:?}");
    assert!(!operator.done("links").contains("invite"), "used up");
    let ended = operator.end();
    // The secret of an invite is for the one who asked for it.
    assert!(!ended.stdout.contains(&link.ticket), "{ended:#?}");
    assert!(!ended.stderr.contains(&link.ticket), "{ended:#?}");
    stage.assert_nothing_left();
}

#[test]
fn an_invite_is_revoked_and_a_new_link_ends_all() {
    let stage = Stage::new(HAPPY);
    let mut operator = Operator::start(&stage, &["--open"]);
    let first = invited(&mut operator, "invite");
    let second = invited(&mut operator, "invite 5 1h");
    assert_eq!(operator.done("revoke 1"), "invite 1 revoked");
    operator.event("revoked");
    for (command, part) in [("revoke 1", "admits no one"), ("revoke 7", "no invite 7")] {
        assert!(operator.refused(command).contains(part));
    }
    operator.refused("revoke 0");
    operator.wait_for_room();
    assert!(!try_join(&first, "Ana").iter().any(|line| line["t"] == "welcome"));
    let ana = Guest::join(&operator.link, "Ana");
    let text = operator.done("relink");
    operator.event("relinked");
    let moved = operator.event("link");
    let new = Link::local(moved["url"].as_str().unwrap());
    assert!(text.contains(&new.url), "{text}");
    assert_ne!(new.ticket, operator.link.ticket);
    // Who is inside stays, and can reload.
    let line = ana.recv("moved");
    assert_eq!(line["url"], format!("/t/{}", new.ticket));
    for dead in [&operator.link, &second] {
        assert!(!try_join(dead, "Bob").iter().any(|line| line["t"] == "welcome"));
    }
    Guest::join(&new, "Bob");
    assert!(operator.done("link").contains(&new.url));
    let ended = operator.end();
    assert_eq!(events(&ended).last().unwrap()["event"], "closed");
    stage.assert_nothing_left();
}

#[test]
fn there_are_so_many_invites_and_no_more() {
    for mode in ["--open", "--sealed"] {
        let stage = Stage::new(HAPPY);
        let mut operator = Operator::start(&stage, &[mode]);
        for _ in 0..63 {
            invited(&mut operator, "invite");
        }
        assert!(operator.refused("invite").contains("63 invites already"));
        operator.done("revoke 63");
        invited(&mut operator, "invite");
        let link = operator.link.url.clone();
        assert!(!operator.done("relink").contains(&link));
        assert_eq!(operator.done("links").lines().count(), 1);
        invited(&mut operator, "invite");
        operator.end();
    }
}
