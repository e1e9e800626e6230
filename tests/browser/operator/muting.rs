//! One who is muted, and slow mode: the text stays, and a time shows when it can be sent.

use serde_json::json;

use super::{MODES, MODES_WITH_TRANSPORTS, session_behind_proxy, session_with_two};
use crate::harness::{ENTER, Page, ProxyMode};

async fn expect_composer(page: &Page, is_open: bool) {
    let state = "[document.querySelector('#message').readOnly, document.querySelector('.room form button').disabled]";
    page.wait_for(&format!("{state}.every((closed) => closed !== {is_open})")).await;
}

#[tokio::test]
async fn a_muted_person_sees_why_and_for_how_long_and_keeps_the_text() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        ana.set_draft("a draft").await;
        fixture.room.command("mute Ana 10m");
        expect_composer(&ana, false).await;
        ana.wait_for_status("muted").await;
        ana.wait_for_limits("muted for 10 min").await;
        // The time runs in a line that no screen reader speaks.
        let lines = "[...document.querySelectorAll('.status-bar p')].map((line) => line.role)";
        assert_eq!(ana.eval(lines).await, json!(["status", null, null, null]));
        ana.type_into("#message", &format!("more{ENTER}")).await;
        assert_eq!(ana.draft().await, "a draft");
        assert_eq!(ana.eval("document.activeElement.id").await, "message");
        expect_composer(&bo, true).await;
        fixture.room.command("unmute Ana");
        expect_composer(&ana, true).await;
        ana.wait_for_status("You can write again").await;
        ana.press(ENTER).await;
        bo.wait_for_log("a draft").await;
        fixture.room.command("mute Ana 1s");
        expect_composer(&ana, false).await;
        expect_composer(&ana, true).await;
        ana.send_message("after a second").await;
        bo.wait_for_log("after a second").await;
    }
}

/// What was sent in the moment of the mute comes back, and nothing is sent by a reconnect.
#[tokio::test]
async fn a_mute_survives_a_reconnect_and_gives_back_what_it_refused() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, proxy, ana) = session_behind_proxy(mode, transport).await;
        fixture.room.command("mute Ana");
        expect_composer(&ana, false).await;
        ana.wait_for_limits("muted").await;
        assert!(!ana.text(".typing + p").await.contains("for"), "it has no end");
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        proxy.set(transport);
        ana.wait_for_status("muted").await;
        expect_composer(&ana, false).await;
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        fixture.room.command("unmute Ana");
        proxy.set(transport);
        ana.wait_for_status("Connected").await;
        expect_composer(&ana, true).await;
        // Queued while the connection is cut, and refused at its return.
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        ana.send_message("too late").await;
        fixture.room.command("mute Ana 1h");
        proxy.set(transport);
        ana.wait_for_status("muted").await;
        expect_composer(&ana, false).await;
        fixture.room.command("unmute Ana");
        expect_composer(&ana, true).await;
        if ana.draft().await.is_empty() {
            ana.wait_for("document.querySelector('.message:not(.dim)')").await;
        } else {
            assert_eq!(ana.draft().await.trim_end(), "too late");
        }
    }
}

#[tokio::test]
async fn slow_mode_keeps_the_text_until_it_may_be_sent() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("slow 5s");
        ana.wait_for_rules("one message in 5 s").await;
        ana.send_message("first").await;
        bo.wait_for_log("first").await;
        ana.wait_for_limits("next message in 0:0").await;
        ana.send_message("second").await;
        ana.wait_for_status("Slow mode").await;
        assert_eq!(ana.draft().await, "second");
        expect_composer(&ana, true).await;
        ana.wait_for("document.querySelector('.typing + p').textContent === ''").await;
        ana.press(ENTER).await;
        bo.wait_for_log("second").await;
        ana.send_message("third").await;
        ana.wait_for_status("Slow mode").await;
        fixture.room.command("slow off");
        ana.wait_for_rules("").await;
        ana.wait_for_status("Connected").await;
        ana.press(ENTER).await;
        bo.wait_for_log("third").await;
    }
}

/// The room judges, and not the page: a page whose own count is off is told how long it has to wait.
#[tokio::test]
async fn what_slow_mode_refuses_comes_back_with_the_time() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        // Both are on their way before the page knows of the rule.
        ana.set_draft("kept").await;
        ana.send_message(" first").await;
        bo.wait_for_log("first").await;
        fixture.room.command("slow 30s");
        ana.wait_for_rules("one message in 30 s").await;
        ana.send_message("second").await;
        ana.wait_for("document.querySelector('#message').value || document.querySelectorAll('.message:not(.dim)').length === 2").await;
        ana.wait_for_limits("next message in 0:").await;
    }
}
