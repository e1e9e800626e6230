use std::io::Write as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::tunnel::install::file_server::{Behaviour, FileServer};

/// A folder of the test's own, removed at its end.
struct TestDir(PathBuf);

impl TestDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chattrace-install-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn file() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn download(folder: &TestDir, server: &FileServer, file: &[u8]) -> Download {
    let pin = Pin {
        version: "1.2.3".to_owned(),
        arch: "amd64".to_owned(),
        sha256: sha256_hex(&mut &*file).unwrap(),
        bytes: Some(file.len() as u64),
    };
    Download { url: pin.url(Some(&server.base)), pin, dir: folder.0.join("bin") }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// Installs the file, which must be whole and executable, with nothing beside it.
fn assert_installs(download: &Download) {
    let path = download.install(&mut |_| {}).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), file());
    assert_eq!(mode(&path), 0o700);
    assert_eq!(std::fs::read_dir(&download.dir).unwrap().count(), 1);
}

/// Makes a partial file as an earlier download leaves it.
fn write_partial(download: &Download, bytes: &[u8]) {
    paths::create_private_dir(&download.dir).unwrap();
    let mut part = paths::open_private_file(&download.partial(), MAX_PROGRAM_BYTES).unwrap();
    part.write_all(bytes).unwrap();
}

/// V-36: a file is executable only once its digest was checked.
#[test]
fn it_is_fetched_checked_and_only_then_executable() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let download = download(&folder, &server, &file());
    let mut progress = Vec::new();
    let path = download.install(&mut |bytes| {
        assert_eq!(mode(&download.partial()), 0o600);
        progress.push(bytes);
    });
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), file());
    assert_eq!((progress[0], *progress.last().unwrap()), (0, file().len() as u64));
    assert_eq!(server.requests.lock().unwrap()[0].0, "GET /1.2.3/cloudflared-linux-amd64 HTTP/1.1");
}

#[test]
fn a_redirect_is_followed() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Redirects);
    assert_installs(&download(&folder, &server, &file()));
}

#[test]
fn an_earlier_download_is_resumed_where_it_stopped() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Truncates(70_000));
    let download = download(&folder, &server, &file());
    let error = download.install(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Network { .. }), "{error}");
    assert_eq!(download.resumed_at(), 70_000);
    assert_installs(&download);
    assert_eq!(server.ranges(), [None, Some("70000-".to_owned())]);
}

#[test]
fn a_server_without_ranges_sends_it_from_the_beginning() {
    for (behaviour, requests) in
        [(Behaviour::IgnoresRange, 1), (Behaviour::RefusesRange, 2), (Behaviour::WrongRange, 2)]
    {
        let folder = TestDir::new();
        let server = FileServer::start(file(), behaviour);
        let download = download(&folder, &server, &file());
        write_partial(&download, b"something else entirely");
        assert_installs(&download);
        assert_eq!(server.ranges().len(), requests);
    }
}

#[test]
fn a_whole_or_too_long_partial_file_is_judged_by_its_digest_alone() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let whole = download(&folder, &server, &file());
    write_partial(&whole, &file());
    assert_installs(&whole);
    assert_eq!(server.ranges().len(), 0);

    let folder = TestDir::new();
    let long = download(&folder, &server, &file());
    write_partial(&long, &[file(), file()].concat());
    assert_installs(&long);
    assert_eq!(server.ranges(), [None]);
}

/// V-36: a file with another digest is never used.
#[test]
fn another_file_is_refused_with_both_digests_and_deleted() {
    let mut wrong = file();
    wrong[7] ^= 1;
    let folder = TestDir::new();
    let server = FileServer::start(wrong.clone(), Behaviour::Ranges);
    let download = download(&folder, &server, &file());
    let text = download.install(&mut |_| {}).unwrap_err().to_string();
    assert!(
        text.contains(&sha256_hex(&mut &*wrong).unwrap()) && text.contains(&download.pin.sha256),
        "{text}"
    );
    assert!(!download.dir.exists());
}

#[test]
fn more_bytes_than_the_pin_has_are_never_stored() {
    let folder = TestDir::new();
    let server = FileServer::start([file(), file()].concat(), Behaviour::Ranges);
    let download = download(&folder, &server, &file());
    let error = download.install(&mut |bytes| assert!(bytes <= file().len() as u64)).unwrap_err();
    assert!(matches!(error, InstallError::TooLong { .. }), "{error}");
    assert!(!download.dir.exists());
}

#[test]
fn a_missing_file_and_a_missing_server_are_distinct_errors() {
    let folder = TestDir::new();
    let server = FileServer::start(Vec::new(), Behaviour::NotFound);
    let error = download(&folder, &server, &file()).install(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Status { status: 404, .. }), "{error}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut unreachable = download(&folder, &server, &file());
    unreachable.url = format!("http://{closed}/x");
    let error = unreachable.install(&mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::Network { .. }), "{error}");
}

fn fetch(download: &Download) -> Fetch<'_> {
    Fetch { url: &download.url, bytes: None, max_bytes: 1 }
}

/// A redirect from `https://` to `http://` is refused.
#[test]
fn https_never_falls_back_to_http() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let mut download = download(&folder, &server, &file());
    download.url = "https://127.0.0.1:1/x".to_owned();
    assert!(fetch(&download).agent().unwrap().config().https_only());
    download.url = server.base.clone();
    assert!(!fetch(&download).agent().unwrap().config().https_only());
}

#[test]
fn a_file_in_place_of_the_folder_is_named_in_the_error() {
    let folder = TestDir::new();
    std::fs::write(&folder.0, "a file").unwrap();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let text = download(&folder, &server, &file()).install(&mut |_| {}).unwrap_err().to_string();
    assert!(text.contains("cannot be kept in") && text.contains("/bin"), "{text}");
    std::fs::remove_file(&folder.0).unwrap();
}

#[test]
fn concurrent_sessions_fetch_it_once() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let download = download(&folder, &server, &file());
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| download.install(&mut |_| {}).unwrap())).collect();
        for run in runs {
            assert_eq!(std::fs::read(run.join().unwrap()).unwrap(), file());
        }
    });
    assert_eq!(server.ranges().len(), 1);
    assert_eq!(std::fs::read_dir(&download.dir).unwrap().count(), 1);
}

/// The file cannot be written, read or renamed: it is of no use to the next download, and may fill a
/// disk.
#[test]
fn a_download_that_cannot_be_stored_leaves_nothing() {
    let folder = TestDir::new();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let download = download(&folder, &server, &file());
    // Its name is taken by a folder, so that the last step fails.
    let in_the_way = || std::fs::create_dir_all(download.target().join("in the way")).unwrap();
    let mut first = true;
    let error = download.install(&mut |_| {
        if std::mem::replace(&mut first, false) {
            in_the_way();
        }
    });
    assert!(matches!(error, Err(InstallError::Io { .. })), "{error:?}");
    assert!(!download.partial().exists());
    std::fs::remove_dir_all(download.target()).unwrap();
    std::fs::remove_dir(&download.dir).unwrap();
}

/// Also the parents that were missing, such as `~/.local/share`.
#[test]
fn folders_that_were_created_for_a_download_that_failed_are_removed() {
    let folder = TestDir::new();
    std::fs::create_dir(&folder.0).unwrap();
    let server = FileServer::start(file(), Behaviour::Ranges);
    let mut download = download(&folder, &server, &file());
    download.dir = folder.0.join("share/chattrace/bin");
    download.url = "http://127.0.0.1:1/cloudflared".to_owned();
    let error = download.install(&mut |_| {});
    assert!(matches!(error, Err(InstallError::Network { .. })), "{error:?}");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}
