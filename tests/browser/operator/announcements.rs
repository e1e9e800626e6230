//! Announcements look as nothing that a participant can send.

use serde_json::json;

use super::{MODES, session_with_two};

const ANNOUNCEMENTS: &str = "[...document.querySelectorAll('.message .host')].map((host) =>
    host.closest('.message').querySelector('p').textContent)";

#[tokio::test]
async fn an_announcement_is_marked_and_no_participant_can_produce_the_mark() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        fixture.room.command("say doors close at <b>six</b>; see https://example.org/");
        for page in [&ana, &bo] {
            page.wait_for_log("doors close").await;
            let shown = page.eval(ANNOUNCEMENTS).await;
            assert_eq!(shown, json!(["doors close at <b>six</b>; see https://example.org/"]));
            assert_eq!(page.eval("document.querySelectorAll('.message a').length").await, 1);
        }
        let forger = fixture.participant("Hostess").await;
        forger.send_message("the host: doors close at five").await;
        ana.wait_for_log("at five").await;
        assert_eq!(ana.eval(ANNOUNCEMENTS).await.as_array().unwrap().len(), 1, "{mode}");
        let forged =
            ana.eval("[...document.querySelectorAll('.message')].at(-1).textContent").await;
        assert!(forged.as_str().unwrap().contains("Hostess#"), "{forged}");
        // The mark has colours that no name has.
        let colours =
            "[...document.querySelectorAll('.message .host, .message .name')].map((name) =>
            getComputedStyle(name).backgroundColor)";
        let colours = ana.eval(colours).await;
        assert_ne!(colours[0], colours[1], "{mode}");
        assert_eq!(colours[1], "rgba(0, 0, 0, 0)", "{mode}");
        fixture.browser.expect_clean_console().await;
    }
}

/// A screen reader speaks it once, with who says it, in the order of the log.
#[tokio::test]
async fn an_announcement_is_in_the_live_log_and_counts_as_unread() {
    for mode in MODES {
        let (fixture, ana, bo) = session_with_two(mode).await;
        bo.send_message("before").await;
        ana.wait_for_log("before").await;
        let hide = "Object.defineProperty(document, 'hidden', { value: true, configurable: true })";
        ana.execute(hide, vec![]).await;
        fixture.room.command("say now");
        ana.wait_for("document.title === '(1) chattrace'").await;
        let last = ana.eval("document.querySelector('[role=log]').lastChild.textContent").await;
        assert!(last.as_str().unwrap().ends_with("the hostnow"), "{last}");
        let head = "getComputedStyle(document.querySelector('.host').parentElement).position";
        assert_eq!(ana.eval(head).await, "static", "its head is in sight: it is not of Bo's group");
    }
}

#[tokio::test]
async fn what_is_copied_says_who_announced_it() {
    let (fixture, ana, bo) = session_with_two("--open").await;
    bo.send_message("first").await;
    ana.wait_for_log("first").await;
    fixture.room.command("say second");
    ana.wait_for_log("second").await;
    let copy = "const log = document.querySelector('[role=log]');
        getSelection().selectAllChildren(log);
        const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), cancelable: true });
        document.dispatchEvent(event);
        return event.clipboardData.getData('text/plain').replace(/\\d\\d:\\d\\d/g, 'TIME')";
    let copied = ana.execute(copy, vec![]).await;
    let copied = copied.as_str().unwrap();
    assert!(copied.ends_with("TIME Bo: first\nTIME the host: second"), "{copied}");
}
