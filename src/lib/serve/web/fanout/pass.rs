//! One pass over all sockets, whenever something is new.

use std::sync::Arc;

use super::{FanOut, Left, Subscriber, Turn};
use crate::serve::hub::{Hub, Position, Survey};
use crate::serve::web::socket::Outgoing;
use crate::serve::web::wire;

/// Sockets that are looked at before others have their turn: newcomers, those who speak, the end of
/// the session. Half a millisecond to a few.
const SHARE: usize = 512;

/// Writes what is new, for ever.
pub(in crate::serve::web) async fn run(fan_out: Arc<FanOut>, hub: Arc<Hub>) {
    let mut bell = hub.bell();
    let mut turnover = 0;
    // The hub cannot be gone: it is held here.
    while bell.changed().await.is_ok() {
        let mut pass = Pass { hub: &hub, survey: hub.survey(), turnover, frames: Vec::new() };
        turnover = pass.survey.turnover;
        let mut begin = 0;
        while let Some(next) = pass.share(&fan_out, begin) {
            begin = next;
            // Nothing of what was said is kept while others do what they want.
            pass.frames.clear();
            tokio::task::yield_now().await;
            pass.survey = hub.survey();
        }
    }
}

struct Pass<'a> {
    hub: &'a Hub,
    survey: Survey,
    /// As it was at the pass before.
    turnover: u64,
    /// What is to be sent, each for those who are at its beginning. Rarely more than one: whoever
    /// keeps up is where all the others are.
    frames: Vec<Frame>,
}

/// What everybody is sent who has read up to its beginning.
struct Frame {
    begin: Position,
    end: Position,
    /// Empty, if there is nothing to send and only the position changes.
    whole: Vec<u8>,
    /// The same in parts that are shared with the ring.
    parts: Outgoing,
    typing: Vec<u64>,
}

impl Pass<'_> {
    /// Looks at the sockets from number `begin` on, and says where to go on, if there are more.
    fn share(&mut self, fan_out: &FanOut, begin: usize) -> Option<usize> {
        let mut subscribers = fan_out.lock();
        let mut rest = subscribers.iter_mut().skip_while(|(key, _)| *key < begin);
        for (_, subscriber) in rest.by_ref().take(SHARE) {
            self.serve(subscriber);
        }
        rest.next().map(|(key, _)| key)
    }

    fn serve(&mut self, subscriber: &mut Subscriber) {
        let Turn::Pass { position, task } = &mut subscriber.turn else { return };
        let replaced =
            self.survey.turnover != self.turnover && !self.hub.speaks(subscriber.speaker);
        let mut left =
            if replaced { Some(Left { position: *position, begun: None }) } else { None };
        while left.is_none() && *position != self.survey.latest {
            let frame = self.frame(*position);
            if frame.typing.contains(&subscriber.speaker.number) {
                // For them alone there is one line less.
                left = Some(Left { position: *position, begun: None });
                break;
            }
            if !frame.whole.is_empty() {
                match subscriber.stream.try_write(&frame.whole) {
                    Ok(sent) if sent == frame.whole.len() => {}
                    Ok(sent) => {
                        let mut begun = frame.parts.clone();
                        begun.advance(sent);
                        left = Some(Left { position: frame.end, begun: Some(begun) });
                    }
                    // Full, or gone: their task will see.
                    Err(_) => left = Some(Left { position: *position, begun: None }),
                }
            }
            *position = frame.end;
        }
        if left.is_none() && self.survey.ending {
            left = Some(Left { position: *position, begun: None });
        }
        if let Some(left) = left {
            let task = task.take();
            subscriber.turn = Turn::Task(Some(left));
            if let Some(task) = task {
                task.wake();
            }
        }
    }

    /// What follows a position.
    fn frame(&mut self, begin: Position) -> &Frame {
        let known = self.frames.iter().rposition(|frame| frame.begin == begin);
        let index = known.unwrap_or_else(|| {
            let batch = self.hub.behind(begin);
            let (end, typing) = (batch.end, batch.typing.clone());
            let empty = batch.is_empty();
            let parts = Outgoing::text(wire::news(batch));
            let whole = if empty { Vec::new() } else { parts.whole() };
            self.frames.push(Frame { begin, end, whole, parts, typing });
            self.frames.len() - 1
        });
        &self.frames[index]
    }
}
