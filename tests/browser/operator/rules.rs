//! The rules of the room, in one line, and their changes in the log, once.

use super::{MODES, session_behind_proxy, session_with_two};
use crate::harness::ProxyMode;

#[tokio::test]
async fn rules_are_in_one_line_and_a_change_is_in_the_log_once() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("slow 90s");
        fixture.room.command("fade 2h");
        fixture.room.command("lock");
        fixture.room.command("lobby on");
        let all = "locked, newcomers wait for the host, one message in 90 s, messages disappear after 2 h";
        ana.wait_for_rules(all).await;
        bo.wait_for_rules(all).await;
        ana.wait_for_lines(&format!("Rules now: {all}"), 1).await;
        ana.wait_for_lines("Rules now", 4).await;
        // What holds already is no change.
        fixture.room.command("lock");
        fixture.room.command("unlock");
        fixture.room.command("lobby off");
        fixture.room.command("slow off");
        fixture.room.command("fade off");
        ana.wait_for_rules("").await;
        ana.wait_for_lines("Rules now: none", 1).await;
        ana.wait_for_lines("Rules now", 8).await;
        // The message box is described by the line, which is no live region.
        let described = "document.querySelector('#message').getAttribute('aria-describedby')";
        assert_eq!(ana.eval(described).await, "rules");
        let live = "document.querySelector('#rules').closest('[role], [aria-live]')";
        assert_eq!(ana.eval(live).await, serde_json::Value::Null);
        fixture.browser.expect_clean_console().await;
    }
}

/// Newcomers see what holds, and nothing about how it came to be.
#[tokio::test]
async fn newcomers_and_those_who_come_back_see_what_holds() {
    for mode in MODES {
        for transport in [ProxyMode::Forward, ProxyMode::HttpOnly] {
            let (fixture, proxy, ana) = session_behind_proxy(mode, transport).await;
            fixture.room.command("slow 10m");
            ana.wait_for_rules("one message in 10 min").await;
            let bo = fixture.participant("Bo").await;
            bo.wait_for_rules("one message in 10 min").await;
            bo.wait_for_lines("Rules now", 0).await;
            proxy.set(ProxyMode::Close);
            ana.wait_for_status("Disconnected").await;
            fixture.room.command("slow off");
            fixture.room.command("lock");
            proxy.set(transport);
            ana.wait_for_rules("locked").await;
            ana.wait_for_status("Connected").await;
        }
    }
}
