//! `link`, `relink`, `invite`, `links`, `revoke`.

use super::{EventLoop, NotDone};
use crate::control::LinkNumber;
use crate::log::WholeRoomChange;
use crate::span::Span;
use crate::supervisor::console::RoomLinks;
use crate::supervisor::operator::{Answer, Invite, Moment, Refused};
use crate::units::format_duration;

impl EventLoop {
    pub(super) fn show_link_again(&mut self, on_terminal: bool) -> Result<Answer, NotDone> {
        let links = self.shown_links()?;
        if on_terminal {
            self.console.repeat_links(&links);
            return Ok(Answer::Shown);
        }
        Ok(Answer::Told(links.lines()))
    }

    /// Everyone inside stays, and is told the new link.
    pub(super) fn relink(&mut self, on_terminal: bool) -> Result<Answer, NotDone> {
        self.shown_links()?;
        self.order_relink()?;
        let change = self.room.relink();
        let answer = self.changed(change);
        let links = self.shown_links()?;
        self.console.show_links(&links);
        let Answer::Changed { line, .. } = answer else { return Ok(answer) };
        Ok(Answer::Changed { line, more: (!on_terminal).then(|| links.lines()) })
    }

    pub(super) fn invite(
        &mut self,
        people: u32,
        within: Span,
        on_terminal: bool,
        now: Moment,
    ) -> Result<Answer, NotDone> {
        self.shown_links()?;
        let link = self.room.invite(people, within, now.instant)?;
        let ticket = self.order_invite(link, people, within)?;
        let change = WholeRoomChange::Invited { link, people, seconds: within.seconds() };
        let answer = self.changed(change.into());
        let Some(links) = self.links_with(&ticket) else { return Ok(answer) };
        if on_terminal {
            self.console.show_invite(&links);
            return Ok(answer);
        }
        let Answer::Changed { line, .. } = answer else { return Ok(answer) };
        Ok(Answer::Changed { line, more: Some(links.main().to_owned()) })
    }

    pub(super) fn list_links(&mut self, now: Moment) -> Answer {
        let line = |(number, invite): (LinkNumber, Invite)| {
            let left = format_duration(invite.ends.saturating_duration_since(now.instant));
            let Invite { left: people, people: all, .. } = invite;
            format!("{number:>4}  invite · {people} of {all} left · for {left}")
        };
        let room = format!("{:>4}  the link of the room · any number of people", 0);
        let invites = self.room.invites(now.instant).into_iter().map(line);
        Answer::Told(std::iter::once(room).chain(invites).collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn revoke(&mut self, link: LinkNumber, now: Moment) -> Result<Answer, NotDone> {
        let change = self.room.revoke(link, now.instant)?;
        self.order_link_end(link)?;
        Ok(self.changed(change))
    }

    /// The links on the screen.
    fn shown_links(&self) -> Result<RoomLinks, Refused> {
        let links = self.present_links().filter(|_| self.console.has_link());
        links.ok_or_else(|| Refused::because("there is no link yet"))
    }
}
