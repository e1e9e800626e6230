//! Names and paragraphs of people's languages, as they are written: nothing of them is refused or changed.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::{MessageText, Nickname};

#[derive(Deserialize)]
struct Sample {
    language: String,
    names: Vec<String>,
    paragraph: String,
}

fn samples() -> Vec<Sample> {
    serde_json::from_str(include_str!("../../../tests/fixtures/languages.json")).unwrap()
}

/// In the composed form, which is the one that is shown, and in the decomposed one, which macOS types.
#[test]
fn common_names_of_every_language_are_accepted() {
    let mut refused = Vec::new();
    for Sample { language, names, .. } in samples() {
        for raw in names {
            let composed: String = raw.nfc().collect();
            for form in [raw.clone(), composed.clone(), raw.nfd().collect()] {
                match Nickname::parse(&form) {
                    Ok(name) => {
                        let plain = composed.replace(['\u{2018}', '\u{2019}'], "'");
                        assert_eq!(name.as_str(), plain.replace('\u{2011}', "-"), "{language}");
                    }
                    Err(error) => refused.push(format!("{language}: {form}: {error}")),
                }
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn names_of_one_language_that_differ_by_a_joiner_clash() {
    let mut count = 0;
    for Sample { names, .. } in samples() {
        for joined in names.iter().filter(|name| name.contains(['\u{200c}', '\u{200d}'])) {
            let parted = Nickname::parse(&joined.replace(['\u{200c}', '\u{200d}'], "")).unwrap();
            assert!(Nickname::parse(joined).unwrap().clashes_with(&parted), "{joined}");
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn a_paragraph_of_every_language_stays_as_it_was_written() {
    for Sample { language, paragraph, .. } in samples() {
        for form in [paragraph.clone(), paragraph.nfc().collect(), paragraph.nfd().collect()] {
            let text = MessageText::parse(&form, 4096);
            assert_eq!(text.as_ref().map(MessageText::as_str), Ok(form.as_str()), "{language}");
        }
    }
}
