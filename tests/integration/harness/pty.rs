//! A pseudo-terminal (pty(7)): the master side belongs to the test.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{Termios, tcgetattr};

/// The master side; a thread reads what the program prints.
#[derive(Debug)]
pub(super) struct Master {
    keyboard: File,
    /// Stops the thread when dropped.
    stop: OwnedFd,
    reader: JoinHandle<()>,
}

/// A new pseudo-terminal.
pub(super) struct Pty {
    master: PtyMaster,
    pub(super) slave: File,
    /// `/dev/pts/N`.
    pub(super) path: String,
}

impl Pty {
    pub(super) fn open(columns: u16) -> Self {
        // CLOEXEC from the start, which openpty(3) cannot set: a child of another test that
        // inherited the master would keep the terminal open.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname_r(&master).unwrap();
        let slave = open_slave(&path);
        resize(&path, columns);
        Self { master, slave, path }
    }

    /// Starts to read; the receiver gets what the program prints.
    pub(super) fn into_master(self) -> (Master, Receiver<Vec<u8>>) {
        let master = File::from(self.master.as_fd().try_clone_to_owned().unwrap());
        let (stopped, stop) = std::io::pipe().unwrap();
        let (sender, output) = channel();
        let keyboard = master.try_clone().unwrap();
        let reader = std::thread::spawn(move || read(master, &stopped.into(), &sender));
        (Master { keyboard, stop: stop.into(), reader }, output)
    }
}

impl Master {
    pub(super) fn write(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Closes the master side, as a terminal emulator does when its window is closed.
    pub(super) fn close(self) {
        let Self { keyboard, stop, reader } = self;
        drop(stop);
        reader.join().unwrap();
        drop(keyboard);
    }
}

/// Reads until the slave side is closed, or until `stopped` is readable.
fn read(mut master: File, stopped: &OwnedFd, output: &Sender<Vec<u8>>) {
    let mut bytes = [0; 4096];
    loop {
        let wanted = PollFlags::POLLIN;
        let mut both = [PollFd::new(master.as_fd(), wanted), PollFd::new(stopped.as_fd(), wanted)];
        poll(&mut both, PollTimeout::NONE).unwrap();
        if both[1].any() == Some(true) {
            return;
        }
        match master.read(&mut bytes) {
            Ok(length) if length > 0 && output.send(bytes[..length].to_vec()).is_ok() => {}
            // EIO: no process has the slave side open (pty(7)).
            Ok(_) | Err(_) => return,
        }
    }
}

/// The modes of the terminal at `path`.
pub(super) fn modes(path: &str) -> Termios {
    tcgetattr(open_slave(path)).unwrap()
}

/// The terminal at `path`, which does not become the controlling one.
pub(super) fn open_slave(path: &str) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(nix::libc::O_NOCTTY);
    options.open(path).unwrap()
}

/// Changes the modes of the terminal at `path` by words of stty(1).
pub(super) fn set_modes(path: &str, words: &str) {
    stty(path, words);
}

/// Sets the size of the terminal at `path`; its foreground processes get SIGWINCH. stty(1) does it,
/// because the ioctl has no safe wrapper.
pub(super) fn resize(path: &str, columns: u16) {
    stty(path, &format!("rows 40 cols {columns}"));
}

fn stty(path: &str, words: &str) {
    let stty = Command::new("stty").args(["-F", path]).args(words.split(' ')).status();
    assert!(stty.unwrap().success());
}
