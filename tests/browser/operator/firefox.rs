//! The important states in Firefox, in a sealed room.

use crate::harness::{ENTER, Firefox, Room};

#[tokio::test]
async fn firefox_shows_what_the_operator_orders() {
    let room = Room::sealed(&[]);
    let mut firefox = Firefox::start().await;
    firefox.goto(room.link()).await;
    firefox.wait_for("document.querySelector('#name')").await;
    room.command("lobby on");
    firefox.type_into("#name", &format!("Ana{ENTER}")).await;
    firefox.wait_for("document.querySelector('#refusal').textContent.includes('asked')").await;
    room.command("admit all");
    firefox.wait_for("document.querySelector('#message')").await;
    room.command("say to all of you");
    firefox.wait_for("document.querySelector('.message .host')").await;
    room.command("mute Ana 10m");
    firefox.wait_for("document.querySelector('#message').readOnly").await;
    room.command("unmute Ana");
    firefox.wait_for("!document.querySelector('#message').readOnly").await;
    room.command("fade 1s");
    firefox.wait_for("!document.querySelector('.message')").await;
    room.command("fade off");
    firefox.type_into("#message", &format!("from Firefox{ENTER}")).await;
    firefox.wait_for("document.querySelector('.message:not(.dim)')").await;
    room.command("end in 4m");
    firefox.wait_for("/ends in 3:5/.test(document.querySelector('#rules').textContent)").await;
    room.command("relink");
    firefox.wait_for("document.querySelector('.log').textContent.includes('new link')").await;
    room.command("clear");
    firefox.wait_for("!document.querySelector('.message')").await;
    room.command("kick Ana");
    firefox.wait_for("document.querySelector('h1').textContent === 'You were removed'").await;
    firefox.wait_for("document.activeElement === document.querySelector('h1')").await;
    let rest = "document.querySelector('main').children.length + document.querySelectorAll('form, textarea').length";
    assert_eq!(firefox.eval(rest).await, 2);
    firefox.reload().await;
    firefox.wait_for("document.querySelector('#link').checkVisibility()").await;
}
