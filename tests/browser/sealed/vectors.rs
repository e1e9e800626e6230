//! The page's own cryptography against the known answers, in both browsers. The scripts are run as they are
//! written: in the document of a sealed room their names are shortened.

use serde_json::{Value, json};

use crate::harness::{Firefox, Fixture, Room};

const VECTORS: &str = include_str!("../../fixtures/sealed.json");

/// The code of `assets/page/seal`, in the order of `build.rs`, and the runner behind it.
const SCRIPT: &str = concat!(
    include_str!("../../../assets/page/seal/bytes.js"),
    include_str!("../../../assets/page/seal/derive.js"),
    include_str!("../../../assets/page/seal/noise.js"),
    include_str!("../../../assets/page/seal/roster.js"),
    include_str!("../../../assets/page/seal/box.js"),
    include_str!("../../../assets/page/seal/guest.js"),
    include_str!("vectors.js"),
);

fn expect_agreement(result: &Value) {
    assert_eq!(result["transcripts"], 3);
    assert_eq!(result["cases"], 46);
    assert_eq!(result["differences"], json!([]));
}

/// Runs the vectors, and a second time with one letter of one text changed, which has to be noticed.
fn run(vectors: &str) -> String {
    format!(
        "{SCRIPT} const vectors = {vectors}; return runVectors(vectors).then((result) => {{
            const said = vectors.transcripts.Ana.find((line) => line.in?.ref);
            said.shows[0].body += '!';
            return runVectors(vectors).then((changed) => ({{ ...result, noticed: changed.differences.length > 0 }}));
        }})"
    )
}

#[tokio::test]
async fn chromium_computes_the_known_answers() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    let script = format!(
        "const done = arguments[0]; (() => {{ {} }})().then(done, (error) => done(`${{error}}`))",
        run(VECTORS)
    );
    let result = page.activate().await.execute_async(&script, Vec::new()).await.unwrap();
    expect_agreement(&result);
    assert_eq!(result["noticed"], true, "{result}");
}

#[tokio::test]
async fn firefox_computes_the_known_answers() {
    let room = Room::start(&[]);
    let mut firefox = Firefox::start().await;
    firefox.goto(room.address()).await;
    let result = firefox.eval(&format!("(() => {{ {} }})()", run(VECTORS))).await;
    expect_agreement(&result);
    assert_eq!(result["noticed"], true, "{result}");
}
