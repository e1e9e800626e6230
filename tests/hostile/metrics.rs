//! Answers of cloudflared's metrics port: invalid HTTP, invalid names, endless answers, and none.

use std::io::Write as _;
use std::net::TcpStream;

use crate::campaign::{Campaign, Failure};
use crate::cloudflared;
use crate::harness::rng::Rng;
use crate::rogue_cloudflared::{HOST, Orders, RogueCloudflared, Script};

/// One in this many answers never ends, and costs the timeout of the tunnel: two seconds.
const ENDLESS_EVERY: usize = 2_000;

/// Invalid answers in a row that a tunnel tolerates; after three it gives up.
const MAX_INVALID: usize = 2;

pub(crate) fn run(campaign: &mut Campaign) {
    while let Some((batch, _)) = campaign.next_batch() {
        let count = campaign.surface.batch_inputs();
        let orders = Orders { script: Script::Metrics, seed: campaign.seed, batch, count };
        let Some(output) = cloudflared::run_tunnel(campaign, &orders) else { continue };
        if output.contains("code ") {
            campaign.inputs += count as u64;
        } else {
            campaign.report(Failure::Violation, batch, format!("the tunnel gave up: {output}"));
        }
    }
}

/// Answers `count` queries of the tunnel; most answers are invalid.
pub(crate) fn answer(cloudflared: &mut RogueCloudflared, count: usize) -> Option<()> {
    cloudflared.print_banner();
    // The tunnel queries the host name until an answer is valid.
    let names = cloudflared.rng.below(3);
    for _ in 0..names {
        let (stream, _) = cloudflared.accept_query()?;
        answer_invalid(&mut cloudflared.rng, stream, Query::Name);
        cloudflared.log("Registered tunnel connection connIndex=0");
    }
    cloudflared.register()?;
    let mut invalid = 0;
    for _ in names..count {
        let (mut stream, _) = cloudflared.accept_query()?;
        if invalid == MAX_INVALID {
            invalid = 0;
            let status = cloudflared.rng.choose(&["200 OK", "503 Service Unavailable"]);
            let _ = write!(stream, "HTTP/1.1 {status}\r\n\r\n");
            drop(stream);
        } else {
            invalid += 1;
            answer_invalid(&mut cloudflared.rng, stream, Query::Ready);
        }
        cloudflared.log("Registered tunnel connection connIndex=0");
    }
    // The last answer is valid: after two invalid ones, the exit of this program would be the
    // third.
    let (mut stream, _) = cloudflared.accept_query()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Query {
    Name,
    Ready,
}

/// Writes an invalid answer. The tunnel may close the connection at any time.
fn answer_invalid(rng: &mut Rng, mut stream: TcpStream, query: Query) {
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
    // The body does not matter for `/ready`, so its status must be invalid.
    let status = match query {
        Query::Name => rng.choose(&["200", "404", "503", "+20"]),
        Query::Ready => rng.choose(&["404", "+20", "2 0", "999", "\u{e9}0"]),
    };
    let mut bytes = match rng.below(4) {
        0 => rng.choose(&HEADS).as_bytes().to_vec(),
        1 => Vec::new(),
        _ => format!("HTTP/1.1 {status} OK\r\nX: y\r\n\r\n").into_bytes(),
    };
    match rng.below(6) {
        0 => {
            let count = rng.below(3_000);
            rng.fill(&mut bytes, count);
        }
        1 => bytes.extend(b"[".repeat(rng.below(9_000))),
        2 => bytes
            .extend(format!("{{\"hostname\":\"{HOST}\",\"hostname\":\"{HOST}\"}}").into_bytes()),
        3 => bytes.extend(b"{\"hostname\":7}"),
        4 => bytes.extend(b"{\"hostname\":null"),
        // More than the tunnel reads.
        _ => bytes.resize(bytes.len() + rng.below(2_000_000), b' '),
    }
    let _ = stream.write_all(&bytes);
    if rng.one_in(ENDLESS_EVERY) {
        // Until the tunnel closes the connection.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
}
