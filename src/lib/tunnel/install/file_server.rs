//! For tests: an HTTP server with one file, which behaves well or badly.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// How a server answers requests for the file.
#[derive(Clone, Copy)]
pub(super) enum Behaviour {
    /// With the range that was requested.
    Ranges,
    /// With the whole file, for every range.
    IgnoresRange,
    /// With 416 to every range.
    RefusesRange,
    /// With another range than was requested.
    WrongRange,
    /// Closes the connection after this many bytes.
    Truncates(usize),
    /// With 404, for every path.
    NotFound,
    /// With one redirect first.
    Redirects,
}

/// The request line, and the value of `Range` after `bytes=`.
pub(super) type ReceivedRequest = (String, Option<String>);

/// A server on a thread, which ends with the test program.
pub(super) struct FileServer {
    /// The address of the root, without a slash at its end.
    pub(super) base: String,
    /// Every request so far, in order.
    pub(super) requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl FileServer {
    /// Serves `file` on a free port of 127.0.0.1.
    pub(super) fn start(file: Vec<u8>, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let requests = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head: Vec<String> = BufReader::new(&mut stream)
                    .lines()
                    .map(|line| line.unwrap_or_default())
                    .take_while(|line| !line.is_empty())
                    .collect();
                let Some(first) = head.first().cloned() else {
                    continue;
                };
                let range = head.iter().find_map(|line| {
                    line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned)
                });
                let response = respond(&file, behaviour, &first, range.as_deref());
                requests.lock().unwrap().push((first, range));
                // The client may have closed the connection early.
                let _ = stream.write_all(&response);
            }
        });
        Self { base, requests: received }
    }

    /// The ranges of all requests so far.
    pub(super) fn ranges(&self) -> Vec<Option<String>> {
        self.requests.lock().unwrap().iter().map(|(_, range)| range.clone()).collect()
    }
}

fn respond(file: &[u8], behaviour: Behaviour, first: &str, range: Option<&str>) -> Vec<u8> {
    let from: Option<usize> = range.and_then(|r| r.trim_end_matches('-').parse().ok());
    let with = |status: &str, more: &str, body: &[u8], sent: usize| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n"
        );
        [head.as_bytes(), &body[..sent.min(length)]].concat()
    };
    let all = usize::MAX;
    match (behaviour, from) {
        (Behaviour::NotFound, _) => with("404 Not Found", "", b"no", all),
        (Behaviour::Redirects, _) if !first.contains("/moved") => {
            with("302 Found", "Location: /moved\r\n", b"", all)
        }
        (Behaviour::RefusesRange, Some(_)) => with("416 Range Not Satisfiable", "", b"", all),
        (Behaviour::WrongRange, Some(_)) => {
            let range = format!("Content-Range: bytes 0-9/{}\r\n", file.len());
            with("206 Partial Content", &range, &file[..10], all)
        }
        (Behaviour::Ranges | Behaviour::Redirects | Behaviour::Truncates(_), Some(from)) => {
            let range =
                format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len());
            with("206 Partial Content", &range, &file[from..], all)
        }
        (Behaviour::Truncates(sent), None) => with("200 OK", "", file, sent),
        (_, _) => with("200 OK", "", file, all),
    }
}
