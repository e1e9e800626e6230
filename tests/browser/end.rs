//! However it ends, the page keeps nothing.

use crate::stage::Stage;

const SECRET: &str = "burn after reading";

#[tokio::test]
async fn v24_the_end_of_the_session_empties_every_page() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    let bo = stage.seat("Bo").await;
    ana.say(SECRET).await;
    bo.until_log(SECRET).await;
    bo.type_into("#say", "an unfinished sentence").await;
    stage.room.end();
    for page in [&ana, &bo] {
        page.expect_over(&[SECRET, "unfinished", "Ana", "#"]).await;
        assert_eq!(page.text_of("h1").await, "This session has ended");
        // Nothing waits in the page to be brought back either.
        page.expect_nothing_stored().await;
    }
}

#[tokio::test]
async fn v24_leaving_empties_the_page_and_back_shows_nothing() {
    let stage = Stage::open(&[]).await;
    let ana = stage.gate().await;
    ana.join("Ana").await;
    ana.say(SECRET).await;
    ana.until_log(SECRET).await;
    ana.click("header button").await;
    ana.expect_over(&[SECRET]).await;
    assert_eq!(ana.text_of("h1").await, "You have left");
    assert!(!ana.asks_before_leaving().await);
    ana.front().await.back().await.unwrap();
    ana.front().await.forward().await.unwrap();
    ana.until("document.querySelector('#name')").await;
    assert!(!ana.body().await.contains(SECRET));
    assert_eq!(ana.get("document.querySelector('#name').value").await, "");
}

#[tokio::test]
async fn v24_going_elsewhere_and_back_shows_nothing_and_gives_the_seat_up() {
    let stage = Stage::open(&[]).await;
    let bo = stage.seat("Bo").await;
    let ana = stage.seat("Ana").await;
    ana.say(SECRET).await;
    bo.until_log(SECRET).await;
    ana.type_into("#say", "an unfinished sentence").await;
    assert!(ana.asks_before_leaving().await);
    ana.goto("about:blank").await;
    bo.until_log(" left").await;
    ana.front().await.back().await.unwrap();
    ana.until("document.querySelector('#name')").await;
    let body = ana.body().await;
    assert!(!body.contains(SECRET) && !body.contains("unfinished"), "{body}");
    ana.expect_nothing_stored().await;
}

#[tokio::test]
async fn v24_a_reload_is_asked_about_and_shows_nothing() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    ana.say(SECRET).await;
    ana.until_log(SECRET).await;
    assert!(ana.asks_before_leaving().await);
    ana.front().await.refresh().await.unwrap();
    ana.until("document.querySelector('#name')").await;
    assert!(!ana.body().await.contains(SECRET));
    assert_eq!(ana.get("document.querySelector('#link').hidden").await, false);
    assert!(!ana.asks_before_leaving().await, "outside the room there is nothing to lose");
}
