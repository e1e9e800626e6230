//! The page keeps nothing, in whichever way the session ends.

use crate::harness::Fixture;

const SECRET: &str = "burn after reading";

#[tokio::test]
async fn v24_the_end_of_the_session_clears_every_page() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.participant("Bo").await;
    ana.send_message(SECRET).await;
    bo.wait_for_log(SECRET).await;
    bo.type_into("#message", "an unfinished sentence").await;
    fixture.room.end();
    for page in [&ana, &bo] {
        page.expect_cleared(&[SECRET, "unfinished", "Ana", "#"]).await;
        assert_eq!(page.text("h1").await, "This session has ended");
        page.expect_nothing_stored().await;
    }
}

#[tokio::test]
async fn v24_leaving_clears_the_page_and_back_shows_nothing() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.join_page().await;
    ana.join("Ana").await;
    ana.send_message(SECRET).await;
    ana.wait_for_log(SECRET).await;
    ana.leave().await;
    ana.expect_cleared(&[SECRET]).await;
    assert_eq!(ana.text("h1").await, "You have left");
    assert!(!ana.asks_before_leaving().await);
    ana.activate().await.back().await.unwrap();
    ana.activate().await.forward().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    assert!(!ana.html().await.contains(SECRET));
    assert_eq!(ana.eval("document.querySelector('#name').value").await, "");
}

#[tokio::test]
async fn v24_navigating_away_leaves_the_room_and_back_shows_nothing() {
    let fixture = Fixture::start(&[]).await;
    let bo = fixture.participant("Bo").await;
    let ana = fixture.participant("Ana").await;
    ana.send_message(SECRET).await;
    bo.wait_for_log(SECRET).await;
    ana.type_into("#message", "an unfinished sentence").await;
    assert!(ana.asks_before_leaving().await);
    ana.goto("about:blank").await;
    bo.wait_for_log(" left").await;
    ana.activate().await.back().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    let body = ana.html().await;
    assert!(!body.contains(SECRET) && !body.contains("unfinished"), "{body}");
    ana.expect_nothing_stored().await;
}

#[tokio::test]
async fn v24_a_reload_asks_first_and_shows_nothing_afterwards() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.send_message(SECRET).await;
    ana.wait_for_log(SECRET).await;
    assert!(ana.asks_before_leaving().await);
    ana.activate().await.refresh().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    assert!(!ana.html().await.contains(SECRET));
    assert!(!ana.asks_before_leaving().await, "outside the room there is no session to lose");
}
