//! A program in a window of GNU screen, on a terminal of its own. Unlike tmux, GNU screen does not break
//! lines anew when the window becomes narrower, wraps where it is told not to, and knows no ED 3.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::{DEADLINE, Terminal};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A session with one window, and its client on a terminal; ended when dropped.
#[derive(Debug)]
pub(crate) struct GnuScreen {
    terminal: Terminal,
    name: String,
    /// For its socket, its configuration, and what is captured.
    folder: PathBuf,
}

impl GnuScreen {
    /// Starts `command` in a window with this many columns and 40 rows, which keeps 1 000 lines that have
    /// scrolled off. GNU screen sets `TERM` and `STY`.
    pub(crate) fn start(command: &Command, columns: u16) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ct-{}-{number}", std::process::id());
        let folder =
            std::env::temp_dir().join(format!("ct-screen-{}-{number}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        fs::write(folder.join("rc"), "startup_message off\n").unwrap();
        let mut screen = Command::new("screen");
        screen.arg("-c").arg(folder.join("rc")).args(["-U", "-h", "1000", "-S", &name]);
        screen.arg(command.get_program()).args(command.get_args());
        screen.env_clear().current_dir(command.get_current_dir().unwrap());
        screen.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        screen.env("SCREENDIR", &folder);
        let mut terminal = Terminal::start(&screen, columns);
        // Its socket is there before it draws.
        assert!(terminal.wait_for_output(Instant::now() + DEADLINE));
        Self { terminal, name, folder }
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.terminal.type_keys(keys);
    }

    /// Changes the width of the window; the program gets SIGWINCH.
    pub(crate) fn resize(&self, columns: u16) {
        self.terminal.resize(columns);
    }

    /// The lines that have scrolled off the screen, and its rows, without spaces at their ends. Of a
    /// character beyond U+00FF, GNU screen gives the lowest eight bits.
    pub(crate) fn history(&self) -> Vec<String> {
        let [captured, behind] = ["captured", "behind"].map(|name| self.folder.join(name));
        let _ = fs::remove_file(&behind);
        self.run(&["-X", "hardcopy", "-h", captured.to_str().unwrap()]);
        // Commands are not answered, and are carried out in their order: the first file is whole when there is
        // a second one.
        self.run(&["-X", "hardcopy", behind.to_str().unwrap()]);
        let deadline = Instant::now() + DEADLINE;
        while !behind.exists() {
            assert!(Instant::now() < deadline, "no capture");
            std::thread::yield_now();
        }
        let captured: String = fs::read(captured).unwrap().into_iter().map(char::from).collect();
        captured.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits until history and screen fulfil `condition`, and returns them.
    pub(crate) fn wait_until(&mut self, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let lines = self.history();
            if condition(&lines) {
                return lines;
            }
            // What has changed in the window is drawn on the terminal afterwards.
            let is_drawn = self.terminal.wait_for_output(deadline);
            assert!(is_drawn, "not shown:\n{}", lines.join("\n"));
        }
    }

    fn run(&self, arguments: &[&str]) {
        let mut screen = Command::new("screen");
        screen.env("SCREENDIR", &self.folder).args(["-S", &self.name]).args(arguments);
        let status = screen.status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }
}

impl Drop for GnuScreen {
    fn drop(&mut self) {
        let mut quit = Command::new("screen");
        quit.env("SCREENDIR", &self.folder).args(["-S", &self.name, "-X", "quit"]);
        let _ = quit.status();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
