//! [`Decoder`] with valid, invalid and random bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::decoder::Decoder;
use super::incoming::{Incoming, ProtocolError};

const MAX_MESSAGE_BYTES: usize = 16 * 1024;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const CONTINUATION: u8 = 0x00;
const FINAL: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A masked frame whose first byte is this: the final bit, the reserved bits, the opcode.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ MASK[at % 4]));
    frame
}

fn decode(bytes: &[u8]) -> Vec<Incoming> {
    Decoder::new(MAX_MESSAGE_BYTES).decode(bytes)
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

#[test]
fn the_example_of_the_standard_is_decoded() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&hello), [text("Hello")]);
}

#[test]
fn a_message_may_be_split_within_a_letter_with_a_ping_between_its_frames() {
    let whole = "grüße".as_bytes();
    let bytes = [
        frame(TEXT & !FINAL, &whole[..3]),
        frame(PING, b"there?"),
        frame(CONTINUATION, &[]),
        frame(FINAL, &whole[3..]),
    ]
    .concat();
    assert_eq!(decode(&bytes), [Incoming::Ping(b"there?".to_vec()), text("grüße")]);
}

#[test]
fn nothing_follows_a_close_frame() {
    for (payload, code) in [
        (&[][..], Ok(None)),
        (&[0x03, 0xe9], Ok(Some(1001))),
        (&[0x0f, 0xa0, b'b', b'y', b'e'], Ok(Some(4000))),
        // Half a code; codes that must not be sent; a reason that is not UTF-8.
        (&[0x03], Err(ProtocolError::InvalidFrame)),
        (&[0x03, 0xed], Err(ProtocolError::InvalidFrame)),
        (&[0, 0], Err(ProtocolError::InvalidFrame)),
        (&[0x03, 0xe9, 0xff], Err(ProtocolError::InvalidFrame)),
    ] {
        let bytes = [frame(CLOSE, payload), frame(TEXT, b"and another thing")].concat();
        let expected = code.map_or_else(Incoming::Invalid, Incoming::Close);
        assert_eq!(decode(&bytes), [expected], "{payload:?}");
    }
}

#[test]
fn frames_that_no_client_may_send_are_invalid() {
    let unmasked = vec![TEXT, 2, b'h', b'i'];
    let long = [vec![PING, 0x80 | 126, 0, 126], MASK.to_vec()].concat();
    let mut wrong = vec![
        ("unmasked", unmasked),
        ("a ping in parts", frame(PING & !FINAL, b"x")),
        ("a close in parts", frame(CLOSE & !FINAL, b"")),
        ("a ping of 126 bytes", long),
        ("a continuation of nothing", frame(FINAL, b"x")),
        ("a continuation after the end", [frame(TEXT, b"x"), frame(CONTINUATION, b"y")].concat()),
        ("text within text", [frame(TEXT & !FINAL, b"x"), frame(TEXT, b"y")].concat()),
        ("bytes within text", [frame(TEXT & !FINAL, b"x"), frame(BINARY, b"y")].concat()),
    ];
    wrong.extend([0x40, 0x20, 0x10].map(|bit| ("a reserved bit", frame(TEXT | bit, b"x"))));
    wrong.extend((3..8).chain(11..16).map(|code| ("a reserved opcode", frame(FINAL | code, b"x"))));
    for (what, bytes) in wrong {
        let bytes = [bytes, frame(TEXT, b"too late")].concat();
        let last = decode(&bytes).pop();
        assert_eq!(last, Some(Incoming::Invalid(ProtocolError::InvalidFrame)), "{what}");
    }
}

#[test]
fn messages_before_an_invalid_frame_are_returned() {
    let bytes = [frame(TEXT, b"before"), vec![0xff, 0xff]].concat();
    let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
    assert_eq!(decoder.decode(&bytes), [text("before")]);
    assert_eq!(decoder.decode(&[0xff; 12]), [Incoming::Invalid(ProtocolError::InvalidFrame)]);
    assert_eq!(decoder.decode(&frame(TEXT, b"after")), []);
}

#[test]
fn text_that_is_not_utf_8_has_an_error_of_its_own() {
    let halves = [frame(TEXT & !FINAL, &[0xc3]), frame(FINAL, b"x")].concat();
    for bytes in [frame(TEXT, &[0xff, 0xfe]), frame(TEXT, &[0xc3]), halves] {
        assert_eq!(decode(&bytes), [Incoming::Invalid(ProtocolError::NotUtf8)]);
    }
    // A binary message may have any bytes.
    assert_eq!(decode(&frame(BINARY, &[0xff])), [Incoming::Binary]);
}

#[test]
fn the_bound_holds_for_a_message_in_any_number_of_frames() {
    let most = vec![b'x'; MAX_MESSAGE_BYTES];
    assert_eq!(decode(&frame(TEXT, &most)).len(), 1);
    let (half, rest) = most.split_at(MAX_MESSAGE_BYTES / 2);
    let two = |rest: &[u8]| [frame(TEXT & !FINAL, half), frame(FINAL, rest)].concat();
    assert_eq!(decode(&two(rest)).len(), 1);
    let over = [rest, b"y"].concat();
    assert_eq!(decode(&two(&over)), [Incoming::Invalid(ProtocolError::MessageTooLong)]);
    assert_eq!(decode(&frame(TEXT, &[most, b"y".to_vec()].concat()))[0], too_big());
}

fn too_big() -> Incoming {
    Incoming::Invalid(ProtocolError::MessageTooLong)
}

#[test]
fn an_announced_length_takes_no_memory() {
    for announced in [MAX_MESSAGE_BYTES as u64 + 1, 1 << 62, u64::MAX] {
        let header = [&[TEXT, 0xff][..], &announced.to_be_bytes(), &MASK].concat();
        assert_eq!(decode(&header), [too_big()]);
    }
    let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
    decoder.decode(&frame(TEXT, &[b'x'; MAX_MESSAGE_BYTES])[..100]);
    assert!(decoder.buffered_bytes() < 200, "{}", decoder.buffered_bytes());
}

/// Valid frames, and what they decode to.
fn valid_frames() -> impl Strategy<Value = (Vec<u8>, Vec<Incoming>)> {
    let parts = || vec(any::<prop::sample::Index>(), 0..4);
    let message = prop_oneof![
        ("\\PC{0,300}", parts()).prop_map(|(payload, cuts)| fragmented(
            TEXT,
            payload.as_bytes(),
            &cuts
        )),
        (vec(any::<u8>(), 0..300), parts())
            .prop_map(|(payload, cuts)| fragmented(BINARY, &payload, &cuts)),
        vec(any::<u8>(), 0..126).prop_map(|x| (frame(PING, &x), vec![Incoming::Ping(x)])),
        vec(any::<u8>(), 0..126).prop_map(|x| (frame(PONG, &x), vec![Incoming::Pong])),
    ];
    vec(message, 0..8).prop_map(|messages| {
        let (bytes, decoded): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (bytes.concat(), decoded.into_iter().flatten().collect())
    })
}

/// A message fragmented at these places, with a pong and a ping at each cut.
fn fragmented(first: u8, payload: &[u8], cuts: &[prop::sample::Index]) -> (Vec<u8>, Vec<Incoming>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
    cuts.sort_unstable();
    let (mut bytes, mut decoded) = (Vec::new(), Vec::new());
    let (mut opcode, mut from) = (first & !FINAL, 0);
    for cut in cuts {
        bytes.extend(frame(opcode, &payload[from..cut]));
        bytes.extend([frame(PONG, b""), frame(PING, b"between")].concat());
        decoded.extend([Incoming::Pong, Incoming::Ping(b"between".to_vec())]);
        (opcode, from) = (CONTINUATION, cut);
    }
    bytes.extend(frame(FINAL | opcode, &payload[from..]));
    decoded.push(match std::str::from_utf8(payload) {
        Ok(payload) if first == TEXT => text(payload),
        Ok(_) | Err(_) => Incoming::Binary,
    });
    (bytes, decoded)
}

/// Decodes the bytes in chunks that are cut at these places.
fn in_chunks(decoder: &mut Decoder, bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Incoming> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .flat_map(|cut| {
            let decoded = decoder.decode(&bytes[cut[0]..cut[1]]);
            assert!(
                decoder.buffered_bytes() <= MAX_MESSAGE_BYTES + 125,
                "{}",
                decoder.buffered_bytes()
            );
            decoded
        })
        .collect()
}

/// The same with one control frame for several in a row: the last ping, or else a pong. How many of
/// them come in one chunk depends on the cuts.
fn merge_controls(decoded: Vec<Incoming>) -> Vec<Incoming> {
    let mut rest: Vec<Incoming> = Vec::new();
    for decoded in decoded {
        match (rest.last_mut(), decoded) {
            (Some(last @ (Incoming::Ping(_) | Incoming::Pong)), ping @ Incoming::Ping(_)) => {
                *last = ping
            }
            (Some(Incoming::Ping(_) | Incoming::Pong), Incoming::Pong) => {}
            (_, decoded) => rest.push(decoded),
        }
    }
    rest
}

/// RFC 6455, section 5.5.3: many pings at once need one answer.
#[test]
fn of_many_pings_the_last_is_returned() {
    let flood = [frame(PING, b"first").repeat(99), frame(PONG, b""), frame(PING, b"last")].concat();
    let bytes = [flood, frame(PONG, b"").repeat(9), frame(FINAL | TEXT, b"x"), frame(PING, b"")];
    let decoded = Decoder::new(MAX_MESSAGE_BYTES).decode(&bytes.concat());
    assert_eq!(decoded, [Incoming::Ping(b"last".to_vec()), text("x"), Incoming::Ping(Vec::new())]);
}

proptest! {
    #[test]
    fn the_same_is_decoded_wherever_the_bytes_are_cut_and_no_memory_is_kept(
        (bytes, expected) in valid_frames(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
        prop_assert_eq!(merge_controls(in_chunks(&mut decoder, &bytes, &cuts)), merge_controls(expected));
        prop_assert_eq!(decoder.buffered_bytes(), 0);
    }

    #[test]
    fn one_byte_at_a_time_gives_the_same((bytes, expected) in valid_frames()) {
        let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
        let decoded: Vec<Incoming> = bytes.chunks(1).flat_map(|byte| decoder.decode(byte)).collect();
        prop_assert_eq!(decoded, expected);
    }

    #[test]
    fn random_bytes_neither_panic_nor_exceed_the_bound(
        bytes in vec(any::<u8>(), 0..2000),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        in_chunks(&mut Decoder::new(MAX_MESSAGE_BYTES), &bytes, &cuts);
    }

    /// Nearly valid bytes reach states that random ones do not, which are refused at once.
    #[test]
    fn neither_does_a_wrong_byte_in_valid_frames(
        (mut bytes, _) in valid_frames(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        for (at, byte) in wrong {
            if !bytes.is_empty() {
                *at.get_mut(&mut bytes) = byte;
            }
        }
        in_chunks(&mut Decoder::new(MAX_MESSAGE_BYTES), &bytes, &cuts);
    }
}
