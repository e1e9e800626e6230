//! V-09: messages and names are shown as text, never interpreted as markup, script or protocol.

use serde_json::json;

use crate::harness::{Fixture, NO_RATE_LIMIT};

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
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.participant("Bo").await;
    for text in CORPUS {
        bo.send_messages(&[text]).await;
        ana.wait_for_log(text.lines().last().unwrap()).await;
    }
    assert_eq!(ana.messages().await, CORPUS);
    // No element but those that the page builds itself.
    let kinds = "[...new Set([...document.querySelectorAll('[role=log] *')].map((e) => e.localName))].sort()";
    assert_eq!(ana.eval(kinds).await, json!(["a", "bdi", "div", "p", "span", "time"]));
    for page in [&ana, &bo] {
        assert_eq!(page.eval("typeof pwned").await, "undefined");
        assert_eq!(page.text("h2").await, "Here: 2");
        assert!(page.activate().await.get_alert_text().await.is_err(), "a dialog is open");
    }
    fixture.browser.expect_clean_console().await;
}

/// V-04, V-09: none of these is accepted as a name, and the refusal shows none of them as markup.
#[tokio::test]
async fn v09_hostile_names_are_refused_as_text() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    for name in CORPUS {
        page.execute("document.querySelector('#refusal').textContent = ''", vec![]).await;
        page.submit_name(name).await;
        assert!(!page.refusal_text().await.is_empty());
        assert!(
            page.eval("!document.querySelector('#message')").await == true,
            "{name} was accepted"
        );
    }
    assert_eq!(page.eval("typeof pwned").await, "undefined");
    assert_eq!(page.eval("document.querySelectorAll('#refusal *').length").await, 0);
    fixture.browser.expect_clean_console().await;
}
