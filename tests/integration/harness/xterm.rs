//! A program in a window of xterm, on an X server without a screen: what the window shows, and what it keeps
//! of the lines that have scrolled off.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Instant;

use rustix::process::Signal;

use super::{DEADLINE, ProcessHandle, in_shell, under};

/// "Print all pages" (xterm, ctlseqs.txt, "Media Copy"): the printer gets the text of the whole window.
const PRINT_ALL: &[u8] = b"\x1b[?11i";

/// A window that stays when its program ends; closed when dropped, together with its X server.
#[derive(Debug)]
pub(crate) struct Xterm {
    server: Child,
    emulator: Child,
    /// `/dev/pts/N`.
    terminal: String,
    /// The printer: a FIFO.
    printer: PathBuf,
}

impl Xterm {
    /// Starts `command` in a window of this size, with a FIFO in `folder`.
    pub(crate) fn start(command: &Command, folder: &Path, columns: u16, rows: u16) -> Self {
        let (server, display) = start_server();
        let printer = folder.join("printer");
        nix::unistd::mkfifo(&printer, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let fifo = printer.display();
        let script = format!("trap : INT; tty >'{fifo}'; \"$0\" \"$@\"; exec sleep 3600");
        let mut xterm = Command::new("xterm");
        xterm.args(["-geometry", &format!("{columns}x{rows}"), "-sl", "1000"]);
        xterm.args(["-xrm", &format!("XTerm*printerCommand: cat >'{fifo}'")]);
        xterm.args(["-xrm", "XTerm*printerAutoClose: true", "-xrm", "XTerm*printAttributes: 0"]);
        xterm.arg("-e");
        let mut xterm = under(xterm, &in_shell(command, &script));
        xterm.env("DISPLAY", display).stdout(Stdio::null()).stderr(Stdio::null());
        let emulator = xterm.spawn().unwrap();
        let mut window = Self { server, emulator, terminal: String::new(), printer };
        window.terminal = window.read_printer().remove(0);
        window
    }

    /// The rows that have scrolled off, and those of the window, without spaces at their ends.
    pub(crate) fn history(&mut self) -> Vec<String> {
        // In one write, which no write of the program can divide.
        OpenOptions::new().write(true).open(&self.terminal).unwrap().write_all(PRINT_ALL).unwrap();
        self.read_printer()
    }

    /// Waits until all rows fulfil `condition`, and returns them.
    pub(crate) fn wait_until(&mut self, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let rows = self.history();
            if condition(&rows) {
                return rows;
            }
            assert!(Instant::now() < deadline, "not shown:\n{}", rows.join("\n"));
        }
    }

    /// What is printed next.
    fn read_printer(&mut self) -> Vec<String> {
        let (sender, printed) = channel();
        let printer = self.printer.clone();
        std::thread::spawn(move || sender.send(std::fs::read(printer)));
        let printed = printed.recv_timeout(DEADLINE).expect("xterm prints").unwrap();
        let printed = String::from_utf8_lossy(&printed);
        printed.lines().map(|row| row.trim_end().to_owned()).collect()
    }
}

impl Drop for Xterm {
    fn drop(&mut self) {
        // The server removes its lock and its socket when it is asked to end.
        for child in [&mut self.emulator, &mut self.server] {
            ProcessHandle::open(child.id()).signal(Signal::TERM);
            let _ = child.wait();
        }
    }
}

/// Starts an X server, which chooses a free display. Returns its name.
fn start_server() -> (Child, String) {
    let mut server = Command::new("Xvfb");
    server.args(["-displayfd", "1", "-screen", "0", "1024x768x8", "-nolisten", "tcp"]);
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut display = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut display).unwrap();
    (server, format!(":{}", display.trim_end()))
}
