//! The bounds of what identifies a participant. The room assigns it, the page asks for a name within
//! it, and the control channel refuses everything beyond it.

/// Longest nickname in grapheme clusters (UAX #29): what one line of a narrow screen holds beside the
/// text.
pub(crate) const MAX_NAME_GRAPHEMES: usize = 20;

/// Longest nickname in bytes of UTF-8. One grapheme can have any number of them, and a name is sent
/// with every roster.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// The letters of a tag, none of which the eye takes for another (no 0 and o, no 1, i and l).
pub(crate) const TAG_LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Letters of one tag: 29 791 tags, for at most 10 000 participants and 2 048 who left.
pub(crate) const TAG_LENGTH: usize = 3;
