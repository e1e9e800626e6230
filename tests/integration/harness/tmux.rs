//! A program in a window of tmux: what its screen shows, also after the window has changed its size. As
//! most emulators do, tmux breaks longer lines anew when the window becomes narrower.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::DEADLINE;
use super::terminal::LastTyped;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server with one window, driven over its control mode (tmux(1), "CONTROL MODE"); ended when dropped.
#[derive(Debug)]
pub(crate) struct Tmux {
    client: Child,
    commands: ChildStdin,
    lines: Receiver<String>,
    socket: String,
    last_typed: LastTyped,
}

impl Tmux {
    /// Starts `command` in a window of this size. tmux sets `TERM` by itself.
    pub(crate) fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let socket = format!("ct-{}-{number}", std::process::id());
        let tmux = |arguments: &[&str]| {
            let mut tmux = Command::new("tmux");
            tmux.args(["-L", &socket, "-u", "-f", "/dev/null"]).args(arguments);
            tmux.env_clear().current_dir(command.get_current_dir().unwrap());
            tmux.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            tmux
        };
        // Detached, because a client in control mode has no size of its own.
        let (x, y) = (columns.to_string(), rows.to_string());
        let mut session = tmux(&["new-session", "-d", "-x", &x, "-y", &y, "--"]);
        session.arg(command.get_program()).args(command.get_args());
        assert!(session.status().unwrap().success());
        let mut attach = tmux(&["-C", "attach-session"]);
        let mut client = attach.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let commands = client.stdin.take().unwrap();
        let output = BufReader::new(client.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // tmux escapes bytes outside ASCII in `%output`, and copies them in what it captures.
            for line in output.split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        let mut window = Self { client, commands, lines, socket, last_typed: LastTyped::default() };
        // The answer to `attach-session`.
        window.answer();
        window
    }

    /// Changes the size of the window; the program gets SIGWINCH.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.run(&format!("resize-window -x {columns} -y {rows}"));
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.last_typed = LastTyped::new(keys);
        self.run(&format!("send-keys {keys}"));
    }

    /// Types `text` as it is, without the names of keys.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.last_typed = LastTyped::new(text);
        let hex: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.run(&format!("send-keys -H {}", hex.join(" ")));
    }

    /// The column and the row of the cursor, from 0.
    pub(crate) fn cursor(&mut self) -> (u16, u16) {
        let answer = self.run("display-message -p '#{cursor_x} #{cursor_y}'");
        let (x, y) = answer[0].split_once(' ').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    }

    /// Waits until the cursor is at this column and row.
    pub(crate) fn wait_until_cursor(&mut self, at: (u16, u16)) {
        let deadline = Instant::now() + DEADLINE;
        while self.cursor() != at {
            let timeout = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(timeout);
            assert!(line.is_ok(), "not at {at:?}: {:?}", self.cursor());
        }
    }

    /// Pastes `text`, as with a mouse: marked as such, if the program has asked for it.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace('\n', "\\n").replace('\t', "\\t");
        self.run(&format!("set-buffer \"{text}\""));
        self.run("paste-buffer -p");
    }

    /// The rows of the screen, without spaces at their ends.
    pub(crate) fn screen(&mut self) -> Vec<String> {
        self.run("capture-pane -p")
    }

    /// The lines of the screen as they are copied: rows into which the terminal broke one are joined.
    pub(crate) fn unwrapped_screen(&mut self) -> Vec<String> {
        let lines = self.run("capture-pane -p -J");
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The rows of the screen with their colours.
    pub(crate) fn coloured_screen(&mut self) -> Vec<String> {
        self.run("capture-pane -p -e")
    }

    /// The rows that have scrolled off the screen, and those of the screen.
    pub(crate) fn history(&mut self) -> Vec<String> {
        self.run("capture-pane -p -S -")
    }

    /// The same for [`Tmux::history`].
    pub(crate) fn wait_until_history(
        &mut self,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        self.wait_on(Self::history, condition)
    }

    /// Waits until the screen fulfils `condition`, and returns it.
    pub(crate) fn wait_until(&mut self, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
        self.wait_on(Self::screen, condition)
    }

    /// The same for [`Tmux::unwrapped_screen`].
    pub(crate) fn wait_until_unwrapped(
        &mut self,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        self.wait_on(Self::unwrapped_screen, condition)
    }

    fn wait_on(
        &mut self,
        capture: fn(&mut Self) -> Vec<String>,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let screen = capture(self);
            if condition(&screen) {
                return screen;
            }
            // Each line is a cause to look again: output of the program, or news of the window.
            let timeout = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(timeout);
            assert!(line.is_ok(), "not shown:\n{}", screen.join("\n"));
        }
    }

    /// Waits until a row of the screen contains `text`, and returns the screen.
    pub(crate) fn wait_for(&mut self, text: &str) -> Vec<String> {
        self.last_typed.assert_is_no_echo(text);
        self.wait_until(|screen| screen.iter().any(|row| row.contains(text)))
    }

    fn run(&mut self, command: &str) -> Vec<String> {
        writeln!(self.commands, "{command}").unwrap();
        self.answer()
    }

    /// The lines between `%begin` and `%end`.
    fn answer(&mut self) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        let mut answer: Option<Vec<String>> = None;
        loop {
            let timeout = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(timeout).expect("tmux answers");
            match &mut answer {
                None if line.starts_with("%begin ") => answer = Some(Vec::new()),
                None => {}
                Some(lines) if line.starts_with("%end ") => return std::mem::take(lines),
                Some(lines) => {
                    assert!(!line.starts_with("%error "), "{lines:?}");
                    lines.push(line);
                }
            }
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).status();
        let _ = self.client.wait();
    }
}
