//! A box: what one person says to the room, signed by them and sealed under a room key.

use zeroize::Zeroizing;

use super::derivation::RoomKey;
use super::envelope;
use super::padding::{MAX_CONTENT_BYTES, TooLong};
use super::roster::HOST_NUMBER;
use super::signing::{self, SIGNATURE_BYTES, SigningSecret};
use crate::box_head::{BoxHead, HEAD_BYTES};

/// Longest text of a box in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = MAX_CONTENT_BYTES - SIGNATURE_BYTES - FIXED_BYTES;

/// Kind and previous counter, in bytes.
const FIXED_BYTES: usize = 1 + 4;

const INFO: &[u8] = b"chattrace-1 box";
const SIGNED: &[u8] = b"chattrace-1 said";

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message of a participant.
    Message,
    /// An announcement of the host.
    Announcement,
    /// The new address of the room, from the host: the whole link, with the ticket in it.
    Moved,
}

impl Kind {
    fn to_byte(self) -> u8 {
        match self {
            Self::Message => 1,
            Self::Announcement => 2,
            Self::Moved => 3,
        }
    }

    fn parse(byte: u8) -> Option<Self> {
        [Self::Message, Self::Announcement, Self::Moved].into_iter().find(|it| it.to_byte() == byte)
    }

    /// Participants send messages, and the host sends everything else.
    fn is_of(self, number: u32) -> bool {
        (self == Self::Message) == (number != HOST_NUMBER)
    }
}

/// What is said in a box.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Fits its author: it was checked.
    pub kind: Kind,
    /// The counter of the author's latest earlier box that was not refused; 0 if there is none.
    pub previous: u32,
    /// As its author sent it, also if it is empty: clients make it harmless before they show it.
    pub text: String,
}

/// Texts are for the people in the room.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("kind", &self.kind)
            .field("previous", &self.previous)
            .finish_non_exhaustive()
    }
}

/// Why a box is not what it claims to be. A client shows that something was there, and never skips it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBox {
    /// It has no length that a box can have.
    #[error("this is not a sealed message")]
    Malformed,
    /// Its number is not in the newest roster.
    #[error("its author is not in the room")]
    UnknownAuthor,
    /// Another key, an altered byte, another number or counter, or wrong padding.
    #[error("it does not open")]
    DoesNotOpen,
    /// All who are in the room could have made it.
    #[error("it is not signed by its author")]
    NotSigned,
    /// The kind is unknown or not allowed to its author, the previous counter is not below its own, or the
    /// text is not UTF-8.
    #[error("its content is not valid")]
    BadContent,
}

/// Public keys that bind a box to its author and to the room.
#[derive(Clone, Copy)]
pub(super) struct Signers<'a> {
    pub(super) author: &'a [u8; 32],
    pub(super) host: &'a [u8; 32],
}

/// Signs and seals a content of the author that `head` names.
pub(super) fn seal(
    key: &RoomKey,
    secret: &SigningSecret,
    host: &[u8; 32],
    head: BoxHead,
    content: &Content,
) -> Result<Vec<u8>, TooLong> {
    let bytes = content_bytes(content);
    let signature = secret.sign(&signed_bytes(host, head, &bytes));
    envelope::seal(key, &[INFO, &secret.public()], head, &[&signature, &bytes])
}

/// Opens a box of `signers.author`, and checks signature and content.
pub(super) fn open(key: &RoomKey, signers: Signers<'_>, sealed: &[u8]) -> Result<Content, BadBox> {
    let (head, opened) =
        envelope::open(key, &[INFO, signers.author], sealed).ok_or(BadBox::DoesNotOpen)?;
    let (signature, content) =
        opened.split_first_chunk::<SIGNATURE_BYTES>().ok_or(BadBox::NotSigned)?;
    if !signing::is_signed(signers.author, &signed_bytes(signers.host, head, content), signature) {
        return Err(BadBox::NotSigned);
    }
    let content = parse_content(content).ok_or(BadBox::BadContent)?;
    let fits = content.kind.is_of(head.number) && content.previous < head.counter;
    if fits { Ok(content) } else { Err(BadBox::BadContent) }
}

fn content_bytes(content: &Content) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED_BYTES + content.text.len()));
    bytes.push(content.kind.to_byte());
    bytes.extend_from_slice(&content.previous.to_be_bytes());
    bytes.extend_from_slice(content.text.as_bytes());
    bytes
}

fn parse_content(bytes: &[u8]) -> Option<Content> {
    let (kind, rest) = bytes.split_first()?;
    let (previous, text) = rest.split_first_chunk::<4>()?;
    let text = str::from_utf8(text).ok()?.to_owned();
    Some(Content { kind: Kind::parse(*kind)?, previous: u32::from_be_bytes(*previous), text })
}

/// What a signature covers.
fn signed_bytes(host: &[u8; 32], head: BoxHead, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = SIGNED.len() + host.len() + HEAD_BYTES + content.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for piece in [SIGNED, host, &head.to_bytes(), content] {
        bytes.extend_from_slice(piece);
    }
    bytes
}
