//! axe-core finds nothing on any state of the page, dark and light, and everything fits.

use serde_json::json;

use crate::stage::{Page, Path, Stage, Way};

#[tokio::test]
async fn the_gate_is_accessible_with_and_without_a_refusal() {
    let stage = Stage::open(&["--backlog", "3"]).await;
    let page = stage.gate().await;
    page.expect_accessible("gate").await;
    page.expect_to_fit("gate").await;
    page.knock("operator").await;
    page.reason().await;
    page.expect_accessible("refused").await;
    page.expect_to_fit("refused").await;
    let page = stage.browser.page(stage.room.address()).await;
    page.expect_accessible("gate without ticket").await;
    page.expect_to_fit("gate without ticket").await;
}

#[tokio::test]
async fn the_room_is_accessible_also_when_cut_off_and_ended() {
    let stage = Stage::open(&[]).await;
    let path = Path::to(&stage.room, Way::Open).await;
    let ana = stage.browser.page(path.link()).await;
    ana.join("Ana").await;
    // All eight colours.
    for name in ["Bo", "Cy", "Di", "Ed", "Flo", "Gus", "A name of 20 letters"] {
        let page = stage.seat(name).await;
        page.say("wordwithoutanyblanks".repeat(4).as_str()).await;
        page.type_into("#say", "more").await;
    }
    ana.say("https://example.org/a/long/address/that/has/to/be/wrapped/somewhere").await;
    ana.until("document.querySelectorAll('.said:not(.dim)').length === 8").await;
    ana.expect_accessible("room").await;
    ana.expect_to_fit("room").await;
    path.set(Way::Cut);
    ana.until_status("Cut off").await;
    ana.say("waiting").await;
    ana.expect_accessible("cut off").await;
    ana.expect_to_fit("cut off").await;
    path.set(Way::Open);
    ana.until("!document.querySelector('.said.dim')").await;
    stage.room.end();
    ana.expect_over(&["waiting"]).await;
    ana.expect_accessible("ended").await;
    ana.expect_to_fit("ended").await;
}

/// Who speaks and who is here is told to screen readers, and how the connection is.
#[tokio::test]
async fn regions_have_their_roles_and_names() {
    let stage = Stage::open(&[]).await;
    let page = stage.gate().await;
    let shown = "getComputedStyle(document.querySelector('#why')).display !== 'none'";
    assert_eq!(page.get("document.querySelector('#why').role").await, "alert");
    assert_eq!(page.get(shown).await, true, "there before it speaks");
    assert_eq!(
        page.get("document.documentElement.lang + document.documentElement.translate").await,
        "enfalse"
    );
    page.join("Ana").await;
    for selector in [
        "main",
        "header",
        "h1",
        "[role=log][tabindex='0'][aria-label]",
        "[role=status]",
        "section[aria-label]",
    ] {
        let count = page
            .run("return document.querySelectorAll(arguments[0]).length", vec![json!(selector)]);
        assert_eq!(count.await, 1, "{selector}");
    }
}

impl Page {
    /// Fails when something is wider than a narrow screen, or too small for a finger.
    async fn expect_to_fit(&self, state: &str) {
        const SMALL: &str = "[...document.querySelectorAll('button, input, textarea')].filter((e) =>
            e.checkVisibility() && (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.outerHTML)";
        const WIDE: &str = "[...document.querySelectorAll('body, body *')].filter((e) =>
            !e.matches('.skip') && e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== 'inline').map((e) => e.outerHTML)";
        self.look(320, "dark").await;
        assert_eq!(self.get(SMALL).await, json!([]), "{state}");
        assert_eq!(self.get(WIDE).await, json!([]), "{state}");
        let page = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(self.get(page).await, true, "{state}");
    }
}
