//! Sealed rooms: a whole session without a tunnel, and pages that encrypt.

mod altered;
mod conversation;
mod gate;
mod vectors;

pub(crate) use altered::alter_next_box;
use serde_json::json;

use crate::harness::{Fixture, Page};

/// A page behind a provider that records what the page sends and receives, and may alter it: the tests set
/// `window.alter`, which is given each frame and returns the frames to pass on.
pub(crate) async fn observed_page(fixture: &Fixture) -> Page {
    const OBSERVE: &str = "window.traffic = [];
        window.WebSocket = class extends WebSocket {
            send(data) { traffic.push(data); super.send(data); }
            set onmessage(handler) {
                super.onmessage = ({ data }) => {
                    traffic.push(data);
                    for (const frame of (window.alter || ((frame) => [frame]))(data)) handler({ data: frame });
                };
            }
        };";
    let page = fixture.browser.new_window().await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": OBSERVE })).await;
    page.goto(fixture.room.link()).await;
    page.wait_for("document.querySelector('#name')").await;
    page
}
