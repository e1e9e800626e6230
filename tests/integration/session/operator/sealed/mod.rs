//! The operator's commands in sealed rooms, with people in them who talk: the commands are typed at the
//! terminal of the session, or given by `chattrace ctl`.

mod admission;
mod forgetting;
mod links;
mod names;
mod removal;
mod speech;

use super::super::control::wait_for_room;
use super::super::ctl::ctl;
use super::super::stage::{Link, Stage};
use crate::harness::Terminal;
use crate::harness::cloudflared::HAPPY;
use crate::sealed::member::Shown;
use crate::sealed::participant::Participant;
use crate::sealed::transport::{Polls, Transport, socket};

/// How the operator gives commands. What people see of them is the same.
#[derive(Clone, Copy, Debug)]
enum By {
    Terminal,
    Ctl,
}

const EITHER: [By; 2] = [By::Terminal, By::Ctl];

/// How the lines of a participant travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    WebSocket,
    Polls,
}

const BOTH: [Over; 2] = [Over::WebSocket, Over::Polls];

/// A session at a terminal, whose room is sealed.
struct SealedSession {
    stage: Stage,
    terminal: Terminal,
    link: Link,
    by: By,
}

impl SealedSession {
    fn start(by: By) -> Self {
        let stage = Stage::new(HAPPY);
        let mut terminal = Terminal::start(&stage.local(&["--sealed", "--no-qr"]), 120);
        let link = Link::on_screen(&mut terminal);
        Self { stage, terminal, link, by }
    }

    /// Gives a command, whose answer has this part, and waits until it is so in the room.
    fn done(&mut self, command: &str, part: &str) {
        match self.by {
            By::Terminal => self.type_command(command, part),
            By::Ctl => {
                let answer = ctl(&self.stage, &[command]).expect_code(0);
                assert!(answer.stdout.contains(part), "{command}: {answer:#?}");
            }
        }
        wait_for_room(&self.stage);
    }

    /// Gives a command that is refused with a sentence that has this part.
    fn refused(&mut self, command: &str, part: &str) {
        match self.by {
            By::Terminal => self.type_command(command, part),
            By::Ctl => {
                let answer = ctl(&self.stage, &[command]).expect_code(1);
                assert!(answer.stderr.contains(part), "{command}: {answer:#?}");
            }
        }
    }

    fn type_command(&mut self, command: &str, part: &str) {
        self.terminal.type_keys(&format!("{command}\r"));
        self.terminal.wait_for(part);
    }

    /// The link that a command makes.
    fn link_by(&mut self, command: &str) -> Link {
        let answer = ctl(&self.stage, &[command]).expect_code(0);
        let url = answer.stdout.lines().find(|line| line.starts_with("http://"));
        Link::local(url.unwrap_or_else(|| panic!("{command}: {answer:#?}")))
    }

    /// Ana and Bo, who share a key and have talked. Ana comes over this transport.
    fn two_who_talk(&self, over: Over) -> (Participant, Participant) {
        two_who_talk(&self.link, over)
    }

    /// Ends the session, which must leave nothing.
    fn end(mut self) {
        self.type_command("end", "[v]iew");
        self.terminal.type_keys("\r");
        self.terminal.wait().expect_code(0);
        self.stage.assert_nothing_left();
    }
}

impl Over {
    fn connect(self, link: &Link) -> Box<dyn Transport> {
        match self {
            Self::WebSocket => Box::new(socket(link)),
            Self::Polls => Box::new(Polls::to(link)),
        }
    }

    fn join(self, link: &Link, name: &str) -> Participant {
        Participant::join_by(self.connect(link), &link.ticket, name)
    }

    /// Returns a person whose connection broke, to read on.
    fn resume(self, link: &Link, person: Participant) -> Participant {
        Participant::return_over(self.connect(link), person.disconnect(), false)
    }

    /// The close code, or the status, that a removed person's connection ends with.
    fn removed(self) -> u16 {
        match self {
            Self::WebSocket => 4004,
            Self::Polls => 410,
        }
    }
}

fn two_who_talk(link: &Link, over: Over) -> (Participant, Participant) {
    let mut ana = over.join(link, "Ana");
    let mut bo = Participant::join(link, "Bo");
    ana.until_circle();
    talk(&mut ana, &mut bo);
    talk(&mut bo, &mut ana);
    (ana, bo)
}

/// One says something, and the other hears it, without a message that is missing before it.
fn talk(one: &mut Participant, other: &mut Participant) {
    let text = format!("hello, {}", other.member.name());
    one.say(&text);
    for person in [one, other] {
        let shown = person.until_said(&text);
        assert!(matches!(shown.last(), Some(Shown::Said { missing: 0, .. })), "{shown:?}");
    }
}
