//! From the bytes of a configuration file to its text. Editors on other systems save other encodings
//! than UTF-8; those that can be recognised without a guess are read, and the others are named.

/// Why a file is not text. Each `Display` has the next step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EncodingError {
    #[error("the file is empty; write {{}} into it for the defaults, or remove it")]
    Empty,
    /// What is left of a file that was being written when the power failed.
    #[error("the file has NUL bytes only; restore it, or remove it for the defaults")]
    OnlyNul,
    /// Latin-1 or Windows-1252, say: every byte is a character there, so they cannot be recognised.
    #[error("{key}the byte 0x{byte:02X} is not UTF-8; save the file as UTF-8", key = after_key(key.as_deref()))]
    NotUtf8 { line: usize, key: Option<String>, byte: u8 },
    #[error("{encoding} that is cut off or damaged; save the file as UTF-8")]
    Damaged { line: usize, encoding: &'static str },
}

impl EncodingError {
    /// The line of the error, from 1.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Empty | Self::OnlyNul => 1,
            Self::NotUtf8 { line, .. } | Self::Damaged { line, .. } => *line,
        }
    }
}

fn after_key(key: Option<&str>) -> String {
    key.map(|key| format!("key \"{key}\": ")).unwrap_or_default()
}

/// An encoding with code units of more than one byte.
#[derive(Clone, Copy, Debug)]
struct WideEncoding {
    name: &'static str,
    /// Bytes of a code unit: 2 or 4.
    unit_bytes: usize,
    is_big_endian: bool,
}

const UTF_16_LE: WideEncoding =
    WideEncoding { name: "UTF-16", unit_bytes: 2, is_big_endian: false };
const UTF_16_BE: WideEncoding = WideEncoding { is_big_endian: true, ..UTF_16_LE };
const UTF_32_LE: WideEncoding =
    WideEncoding { name: "UTF-32", unit_bytes: 4, is_big_endian: false };
const UTF_32_BE: WideEncoding = WideEncoding { is_big_endian: true, ..UTF_32_LE };

/// The text of a file, without byte order mark, with line feeds as the only ends of lines, and without
/// the NULs or the ^Z (the end of a file in DOS) behind it.
///
/// # Errors
/// When the file is empty or not text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, EncodingError> {
    if !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0) {
        return Err(EncodingError::OnlyNul);
    }
    let text = match wide_encoding(bytes) {
        Some(encoding) => decode_wide(bytes, encoding)?,
        None => decode_utf8(bytes)?.to_owned(),
    };
    // Two programs may both have added a mark.
    let text = text.trim_start_matches('\u{feff}');
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_end_matches(['\0', '\u{1a}', ' ', '\t', '\n']);
    if text.is_empty() { Err(EncodingError::Empty) } else { Ok(text.to_owned()) }
}

/// The encoding by its mark, else by the place of the NULs: the first two characters of a JSON object
/// are ASCII (RFC 4627, section 3).
fn wide_encoding(bytes: &[u8]) -> Option<WideEncoding> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [1..=255, 0, 0, 0, ..] => Some(UTF_32_LE),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=255, ..] => Some(UTF_32_BE),
        [0xff, 0xfe, ..] | [1..=255, 0, 1..=255, 0, ..] => Some(UTF_16_LE),
        [0xfe, 0xff, ..] | [0, 1..=255, 0, 1..=255, ..] => Some(UTF_16_BE),
        _ => None,
    }
}

fn decode_wide(bytes: &[u8], encoding: WideEncoding) -> Result<String, EncodingError> {
    let units = bytes.chunks(encoding.unit_bytes).map(|unit| {
        let number = |number, byte: &u8| (number << 8) | u32::from(*byte);
        let value = match encoding.is_big_endian {
            true => unit.iter().fold(0, number),
            false => unit.iter().rev().fold(0, number),
        };
        // A unit that is cut off is none.
        if unit.len() == encoding.unit_bytes { value } else { u32::MAX }
    });
    let characters: Vec<Option<char>> = if encoding.unit_bytes == 2 {
        let units = units.map(|unit| u16::try_from(unit).unwrap_or(UNPAIRED_SURROGATE));
        char::decode_utf16(units).map(Result::ok).collect()
    } else {
        units.map(char::from_u32).collect()
    };
    let text: String = characters.iter().map_while(|character| *character).collect();
    if characters.iter().all(Option::is_some) {
        return Ok(text);
    }
    Err(EncodingError::Damaged { line: last_line(&text), encoding: encoding.name })
}

/// No character by itself.
const UNPAIRED_SURROGATE: u16 = 0xd800;

fn decode_utf8(bytes: &[u8]) -> Result<&str, EncodingError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        let before = String::from_utf8_lossy(valid);
        EncodingError::NotUtf8 {
            line: last_line(&before),
            key: last_key(&before).map(str::to_owned),
            byte: rest.first().copied().unwrap_or_default(),
        }
    })
}

/// The number of the line in which `text` ends. A line ends with LF, CR or both.
fn last_line(text: &str) -> usize {
    text.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1
}

/// The name before the last colon of `text`.
fn last_key(text: &str) -> Option<&str> {
    text.rmatch_indices(':').find_map(|(colon, _)| {
        let name = text.get(..colon)?.trim_end().strip_suffix('"')?;
        Some(name.rsplit_once('"')?.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str, encoding: WideEncoding) -> Vec<u8> {
        let units: Vec<u32> = match encoding.unit_bytes {
            2 => text.encode_utf16().map(u32::from).collect(),
            _ => text.chars().map(u32::from).collect(),
        };
        let bytes = |unit: u32| match encoding.is_big_endian {
            true => unit.to_be_bytes()[4 - encoding.unit_bytes..].to_vec(),
            false => unit.to_le_bytes()[..encoding.unit_bytes].to_vec(),
        };
        units.into_iter().flat_map(bytes).collect()
    }

    #[test]
    fn a_damaged_file_is_named_with_its_line() {
        let mut cut = encode("{\r\n \"a\": 1}", UTF_16_LE);
        cut.pop();
        assert_eq!(decode(&cut).unwrap_err().line(), 2);
        let unpaired = [&encode("{\r", UTF_16_BE)[..], &[0xdc, 0]].concat();
        let error = decode(&unpaired).unwrap_err();
        assert_eq!(error, EncodingError::Damaged { line: 2, encoding: "UTF-16" });
        let beyond = [&encode("{}", UTF_32_LE)[..], &[0, 0, 0x11, 0]].concat();
        assert!(matches!(decode(&beyond), Err(EncodingError::Damaged { encoding: "UTF-32", .. })));
    }

    #[test]
    fn another_encoding_is_named_with_line_and_key() {
        let error =
            decode(b"{\r\"logs\": \"ask\",\r\n\"archive_dir\" : \"http://caf\xe9\"}").unwrap_err();
        assert_eq!(error.line(), 3);
        let text = "key \"archive_dir\": the byte 0xE9 is not UTF-8; save the file as UTF-8";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_file_without_text_is_named() {
        for empty in [&b""[..], b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a"] {
            assert_eq!(decode(empty), Err(EncodingError::Empty), "{empty:?}");
        }
        assert_eq!(decode(&[0; 4096]), Err(EncodingError::OnlyNul));
    }

    proptest::proptest! {
        /// Any text of a configuration, in any encoding that is recognised.
        #[test]
        fn every_encoding_gives_the_same_text(rest in "[^\r\0\u{1a}]{0,40}", marks in 0_usize..3) {
            let text = format!("{{ {rest}}}");
            for ends in ["\n", "\r\n", "\r"] {
                let saved = text.replace('\n', ends);
                let marked = "\u{feff}".repeat(marks) + &saved;
                for encoding in [UTF_16_LE, UTF_16_BE, UTF_32_LE, UTF_32_BE] {
                    proptest::prop_assert_eq!(decode(&encode(&marked, encoding)), Ok(text.clone()));
                }
                for behind in ["", "\0\0", "\u{1a}", "\r\n\u{1a}\0"] {
                    let utf8 = format!("{marked}{behind}");
                    proptest::prop_assert_eq!(decode(utf8.as_bytes()), Ok(text.clone()));
                }
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = decode(&bytes).map_err(|error| error.to_string());
        }
    }
}
