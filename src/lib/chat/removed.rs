//! The participants whom the operator removed: their tokens are void, and say why.

use std::collections::VecDeque;

use crate::token::Token;

/// Most removed participants who are known. Beyond it, the one who was removed first is forgotten: their
/// token is void as before, and their name is an ordinary reservation.
pub(crate) const MAX_REMOVED: usize = 1024;

/// Memory of one at most, in bytes, in a buffer that doubles when it grows: with the token that it points
/// to.
pub(crate) const REMOVED_BYTES: usize = 2 * size_of::<(u32, Token)>() + 32;

/// Numbers and resume tokens of the latest [`MAX_REMOVED`].
#[derive(Debug, Default)]
pub(super) struct Removed {
    seats: VecDeque<(u32, Token)>,
}

impl Removed {
    /// Adds one who had this token.
    pub(super) fn add(&mut self, number: u32, token: Token) {
        if self.seats.len() == MAX_REMOVED {
            self.seats.pop_front();
        }
        self.seats.push_back((number, token));
    }

    /// Whether the participant with this number was removed.
    pub(super) fn contains(&self, number: u32) -> bool {
        self.seats.iter().any(|(removed, _)| *removed == number)
    }

    /// Whether this was the token of one of them; compares in constant time.
    pub(super) fn has_token(&self, number: u32, token: &Token) -> bool {
        self.seats.iter().any(|(removed, void)| *removed == number && void == token)
    }
}
