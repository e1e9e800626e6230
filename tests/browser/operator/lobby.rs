//! The lobby, the lock and dead links, as newcomers meet them.

use super::{MODES, MODES_WITH_TRANSPORTS};
use crate::harness::{ENTER, Fixture, Page, Proxy, ProxyMode, pauses};

/// The state of the form: the label of its button, and whether one can give up.
const FORM: &str = "document.querySelector('form button').textContent
    + (document.querySelector('form .quiet').checkVisibility() ? ', Cancel' : '')";

async fn expect_to_wait(page: &Page) {
    page.wait_for("document.querySelector('#refusal')?.textContent.includes('asked')").await;
    assert_eq!(page.eval(FORM).await, "Waiting…, Cancel");
    assert_eq!(page.eval("document.querySelector('#refusal').role").await, "alert");
}

/// A session with Ana in its lobby, whose connection is this proxy's.
async fn waiting_behind_proxy(mode: &str, transport: ProxyMode) -> (Fixture, Proxy, Page) {
    let fixture = Fixture::operated(mode, &[]).await;
    let proxy = Proxy::start(&fixture.room, transport).await;
    fixture.room.command("lobby on");
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.submit_name("Ana").await;
    expect_to_wait(&ana).await;
    (fixture, proxy, ana)
}

async fn expect_to_wait_no_more(page: &Page, sentence: &str) {
    let text = serde_json::json!(sentence);
    page.wait_for(&format!("document.querySelector('#refusal').textContent.includes({text})"))
        .await;
    assert_eq!(page.eval(FORM).await, "Join");
    assert_eq!(page.eval("document.activeElement.id").await, "name");
}

#[tokio::test]
async fn newcomers_wait_until_the_host_decides() {
    for mode in MODES {
        let fixture = Fixture::operated(mode, &[]).await;
        fixture.room.command("lobby on");
        let (ana, bo) = (fixture.join_page().await, fixture.join_page().await);
        ana.submit_name("Ana").await;
        expect_to_wait(&ana).await;
        // A second Enter changes nothing.
        ana.type_into("#name", ENTER).await;
        assert_eq!(ana.eval(FORM).await, "Waiting…, Cancel");
        bo.submit_name("Bo").await;
        expect_to_wait(&bo).await;
        fixture.room.command("admit Ana");
        ana.wait_for("document.querySelector('#message')").await;
        ana.wait_for_rules("newcomers wait for the host").await;
        fixture.room.command("refuse Bo");
        expect_to_wait_no_more(&bo, "not").await;
        assert_eq!(bo.eval("document.querySelector('#name').value").await, "Bo");
        fixture.room.command("lobby off");
        bo.join("Bo").await;
        ana.wait_for_log("Bo").await;
        fixture.browser.expect_clean_console().await;
    }
}

#[tokio::test]
async fn one_who_waits_can_give_up_or_go() {
    for mode in MODES {
        let fixture = Fixture::operated(mode, &[]).await;
        fixture.room.command("lobby on");
        let ana = fixture.join_page().await;
        ana.submit_name("Ana").await;
        expect_to_wait(&ana).await;
        ana.click("form .quiet").await;
        expect_to_wait_no_more(&ana, "").await;
        // The name is free again.
        ana.submit_name("Ana").await;
        expect_to_wait(&ana).await;
        ana.goto("about:blank").await;
        let other = fixture.join_page().await;
        other.submit_name("Ana").await;
        expect_to_wait(&other).await;
        fixture.room.command("admit Ana");
        other.wait_for("document.querySelector('#message')").await;
    }
}

#[tokio::test]
async fn by_polling_one_waits_as_well() {
    for mode in MODES {
        let (fixture, _proxy, ana) = waiting_behind_proxy(mode, ProxyMode::HttpOnly).await;
        fixture.room.command("refuse Ana");
        expect_to_wait_no_more(&ana, "not").await;
        ana.submit_name("Ana").await;
        expect_to_wait(&ana).await;
        ana.click("form .quiet").await;
        expect_to_wait_no_more(&ana, "").await;
        ana.submit_name("Ana").await;
        expect_to_wait(&ana).await;
        fixture.room.command("admit Ana");
        ana.wait_for("document.querySelector('#message')").await;
        ana.wait_for_status("Connected by polling").await;
        ana.send_message("in by polling").await;
        ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    }
}

/// A connection that is cut while one waits is made again, and one waits on.
#[tokio::test]
async fn a_cut_does_not_end_the_wait() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, proxy, ana) = waiting_behind_proxy(mode, transport).await;
        let count = "performance.getEntriesByType('resource').length";
        let before = ana.eval(count).await;
        proxy.set(ProxyMode::Close);
        if transport == ProxyMode::HttpOnly {
            // The poll that was held may have been answered before.
            ana.wait_for(&format!("{count} > {before}")).await;
        }
        proxy.set(transport);
        for pause in pauses() {
            if fixture.room.command("who").contains("Ana") {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        expect_to_wait(&ana).await;
        fixture.room.command("admit all");
        ana.wait_for("document.querySelector('#message')").await;
    }
}

#[tokio::test]
async fn a_locked_room_says_so_and_those_inside_come_back() {
    for mode in MODES {
        let fixture = Fixture::operated(mode, &[]).await;
        let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
        let ana = fixture.browser.open_page(proxy.link()).await;
        ana.join("Ana").await;
        fixture.room.command("lock");
        ana.wait_for_rules("locked").await;
        // The link for others is of no use now.
        assert!(ana.text(".invite").await.contains("unlocked"), "{mode}");
        let bo = fixture.join_page().await;
        bo.submit_name("Bo").await;
        assert!(bo.refusal_text().await.contains("locked"), "{mode}");
        assert_eq!(bo.eval(FORM).await, "Join");
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        proxy.set(ProxyMode::Forward);
        ana.wait_for_status("Connected").await;
        fixture.room.command("unlock");
        ana.wait_for_rules("").await;
        bo.join("Bo").await;
    }
}
