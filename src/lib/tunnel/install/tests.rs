use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

/// How a server treats the file.
#[derive(Clone, Copy)]
enum Manner {
    /// Knows ranges.
    Good,
    /// Sends everything, whatever was asked.
    IgnoresRange,
    /// Says 416 to every range.
    RefusesRange,
    /// Answers a range with another one.
    OtherRange,
    /// Hangs up after so many bytes.
    Cut(usize),
    /// Has no such file.
    Missing,
    /// Points elsewhere first.
    Redirects,
}

/// The first line of a request, and its range.
type Request = (String, Option<String>);

struct Server {
    base: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn start(file: Vec<u8>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Request>>> = Arc::default();
        let requests = Arc::clone(&asked);
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
                let answer = answer(&file, manner, &first, range.as_deref());
                requests.lock().unwrap().push((first, range));
                // A client that has seen enough may be gone.
                let _ = stream.write_all(&answer);
            }
        });
        Self { base, asked }
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|(_, range)| range.clone()).collect()
    }
}

fn answer(file: &[u8], manner: Manner, first: &str, range: Option<&str>) -> Vec<u8> {
    let from: Option<usize> = range.and_then(|r| r.trim_end_matches('-').parse().ok());
    let with = |status: &str, more: &str, body: &[u8], sent: usize| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n"
        );
        [head.as_bytes(), &body[..sent.min(length)]].concat()
    };
    let all = usize::MAX;
    match (manner, from) {
        (Manner::Missing, _) => with("404 Not Found", "", b"no", all),
        (Manner::Redirects, _) if !first.contains("/moved") => {
            with("302 Found", "Location: /moved\r\n", b"", all)
        }
        (Manner::RefusesRange, Some(_)) => with("416 Range Not Satisfiable", "", b"", all),
        (Manner::OtherRange, Some(_)) => {
            let range = format!("Content-Range: bytes 0-9/{}\r\n", file.len());
            with("206 Partial Content", &range, &file[..10], all)
        }
        (Manner::Good | Manner::Redirects | Manner::Cut(_), Some(from)) => {
            let range =
                format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len());
            with("206 Partial Content", &range, &file[from..], all)
        }
        (Manner::Cut(sent), None) => with("200 OK", "", file, sent),
        (_, _) => with("200 OK", "", file, all),
    }
}

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chattrace-install-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn file() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn download(folder: &Folder, server: &Server, file: &[u8]) -> Download {
    let pin = Pin {
        version: "1.2.3".to_owned(),
        arch: "amd64".to_owned(),
        sha256: digest(&mut &*file).unwrap(),
        bytes: Some(file.len() as u64),
    };
    Download { from: pin.address(Some(&server.base)), pin, dir: folder.0.join("bin") }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// Runs it; the file must be there, whole and runnable, and nothing beside it.
fn installed(download: &Download) {
    let path = download.run(&mut |_| {}).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), file());
    assert_eq!(mode(&path), 0o700);
    assert_eq!(std::fs::read_dir(&download.dir).unwrap().count(), 1);
}

/// Leaves the first `bytes` of the file from an earlier try.
fn left_over(download: &Download, bytes: &[u8]) {
    paths::create_private_dir(&download.dir).unwrap();
    let mut part = paths::open_private_file(&download.partial(), MOST_FILE_BYTES).unwrap();
    part.write_all(bytes).unwrap();
}

/// V-36.
#[test]
fn it_is_fetched_checked_and_only_then_runnable() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Good);
    let download = download(&folder, &server, &file());
    let mut told = Vec::new();
    let path = download.run(&mut |bytes| {
        assert_eq!(mode(&download.partial()), 0o600);
        told.push(bytes);
    });
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), file());
    assert_eq!((told[0], *told.last().unwrap()), (0, file().len() as u64));
    assert_eq!(server.asked.lock().unwrap()[0].0, "GET /1.2.3/cloudflared-linux-amd64 HTTP/1.1");
}

#[test]
fn a_redirect_is_followed() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Redirects);
    installed(&download(&folder, &server, &file()));
}

#[test]
fn an_earlier_try_is_resumed_where_it_stopped() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Cut(70_000));
    let download = download(&folder, &server, &file());
    let error = download.run(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Network { .. }), "{error}");
    assert_eq!(download.resumed_at(), 70_000);
    installed(&download);
    assert_eq!(server.asked(), [None, Some("70000-".to_owned())]);
}

#[test]
fn a_server_that_cannot_resume_sends_it_from_the_beginning() {
    for (manner, requests) in
        [(Manner::IgnoresRange, 1), (Manner::RefusesRange, 2), (Manner::OtherRange, 2)]
    {
        let folder = Folder::new();
        let server = Server::start(file(), manner);
        let download = download(&folder, &server, &file());
        left_over(&download, b"something else entirely");
        installed(&download);
        assert_eq!(server.asked().len(), requests);
    }
}

#[test]
fn a_whole_or_too_long_left_over_is_judged_by_its_digest_alone() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Good);
    let whole = download(&folder, &server, &file());
    left_over(&whole, &file());
    installed(&whole);
    assert_eq!(server.asked().len(), 0);

    let folder = Folder::new();
    let long = download(&folder, &server, &file());
    left_over(&long, &[file(), file()].concat());
    installed(&long);
    assert_eq!(server.asked(), [None]);
}

/// V-36.
#[test]
fn another_file_is_refused_with_both_digests_and_thrown_away() {
    let mut wrong = file();
    wrong[7] ^= 1;
    let folder = Folder::new();
    let server = Server::start(wrong.clone(), Manner::Good);
    let download = download(&folder, &server, &file());
    let said = download.run(&mut |_| {}).unwrap_err().to_string();
    assert!(
        said.contains(&digest(&mut &*wrong).unwrap()) && said.contains(&download.pin.sha256),
        "{said}"
    );
    assert!(!download.dir.exists());
}

#[test]
fn more_bytes_than_the_pin_has_are_never_stored() {
    let folder = Folder::new();
    let server = Server::start([file(), file()].concat(), Manner::Good);
    let download = download(&folder, &server, &file());
    let error = download.run(&mut |bytes| assert!(bytes <= file().len() as u64)).unwrap_err();
    assert!(matches!(error, InstallError::TooLong { .. }), "{error}");
    assert!(!download.dir.exists());
}

#[test]
fn a_missing_file_and_a_missing_server_are_told_apart() {
    let folder = Folder::new();
    let server = Server::start(Vec::new(), Manner::Missing);
    let error = download(&folder, &server, &file()).run(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Status { status: 404, .. }), "{error}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut nobody = download(&folder, &server, &file());
    nobody.from = format!("http://{closed}/x");
    let error = nobody.run(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Network { .. }), "{error}");
}

/// An address that promises privacy does not fall back to one that does not.
#[test]
fn https_is_never_left() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Good);
    let mut download = download(&folder, &server, &file());
    download.from = "https://127.0.0.1:1/x".to_owned();
    assert!(download.agent().config().https_only());
    download.from = server.base.clone();
    assert!(!download.agent().config().https_only());
}

#[test]
fn a_folder_that_is_none_is_said_with_its_path() {
    let folder = Folder::new();
    std::fs::write(&folder.0, "a file").unwrap();
    let server = Server::start(file(), Manner::Good);
    let said = download(&folder, &server, &file()).run(&mut |_| {}).unwrap_err().to_string();
    assert!(said.contains("cannot be kept in") && said.contains("/bin"), "{said}");
    std::fs::remove_file(&folder.0).unwrap();
}

#[test]
fn two_at_once_fetch_it_once() {
    let folder = Folder::new();
    let server = Server::start(file(), Manner::Good);
    let download = download(&folder, &server, &file());
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| download.run(&mut |_| {}).unwrap())).collect();
        for run in runs {
            assert_eq!(std::fs::read(run.join().unwrap()).unwrap(), file());
        }
    });
    assert_eq!(server.asked().len(), 1);
    assert_eq!(std::fs::read_dir(&download.dir).unwrap().count(), 1);
}
