//! A reload, a way back and a copied address lead to the room again, and nothing of it is stored.

use serde_json::json;

use crate::harness::{ENTER, Fixture, Page};

const NAME: &str = "document.querySelector('#name').value";

async fn reload(page: &Page) {
    page.activate().await.refresh().await.unwrap();
    page.wait_for("document.querySelector('#name')").await;
}

/// The name is still taken by one's own former self.
#[tokio::test]
async fn a_reload_comes_back_to_the_form_with_link_and_name() {
    let fixture = Fixture::start(&[]).await;
    let bo = fixture.participant("Bo").await;
    let ana = fixture.participant("Ana").await;
    for (name, next) in [("Ana", "Ana 2"), ("Ana 2", "Ana 3")] {
        reload(&ana).await;
        bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
        assert_eq!(ana.eval(NAME).await, name);
        assert_eq!(ana.eval("document.querySelector('#link').hidden").await, true);
        assert_eq!(ana.eval("location.href").await, fixture.room.link());
        ana.press(ENTER).await;
        assert!(ana.refusal_text().await.contains(next));
        assert_eq!(ana.eval(NAME).await, next);
        ana.press(ENTER).await;
        ana.wait_for("document.querySelector('#message')").await;
    }
    // A form that is reloaded keeps them too.
    reload(&ana).await;
    reload(&ana).await;
    assert_eq!(ana.eval(NAME).await, "Ana 3");
    ana.expect_nothing_stored().await;
}

/// `window.name` may be seen by the next site in the tab, `history.state` is written to disk.
#[tokio::test]
async fn what_a_reload_needs_says_nothing_in_either_of_its_places() {
    let fixture = Fixture::start(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    let places = "[window.name.split(',').map(Number), history.state]";
    let mut seen = Vec::new();
    for page in [&ana, &bo] {
        let held = page.eval(places).await;
        for place in [&held[0], &held[1]] {
            let numbers = place.as_array().unwrap();
            assert_eq!(numbers.len(), 90, "of one length, whatever the name");
            // Text has no code above 127 here; of 90 random ones nearly all are.
            let large = numbers.iter().filter(|number| number.as_u64() > Some(127)).count();
            assert!(large > 60, "{place}");
            assert!(!seen.contains(place), "used twice");
            seen.push(place.clone());
        }
    }
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    assert_eq!(ana.eval("[window.name, history.state]").await, json!(["", null]));
    fixture.room.end();
    bo.expect_cleared(&[]).await;
    assert_eq!(bo.eval("[window.name, history.state]").await, json!(["", null]));
}

#[tokio::test]
async fn the_name_of_a_window_is_not_taken_for_a_name() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    page.execute("window.name = '1,2,3'; history.replaceState([7, 8, 9], '')", vec![]).await;
    reload(&page).await;
    assert_eq!(page.eval(NAME).await, "");
    page.execute("window.name = 'popup'; history.replaceState({ a: 1 }, '')", vec![]).await;
    reload(&page).await;
    assert_eq!(page.eval(NAME).await, "");
    page.join("Ana").await;
}

/// A link that was pasted into the form stays out of the browser's history.
#[tokio::test]
async fn a_pasted_link_survives_a_reload_outside_of_the_address() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    page.type_into("#name", "Ana").await;
    page.type_into("#link", &format!("{}{ENTER}", fixture.room.link())).await;
    page.wait_for("document.querySelector('#message')").await;
    assert_eq!(page.eval("location.href").await, fixture.room.address());
    reload(&page).await;
    assert_eq!(page.eval("location.href").await, fixture.room.address());
    assert_eq!(page.eval(NAME).await, "Ana");
    page.join("Cy").await;
}

/// The link that was wrong is not the one that others would copy.
#[tokio::test]
async fn the_address_has_the_link_that_admitted() {
    let fixture = Fixture::start(&[]).await;
    let wrong = format!("{}t/AAAAAAAAAAAAAAAAAAAAAA", fixture.room.address());
    let page = fixture.browser.open_page(&wrong).await;
    page.submit_name("Ana").await;
    page.refusal_text().await;
    page.type_into("#link", &format!("{}{ENTER}", fixture.room.ticket())).await;
    page.wait_for("document.querySelector('#message')").await;
    assert_eq!(page.eval("location.href").await, fixture.room.link());
}

#[tokio::test]
async fn the_copied_address_and_the_way_back_lead_to_the_room() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let copied = ana.eval("location.href").await;
    let bo = fixture.browser.open_page(copied.as_str().unwrap()).await;
    assert_eq!(bo.eval(NAME).await, "", "the name is not in the address");
    bo.join("Bo").await;
    ana.goto("about:blank").await;
    bo.wait_for_log("left").await;
    ana.activate().await.back().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    assert_eq!(ana.eval("document.querySelector('#link').hidden").await, true);
    ana.join("Ana again").await;
}

/// V-23: no entry of the tab's history has the ticket after the end, also when the skip link was used.
#[tokio::test]
async fn v23_the_ticket_is_in_no_entry_of_the_history_after_the_end() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let entries = ana.eval("history.length").await;
    ana.execute("document.querySelector('.skip').focus()", vec![]).await;
    ana.press(ENTER).await;
    ana.wait_for("document.activeElement.id === 'message'").await;
    fixture.room.end();
    ana.expect_cleared(&[fixture.room.ticket()]).await;
    assert_eq!(ana.eval("history.length").await, entries);
    let history = ana.devtools("Page.getNavigationHistory", json!({})).await;
    let mut addresses = history["entries"].as_array().unwrap().iter().map(|entry| &entry["url"]);
    assert!(!addresses.any(|url| url.to_string().contains(fixture.room.ticket())), "{history}");
}
