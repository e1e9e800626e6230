//! A recorder between participants and room, where the provider of the tunnel is: forwards all bytes, and
//! keeps them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::session::stage::Link;

/// What one connection carried in one direction.
#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<u8>>>);

/// Listens on 127.0.0.2 with the port of the room, so that `Host` and `Origin` are right and no byte has to
/// be changed. Ends with the test's process.
pub(crate) struct Recorder {
    pub(crate) link: Link,
    recordings: Arc<Mutex<Vec<Recording>>>,
}

impl Recorder {
    /// In front of the room of a link.
    pub(crate) fn before(link: &Link) -> Self {
        let to = link.address.clone();
        let address = to.replace("127.0.0.1:", "127.0.0.2:");
        let listener = TcpListener::bind(&address).unwrap();
        let recordings = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&recordings);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (guest, room) = (stream.unwrap(), TcpStream::connect(&to).unwrap());
                for (from, to) in [(&guest, &room), (&room, &guest)] {
                    let recording = Recording::default();
                    all.lock().unwrap().push(recording.clone());
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || forward(from, to, &recording));
                }
            }
        });
        Self { link: Link { address, ..link.clone() }, recordings }
    }

    /// All that was carried: as it was, and with the masks of WebSocket frames taken off.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for recording in self.recordings.lock().unwrap().iter() {
            let bytes = recording.0.lock().unwrap();
            all.extend_from_slice(&bytes);
            all.extend(unmasked(&bytes));
        }
        all
    }
}

/// Bytes are recorded before they are passed on: whoever has received a line finds it in the recording.
fn forward(mut from: TcpStream, mut to: TcpStream, recording: &Recording) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        recording.0.lock().unwrap().extend_from_slice(&chunk[..read]);
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The payloads of all complete frames behind the head of a WebSocket upgrade.
fn unmasked(bytes: &[u8]) -> Vec<u8> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Vec::new();
    };
    let mut rest = &bytes[end + 4..];
    let mut payloads = Vec::new();
    while let Some((mask, payload, after)) = next_frame(rest) {
        payloads.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        rest = after;
    }
    payloads
}

/// Mask, payload, and what follows (RFC 6455, section 5.2). `None` without a complete masked frame.
fn next_frame(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (_, rest) = bytes.split_first()?;
    let (second, rest) = rest.split_first()?;
    let (length, rest) = match second.checked_sub(0x80)? {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => return None,
        length => (usize::from(length), rest),
    };
    let (mask, rest) = rest.split_at_checked(4)?;
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((mask, payload, rest))
}
