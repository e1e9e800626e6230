//! What [`Decoder`] makes of the bytes of clients, good ones and bad ones.

use proptest::collection::vec;
use proptest::prelude::*;

use super::decoder::Decoder;
use super::incoming::{Broken, Heard};

const MOST: usize = 16 * 1024;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const PART: u8 = 0x00;
const LAST: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A masked frame that begins with this byte: the final bit, the reserved ones, the opcode.
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

fn heard(bytes: &[u8]) -> Vec<Heard> {
    Decoder::new(MOST).take(bytes)
}

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

#[test]
fn the_example_of_the_standard_is_understood() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(heard(&hello), [text("Hello")]);
}

#[test]
fn frames_may_split_a_message_within_a_letter_and_let_a_ping_in_between() {
    let whole = "grüße".as_bytes();
    let bytes = [
        frame(TEXT & !LAST, &whole[..3]),
        frame(PING, b"there?"),
        frame(PART, &[]),
        frame(LAST, &whole[3..]),
    ]
    .concat();
    assert_eq!(heard(&bytes), [Heard::Ping(b"there?".to_vec()), text("grüße")]);
}

#[test]
fn a_close_is_the_last_word() {
    for (payload, code) in [
        (&[][..], Ok(None)),
        (&[0x03, 0xe9], Ok(Some(1001))),
        (&[0x0f, 0xa0, b'b', b'y', b'e'], Ok(Some(4000))),
        // Half a code; codes that nobody may send; a reason that is not text.
        (&[0x03], Err(Broken::NoFrame)),
        (&[0x03, 0xed], Err(Broken::NoFrame)),
        (&[0, 0], Err(Broken::NoFrame)),
        (&[0x03, 0xe9, 0xff], Err(Broken::NoFrame)),
    ] {
        let bytes = [frame(CLOSE, payload), frame(TEXT, b"and another thing")].concat();
        let expected = code.map_or_else(Heard::Broken, Heard::Close);
        assert_eq!(heard(&bytes), [expected], "{payload:?}");
    }
}

#[test]
fn what_no_client_may_send_is_no_frame() {
    let unmasked = vec![TEXT, 2, b'h', b'i'];
    let long = [vec![PING, 0x80 | 126, 0, 126], MASK.to_vec()].concat();
    let mut wrong = vec![
        ("unmasked", unmasked),
        ("a ping in parts", frame(PING & !LAST, b"x")),
        ("a close in parts", frame(CLOSE & !LAST, b"")),
        ("a ping of 126 bytes", long),
        ("a continuation of nothing", frame(LAST, b"x")),
        ("a continuation after the end", [frame(TEXT, b"x"), frame(PART, b"y")].concat()),
        ("text within text", [frame(TEXT & !LAST, b"x"), frame(TEXT, b"y")].concat()),
        ("bytes within text", [frame(TEXT & !LAST, b"x"), frame(BINARY, b"y")].concat()),
    ];
    wrong.extend([0x40, 0x20, 0x10].map(|bit| ("a reserved bit", frame(TEXT | bit, b"x"))));
    wrong.extend((3..8).chain(11..16).map(|code| ("a reserved opcode", frame(LAST | code, b"x"))));
    for (what, bytes) in wrong {
        let bytes = [bytes, frame(TEXT, b"too late")].concat();
        let last = heard(&bytes).pop();
        assert_eq!(last, Some(Heard::Broken(Broken::NoFrame)), "{what}");
    }
}

#[test]
fn what_was_said_before_a_mistake_counts() {
    let bytes = [frame(TEXT, b"before"), vec![0xff, 0xff]].concat();
    let mut decoder = Decoder::new(MOST);
    assert_eq!(decoder.take(&bytes), [text("before")]);
    assert_eq!(decoder.take(&[0xff; 12]), [Heard::Broken(Broken::NoFrame)]);
    assert_eq!(decoder.take(&frame(TEXT, b"after")), []);
}

#[test]
fn text_that_is_not_utf_8_is_told_from_what_is_no_frame() {
    let halves = [frame(TEXT & !LAST, &[0xc3]), frame(LAST, b"x")].concat();
    for bytes in [frame(TEXT, &[0xff, 0xfe]), frame(TEXT, &[0xc3]), halves] {
        assert_eq!(heard(&bytes), [Heard::Broken(Broken::NotUtf8)]);
    }
    // Which bytes are not asked of a message that is no text.
    assert_eq!(heard(&frame(BINARY, &[0xff])), [Heard::Binary]);
}

#[test]
fn the_bound_is_of_a_message_in_however_many_frames() {
    let most = vec![b'x'; MOST];
    assert_eq!(heard(&frame(TEXT, &most)).len(), 1);
    let (half, rest) = most.split_at(MOST / 2);
    let two = |rest: &[u8]| [frame(TEXT & !LAST, half), frame(LAST, rest)].concat();
    assert_eq!(heard(&two(rest)).len(), 1);
    let over = [rest, b"y"].concat();
    assert_eq!(heard(&two(&over)), [Heard::Broken(Broken::TooBig)]);
    assert_eq!(heard(&frame(TEXT, &[most, b"y".to_vec()].concat()))[0], too_big());
}

fn too_big() -> Heard {
    Heard::Broken(Broken::TooBig)
}

#[test]
fn an_announcement_takes_no_memory() {
    for announced in [MOST as u64 + 1, 1 << 62, u64::MAX] {
        let header = [&[TEXT, 0xff][..], &announced.to_be_bytes(), &MASK].concat();
        assert_eq!(heard(&header), [too_big()]);
    }
    let mut decoder = Decoder::new(MOST);
    decoder.take(&frame(TEXT, &[b'x'; MOST])[..100]);
    assert!(decoder.held() < 200, "{}", decoder.held());
}

/// Valid frames, and what they say.
fn conversation() -> impl Strategy<Value = (Vec<u8>, Vec<Heard>)> {
    let parts = || vec(any::<prop::sample::Index>(), 0..4);
    let message = prop_oneof![
        ("\\PC{0,300}", parts()).prop_map(|(said, cuts)| in_frames(TEXT, said.as_bytes(), &cuts)),
        (vec(any::<u8>(), 0..300), parts())
            .prop_map(|(said, cuts)| in_frames(BINARY, &said, &cuts)),
        vec(any::<u8>(), 0..126).prop_map(|x| (frame(PING, &x), vec![Heard::Ping(x)])),
        vec(any::<u8>(), 0..126).prop_map(|x| (frame(PONG, &x), vec![Heard::Pong])),
    ];
    vec(message, 0..8).prop_map(|messages| {
        let (bytes, heard): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (bytes.concat(), heard.into_iter().flatten().collect())
    })
}

/// A message cut at these places, with a pong and a ping at each cut.
fn in_frames(first: u8, said: &[u8], cuts: &[prop::sample::Index]) -> (Vec<u8>, Vec<Heard>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(said.len() + 1)).collect();
    cuts.sort_unstable();
    let (mut bytes, mut heard) = (Vec::new(), Vec::new());
    let (mut opcode, mut from) = (first & !LAST, 0);
    for cut in cuts {
        bytes.extend(frame(opcode, &said[from..cut]));
        bytes.extend([frame(PONG, b""), frame(PING, b"between")].concat());
        heard.extend([Heard::Pong, Heard::Ping(b"between".to_vec())]);
        (opcode, from) = (PART, cut);
    }
    bytes.extend(frame(LAST | opcode, &said[from..]));
    heard.push(match std::str::from_utf8(said) {
        Ok(said) if first == TEXT => text(said),
        Ok(_) | Err(_) => Heard::Binary,
    });
    (bytes, heard)
}

/// What is heard when the bytes come in chunks that are cut at these places.
fn in_chunks(decoder: &mut Decoder, bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Heard> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .flat_map(|cut| {
            let heard = decoder.take(&bytes[cut[0]..cut[1]]);
            assert!(decoder.held() <= MOST + 125, "{}", decoder.held());
            heard
        })
        .collect()
}

/// The same with one control frame of several in a row: the last ping, or else a pong. Which of them
/// come in one chunk is chance.
fn condensed(heard: Vec<Heard>) -> Vec<Heard> {
    let mut rest: Vec<Heard> = Vec::new();
    for heard in heard {
        match (rest.last_mut(), heard) {
            (Some(last @ (Heard::Ping(_) | Heard::Pong)), ping @ Heard::Ping(_)) => *last = ping,
            (Some(Heard::Ping(_) | Heard::Pong), Heard::Pong) => {}
            (_, heard) => rest.push(heard),
        }
    }
    rest
}

/// RFC 6455, section 5.5.3: a thousand pings at once are worth one answer.
#[test]
fn of_many_pings_the_last_is_heard() {
    let flood = [frame(PING, b"first").repeat(99), frame(PONG, b""), frame(PING, b"last")].concat();
    let bytes = [flood, frame(PONG, b"").repeat(9), frame(LAST | TEXT, b"x"), frame(PING, b"")];
    let heard = Decoder::new(MOST).take(&bytes.concat());
    assert_eq!(heard, [Heard::Ping(b"last".to_vec()), text("x"), Heard::Ping(Vec::new())]);
}

proptest! {
    #[test]
    fn wherever_the_bytes_are_cut_the_same_is_heard_and_nothing_is_kept(
        (bytes, expected) in conversation(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut decoder = Decoder::new(MOST);
        prop_assert_eq!(condensed(in_chunks(&mut decoder, &bytes, &cuts)), condensed(expected));
        prop_assert_eq!(decoder.held(), 0);
    }

    #[test]
    fn one_byte_at_a_time_is_enough((bytes, expected) in conversation()) {
        let mut decoder = Decoder::new(MOST);
        let heard: Vec<Heard> = bytes.chunks(1).flat_map(|byte| decoder.take(byte)).collect();
        prop_assert_eq!(heard, expected);
    }

    #[test]
    fn no_bytes_make_it_panic_or_hold_more_than_its_bound(
        bytes in vec(any::<u8>(), 0..2000),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        in_chunks(&mut Decoder::new(MOST), &bytes, &cuts);
    }

    /// Nearly right is worse than garbage, which is found out at once.
    #[test]
    fn a_wrong_byte_in_a_conversation_does_not_either(
        (mut bytes, _) in conversation(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        for (at, byte) in wrong {
            if !bytes.is_empty() {
                *at.get_mut(&mut bytes) = byte;
            }
        }
        in_chunks(&mut Decoder::new(MOST), &bytes, &cuts);
    }
}
