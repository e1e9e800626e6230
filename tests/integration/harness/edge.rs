//! The test's side of [`address`]: gives a stand-in its orders and takes down what it tells.

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
pub(crate) struct Edge {
    program: PathBuf,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Edge {
    /// Of the stand-in whose program is `program`.
    pub(crate) fn open(program: &Path) -> Self {
        let address = address::address(program);
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("{address}, for {}: {error}", program.display()));
        let (program, is_over) = (program.to_owned(), Arc::new(AtomicBool::new(false)));
        let (of, over) = (program.clone(), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            for stand_in in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // One that is killed in the middle of a request has asked for nothing.
                let _ = stand_in.and_then(|stand_in| serve(&of, stand_in));
            }
        });
        Self { program, is_over, thread: Some(thread) }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It wakes the thread, which waits for somebody to come.
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

/// Only to what is there: a test that wants to know has made the file. It is opened for reading as
/// well, or a pipe that nobody reads any more would hold us up (fifo(7)).
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    File::options().read(true).append(true).open(path)?.write_all(text.as_bytes())
}
