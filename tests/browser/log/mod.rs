//! The list of messages: heads that are shared, joins that are folded, what is unread, and what a screen
//! reader speaks.

mod folds;
mod groups;
mod notices;
mod own_messages;
mod text;
mod unread;

use serde_json::{Value, json};

use crate::harness::Page;

/// Passes events to the page as if the room had sent them in one frame.
async fn receive(page: &Page, events: &[Value]) {
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    page.execute("receive(arguments[0])", vec![json!(lines.join("\n"))]).await;
}

fn said(n: u64, at: u64, body: &str) -> Value {
    json!({ "t": "said", "n": n, "at": at, "body": body })
}

fn joined(n: u64, at: u64) -> Value {
    json!({ "t": "joined", "at": at, "who": { "n": n, "tag": "abc", "name": format!("P{n}") } })
}

fn left(n: u64, at: u64) -> Value {
    json!({ "t": "left", "at": at, "n": n })
}

/// A moment of a day, in minutes after 12:00 of the page's time zone.
async fn noon(page: &Page) -> u64 {
    page.eval("new Date(2030, 5, 1, 12).getTime()").await.as_u64().unwrap()
}

const MINUTE: u64 = 60_000;

/// The times that are in sight, empty for a message that shares the head of the one before.
async fn heads(page: &Page) -> Value {
    page.eval(
        "[...document.querySelectorAll('.message')].map((line) => {
            const time = line.querySelector('time');
            return time.getBoundingClientRect().left >= 0 ? time.textContent : '';
        })",
    )
    .await
}
