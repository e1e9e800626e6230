//! Where a link ends. Brackets and punctuation belong to the address, or to the sentence around it.

use serde_json::json;

use crate::harness::{Fixture, NO_RATE_LIMIT};

/// A message, and the texts of its links.
const LINK_TEXTS: &[(&str, &[&str])] = &[
    // Brackets within an address have partners there.
    (
        "https://en.wikipedia.org/wiki/Rust_(programming_language)",
        &["https://en.wikipedia.org/wiki/Rust_(programming_language)"],
    ),
    (
        "(https://en.wikipedia.org/wiki/Rust_(programming_language)).",
        &["https://en.wikipedia.org/wiki/Rust_(programming_language)"],
    ),
    (
        "https://a.test/b(c(d)e)f[g] https://a.test/?q[]=1&x={y}",
        &["https://a.test/b(c(d)e)f[g]", "https://a.test/?q[]=1&x={y}"],
    ),
    ("https://a.test/b() https://a.test/b().", &["https://a.test/b()", "https://a.test/b()"]),
    // Those around one do not.
    (
        "[a](https://a.test/b) <https://a.test/c> {https://a.test/d} [https://a.test/e]",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    ("(see https://a.test/b)。次 (https://a.test/c.)", &["https://a.test/b", "https://a.test/c"]),
    ("https://a.test/b)c https://a.test/(b]c)", &["https://a.test/b", "https://a.test/"]),
    ("https://a.test/b(see https://a.test/c[", &["https://a.test/b", "https://a.test/c"]),
    (
        "「https://a.test/b」『https://a.test/c』（https://a.test/d）【https://a.test/e】",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    // Punctuation behind an address.
    (
        "https://a.test/b. https://a.test/c, https://a.test/d; https://a.test/e: https://a.test/f!?",
        &[
            "https://a.test/b",
            "https://a.test/c",
            "https://a.test/d",
            "https://a.test/e",
            "https://a.test/f",
        ],
    ),
    (
        "https://a.test/b... https://a.test/c… **https://a.test/d** _https://a.test/e_",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    (
        "'https://a.test/b' \"https://a.test/c\" `https://a.test/d` |https://a.test/e|",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    (
        "“https://a.test/b” ‘https://a.test/c’ «https://a.test/d» „https://a.test/e“",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    ("https://example.com/foo。次の文", &["https://example.com/foo"]),
    (
        "https://example.com。次 https://example.com，次",
        &["https://example.com", "https://example.com"],
    ),
    (
        "https://a.test/b、https://a.test/c，https://a.test/d！https://a.test/e？「x」",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    (
        "https://a.test/b؟ https://a.test/c، https://a.test/d؛ https://a.test/e۔",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    (
        "https://a.test/b। https://a.test/c॥ https://a.test/d๚ https://a.test/e። https://a.test/f၊",
        &[
            "https://a.test/b",
            "https://a.test/c",
            "https://a.test/d",
            "https://a.test/e",
            "https://a.test/f",
        ],
    ),
    ("https://a.test/b—and https://a.test/1–2", &["https://a.test/b", "https://a.test/1–2"]),
    // Punctuation within an address.
    (
        "https://a.test/it's https://a.test/L’Équipe https://a.test/a.b,c;d:e!f",
        &["https://a.test/it's", "https://a.test/L’Équipe", "https://a.test/a.b,c;d:e!f"],
    ),
    (
        "https://a.test/?q=a+b&c=d%20e;f=~g*h$i@j=k-/ https://a.test/#!/x https://a.test/~u/%zz%",
        &[
            "https://a.test/?q=a+b&c=d%20e;f=~g*h$i@j=k-/",
            "https://a.test/#!/x",
            "https://a.test/~u/%zz%",
        ],
    ),
    (
        "https://de.wikipedia.org/wiki/Größe https://zh.wikipedia.org/wiki/北京·上海",
        &["https://de.wikipedia.org/wiki/Größe", "https://zh.wikipedia.org/wiki/北京·上海"],
    ),
    // Several, one in another, and white space within.
    (
        "https://a.test/b https://a.test/c\thttps://a.test/d\nhttps://a.test/e",
        &["https://a.test/b", "https://a.test/c", "https://a.test/d", "https://a.test/e"],
    ),
    ("https://a.test/?u=https://b.test/c", &["https://a.test/?u=https://b.test/c"]),
    (
        "https://a.test/b c https://a.test/d\u{a0}e https://a.test/f\u{3000}g",
        &["https://a.test/b", "https://a.test/d", "https://a.test/f"],
    ),
    // Not an address.
    ("https:// https://. https://) HTTPS:// http https:/a.test www.a.test a.test/b", &[]),
];

#[tokio::test]
async fn v09_a_link_ends_where_its_address_ends() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    for (count, (text, links)) in LINK_TEXTS.iter().enumerate() {
        ana.send_messages(&[text]).await;
        let said =
            format!("document.querySelectorAll('.message:not(.dim)').length === {}", count + 1);
        ana.wait_for(&said).await;
        let last = "[...document.querySelectorAll('.message p')].at(-1)";
        // As it was written: readable, and complete.
        assert_eq!(ana.eval(&format!("{last}.textContent")).await, *text);
        let shown = format!("[...{last}.querySelectorAll('a')].map((a) => a.textContent)");
        assert_eq!(ana.eval(&shown).await, json!(links), "{text}");
    }
    fixture.browser.expect_clean_console().await;
}
