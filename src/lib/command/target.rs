//! Whom a command is about: a number, a name, or a name and a tag.

/// A person, as the operator names them. Whether there is one, and only one, is for the room to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// `3`
    Number(u32),
    /// `Ana`. A name that is all digits is written with its tag.
    Name(String),
    /// `Ana#k7q`
    NameAndTag { name: String, tag: String },
}
