//! What is said disappears at its age, by the room's clock.

use super::{MODES, MODES_WITH_TRANSPORTS, session_behind_proxy, session_with_two, set_clock};
use crate::harness::{Fixture, Page, ProxyMode};

const NO_MESSAGE: &str = "!document.querySelector('.message')";

async fn join_with_clock(fixture: &Fixture, name: &str, days: i64) -> Page {
    let page = fixture.browser.new_window().await;
    set_clock(&page, days * 86_400_000).await;
    page.goto(fixture.room.link()).await;
    page.wait_for("document.querySelector('#name')").await;
    page.join(name).await;
    page
}

#[tokio::test]
async fn messages_and_announcements_disappear_and_what_else_is_in_the_log_stays() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("fade 3s");
        ana.wait_for_rules("messages disappear after 3 s").await;
        ana.send_message("a passing word").await;
        bo.wait_for_log("a passing word").await;
        fixture.room.command("say as fleeting");
        bo.wait_for_log("as fleeting").await;
        for page in [&ana, &bo] {
            page.wait_for(NO_MESSAGE).await;
            let html = page.html().await;
            assert!(!html.contains("passing") && !html.contains("fleeting"), "{html}");
            page.wait_for_lines("Rules now", 1).await;
        }
        // Set later, it holds for what is shown already; taken back, it brings nothing back.
        fixture.room.command("fade off");
        ana.wait_for_rules("").await;
        bo.send_message("an older word").await;
        ana.wait_for_log("an older word").await;
        fixture.room.command("fade 1s");
        ana.wait_for(NO_MESSAGE).await;
        fixture.room.command("fade off");
        ana.wait_for_rules("").await;
        bo.send_message("a lasting word").await;
        ana.wait_for_log("a lasting word").await;
        assert_eq!(ana.messages().await, ["a lasting word"]);
        fixture.browser.expect_clean_console().await;
    }
}

/// Neither sooner nor later on a computer whose clock is wrong by days.
#[tokio::test]
async fn clocks_that_are_wrong_by_days_change_nothing() {
    for mode in MODES {
        let fixture = Fixture::operated(mode, &[]).await;
        let bo = fixture.participant("Bo").await;
        let early = join_with_clock(&fixture, "Early", 3).await;
        let late = join_with_clock(&fixture, "Late", -3).await;
        fixture.room.command("fade 1h");
        for page in [&early, &late] {
            page.wait_for_rules("messages disappear after 1 h").await;
        }
        bo.send_message("seen by all").await;
        for page in [&early, &late] {
            page.wait_for_log("seen by all").await;
        }
        fixture.room.command("fade 2s");
        for page in [&bo, &early, &late] {
            page.wait_for(NO_MESSAGE).await;
        }
    }
}

/// A clock that is set while the page is open: the page asks the room for the time.
#[tokio::test]
async fn a_clock_that_is_set_meanwhile_removes_and_keeps_nothing() {
    for (mode, jump) in [("--open", "-86400e3"), ("--sealed", "86400e3")] {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("fade 1h");
        ana.wait_for_rules("messages disappear after 1 h").await;
        bo.send_message("still here").await;
        ana.wait_for_log("still here").await;
        let set = format!("const now = Date.now; Date.now = () => now() + {jump}");
        ana.execute(&set, vec![]).await;
        ana.wait_for_status("Disconnected").await;
        ana.wait_for_status("Connected").await;
        assert_eq!(ana.messages().await, ["still here"], "{mode} {jump}");
        fixture.room.command("fade 2s");
        ana.wait_for(NO_MESSAGE).await;
    }
}

/// Also without a connection, and what was missed meanwhile does not come back.
#[tokio::test]
async fn messages_disappear_without_a_connection() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, proxy, ana) = session_behind_proxy(mode, transport).await;
        let bo = fixture.participant("Bo").await;
        fixture.room.command("fade 4s");
        ana.wait_for_rules("messages disappear after 4 s").await;
        bo.send_message("before the cut").await;
        ana.wait_for_log("before the cut").await;
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        bo.send_message("during the cut").await;
        bo.wait_for_log("during the cut").await;
        ana.wait_for(NO_MESSAGE).await;
        bo.wait_for(NO_MESSAGE).await;
        proxy.set(transport);
        ana.wait_for_status("Connected").await;
        bo.send_message("after the cut").await;
        ana.wait_for_log("after the cut").await;
        assert_eq!(ana.messages().await, ["after the cut"]);
        // What faded during the cut is not missing, also when the rule has gone meanwhile.
        let marks = "document.querySelectorAll('.mark').length";
        assert_eq!(ana.eval(marks).await, 0, "{mode} {transport:?}");
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        bo.send_message("during the second cut").await;
        bo.wait_for_log("during the second cut").await;
        bo.wait_for(NO_MESSAGE).await;
        fixture.room.command("fade off");
        bo.wait_for_rules("").await;
        proxy.set(transport);
        ana.wait_for_rules("").await;
        bo.send_message("after the second cut").await;
        ana.wait_for_log("after the second cut").await;
        assert_eq!(ana.eval(marks).await, 0, "{mode} {transport:?}");
    }
}

/// What disappears takes its part of the page with it: groups, counts and the focus.
#[tokio::test]
async fn what_is_left_stays_in_order() {
    let (_fixture, ana, _bo) = session_with_two("--open").await;
    let script = "const now = roomTime();
        const say = (n, age, body) => receive(JSON.stringify({ t: 'said', n, at: now - age * 1000, body }));
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        say(2, 50, 'old https://example.org/');
        say(2, 20, 'young');
        say(2, -86400, 'of tomorrow');
        document.querySelector('.message a').focus();
        setRules({ fade: 30 });
        fadeLog();
        renderStatus();
        return [
            document.querySelectorAll('.message').length,
            document.querySelector('.message').classList.contains('in-group'),
            document.title,
            document.activeElement.className,
        ]";
    let state = ana.execute(script, vec![]).await;
    assert_eq!(state, serde_json::json!([2, false, "(2) chattrace", "log"]));
    // What says that it is of tomorrow is as old as its arrival.
    ana.execute("timeOffset += 31e3; fadeLog()", vec![]).await;
    ana.wait_for(NO_MESSAGE).await;
}
