//! What the host itself says, in boxes for those who are in the room.

use super::generation::sealed;
use super::output::HostOutput;
use super::state::Host;
use crate::control::{RoomOrder, Sealed, ToRelay};
use crate::seal::Kind;

impl Host {
    /// Seals an announcement of the operator, whose `text` was judged by the rules of messages. `None` if no
    /// one is in the room, or the text is too long for a box.
    pub(in crate::supervisor) fn announce(&mut self, text: &str) -> Option<HostOutput> {
        let body = self.seal(Kind::Announcement, text)?;
        let mut output = HostOutput::default();
        output.order(RoomOrder::AnnounceSealed { body });
        Some(output)
    }

    /// Seals the room's new address, `link`, for those who are in it. There is no order if no one is.
    pub(in crate::supervisor) fn moved(&mut self, link: &str) -> HostOutput {
        let mut output = HostOutput::default();
        self.publish_address(link, &mut output);
        output
    }

    /// The same for a reference to the address: `#1.TICKET` after a change of the link.
    pub(super) fn publish_address(&mut self, reference: &str, output: &mut HostOutput) {
        // An address is short, and changes less often than 2^32 times.
        if let Some(body) = self.seal(Kind::Moved, reference) {
            output.relay(ToRelay::Moved { body });
        }
    }

    fn seal(&mut self, kind: Kind, text: &str) -> Option<Sealed> {
        self.people.circle().next()?;
        let body = self.keys.seal_box(self.generation.as_ref()?, kind, text);
        body.ok().map(sealed)
    }
}
