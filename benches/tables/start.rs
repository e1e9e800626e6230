//! From the start to the first answer, and from the end of a session to its last process.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Bench;
use crate::load::{Coming, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::{Running, Server};

/// Times that each is started: it takes milliseconds, and so it varies.
const TIMES: usize = 20;

/// Who is there at the end of a session.
const PARTICIPANTS: &[usize] = &[0, 200, 1_000];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Bench {
    /// Shows it.
    pub(super) fn start(&mut self) {
        let title = "start: ms until a server that is started has answered GET / to the end, and \
                     from SIGTERM to the end of a session";
        let mut table = Table::new(title, 1, &["what", "participants", "ms"]);
        let session = Server::session("chattrace (session)", self.beside("chattrace"), 100);
        let mut servers = self.servers();
        servers.push(session);
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
        let rounds = if self.options.quick { 3 } else { TIMES };
        progress("start");
        for _ in 0..rounds {
            for (number, server) in servers.iter().enumerate() {
                match self.answered(server) {
                    Ok(millis) => times[number].push(millis),
                    Err(why) => self.failed(server, "start", &why, &mut table),
                }
            }
        }
        for (server, times) in servers.iter().zip(times) {
            table.row(vec![
                format!("start of {}", server.name),
                "–".into(),
                figure(median(times), 1),
            ]);
        }
        for size in self.sizes(PARTICIPANTS, &mut table) {
            let server =
                Server::session("chattrace (session)", self.beside("chattrace"), size.max(1));
            let mut times = Vec::new();
            for round in 0..self.rounds() {
                progress(&format!("end of a session of {size}: {round}"));
                match self.ended(&server, size) {
                    Ok(millis) => times.push(millis),
                    Err(why) => self.failed(&server, &format!("end with {size}"), &why, &mut table),
                }
            }
            table.row(vec![
                format!("end of {}", server.name),
                size.to_string(),
                figure(median(times), 0),
            ]);
        }
        table.print();
    }

    fn answered(&self, server: &Server) -> Result<f64, String> {
        let started = Instant::now();
        let mut running = server.start(self.cores)?;
        get(&running)?;
        let millis = millis(started);
        end(server, &mut running)?;
        Ok(millis)
    }

    /// Ends a session by a signal, while everybody reads on.
    fn ended(&self, server: &Server, size: usize) -> Result<f64, String> {
        let mut running = server.start(self.cores)?;
        let mut load = Load::connect(&running.target, size, Coming::InTurn)?;
        let started = Instant::now();
        running.terminate()?;
        let told = load.until_ended(|| running.has_ended());
        let millis = millis(started);
        running.ended()?;
        told.map(|()| millis)
    }
}

fn end(server: &Server, running: &mut Running) -> Result<(), String> {
    if server.is_room() {
        running.terminate()?;
        running.ended()?;
    }
    Ok(())
}

fn millis(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

/// Asks for the page and reads it to its end.
fn get(running: &Running) -> Result<(), String> {
    let address = running.target.address;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    TcpStream::connect(address)
        .and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut answer)
        })
        .map_err(|error| format!("GET /: {error}"))?;
    if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err("GET / has no page".to_owned()) }
}
