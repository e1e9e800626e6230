//! After `clear`, every page has an empty log, and goes on.

use super::{MODES, MODES_WITH_TRANSPORTS, session_behind_proxy, session_with_two};
use crate::harness::ProxyMode;

#[tokio::test]
async fn the_log_is_empty_and_what_is_unsent_stays() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, proxy, ana) = session_behind_proxy(mode, transport).await;
        let bo = fixture.participant("Bo").await;
        bo.send_message("regretted").await;
        ana.wait_for_log("regretted").await;
        ana.set_draft("a draft").await;
        fixture.room.command("clear");
        for page in [&ana, &bo] {
            page.wait_for_log("The host cleared the messages").await;
            assert!(!page.html().await.contains("regretted"), "{mode}");
            page.wait_for_lines("", 1).await;
        }
        assert_eq!(ana.draft().await, "a draft");
        // Cleared while Ana is away: what she missed is not reported as missing.
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        ana.send_message(" and more").await;
        bo.send_message("never seen by Ana").await;
        bo.wait_for("document.querySelector('.message:not(.dim)')").await;
        fixture.room.command("clear");
        bo.wait_for("!document.querySelector('.message')").await;
        proxy.set(transport);
        bo.wait_for_log("a draft and more").await;
        bo.send_message("goes on").await;
        ana.wait_for_log("goes on").await;
        assert!(!ana.html().await.contains("never seen"), "{mode}");
        assert_eq!(ana.messages().await, ["a draft and more", "goes on"]);
        assert_eq!(ana.eval("document.querySelectorAll('.mark').length").await, 0);
    }
}

#[tokio::test]
async fn a_cleared_log_has_no_unread_messages() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        let hide = "Object.defineProperty(document, 'hidden', { value: true, configurable: true })";
        ana.execute(hide, vec![]).await;
        bo.send_message("one").await;
        bo.send_message("two").await;
        ana.wait_for("document.title === '(2) chattrace'").await;
        fixture.room.command("clear");
        ana.wait_for_log("The host cleared").await;
        ana.wait_for("document.title === 'chattrace'").await;
        assert_eq!(ana.eval("document.querySelectorAll('.unread').length").await, 0);
    }
}
