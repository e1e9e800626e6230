//! The time from a start to the first response, and from SIGTERM to the end of a session.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Bench;
use crate::load::{Arrival, Load};
use crate::report::{Table, figure, median, progress};
use crate::servers::{Mode, Server, ServerProcess};

/// Starts of each server: each takes milliseconds, so the figures vary.
const STARTS: usize = 20;

/// Participants at the end of a session.
const PARTICIPANTS: &[usize] = &[0, 200, 1_000];

/// For the response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

impl Bench {
    pub(super) fn start(&mut self) {
        let title = "start: ms from a start to the end of the response to GET /, and from SIGTERM to the \
                     end of a session";
        let mut table = Table::new(title, 1, &["what", "participants", "ms"]);
        let mut servers = self.servers();
        servers.push(self.session("chattrace (session)", Mode::Open, 100));
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
        let rounds = if self.options.quick { 3 } else { STARTS };
        progress("start");
        for _ in 0..rounds {
            for (number, server) in servers.iter().enumerate() {
                match self.measure_start(server) {
                    Ok(millis) => times[number].push(millis),
                    Err(why) => self.record_failure(server, "start", &why, &mut table),
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
            let server = self.session("chattrace (sealed)", Mode::Sealed, size.max(1));
            let mut times = Vec::new();
            for round in 0..self.rounds() {
                progress(&format!("end of a session of {size}: {round}"));
                match self.measure_end(&server, size) {
                    Ok(millis) => times.push(millis),
                    Err(why) => {
                        self.record_failure(&server, &format!("end with {size}"), &why, &mut table)
                    }
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

    fn measure_start(&self, server: &Server) -> Result<f64, String> {
        let started = Instant::now();
        let mut process = server.start(self.cores)?;
        get_page(&process)?;
        let millis = millis(started);
        stop(server, &mut process)?;
        Ok(millis)
    }

    /// Ends a session by SIGTERM while all clients keep reading.
    fn measure_end(&self, server: &Server, size: usize) -> Result<f64, String> {
        let mut process = server.start(self.cores)?;
        let mut load = Load::connect(&process.target, size, Arrival::InWaves)?;
        let started = Instant::now();
        process.terminate()?;
        let closed = load.wait_for_close(|| process.has_ended());
        let millis = millis(started);
        process.wait()?;
        closed.map(|()| millis)
    }
}

fn stop(server: &Server, process: &mut ServerProcess) -> Result<(), String> {
    if server.is_chattrace() {
        process.terminate()?;
        process.wait()?;
    }
    Ok(())
}

fn millis(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

/// Requests the page and reads it to its end.
fn get_page(process: &ServerProcess) -> Result<(), String> {
    let address = process.target.address;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    TcpStream::connect(address)
        .and_then(|mut stream| {
            stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut answer)
        })
        .map_err(|error| format!("GET /: {error}"))?;
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err("GET / did not return the page".to_owned())
    }
}
