//! Accessibility and screenshots of all states that the operator's commands lead to.

use super::MODES;
use crate::harness::{Fixture, TAB};

#[tokio::test]
async fn every_state_is_accessible_and_fits_a_narrow_screen() {
    for mode in MODES {
        let kind = mode.trim_start_matches('-');
        let fixture = Fixture::operated(mode, &[]).await;
        let bo = fixture.participant("Bo").await;
        fixture.room.command("lobby on");
        let ana = fixture.join_page().await;
        ana.submit_name("Ana").await;
        ana.wait_for("document.querySelector('#refusal').textContent").await;
        ana.expect_accessible("waiting").await;
        ana.expect_to_fit("waiting").await;
        ana.save_screenshots(&format!("operator-{kind}-waiting")).await;
        fixture.room.command("refuse Ana");
        ana.wait_for("!document.querySelector('form .quiet').checkVisibility()").await;
        ana.expect_accessible("not admitted").await;
        ana.save_screenshots(&format!("operator-{kind}-not-admitted")).await;
        fixture.room.command("lobby off");
        ana.join("Ana").await;
        fixture.room.command("lock");
        fixture.room.command("slow 30s");
        fixture.room.command("fade 10m");
        fixture.room.command("end in 4m");
        bo.send_message("is this thing on?").await;
        ana.wait_for_log("thing on").await;
        fixture.room.command(
            "say The doors close in four minutes; the last to leave sees to the lights, the heating and the back door",
        );
        ana.wait_for_log("back door").await;
        fixture.room.command("mute Ana 5m");
        ana.set_draft("but I was about to say").await;
        ana.wait_for_limits("muted for").await;
        ana.expect_accessible("muted").await;
        ana.expect_to_fit("muted").await;
        ana.save_screenshots(&format!("operator-{kind}-muted")).await;
        fixture.room.command("unmute Ana");
        ana.wait_for("!document.querySelector('#message').readOnly").await;
        ana.send_message("").await;
        ana.wait_for_log("about to say").await;
        ana.set_draft("and another thing").await;
        ana.wait_for_limits("next message in").await;
        ana.expect_accessible("slow").await;
        ana.save_screenshots(&format!("operator-{kind}-slow")).await;
        fixture.room.command("clear");
        fixture.room.command("relink");
        ana.wait_for_log("new link").await;
        ana.expect_accessible("cleared").await;
        ana.expect_to_fit("cleared").await;
        ana.save_screenshots(&format!("operator-{kind}-cleared")).await;
        fixture.room.command("kick Ana");
        ana.expect_cleared(&["Bo"]).await;
        ana.expect_accessible("removed").await;
        ana.expect_to_fit("removed").await;
        ana.save_screenshots(&format!("operator-{kind}-removed")).await;
        // As the others see it.
        bo.wait_for_log("left").await;
        bo.expect_accessible("after a removal").await;
        bo.save_screenshots(&format!("operator-{kind}-after-removal")).await;
        bo.leave().await;
        fixture.room.command("unlock");
        let answer = fixture.room.command("invite");
        let invite = answer.lines().find(|line| line.starts_with("http")).unwrap();
        let cy = fixture.browser.open_page(invite).await;
        cy.join("Cy").await;
        cy.save_screenshots(&format!("operator-{kind}-by-invite")).await;
    }
}

/// By keyboard alone: to give up while one waits.
#[tokio::test]
async fn one_who_waits_reaches_cancel_by_the_keyboard() {
    for mode in MODES {
        let fixture = Fixture::operated(mode, &[]).await;
        fixture.room.command("lobby on");
        let ana = fixture.join_page().await;
        ana.submit_name("Ana").await;
        ana.wait_for("document.querySelector('form .quiet').checkVisibility()").await;
        for _ in 0..5 {
            if ana.eval("document.activeElement.textContent").await == "Cancel" {
                break;
            }
            ana.press(TAB).await;
        }
        assert_eq!(ana.eval("document.activeElement.textContent").await, "Cancel", "{mode}");
        ana.press(" ").await;
        ana.wait_for("!document.querySelector('form .quiet').checkVisibility()").await;
        assert_eq!(ana.eval("document.activeElement.id").await, "name");
    }
}
