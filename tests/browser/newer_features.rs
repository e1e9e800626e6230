//! Script and style use nothing that a browser of the last five years lacks, or have a way around it.

use std::path::{Path, PathBuf};

/// What Chrome 95, Firefox 94 or Safari 15 (November 2021) lacks, by browser-compat-data of MDN.
pub(crate) const NEWER: &[&str] = &[
    "AbortSignal.any",
    "AbortSignal.prototype.throwIfAborted",
    "AbortSignal.timeout",
    "Array.fromAsync",
    "Array.prototype.at",
    "Array.prototype.findLast",
    "Array.prototype.findLastIndex",
    "Array.prototype.toReversed",
    "Array.prototype.toSorted",
    "Array.prototype.toSpliced",
    "Blob.prototype.bytes",
    "BroadcastChannel",
    "CSS.registerProperty",
    "CloseWatcher",
    "CompressionStream",
    "EditContext",
    "Element.prototype.ariaNotify",
    "Element.prototype.checkVisibility",
    "Element.prototype.role",
    "Element.prototype.scrollIntoViewIfNeeded",
    "Element.prototype.setHTML",
    "HTMLDialogElement",
    "HTMLElement.prototype.popover",
    "HTMLElement.prototype.showPopover",
    "HTMLElement.prototype.writingSuggestions",
    "Highlight",
    "Intl.Segmenter",
    "Iterator",
    "Map.groupBy",
    "Object.groupBy",
    "Object.hasOwn",
    "Promise.try",
    "Promise.withResolvers",
    "RegExp.escape",
    "Response.json",
    "Response.prototype.bytes",
    "Set.prototype.difference",
    "Set.prototype.intersection",
    "Set.prototype.isSubsetOf",
    "Set.prototype.union",
    "String.prototype.at",
    "String.prototype.isWellFormed",
    "String.prototype.toWellFormed",
    "URL.canParse",
    "URL.parse",
    "URLPattern",
    "Uint8Array.fromBase64",
    "WebSocketStream",
    "cookieStore",
    "crypto.randomUUID",
    "crypto.subtle",
    "document.startViewTransition",
    "navigation",
    "navigator.locks",
    "navigator.userActivation",
    "navigator.virtualKeyboard",
    "reportError",
    "requestIdleCallback",
    "scheduler",
    "structuredClone",
    "trustedTypes",
];

fn page_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/page")
}

/// All parts of the script of an open room, without comments. Sealed rooms need browsers of 2025.
fn script() -> String {
    const OF_SEALED_ROOMS: [&str; 3] = ["seal", "sealed", "needs.js"];
    let mut text = String::new();
    let mut paths = vec![page_folder()];
    while let Some(path) = paths.pop() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if OF_SEALED_ROOMS.contains(&name) {
            continue;
        }
        if name.ends_with(".js") {
            text += &std::fs::read_to_string(&path).unwrap();
        } else if path.is_dir() {
            paths.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(text.contains("WebSocket"), "the script was not found");
    let code = text.lines().filter(|line| !line.trim_start().starts_with(['/', '*']));
    code.flat_map(|line| [line, "\n"]).collect()
}

/// A mistake in the syntax of one regular expression would stop the whole script.
#[test]
fn the_script_has_nothing_newer_than_five_years() {
    let script = script();
    let uses = |name: &str| {
        script.match_indices(name).any(|(at, _)| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            !script[..at].ends_with(is_word) && !script[at + name.len()..].starts_with(is_word)
        })
    };
    let used: Vec<_> = NEWER
        .iter()
        .filter(|path| match path.rsplit_once('.') {
            // Any object may have the method.
            Some((owner, name)) if owner.ends_with("prototype") => uses(&format!(".{name}")),
            Some((owner, name)) => uses(&format!("{owner}.{name}")),
            None => uses(path),
        })
        .collect();
    assert!(used.is_empty(), "newer than November 2021: {used:?}");
    for syntax in ["(?<=", "(?<!", "(?i:", "(?-", "static {", "await using", "import("] {
        assert!(!script.contains(syntax), "{syntax}");
    }
}

#[test]
fn the_style_has_a_way_around_everything_newer_than_five_years() {
    let style = std::fs::read_to_string(page_folder().join("style.css")).unwrap();
    for newer in [
        "light-dark(",
        ":has(",
        "color-mix(",
        "oklch(",
        "svh",
        "lvh",
        "@layer",
        "@container",
        "@scope",
        "@starting-style",
        "&",
        "subgrid",
        "text-wrap",
        "accent-color",
        "align-items: end",
        "align-items: start",
        "align-self: end",
        "align-self: start",
        ":popover-open",
        ":user-invalid",
        "translate:",
        "rotate:",
        "scale:",
    ] {
        assert!(!style.contains(newer), "{newer} is newer than November 2021");
    }
    // An unknown declaration is dropped, and the one before it holds.
    for (newer, around) in [
        ("height: 100dvh", "height: 100%; height: 100dvh"),
        ("overflow-wrap: anywhere", "overflow-wrap: anywhere; word-break: break-word"),
        ("user-select: none", "-webkit-user-select: none; user-select: none"),
    ] {
        assert!(style.contains(newer), "{newer} is not used any more");
        assert_eq!(style.matches("dvh").count(), 1);
        assert!(style.contains(around), "nothing stands in for {newer}");
    }
}
