//! The way to the room breaks, and comes back, or does not.

use serde_json::json;

use crate::stage::{Page, Path, Stage, Way};

/// A room with a way to it, Ana at the end of the way, and Bo close by.
async fn apart(way: Way) -> (Stage, Path, Page, Page) {
    let stage = Stage::open(&[]).await;
    let path = Path::to(&stage.room, way).await;
    let ana = stage.browser.page(path.link()).await;
    ana.join("Ana").await;
    let bo = stage.seat("Bo").await;
    ana.until_log("joined").await;
    (stage, path, ana, bo)
}

#[tokio::test]
async fn v17_after_a_cut_everything_arrives_exactly_once_and_nobody_notices() {
    let (_stage, path, ana, bo) = apart(Way::Open).await;
    ana.say("one").await;
    bo.until_log("one").await;
    path.set(Way::Cut);
    ana.until_status("Cut off").await;
    ana.say("typed while cut").await;
    bo.say("said meanwhile").await;
    bo.until_log("said meanwhile").await;
    assert!(!bo.said().await.contains(&"typed while cut".to_owned()));
    path.set(Way::Open);
    ana.until_status("Connected").await;
    bo.until_log("typed while cut").await;
    ana.until("document.querySelectorAll('.said:not(.dim)').length === 3").await;
    bo.say("last").await;
    ana.until_log("last").await;
    let expected = ["one", "said meanwhile", "typed while cut", "last"];
    assert_eq!(ana.said().await, expected);
    assert_eq!(bo.said().await, expected);
    assert!(!bo.body().await.contains(" left"), "a short cut is nobody's business");
}

/// Whoever was away for longer than the room remembers is told how much is missing.
#[tokio::test]
async fn v17_what_the_room_has_forgotten_is_said_to_be_missing() {
    let stage =
        Stage::configured(r#"{"room":{"ring":{"events":8},"rate":{"per_second":0,"burst":1}}}"#)
            .await;
    let path = Path::to(&stage.room, Way::Open).await;
    let ana = stage.browser.page(path.link()).await;
    ana.join("Ana").await;
    path.set(Way::Cut);
    ana.until_status("Cut off").await;
    let bo = stage.seat("Bo").await;
    for turn in 0..12 {
        bo.say(&format!("b{turn}")).await;
    }
    bo.until("document.querySelectorAll('.said:not(.dim)').length === 12").await;
    path.set(Way::Open);
    ana.until_log("b11").await;
    // Bo's first four lines are gone; that he came is not, for it pushes out nothing and is not
    // pushed out.
    assert_eq!(ana.text_of(".log p:nth-of-type(2)").await, "4 lines were missed");
    assert_eq!(ana.said().await, (4..12).map(|turn| format!("b{turn}")).collect::<Vec<_>>());
    assert!(ana.text_of(".said .who").await.starts_with("Bo#"));
    assert_eq!(ana.text_of("h2").await, "Here: 2");
}

/// A phone that changes its network: the connection is there, but nothing comes through it.
#[tokio::test]
async fn v17_a_way_that_swallows_everything_is_found_out() {
    let (_stage, path, ana, bo) = apart(Way::Open).await;
    path.set(Way::Held);
    ana.say("into the void").await;
    ana.run("dispatchEvent(new Event('online'))", vec![]).await;
    ana.until_status("Cut off").await;
    path.set(Way::Open);
    ana.until_status("Connected").await;
    bo.until_log("into the void").await;
    bo.say("got it").await;
    ana.until_log("got it").await;
    assert_eq!(bo.said().await, ["into the void", "got it"]);
    assert_eq!(ana.said().await, ["into the void", "got it"]);
}

/// V-16: a provider that holds GET answers back and lets no WebSocket through.
#[tokio::test]
async fn v16_without_websockets_the_room_is_reached_by_polling() {
    let (_stage, path, ana, bo) = apart(Way::HttpOnly).await;
    ana.until_status("Connected by polling").await;
    for turn in 0..3 {
        ana.say(&format!("a{turn}")).await;
        bo.until_log(&format!("a{turn}")).await;
        bo.say(&format!("b{turn}")).await;
        ana.until_log(&format!("b{turn}")).await;
    }
    // Without a pause the order holds as well.
    ana.say_all(&["c0", "c1", "c2"]).await;
    bo.until_log("c2").await;
    let expected = ["a0", "b0", "a1", "b1", "a2", "b2", "c0", "c1", "c2"];
    assert_eq!(bo.said().await, expected);
    ana.until("!document.querySelector('.said.dim')").await;
    assert_eq!(ana.said().await, expected);
    // It tries a WebSocket twice a minute by chance; the test does not leave it to chance.
    path.set(Way::Open);
    ana.run("Math.random = () => 0", vec![]).await;
    ana.until("document.querySelector('[role=status]').textContent === 'Connected'").await;
    bo.say("by socket").await;
    ana.until_log("by socket").await;
    ana.say("indeed").await;
    bo.until_log("indeed").await;
    assert_eq!(bo.said().await.len(), 11);
    assert!(!bo.body().await.contains(" left"));
    ana.click("header button").await;
    bo.until_log(" left").await;
}

#[tokio::test]
async fn somebody_who_polls_can_leave_and_be_told_of_the_end() {
    let (stage, _path, ana, bo) = apart(Way::HttpOnly).await;
    ana.click("header button").await;
    ana.expect_over(&[]).await;
    bo.until_log(" left").await;
    ana.goto(_path.link()).await;
    ana.join("Cy").await;
    ana.until_status("Connected by polling").await;
    stage.room.end();
    ana.expect_over(&["Cy"]).await;
}

#[tokio::test]
async fn two_minutes_without_contact_empty_the_page() {
    let (_stage, path, ana, bo) = apart(Way::Open).await;
    bo.say("secret").await;
    ana.until_log("secret").await;
    ana.type_into("#say", "an unfinished sentence").await;
    path.set(Way::Cut);
    ana.until_status("Cut off").await;
    // A minute passes for the page; a long sleep counts no more than that.
    let later = "const now = Date.now; Date.now = () => now() + arguments[0]";
    ana.run(later, vec![json!(3_600_000)]).await;
    ana.until_status("this page empties itself in").await;
    ana.run(later, vec![json!(60_000)]).await;
    ana.expect_over(&["secret", "unfinished", "Bo"]).await;
}

/// The room that answers is another one: nothing of the old one may stay on the screen.
#[tokio::test]
async fn a_room_that_does_not_know_the_ticket_empties_the_page() {
    let (stage, path, ana, bo) = apart(Way::Open).await;
    bo.say("secret").await;
    ana.until_log("secret").await;
    path.set(Way::Cut);
    let address = format!("127.0.0.1:{}", stage.room.port());
    let Stage { room, browser } = stage;
    drop(room);
    let _other = crate::stage::Room::open(&["--listen", &address]);
    path.set(Way::Open);
    ana.expect_over(&["secret"]).await;
    drop(browser);
}

/// The room has moved: a tunnel was lost, and the next one has another name.
#[tokio::test]
async fn the_new_link_of_a_room_that_moved_is_shown_whole() {
    let (stage, _path, ana, _bo) = apart(Way::Open).await;
    let moved =
        json!({ "t": "moved", "seq": 1000, "url": "https://other-words.trycloudflare.com" });
    ana.run("receive(arguments[0])", vec![json!(moved.to_string())]).await;
    let link = format!("https://other-words.trycloudflare.com/t/{}", stage.room.ticket());
    ana.until_log(&format!("The link is another one now: {link}")).await;
    assert_eq!(ana.text_of(".log a").await, link);
}
