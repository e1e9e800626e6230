//! The lines that a client reads one by one, before it counts messages: those of its admission, and those
//! by which it learns of orders.

use super::client::{Client, ClientState, own_number};
use super::frame::{Opcode, write_client_frame};
use super::sealed::Next;

/// The beginning of the line that begins a generation.
const KEYS: &[u8] = b"{\"t\":\"keys\"";

/// The beginning of the line to a client that has to wait in the lobby.
const WAITING: &[u8] = b"{\"t\":\"waiting\"";

/// The beginning of the line to a client that is not let in.
const REFUSED: &[u8] = b"{\"t\":\"refused\"";

impl Client {
    /// Handles a part of a text frame, line by line.
    pub(super) fn handle_lines(&mut self, payload: &[u8], is_last: bool) -> Result<(), String> {
        self.partial.extend(payload);
        if !is_last {
            return Ok(());
        }
        let text = std::mem::take(&mut self.partial);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.effect.as_ref().is_some_and(|effect| effect.is(line)) {
                self.effect = None;
            }
            if line.starts_with(KEYS) {
                self.keys = (self.keys.0 + 1, self.keys.1 + line.len() as u64);
            }
            if matches!(self.state, ClientState::Joining | ClientState::Waiting) {
                self.handle_admission(line)?;
            }
        }
        if self.state > ClientState::Waiting {
            self.look_for_marks();
        }
        Ok(())
    }

    /// Takes the next line on the way into the room.
    fn handle_admission(&mut self, line: &[u8]) -> Result<(), String> {
        if line.starts_with(WAITING) && self.may_be_closed {
            self.state = ClientState::Waiting;
            return Ok(());
        }
        if self.sealed_join.is_some() {
            return self.handle_sealed_admission(line);
        }
        if let Some(n) = own_number(line) {
            self.n = n;
            self.state = ClientState::Joined;
            return Ok(());
        }
        self.take_refusal(line)
    }

    fn handle_sealed_admission(&mut self, line: &[u8]) -> Result<(), String> {
        let Some(join) = &mut self.sealed_join else { return Ok(()) };
        if line.starts_with(REFUSED) && self.may_be_closed {
            let reason = join.open_refusal(line).unwrap_or_else(|| line.to_vec());
            return self.take_refusal(&reason);
        }
        let head = (!self.skips_welcome).then_some(&mut self.head);
        match join.receive(line, head)? {
            Next::Send(line) => {
                write_client_frame(Opcode::Text, line.as_bytes(), &mut self.outbox);
                self.flush()?;
            }
            Next::Welcomed => {
                self.n = self.head.number.into();
                self.state = ClientState::Joined;
            }
        }
        Ok(())
    }

    /// Takes a line `refused`, or the object that was sealed in one.
    fn take_refusal(&mut self, line: &[u8]) -> Result<(), String> {
        let why = serde_json::from_slice::<serde_json::Value>(line).ok();
        let why = why.as_ref().and_then(|refusal| refusal["why"].as_str());
        match why.filter(|_| self.may_be_closed) {
            Some(why) => {
                self.refusal = Some(why.to_owned());
                Ok(())
            }
            None => {
                let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
                Err(format!("expected a welcome, got {text:?}"))
            }
        }
    }
}
