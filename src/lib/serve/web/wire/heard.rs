//! What clients say.

use serde::Deserialize;

use super::refused::{Refused, Why};
use crate::token::Secret;

/// Longest client id of a message.
pub(in crate::serve) const REFERENCE_BYTES: usize = 64;

/// What a client may say. Unknown fields are refused: nobody can name a sender here.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::serve::web) enum FromClient {
    /// First of all: come in, or come back.
    Join {
        /// As they wish to be called.
        name: String,
        /// From the link.
        ticket: Secret,
        /// From an earlier welcome.
        resume: Option<Secret>,
        /// The last number seen.
        after: Option<u64>,
    },
    /// Say something to everybody.
    Say {
        /// The client's own id, by which a repetition is known.
        #[serde(rename = "ref")]
        reference: Option<String>,
        /// What.
        body: String,
    },
    /// "I type."
    Typing {},
    /// "Are you there?"
    Beat {},
    /// Give up the seat.
    Leave {},
}

impl FromClient {
    /// Reads one line.
    ///
    /// # Errors
    /// [`Why::BadJson`], in words that do not repeat the line.
    pub(in crate::serve::web) fn parse(line: &str) -> Result<Self, Refused> {
        let event: Self = serde_json::from_str(line).map_err(|_| {
            let text = "that is not a line of this protocol; see the README for what is";
            Refused::new(Why::BadJson, text)
        })?;
        match &event {
            Self::Say { reference: Some(reference), .. } if reference.len() > REFERENCE_BYTES => {
                Err(Refused::new(Why::BadJson, "the ref of a message has at most 64 bytes"))
            }
            Self::Say { .. }
            | Self::Join { .. }
            | Self::Typing {}
            | Self::Beat {}
            | Self::Leave {} => Ok(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_contract_are_understood() {
        let join = FromClient::parse(r#"{"t":"join","name":"Ana","ticket":"x"}"#).unwrap();
        let expected = FromClient::Join {
            name: "Ana".into(),
            ticket: Secret::new("x".into()),
            resume: None,
            after: None,
        };
        assert_eq!(join, expected);
        assert_eq!(FromClient::parse(r#"{"t":"leave"}"#), Ok(FromClient::Leave {}));
    }

    /// V-01: nobody can name a sender.
    #[test]
    fn a_name_in_a_message_is_refused() {
        for line in [
            r#"{"t":"say","body":"x","name":"Alice"}"#,
            r#"{"t":"say","body":"x","n":1}"#,
            r#"{"t":"typing","n":1}"#,
            r#"{"t":"leave","n":1}"#,
            r#"{"t":"said","n":1,"body":"x"}"#,
            r#"[]"#,
            "",
        ] {
            assert_eq!(FromClient::parse(line).unwrap_err().why, Why::BadJson, "{line}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_line() {
        let said = FromClient::parse("{\"t\":\"say\",\"body\":\"secret\",}").unwrap_err();
        assert!(!said.line().contains("secret"));
    }

    #[test]
    fn a_long_ref_is_refused() {
        let line = format!(r#"{{"t":"say","ref":"{}","body":"x"}}"#, "r".repeat(65));
        assert_eq!(FromClient::parse(&line).unwrap_err().why, Why::BadJson);
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,200}") {
            let _ = FromClient::parse(&line);
        }
    }
}
