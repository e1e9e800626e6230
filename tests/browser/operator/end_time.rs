//! The end that the operator has set: its countdown is seen every second, and spoken rarely.

use super::{MODES, session_with_two, set_clock};

#[tokio::test]
async fn a_countdown_runs_and_can_be_taken_back() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("end in 10m");
        ana.wait_for_rules("ends in 10 min").await;
        ana.wait_for_lines("Rules now: ends in 10 min", 1).await;
        ana.wait_for_lines("The room ends", 0).await;
        fixture.room.command("end in 4m");
        for page in [&ana, &bo] {
            page.wait_for("/^ends in 3:5\\d$/.test(document.querySelector('#rules').textContent)")
                .await;
            page.wait_for_lines("Rules now: ends in", 2).await;
        }
        let shown = ana.text("#rules").await;
        ana.wait_for(&format!("document.querySelector('#rules').textContent !== '{shown}'")).await;
        fixture.room.command("stay");
        ana.wait_for_rules("").await;
        ana.wait_for_lines("Rules now: none", 1).await;
        fixture.room.command("end in 2h");
        ana.wait_for(
            "/^ends at \\d\\d:\\d\\d$/.test(document.querySelector('#rules').textContent)",
        )
        .await;
        fixture.room.command("stay");
        ana.wait_for_rules("").await;
        fixture.room.command("end in 1s");
        ana.expect_cleared(&["Bo"]).await;
        assert_eq!(ana.text("h1").await, "This session has ended");
    }
}

/// Each time is said once in the log, which is live: at five minutes, and at one.
#[tokio::test]
async fn the_log_says_the_last_five_minutes_and_the_last_one() {
    let (fixture, ana, _bo) = session_with_two("--open").await;
    fixture.room.command("end in 20m");
    ana.wait_for_rules("ends in 20 min").await;
    // As if the time had passed: the clock of the room is ahead of the page's.
    for (seconds, lines) in [(14 * 60, 0), (16 * 60, 1), (17 * 60, 1), (19 * 60 + 10, 2)] {
        ana.execute(
            &format!("window.ahead ??= timeOffset; timeOffset = ahead + {seconds}e3"),
            vec![],
        )
        .await;
        ana.execute("renderRules(); renderRules()", vec![]).await;
        ana.wait_for_lines("The room ends in", lines).await;
    }
}

/// The time that is left is that of the room's clock.
#[tokio::test]
async fn a_clock_that_is_wrong_by_days_shows_the_same_countdown() {
    for mode in MODES {
        let (fixture, _ana, bo) = session_with_two(mode).await;
        drop(bo);
        let cy = fixture.browser.new_window().await;
        set_clock(&cy, 3 * 86_400_000).await;
        cy.goto(fixture.room.link()).await;
        cy.wait_for("document.querySelector('#name')").await;
        cy.join("Cy").await;
        fixture.room.command("end in 4m");
        cy.wait_for("/^ends in 3:\\d\\d$/.test(document.querySelector('#rules').textContent)")
            .await;
    }
}
