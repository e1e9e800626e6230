//! One who was removed: the page is empty, says why, and does not come back.

use serde_json::json;

use super::{MODES, MODES_WITH_TRANSPORTS, session_behind_proxy, session_with_two};
use crate::harness::{Page, ProxyMode};

async fn expect_removed(page: &Page) {
    page.expect_cleared(&["Bo", "a secret", "a draft"]).await;
    // Two texts, and nothing to write with. The focus is on the first, so a screen reader begins there, and
    // there is no live region that would have it say a part twice.
    let texts = "[...document.querySelector('main').children].map((text) => text.textContent)";
    let said = "the host has removed you from this room; ask them if you want to come back";
    assert_eq!(page.eval(texts).await, json!(["You were removed", said]));
    let others =
        "document.querySelectorAll('[role], [aria-live], form, input, textarea, button').length";
    assert_eq!(page.eval(others).await, 0);
    assert_eq!(page.eval("document.activeElement === document.querySelector('h1')").await, true);
    assert!(!page.asks_before_leaving().await);
}

#[tokio::test]
async fn a_removed_person_sees_an_empty_page_that_does_not_come_back() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, _proxy, ana) = session_behind_proxy(mode, transport).await;
        let bo = fixture.participant("Bo").await;
        bo.send_message("a secret").await;
        ana.wait_for_log("a secret").await;
        ana.set_draft("a draft").await;
        fixture.room.command("kick Ana");
        expect_removed(&ana).await;
        bo.wait_for_log("Ana").await;
        bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
        // Nothing that the page still runs connects again.
        fixture.browser.requested_urls().await;
        ana.execute(
            "dispatchEvent(new Event('online'));
            document.dispatchEvent(new Event('visibilitychange'))",
            vec![],
        )
        .await;
        bo.send_message("without Ana").await;
        bo.wait_for_log("without Ana").await;
        // Ana's page is the only one behind the proxy.
        let requested = fixture.browser.requested_urls().await;
        let of_ana = |url: &&String| url.contains("127.0.0.2") && !url.ends_with("/bye");
        assert_eq!(requested.iter().find(of_ana), None, "{mode}");
        assert!(fixture.room.command("who").contains("Bo"));
        // A reload shows the form without the link.
        ana.activate().await.refresh().await.unwrap();
        ana.wait_for("document.querySelector('#name')").await;
        assert_eq!(ana.eval("document.querySelector('#link').checkVisibility()").await, true);
        assert_eq!(ana.eval("document.querySelector('#name').value").await, "");
    }
}

/// Removed while the connection is cut: the return ends it.
#[tokio::test]
async fn one_who_was_removed_while_away_does_not_come_back() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, proxy, ana) = session_behind_proxy(mode, transport).await;
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        fixture.room.command("kick Ana");
        proxy.set(transport);
        expect_removed(&ana).await;
    }
}

/// No poll is held at that moment: the answer to the next one is all that tells.
#[tokio::test]
async fn one_who_was_removed_between_two_polls_learns_it_from_the_next() {
    const HOLD: &str = "const post = window.fetch;
        window.fetch = (...request) => document.querySelector('.log')?.textContent.includes('a secret')
            ? new Promise((done) => (window.release = () => done(post(...request)))) : post(...request)";
    for mode in MODES {
        let (fixture, _proxy, ana) = session_behind_proxy(mode, ProxyMode::HttpOnly).await;
        let bo = fixture.participant("Bo").await;
        ana.wait_for_log("joined").await;
        ana.execute(HOLD, vec![]).await;
        // The poll after the one that brings this stays on the page.
        bo.send_message("a secret").await;
        ana.wait_for("window.release").await;
        ana.set_draft("a draft").await;
        fixture.room.command("kick Ana");
        bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
        ana.execute("release()", vec![]).await;
        expect_removed(&ana).await;
        fixture.browser.requested_urls().await;
        ana.execute("dispatchEvent(new Event('online'))", vec![]).await;
        bo.send_message("without Ana").await;
        let requested = fixture.browser.requested_urls().await;
        let polls = |url: &&String| url.contains("127.0.0.2") && url.contains("/poll");
        assert_eq!(requested.iter().find(polls), None, "{mode}");
    }
}

/// In a sealed room those who stay have a new key, and talk on.
#[tokio::test]
async fn those_who_stay_talk_on() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        let cy = fixture.participant("Cy").await;
        cy.send_message("rude").await;
        ana.wait_for_log("rude").await;
        fixture.room.command("kick Cy");
        expect_removed(&cy).await;
        ana.wait_for("document.querySelector('h2').textContent === 'Here: 2'").await;
        ana.send_message("calm again").await;
        bo.wait_for_log("calm again").await;
        bo.send_message("indeed").await;
        ana.wait_for_log("indeed").await;
        // The removed name stays taken.
        let again = fixture.join_page().await;
        again.submit_name("Cy").await;
        assert!(!again.refusal_text().await.is_empty());
    }
}
