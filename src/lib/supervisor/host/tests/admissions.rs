//! Who may come in, counted apart from the host: by its rules at the moment of the request, or by the word of
//! the operator.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::LinkNumber;

/// A count of what was asked for and ordered, which every admission is checked against.
#[derive(Debug)]
pub(super) struct Admissions {
    is_open: bool,
    /// By knock; the replaced links have the numbers of others.
    links: BTreeMap<u64, LinkNumber>,
    /// Knocks whose request came while newcomers were let in, since rules or links changed.
    by_rules: BTreeSet<u64>,
    by_operator: BTreeSet<u64>,
    /// Those in the lobby, by number.
    waiting: BTreeMap<u32, u64>,
    /// For how many people each invite is, and how many it has let in.
    invites: BTreeMap<LinkNumber, (u32, u32)>,
}

impl Default for Admissions {
    fn default() -> Self {
        Self {
            is_open: true,
            links: BTreeMap::new(),
            by_rules: BTreeSet::new(),
            by_operator: BTreeSet::new(),
            waiting: BTreeMap::new(),
            invites: BTreeMap::new(),
        }
    }
}

impl Admissions {
    pub(super) fn knocks(&mut self, knock: u64, link: LinkNumber) {
        self.links.insert(knock, link);
    }

    pub(super) fn requests(&mut self, knock: u64) {
        if self.is_open {
            self.by_rules.insert(knock);
        }
    }

    pub(super) fn wait(&mut self, waiting: impl Iterator<Item = (u32, u64)>) {
        self.waiting.extend(waiting);
    }

    pub(super) fn set_rules(&mut self, is_open: bool) {
        self.is_open = is_open;
        if !is_open {
            self.by_rules.clear();
        }
    }

    pub(super) fn invite(&mut self, link: LinkNumber, people: u32) {
        self.invites.insert(link, (people, 0));
    }

    pub(super) fn link_is_revoked(&mut self, link: LinkNumber) {
        self.by_rules.retain(|knock| self.links[knock] != link);
        self.waiting.retain(|_, knock| self.links[knock] != link);
    }

    pub(super) fn links_are_replaced(&mut self) {
        self.by_rules.clear();
        self.waiting.clear();
    }

    pub(super) fn is_admitted(&mut self, number: u32) {
        self.by_operator.insert(self.waiting[&number]);
    }

    /// Checks the admission of this knock.
    pub(super) fn lets_in(&mut self, knock: u64) {
        let by_rules = self.by_rules.remove(&knock);
        let by_operator = self.by_operator.remove(&knock);
        assert!(
            by_rules || by_operator,
            "{knock} came in, and neither rule nor operator admits it"
        );
        if let Some((people, used)) = self.invites.get_mut(&self.links[&knock]) {
            *used += 1;
            assert!(*used <= *people, "an invite for {people} let in {used}");
        }
    }
}
