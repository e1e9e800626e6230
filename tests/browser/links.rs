//! V-09, V-23: a link stays as it was written, and shows its target where that differs. An address that
//! could be mistaken for another one stays text.

use serde_json::json;

use crate::harness::{Fixture, NO_RATE_LIMIT};

/// A message, and the addresses to which its links lead.
const LINKS: &[(&str, &[&str])] = &[
    ("http://a.test/\"onmouseover=pwned=1", &["http://a.test/"]),
    ("https://a.test/<script>", &["https://a.test/"]),
    ("(see https://a.test/b).", &["https://a.test/b"]),
    ("ftp://a.test/ file:///etc/passwd blob:https://a.test/x", &["https://a.test/x"]),
    ("javascript:alert(1) data:text/html,x vbscript:x ws://a.test/ //a.test/ www.a.test", &[]),
    ("HTTP://A.TEST/ and https://b.test/?q=1#f", &["http://a.test/", "https://b.test/?q=1#f"]),
    // User info of any kind.
    ("https://bank.test@evil.test/", &[]),
    ("https://:bank.test@evil.test/", &[]),
    ("https://:www.bank.test%2Flogin@evil.test", &[]),
    ("https://u:p@evil.test/ https://@evil.test/ https://:@evil.test/ https://@@evil.test", &[]),
    ("https://bank.test:443@evil.test https://bank.test%40x@evil.test/", &[]),
    ("https:///bank.test@evil.test https://\\bank.test@evil.test", &[]),
    ("https://bank.test＠evil.test/", &[]),
    // An @ elsewhere is no user info.
    (
        "https://a.test/@ana https://b.test?@evil.test",
        &["https://a.test/@ana", "https://b.test/?@evil.test"],
    ),
    ("https://a.test#@evil.test", &["https://a.test/#@evil.test"]),
    ("https://evil.test\\@bank.test/", &["https://evil.test/@bank.test/"]),
    ("https://bank.test\\.evil.test", &["https://bank.test/.evil.test"]),
    // Hosts as the browser resolves them.
    ("https://аpple.test/", &["https://xn--pple-43d.test/"]),
    (
        "https://аррӏе.com/ https://faß.test/",
        &["https://xn--80ak6aa92e.com/", "https://xn--fa-hia.test/"],
    ),
    ("https://xn--80ak6aa92e.com/", &["https://xn--80ak6aa92e.com/"]),
    // The text says so too: the link ends where the sentence does.
    (
        "https://bank.test。evil.test/ https://ＢＡＮＫ.test/",
        &["https://bank.test/", "https://bank.test/"],
    ),
    ("https://bank.test%2eevil.test/", &["https://bank.test.evil.test/"]),
    (
        "http://0x7f000001/ http://2130706433/ http://0177.1/",
        &["http://127.0.0.1/", "http://127.0.0.1/", "http://127.0.0.1/"],
    ),
    ("http://[::1]:80/ http://[0:0::ffff:7f00:1]/", &["http://[::1]/", "http://[::ffff:7f00:1]/"]),
    (
        "https://a.test:443/ https://a.test:8443/ http://a.test:443/",
        &["https://a.test/", "https://a.test:8443/", "http://a.test:443/"],
    ),
    ("https:///a.test/", &["https://a.test/"]),
    // Not a host, or characters that look like the end of one.
    (
        "https://bank.test\u{2044}login.evil.test/ https://bank.test\u{2215}login.evil.test/",
        &[
            "https://bank.xn--testlogin-tn0e.evil.test/",
            "https://bank.xn--testlogin-og4e.evil.test/",
        ],
    ),
    ("https://bank.test\u{ff0f}login.evil.test/ https://bank.test%2flogin.evil.test/", &[]),
    (
        "https://bank.test%00.evil.test https://bank.test%20.evil.test https://bank.test^evil.test",
        &[],
    ),
    (
        "https://bank.test&login=.evil.test/ https://bank.test,evil.test/ https://bank.test;.evil.test",
        &[],
    ),
    (
        "https://bank.test(login).evil.test/ https://bank.test'.evil.test/ https://bank.test=x.evil.test/",
        &[],
    ),
    (
        "https://bank.test!.evil.test/ https://bank.test~.evil.test/ https://bank.test_.evil.test/",
        &[],
    ),
    ("https://bank.test$.evil.test https://bank.test+.evil.test https://bank.test*.evil.test", &[]),
    (
        "https://bank.test./ https://-bank.test/ https://.bank.test/ https://bank.test:x/ https://a.test:99999/",
        &[],
    ),
    (
        "https://bank.test\u{338}/ https://a\u{200d}b.test/ https://a\u{200c}b.test/",
        &["https://bank.xn--test-t3c/"],
    ),
    ("https:// http:///// https://?x https://#x https://:80/ http://[::1 http://[x]/", &[]),
    // Paths with characters that reorder text or are invisible.
    (
        "https://a.test/\u{5d0}\u{5d1}?\u{5d2}#\u{5d3}",
        &["https://a.test/%D7%90%D7%91?%D7%92#%D7%93"],
    ),
    ("https://a.test/%E2%80%AEtxt.exe", &["https://a.test/%E2%80%AEtxt.exe"]),
    (
        "https://a.test/x\u{200d}y?x\u{200d}y#x\u{200d}y",
        &["https://a.test/x%E2%80%8Dy?x%E2%80%8Dy#x%E2%80%8Dy"],
    ),
    ("https://a.test/\u{3164}\u{2800}x", &["https://a.test/%E3%85%A4%E2%A0%80x"]),
    ("https://a.test/b/../../c/./d", &["https://a.test/c/d"]),
];

const LAST: &str = "[...[...document.querySelectorAll('.message')].at(-1).querySelectorAll('a')]";

/// The text of the last message without what the page adds.
const WRITTEN: &str =
    "(() => { const text = [...document.querySelectorAll('.message p')].at(-1).cloneNode(true);
    text.querySelectorAll('.target').forEach((target) => target.remove());
    return text.textContent; })()";

/// A message, and what the page adds to it: the host to which a link leads, or the whole address when
/// the path differs as well. Case, a missing slash and encoding are no differences.
const TARGETS: &[(&str, &[&str])] = &[
    ("https://a.test https://a.test/b https://a.test?c#d http://a.test:8080/", &[]),
    ("HTTPS://A.Test/Path https://[::1]/ https://xn--80ak6aa92e.com/", &[]),
    ("https://a.test/Größe https://a.test/北京?q=北京#京 https://a.test/\u{5d0}\u{5d1}", &[]),
    ("https://a.test/%E2%80%AEtxt.exe https://a.test/{x} https://a.test/?q='x'", &[]),
    ("https://аpple.test/ https://faß.test/x", &["xn--pple-43d.test", "xn--fa-hia.test"]),
    ("https://例え.test:8443/日本語", &["xn--r8jz45g.test:8443"]),
    (
        "https://ＢＡＮＫ.test/ https://bank.test%2eevil.test/",
        &["bank.test", "bank.test.evil.test"],
    ),
    ("https://bank.test\u{2044}login.evil.test/", &["bank.xn--testlogin-tn0e.evil.test"]),
    ("http://2130706433/ http://[0:0::1]/", &["127.0.0.1", "[::1]"]),
    ("https://a.test:443/ https://https://a.test/", &["a.test", "https"]),
    ("https://evil.test\\@bank.test/", &["https://evil.test/@bank.test/"]),
    ("https://bank.test\\.evil.test", &["https://bank.test/.evil.test"]),
    ("https:///a.test/ https://a.test/b/../c", &["https://a.test/", "https://a.test/c"]),
    // Nothing is drawn for a part of the path.
    ("https://a.test/x\u{200d}y", &["https://a.test/x%E2%80%8Dy"]),
    ("https://a.test/\u{3164}\u{2800}x", &["https://a.test/%E3%85%A4%E2%A0%80x"]),
    ("https://a.test/\u{34f}x", &["https://a.test/%CD%8Fx"]),
];

#[tokio::test]
async fn v09_the_target_is_shown_where_it_differs_from_the_text() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    for (count, (text, targets)) in TARGETS.iter().enumerate() {
        ana.send_messages(&[text]).await;
        let said =
            format!("document.querySelectorAll('.message:not(.dim)').length === {}", count + 1);
        ana.wait_for(&said).await;
        assert_eq!(ana.eval(WRITTEN).await, *text);
        let shown =
            "[...[...document.querySelectorAll('.message')].at(-1).querySelectorAll('a + .target')]
            .map((target) => target.textContent)";
        let expected: Vec<_> = targets.iter().map(|target| format!(" ({target})")).collect();
        assert_eq!(ana.eval(shown).await, json!(expected), "{text}");
    }
    // Visible, and from left to right also within text from right to left.
    let style = "[...document.querySelectorAll('.target')].every((target) =>
        target.getBoundingClientRect().width > 0 && getComputedStyle(target).direction === 'ltr')";
    assert_eq!(ana.eval(style).await, true);
}

#[tokio::test]
async fn v09_v23_links_show_their_address_and_send_no_referrer() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    let mut wrong = Vec::new();
    for (count, (text, addresses)) in LINKS.iter().enumerate() {
        ana.send_messages(&[text]).await;
        let said =
            format!("document.querySelectorAll('.message:not(.dim)').length === {}", count + 1);
        ana.wait_for(&said).await;
        let targets = ana.eval(&format!("{LAST}.map((a) => a.href)")).await;
        let written = ana.eval(WRITTEN).await;
        if targets != json!(addresses) || written != *text {
            wrong.push(format!("{text:?} is shown as {written} and leads to {targets}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rest = "[...document.querySelectorAll('.log a')].every((a) => a.target === '_blank'
        && a.rel === 'noreferrer noopener nofollow' && a.dir === 'ltr' && a.attributes.length === 4)";
    assert_eq!(ana.eval(rest).await, true);
    fixture.browser.expect_clean_console().await;
}

/// A host that is too long to be read to its end is no link; the text of a link is never truncated.
#[tokio::test]
async fn v09_a_long_address_does_not_hide_its_host() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    let (label, tail) = ("a".repeat(60), "evil.test/");
    for (text, links) in [
        (format!("https://{label}.test/"), 1),
        // Hosts of 80 and of 81 characters.
        (format!("https://{label}.{}.test/", "b".repeat(14)), 1),
        (format!("https://{label}.{}.test/", "b".repeat(15)), 0),
        (format!("https://www.bank.test.{label}.{label}.{label}.{tail}"), 0),
        (format!("https://{}{tail}", "a.".repeat(120)), 0),
        (format!("https://{}{tail}", "a.".repeat(400)), 0),
        (format!("https://a.test/{}", "x".repeat(4000)), 1),
    ] {
        ana.send_messages(&[&text]).await;
        ana.wait_for_log(&text[text.len() - 70.min(text.len())..]).await;
        assert_eq!(ana.eval(&format!("{LAST}.length")).await, links, "{text}");
        let inside = "(() => { const log = document.querySelector('.log');
            return log.scrollWidth <= log.clientWidth; })()";
        assert_eq!(ana.eval(inside).await, true, "{text} is wider than the log");
    }
}

/// The time to find links is linear in the length of the text.
#[tokio::test]
async fn v09_no_text_blocks_the_page() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    let texts: Vec<String> = [
        "https://",
        "https://.",
        "http://)",
        "https://a'",
        "https://@",
        "https://[",
        "http://%",
        "https://a.",
        "https://\\",
        "https:",
        "h",
        "https://a.test/?",
        "https://xn--",
        "https://ä.",
        "https://a(",
        "https://a)",
        "https://。",
        "https://a.test/…",
    ]
    .iter()
    .flat_map(|part| {
        let tail = part.chars().last().unwrap();
        [
            part.repeat(4000 / part.len()),
            format!("{part}{}", tail.to_string().repeat(4000 / tail.len_utf8() - 20)),
        ]
    })
    .collect();
    let busy = "const start = performance.now();
        for (const text of arguments[0]) linkify(text);
        return performance.now() - start";
    let taken = ana.execute(busy, vec![json!(texts)]).await;
    // Measured: 20 ms for all 36 texts.
    assert!(taken.as_f64().unwrap() < 1000.0, "{taken} ms");
}

/// The same rules apply to the link that the room itself announces.
#[tokio::test]
async fn v09_a_new_link_of_the_room_shows_its_address() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    for (url, links) in [
        ("https://new-words.trycloudflare.com", true),
        ("https://new-words.trycloudflare.com@evil.test", false),
        ("https://:x@evil.test", false),
        ("javascript:alert(1)//", false),
    ] {
        ana.execute("handlers.moved({ url: arguments[0] })", vec![json!(url)]).await;
        let target = ana
            .eval("document.querySelector('[role=log]').lastElementChild.querySelector('a')?.href")
            .await;
        assert_eq!(target.as_str().is_some_and(|target| target.starts_with(url)), links, "{url}");
        assert_eq!(target.is_string(), links, "{url}");
    }
}
