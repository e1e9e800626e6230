//! What cloudflared's metrics port answers: wrong HTTP, wrong names, answers without end, and none.

use std::io::Write as _;
use std::net::TcpStream;

use crate::cloudflared;
use crate::dice::Dice;
use crate::printed::{HOST, Orders, Part, Printing};
use crate::turn::{Kind, Turn};

/// One of so many answers is begun and not ended, until the asker has enough: two seconds.
const SLOW: usize = 2_000;

/// Answers that mean nothing which a tunnel that is up may get one after the other; it is given up
/// after three.
const PATIENCE: usize = 2;

pub(crate) fn run(turn: &mut Turn) {
    while let Some((batch, _)) = turn.next() {
        let count = turn.surface.batch();
        let orders = Orders { part: Part::Metrics, seed: turn.seed, batch, count };
        let Some(said) = cloudflared::tunnel(turn, &orders) else { continue };
        if said.contains("code ") {
            turn.inputs += count as u64;
        } else {
            turn.found(Kind::Broken, batch, format!("it did not last: {said}"));
        }
    }
}

/// Lets the tunnel ask so many times, and answers each time as it should not be.
pub(crate) fn answer(printing: &mut Printing, count: usize) -> Option<()> {
    printing.greet();
    // While its name is asked for, until one answer is right.
    let names = printing.dice.below(3);
    for _ in 0..names {
        let (stream, _) = printing.asked()?;
        wrong(&mut printing.dice, stream, Asked::Name);
        printing.log("Registered tunnel connection connIndex=0");
    }
    printing.rise()?;
    let mut unanswered = 0;
    for _ in names..count {
        let (mut stream, _) = printing.asked()?;
        if unanswered == PATIENCE {
            unanswered = 0;
            let status = printing.dice.pick(&["200 OK", "503 Service Unavailable"]);
            let _ = write!(stream, "HTTP/1.1 {status}\r\n\r\n");
            drop(stream);
        } else {
            unanswered += 1;
            wrong(&mut printing.dice, stream, Asked::Ready);
        }
        printing.log("Registered tunnel connection connIndex=0");
    }
    // The last answer is right, or the end of this program could be the third that means nothing.
    let (mut stream, _) = printing.asked()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Name,
    Ready,
}

/// An answer that says nothing. The other side may have enough of it at any time.
fn wrong(dice: &mut Dice, mut stream: TcpStream, asked: Asked) {
    const HEADS: [&str; 8] = [
        "",
        "HTTP/1.1 500 Oh\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "200 OK\r\n\r\n",
        "HTTP/1.1  200\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "\r\n\r\n",
    ];
    // A status that is right is a right answer to the question whether it is ready.
    let status = match asked {
        Asked::Name => dice.pick(&["200", "404", "503", "+20"]),
        Asked::Ready => dice.pick(&["404", "+20", "2 0", "999", "\u{e9}0"]),
    };
    let mut bytes = match dice.below(4) {
        0 => dice.pick(&HEADS).as_bytes().to_vec(),
        1 => Vec::new(),
        _ => format!("HTTP/1.1 {status} OK\r\nX: y\r\n\r\n").into_bytes(),
    };
    match dice.below(6) {
        0 => {
            let count = dice.below(3_000);
            dice.fill(&mut bytes, count);
        }
        1 => bytes.extend(b"[".repeat(dice.below(9_000))),
        2 => bytes
            .extend(format!("{{\"hostname\":\"{HOST}\",\"hostname\":\"{HOST}\"}}").into_bytes()),
        3 => bytes.extend(b"{\"hostname\":7}"),
        4 => bytes.extend(b"{\"hostname\":null"),
        // Without end, for as long as it is read.
        _ => bytes.resize(bytes.len() + dice.below(2_000_000), b' '),
    }
    let _ = stream.write_all(&bytes);
    if dice.once_in(SLOW) {
        // Until the other side hangs up.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
}
