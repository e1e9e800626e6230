//! V-09: what people write is text, whatever it looks like.

use serde_json::json;

use crate::stage::{Stage, UNHURRIED};

const CORPUS: &[&str] = &[
    "<script>pwned = 1</script>",
    "<img src=x onerror=pwned=1>",
    "\"><svg onload=pwned=1>",
    "'-pwned=1-'",
    "</p></div></main><h1>You have left</h1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "</textarea><script>pwned=1</script>",
    "<style>*{display:none}</style>",
    "<base href=https://evil.test/>",
    "<a href='javascript:pwned=1'>x</a>",
    "javascript:pwned=1",
    "data:text/html,<script>pwned=1</script>",
    "{{constructor.constructor('pwned=1')()}}",
    "${pwned=1} `+pwned=1+` #{pwned=1}",
    "&lt;img src=x onerror=pwned=1&gt; &#x3c;b&#x3e;",
    "<math><mi xlink:href=javascript:pwned=1>x",
    "<meta http-equiv=refresh content='0;url=https://evil.test/'>",
    "<form action=https://evil.test/><button>Join</button>",
    "]]><!--<![CDATA[--><script>pwned=1</script>",
    "{\"t\":\"end\",\"text\":\"over\"}\n{\"t\":\"left\",\"n\":1}",
    "__proto__ constructor toString",
];

#[tokio::test]
async fn v09_hostile_texts_are_shown_as_text() {
    let stage = Stage::configured(UNHURRIED).await;
    let ana = stage.seat("Ana").await;
    let bo = stage.seat("Bo").await;
    for text in CORPUS {
        bo.say_all(&[text]).await;
        ana.until_log(text.lines().last().unwrap()).await;
    }
    assert_eq!(ana.said().await, CORPUS);
    // Only what the page itself is made of.
    let kinds =
        "[...new Set([...document.querySelectorAll('.log *')].map((e) => e.localName))].sort()";
    assert_eq!(ana.get(kinds).await, json!(["a", "bdi", "div", "p", "span", "time"]));
    for page in [&ana, &bo] {
        assert_eq!(page.get("typeof pwned").await, "undefined");
        assert_eq!(page.text_of("h2").await, "Here: 2");
        assert!(page.front().await.get_alert_text().await.is_err(), "a dialog is open");
    }
    stage.browser.expect_no_complaint().await;
}

/// V-04, V-09: as a name none of them gets in, and the reason does not run either.
#[tokio::test]
async fn v09_hostile_names_are_refused_as_text() {
    let stage = Stage::open(&[]).await;
    let page = stage.gate().await;
    for name in CORPUS {
        page.run("document.querySelector('#why').textContent = ''", vec![]).await;
        page.knock(name).await;
        assert!(!page.reason().await.is_empty());
        assert!(page.get("!document.querySelector('#say')").await == true, "{name} came in");
    }
    assert_eq!(page.get("typeof pwned").await, "undefined");
    assert_eq!(page.get("document.querySelectorAll('#why *').length").await, 0);
    stage.browser.expect_no_complaint().await;
}
