//! A participant, as both processes name them.

use serde::{Deserialize, Serialize};

use crate::control::validate;

/// One participant, as the operator sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Participant {
    /// Counts up from 1 and is never reused: tells two participants of one name apart.
    #[serde(deserialize_with = "validate::number")]
    pub(crate) number: u64,
    /// The name they chose: at most 64 bytes, printable.
    #[serde(deserialize_with = "validate::name")]
    pub(crate) name: String,
    /// Three letters that the server drew for them.
    #[serde(deserialize_with = "validate::tag")]
    pub(crate) tag: String,
}
