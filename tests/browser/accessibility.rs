//! In every state, dark and light, axe-core finds no violation and the page fits a narrow screen.

use serde_json::json;

use crate::harness::{Fixture, Page, Proxy, ProxyMode};

#[tokio::test]
async fn the_join_form_is_accessible_with_and_without_a_refusal() {
    let fixture = Fixture::start(&["--backlog", "3"]).await;
    let page = fixture.join_page().await;
    page.expect_accessible("join form").await;
    page.expect_to_fit("join form").await;
    page.submit_name("operator").await;
    page.refusal_text().await;
    page.expect_accessible("refused").await;
    page.expect_to_fit("refused").await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    page.expect_accessible("join form without ticket").await;
    page.expect_to_fit("join form without ticket").await;
}

#[tokio::test]
async fn a_sealed_room_is_accessible() {
    let fixture = Fixture::sealed(&[]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    page.wait_for("document.querySelector('#refusal')?.textContent").await;
    page.expect_accessible("a part of a sealed link").await;
    page.expect_to_fit("a part of a sealed link").await;
    let page = crate::sealed::observed_page(&fixture).await;
    page.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    crate::sealed::alter_next_box(&page).await;
    bo.send_message("altered").await;
    page.wait_for("document.querySelector('.mark')").await;
    page.expect_accessible("sealed room").await;
    page.expect_to_fit("sealed room").await;
}

#[tokio::test]
async fn the_room_is_accessible_also_when_disconnected_and_ended() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    // With Ana these are eight participants: one for each colour.
    for name in ["Bo", "Cy", "Di", "Ed", "Flo", "Gus", "A name of 20 letters"] {
        let page = fixture.participant(name).await;
        page.send_message("wordwithoutanyblanks".repeat(4).as_str()).await;
        page.type_into("#message", "more").await;
    }
    ana.send_message("https://example.org/a/long/address/that/has/to/be/wrapped/somewhere").await;
    ana.wait_for("document.querySelectorAll('.message:not(.dim)').length === 8").await;
    ana.expect_accessible("room").await;
    ana.expect_to_fit("room").await;
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    ana.send_message("waiting").await;
    ana.expect_accessible("disconnected").await;
    ana.expect_to_fit("disconnected").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for("!document.querySelector('.message.dim')").await;
    fixture.room.end();
    ana.expect_cleared(&["waiting"]).await;
    ana.expect_accessible("ended").await;
    ana.expect_to_fit("ended").await;
}

/// Screen readers find the log, the list of participants and the state of the connection.
#[tokio::test]
async fn regions_have_their_roles_and_names() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    let shown = "getComputedStyle(document.querySelector('#refusal')).display !== 'none'";
    assert_eq!(page.eval("document.querySelector('#refusal').role").await, "alert");
    assert_eq!(page.eval(shown).await, true, "a live region has to exist before it gets its text");
    assert_eq!(
        page.eval("document.documentElement.lang + document.documentElement.translate").await,
        "enfalse"
    );
    page.join("Ana").await;
    for selector in [
        "main",
        "header",
        "h1",
        "[role=log][aria-label]",
        "section[tabindex='0'][aria-label] > [role=log]",
        "[role=status]",
        "section.roster[aria-label]",
    ] {
        let count = page.execute(
            "return document.querySelectorAll(arguments[0]).length",
            vec![json!(selector)],
        );
        assert_eq!(count.await, 1, "{selector}");
    }
}

impl Page {
    /// Fails when an element is wider than a screen of 320 px, or a control is smaller than 44 px, the
    /// minimum for a finger (WCAG 2.2, 2.5.5).
    pub(crate) async fn expect_to_fit(&self, state: &str) {
        const SMALL: &str = "[...document.querySelectorAll('button, input, textarea')].filter((e) =>
            e.checkVisibility() && (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.outerHTML)";
        const WIDE: &str = "[...document.querySelectorAll('body, body *')].filter((e) =>
            !e.matches('.skip') && e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== 'inline').map((e) => e.outerHTML)";
        self.set_screen(320, "dark").await;
        assert_eq!(self.eval(SMALL).await, json!([]), "{state}");
        assert_eq!(self.eval(WIDE).await, json!([]), "{state}");
        let page = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(self.eval(page).await, true, "{state}");
    }
}
