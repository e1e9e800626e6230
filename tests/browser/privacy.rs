//! What the browser keeps, and whom it asks.

use crate::stage::Stage;

/// V-22 to V-24: a whole conversation, then a look at everything the browser did for it.
#[tokio::test]
async fn v23_v24_nothing_is_stored_nobody_else_is_asked_and_nothing_is_complained_about() {
    let stage = Stage::open(&[]).await;
    let ana = stage.gate().await;
    assert_eq!(ana.get("location.href").await, stage.room.address(), "the ticket left the address");
    ana.join("Ana").await;
    let bo = stage.seat("Bo").await;
    bo.say("see https://example.org/picture.png and //example.com/x.js").await;
    ana.until_log("picture").await;
    ana.expect_nothing_stored().await;
    assert_eq!(ana.get("history.length").await, bo.get("history.length").await);
    ana.click("header button").await;
    ana.expect_over(&[]).await;
    stage.room.end();
    bo.expect_over(&["example"]).await;
    bo.expect_nothing_stored().await;

    let requests = stage.browser.requests().await;
    let here = stage.room.address();
    let socket = format!("{}ws", here.replace("http", "ws"));
    let known = [stage.room.link().to_owned(), socket, format!("{here}bye")];
    // The browser's own pages, such as that of an empty window, are none of ours.
    let own = |address: &&String| address.starts_with("chrome:") || address.starts_with("data:");
    let foreign: Vec<_> =
        requests.iter().filter(|address| !known.contains(address) && !own(address)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    // Once per window, and never again in any address.
    let ticket = requests.iter().filter(|address| address.contains(stage.room.ticket()));
    assert_eq!(ticket.count(), 2, "{requests:?}");
    stage.browser.expect_no_complaint().await;
}

/// V-05, V-22: looking at the page enters nothing and learns nothing.
#[tokio::test]
async fn v05_v22_the_gate_knows_nothing_of_the_room() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    ana.say("a word").await;
    ana.until_log("a word").await;
    let stranger = stage.gate().await;
    // Before its script, too, which holds the words of every room.
    let text = stranger.get("document.body.innerText").await;
    let text = text.as_str().unwrap();
    assert!(!text.contains("Ana") && !text.contains("a word") && !text.contains("Here"), "{text}");
    assert_eq!(ana.text_of("h2").await, "Here: 1");
}

/// V-09, and the budget of the page.
#[tokio::test]
async fn v09_one_small_document_without_markup_from_script() {
    let stage = Stage::open(&["--backlog", "100"]).await;
    let page = stage.gate().await;
    let text = "const [address, done] = arguments; fetch(address).then((a) => a.text()).then(done)";
    let address = serde_json::json!(stage.room.address());
    let document = page.front().await.execute_async(text, vec![address]).await.unwrap();
    let document = document.as_str().unwrap();
    // Without script there is a sentence, and no form that leads nowhere.
    let markup = document.split("<script>").next().unwrap();
    assert!(markup.contains("<noscript><p>") && !markup.contains("<form"), "{markup}");
    assert!(document.len() <= 20_480, "{} bytes", document.len());
    for forbidden in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "srcdoc",
        "DOMParser",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "serviceWorker",
        "caches.",
        "onclick=",
        "style=",
        "<link",
        "<img",
        "src=",
    ] {
        assert!(!document.contains(forbidden), "{forbidden}");
    }
}
