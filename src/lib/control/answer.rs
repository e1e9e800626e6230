//! An answer as lines of at most [`MAX_FRAME_BYTES`]: a text or a list that is longer takes several.

use super::frame::MAX_FRAME_BYTES;
use super::message::{ListedApplicant, ListedParticipant, Response, ResponseBody};
use crate::terminal::truncate_to_bytes;

/// Longest piece of a text in one line. Escaped, a byte takes six at most.
const MAX_TEXT_BYTES: usize = MAX_FRAME_BYTES / 8;

/// Most people in one line: as many participants and as many in the lobby. Each has a name of at most 64
/// bytes, which is 384 when it is escaped, and 180 bytes around it.
const MAX_PEOPLE: usize = 14;

/// The lines of the answer `body` to the request `id`, of which all but the last have `more`.
pub(super) fn split(id: u64, body: ResponseBody) -> Vec<Response> {
    let bodies = match body {
        ResponseBody::Done { text } => {
            pieces(&text).map(|text| ResponseBody::Done { text }).collect()
        }
        ResponseBody::Refused { text } => {
            pieces(&text).map(|text| ResponseBody::Refused { text }).collect()
        }
        ResponseBody::Who { participants, waiting } => split_people(&participants, &waiting),
        ResponseBody::Pong { .. }
        | ResponseBody::Status { .. }
        | ResponseBody::Watching
        | ResponseBody::Stopping
        | ResponseBody::Error { .. } => vec![body],
    };
    let last = bodies.len() - 1;
    let lines = bodies.into_iter().enumerate();
    lines.map(|(at, body)| Response { id, body, more: at < last }).collect()
}

/// Puts the pieces of an answer together again.
///
/// # Errors
/// With the first one when they do not belong together.
pub(super) fn join(first: ResponseBody, next: ResponseBody) -> Result<ResponseBody, ResponseBody> {
    match (first, next) {
        (ResponseBody::Done { mut text }, ResponseBody::Done { text: next }) => {
            text.push_str(&next);
            Ok(ResponseBody::Done { text })
        }
        (ResponseBody::Refused { mut text }, ResponseBody::Refused { text: next }) => {
            text.push_str(&next);
            Ok(ResponseBody::Refused { text })
        }
        (
            ResponseBody::Who { mut participants, mut waiting },
            ResponseBody::Who { participants: more_participants, waiting: more_waiting },
        ) => {
            participants.extend(more_participants);
            waiting.extend(more_waiting);
            Ok(ResponseBody::Who { participants, waiting })
        }
        (first, _) => Err(first),
    }
}

/// One piece at least, and none but the last is empty.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, next) = text.split_at(truncate_to_bytes(text, MAX_TEXT_BYTES).len());
        rest = (!next.is_empty()).then_some(next);
        Some(piece.to_owned())
    })
}

fn split_people(
    participants: &[ListedParticipant],
    waiting: &[ListedApplicant],
) -> Vec<ResponseBody> {
    let lines = participants.len().max(waiting.len()).div_ceil(MAX_PEOPLE).max(1);
    let line = |at: usize| ResponseBody::Who {
        participants: part(participants, at),
        waiting: part(waiting, at),
    };
    (0..lines).map(line).collect()
}

/// The people of one line.
fn part<T: Clone>(people: &[T], line: usize) -> Vec<T> {
    people.iter().skip(line * MAX_PEOPLE).take(MAX_PEOPLE).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame;
    use super::super::message::Connected;
    use super::*;

    /// The answer, as a client puts it together from the lines.
    fn received(body: &ResponseBody) -> ResponseBody {
        let lines = split(7, body.clone());
        let (last, before) = lines.split_last().unwrap();
        assert!(before.iter().all(|line| line.more) && !last.more);
        let bodies = lines.iter().map(|line| {
            let bytes = frame::encode(line).unwrap();
            serde_json::from_slice::<Response>(&bytes).unwrap().body
        });
        bodies.reduce(|first, next| join(first, next).unwrap()).unwrap()
    }

    fn participant(number: u64, name: String) -> ListedParticipant {
        ListedParticipant {
            number,
            name,
            tag: "k7q".to_owned(),
            by: Some(Connected::Page),
            since: u64::MAX,
            muted: true,
            muted_seconds: Some(u64::MAX),
        }
    }

    /// Each character is written as `\\uXXXX`, which is as long as it gets.
    #[test]
    fn the_longest_lists_and_texts_arrive_whole() {
        let name = "\u{1}".repeat(64);
        let participants = (0..10_000).map(|number| participant(number, name.clone())).collect();
        let waiting = (0..32).map(|number| ListedApplicant {
            number: u64::MAX - number,
            name: name.clone(),
            tag: "p9d".to_owned(),
            since: u64::MAX,
        });
        let all = ResponseBody::Who { participants, waiting: waiting.collect() };
        assert_eq!(received(&all), all);
        let empty = ResponseBody::Who { participants: Vec::new(), waiting: Vec::new() };
        assert_eq!(split(1, empty).len(), 1);
        for letter in ["\u{1}", "\u{202e}", "\u{e0041}", "x"] {
            let text = letter.repeat(100_000);
            let done = ResponseBody::Done { text };
            assert_eq!(received(&done), done);
        }
    }

    proptest! {
        // Each text is thousands of characters.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_text_arrives_whole(text in "\\PC{0,9000}") {
            let refused = ResponseBody::Refused { text };
            prop_assert_eq!(received(&refused), refused);
        }
    }
}
