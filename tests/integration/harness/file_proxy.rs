//! Reads and writes files for a stand-in, which is confined and can open none. Both find the
//! [`address`] in the path of the stand-in.

#[path = "../../fixtures/cloudflared/edge.rs"]
mod address;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::cloudflared::beside;

/// Serves one stand-in, on a thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct FileProxy {
    program: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FileProxy {
    /// Serves the stand-in whose path is `program`.
    pub(crate) fn start(program: &Path) -> Self {
        let address = address::address(program);
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("{address}, for {}: {error}", program.display()));
        let (program, stop) = (program.to_owned(), Arc::new(AtomicBool::new(false)));
        let (path, stopped) = (program.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stand_in in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // An error means that the stand-in was killed during its request.
                let _ = stand_in.and_then(|stand_in| serve(&path, stand_in));
            }
        });
        Self { program, stop, thread: Some(thread) }
    }
}

impl Drop for FileProxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A connection wakes the thread from accept(2).
        let woken = TcpStream::connect(address::address(&self.program)).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

fn serve(program: &Path, mut stand_in: TcpStream) -> std::io::Result<()> {
    stand_in.set_read_timeout(Some(super::DEADLINE))?;
    let mut request = String::new();
    stand_in.read_to_string(&mut request)?;
    let (first, rest) = request.split_once('\n').unwrap_or_default();
    match first.split_once(' ') {
        Some(("read", ending)) => stand_in.write_all(&std::fs::read(beside(program, ending))?),
        Some(("append", ending)) => append(&beside(program, ending), rest),
        Some(("touch", name)) => append(&program.with_file_name(name), rest),
        Some(_) | None => Ok(()),
    }
}

/// Appends to an existing file only: a test that is interested has created it. It is opened for
/// reading too, because opening a FIFO without a reader for writing blocks (fifo(7)).
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    File::options().read(true).append(true).open(path)?.write_all(text.as_bytes())
}
