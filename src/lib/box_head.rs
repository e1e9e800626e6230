//! What can be read of a sealed box without a key: its sender, its place in their order, and its length.
//! All that the relay of a sealed room needs, and apart from `seal` so that the relay imports nothing else.

/// A head in bytes; the nonce of AES-GCM at the same time (NIST SP 800-38D).
pub const HEAD_BYTES: usize = 12;

/// The tag of AES-GCM in bytes.
pub const TAG_BYTES: usize = 16;

/// The lengths in bytes to which contents are padded, so that their own lengths stay unknown.
pub const PADDED_BYTES: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];

/// The first bytes of a box, in clear and authenticated: three numbers of 32 bits, big endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoxHead {
    /// The generation of the room key with which the box is sealed; from 1.
    pub generation: u32,
    /// The number of its author; 0 is the host.
    pub number: u32,
    /// How many boxes this author had sealed with it; from 1. In a part of the roster, its index, from 0.
    pub counter: u32,
}

impl BoxHead {
    /// Reads the head of `sealed`; `None` if it has no length that a box can have.
    pub fn parse(sealed: &[u8]) -> Option<Self> {
        let padded = sealed.len().checked_sub(HEAD_BYTES + TAG_BYTES)?;
        if !PADDED_BYTES.contains(&padded) {
            return None;
        }
        let (head, _) = sealed.split_first_chunk::<HEAD_BYTES>()?;
        let number =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Some(Self { generation: number(0), number: number(4), counter: number(8) })
    }

    /// The head as it stands before the sealed content.
    pub fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(&self.generation.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..].copy_from_slice(&self.counter.to_be_bytes());
        bytes
    }
}
