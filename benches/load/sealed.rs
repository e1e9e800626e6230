//! A client of a sealed room, from its knock to its welcome.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chattrace::seal::{Applicant, BoxHead, Knock, SecretBytes, Ticket, Welcome};
use serde_json::{Value, json};

/// For how long the room keeps events, by the built-in settings.
const RING_AGE: Duration = Duration::from_secs(600);

/// How far the client has come.
#[derive(Debug)]
enum Step {
    Knocked(Knock),
    Applied(Applicant),
    Done,
}

/// The handshake of one client.
#[derive(Debug)]
pub(super) struct SealedJoin {
    step: Step,
    name: String,
}

/// What becomes of a line.
pub(super) enum Next {
    /// The client sends this line.
    Send(String),
    /// The client is in the room.
    Welcomed,
}

impl SealedJoin {
    /// The line that begins the handshake.
    ///
    /// # Errors
    /// When the ticket is none.
    pub(super) fn knock(ticket: &str, name: String) -> Result<(Self, String), String> {
        let ticket = Ticket::parse(ticket).ok_or("the link has no ticket")?;
        let knock = Knock::new(&ticket, draw()?);
        let noise = URL_SAFE_NO_PAD.encode(knock.message());
        let line = json!({ "t": "knock", "door": ticket.door_text(), "noise": noise });
        Ok((Self { step: Step::Knocked(knock), name }, line.to_string()))
    }

    /// The object in a line `refused` that only its receiver can read.
    pub(super) fn open_refusal(&self, line: &[u8]) -> Option<Vec<u8>> {
        let Step::Applied(applicant) = &self.step else { return None };
        let line: Value = serde_json::from_slice(line).ok()?;
        applicant.open_refusal(&bytes(&line["sealed"])).ok().map(String::into_bytes)
    }

    /// Takes a line of the server. With `head`, opens the welcome, and writes the generation and the
    /// client's number there; opening a thousand rosters of a thousand takes seconds.
    ///
    /// # Errors
    /// When the client is not let in.
    pub(super) fn receive(
        &mut self,
        line: &[u8],
        head: Option<&mut BoxHead>,
    ) -> Result<Next, String> {
        let failed = || {
            let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
            format!("expected an answer or a welcome, got {text:?}")
        };
        match std::mem::replace(&mut self.step, Step::Done) {
            Step::Knocked(knock) => {
                let answer: Value = serde_json::from_slice(line).map_err(|_| failed())?;
                let noise = bytes(&answer["noise"]);
                let answered = knock.open_answer(&noise).map_err(|_| failed())?;
                let request = answered.request(&self.name, &draw()?);
                let (applicant, sealed) = request.map_err(|error| error.to_string())?;
                self.step = Step::Applied(applicant);
                let sealed = URL_SAFE_NO_PAD.encode(sealed);
                Ok(Next::Send(json!({ "t": "join", "sealed": sealed }).to_string()))
            }
            Step::Applied(applicant) if line.starts_with(b"{\"t\":\"welcome\"") => {
                if let Some(head) = head {
                    let welcome: Value = serde_json::from_slice(line).map_err(|_| failed())?;
                    *head = own_head(applicant, &welcome)?;
                }
                Ok(Next::Welcomed)
            }
            Step::Applied(_) | Step::Done => Err(failed()),
        }
    }
}

/// Opens the welcome. The counter of the head is 0.
fn own_head(applicant: Applicant, welcome: &Value) -> Result<BoxHead, String> {
    let parts = welcome["roster"].as_array().map(|parts| parts.iter().map(bytes).collect());
    let roster: Vec<Vec<u8>> = parts.unwrap_or_default();
    let generation = welcome["generation"].as_u64().and_then(|number| number.try_into().ok());
    let generation = generation.ok_or("a welcome without generation")?;
    let letter = bytes(&welcome["letter"]);
    let welcome = Welcome { generation, letter: &letter, roster: &roster };
    let guest = applicant
        .welcome(&welcome, RING_AGE, Duration::ZERO)
        .map_err(|violation| violation.to_string())?;
    Ok(BoxHead { generation, number: guest.number(), counter: 0 })
}

pub(crate) fn draw() -> Result<SecretBytes<32>, String> {
    SecretBytes::generate().map_err(|error| error.to_string())
}

/// The bytes of a field; empty if it has none.
fn bytes(field: &Value) -> Vec<u8> {
    let text = field.as_str().unwrap_or_default();
    URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
