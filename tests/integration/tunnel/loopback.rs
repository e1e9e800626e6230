//! Servers of one test on loopback.

use std::net::{TcpListener, TcpStream};

/// Starts a server that hands every connection to `answer`, one after the other; its port. The thread ends
/// with the test program.
pub(super) fn serve(mut answer: impl FnMut(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(|client| answer(client.unwrap())));
    port
}
