//! What the browser stores, and which servers it contacts.

use crate::harness::Fixture;

/// V-22 to V-24: checks all requests and all storage of the browser after a conversation.
#[tokio::test]
async fn v23_v24_nothing_is_stored_and_no_other_server_is_contacted() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.join_page().await;
    ana.join("Ana").await;
    assert_eq!(ana.eval("location.href").await, fixture.room.link(), "it can be reloaded");
    let bo = fixture.participant("Bo").await;
    bo.send_message("see https://example.org/picture.png and //example.com/x.js").await;
    ana.wait_for_log("picture").await;
    ana.expect_nothing_stored().await;
    assert_eq!(ana.eval("history.length").await, bo.eval("history.length").await);
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    fixture.room.end();
    bo.expect_cleared(&["example"]).await;
    bo.expect_nothing_stored().await;

    let requests = fixture.browser.requested_urls().await;
    let here = fixture.room.address();
    let socket = format!("{}ws", here.replace("http", "ws"));
    let known = [fixture.room.link().to_owned(), socket, format!("{here}bye")];
    // The browser's internal pages, such as that of an empty window, cause no network traffic.
    let schemes = ["chrome:", "chrome-untrusted:", "data:"];
    let internal = |address: &&String| schemes.iter().any(|scheme| address.starts_with(scheme));
    let foreign: Vec<_> =
        requests.iter().filter(|address| !known.contains(address) && !internal(address)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    // The ticket is in the first request of each window, and in no other URL.
    let ticket = requests.iter().filter(|address| address.contains(fixture.room.ticket()));
    assert_eq!(ticket.count(), 2, "{requests:?}");
    fixture.browser.expect_clean_console().await;
}

/// V-05, V-22: loading the page neither joins the room nor shows anything of it.
#[tokio::test]
async fn v05_v22_the_join_form_shows_nothing_of_the_room() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.send_message("a word").await;
    ana.wait_for_log("a word").await;
    let visitor = fixture.join_page().await;
    // The rendered text only: the script contains "Here" for every room.
    let text = visitor.eval("document.body.innerText").await;
    let text = text.as_str().unwrap();
    assert!(!text.contains("Ana") && !text.contains("a word") && !text.contains("Here"), "{text}");
    assert_eq!(ana.text("h2").await, "Here: 1");
}

/// V-09, and the size limit of the page.
#[tokio::test]
async fn v09_one_small_document_without_markup_from_script() {
    let fixture = Fixture::start(&["--backlog", "100"]).await;
    let page = fixture.join_page().await;
    let text = "const [address, done] = arguments; fetch(address).then((a) => a.text()).then(done)";
    let address = serde_json::json!(fixture.room.address());
    let document = page.activate().await.execute_async(text, vec![address]).await.unwrap();
    let document = document.as_str().unwrap();
    // Without JavaScript the page shows a sentence, and no form that would not work.
    let markup = document.split("<script>").next().unwrap();
    assert!(markup.contains("<noscript><p>") && !markup.contains("<form"), "{markup}");
    // The one link is the empty icon, without which browsers ask for one.
    let document = document.replacen(r#"<link rel="icon" href="data:,">"#, "", 1);
    assert!(document.len() <= 34_816, "{} bytes", document.len());
    // Without it, browsers ask for /favicon.ico.
    let document = document.replace(r#"<link rel="icon" href="data:,">"#, "");
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
