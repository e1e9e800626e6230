//! Writes the line to a client in the lobby, the same in open and sealed rooms.

use serde::Serialize;

use super::server::to_json;

/// The line `waiting`, with the line feed that ends it; with the token by which the client asks again, if
/// it polls and has none yet.
pub(crate) fn waiting_line(resume: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Waiting<'a> {
        t: &'static str,
        text: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        resume: Option<&'a str>,
    }
    let text = "the host was asked to let you in; wait here for the answer";
    to_json(&Waiting { t: "waiting", text, resume }) + "\n"
}
